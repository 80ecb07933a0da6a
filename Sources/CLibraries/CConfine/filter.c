/* Writes a filter as the kernel's program: a call's number is looked for by halves among the stretches of numbers with
 * one verdict, so that every call costs a few steps; where arguments decide, they are looked at one rule after the
 * other. Written in the worker itself, in some microseconds, because rules name its own process. */
#define _GNU_SOURCE
#include "filter.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
/* Numbers from here on are those of the machine's other convention, which nothing here speaks. */
#define OTHER_CONVENTION 0x40000000u
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#else
#error "the filter of system calls needs the number of this machine's convention"
#endif

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the halves of an argument are in this order");

void filter_begin(struct filter *filter) { memset(filter, 0, sizeof *filter); }

void filter_set(struct filter *filter, int call, enum verdict verdict) {
    if (call < 0) return;
    if (call < filter_calls) {
        filter->verdicts[call] = (uint8_t)verdict;
    } else {
        filter->is_overfull = 1;
    }
}

void filter_allow(struct filter *filter, int call, int count, const struct condition *conditions) {
    struct rule *rule = &filter->rules[filter->count];
    if (call < 0) return;
    if (filter->count == filter_rules || count > filter_conditions) {
        filter->is_overfull = 1;
        return;
    }
    filter_set(filter, call, DEPENDS);
    rule->call = call;
    rule->count = count;
    memcpy(rule->conditions, conditions, (size_t)count * sizeof *conditions);
    filter->count++;
}

/* Numbers from `first` to that of the next stretch. */
struct stretch {
    uint32_t first;
    uint8_t verdict;
};

struct program {
    struct sock_filter steps[BPF_MAXINSNS + 2];
    size_t length;
};

static void add(struct program *program, uint16_t code, uint8_t yes, uint8_t no, uint32_t value) {
    /* A program of all these steps counts as too long, so that more need not be written. */
    if (program->length < BPF_MAXINSNS) {
        program->steps[program->length++] = (struct sock_filter){code, yes, no, value};
    }
}

static void answer(struct program *program, uint32_t action) { add(program, BPF_RET | BPF_K, 0, 0, action); }

static void load(struct program *program, size_t offset) {
    add(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

/* Goes on when the accumulator is the value; where it is not, the step is completed by `land`. */
static void require(struct program *program, uint32_t value) { add(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, value); }

/* Has every comparison since a step lead to the program's end where it does not hold. */
static void land(struct program *program, size_t since) {
    for (size_t i = since; i < program->length; i++) {
        if (program->steps[i].code == (BPF_JMP | BPF_JEQ | BPF_K)) {
            program->steps[i].jf = (uint8_t)(program->length - i - 1);
        }
    }
}

static void decide(struct program *program, const struct filter *filter, int call) {
    for (int i = 0; i < filter->count; i++) {
        const struct rule *rule = &filter->rules[i];
        size_t start = program->length;
        if (rule->call != call) continue;
        for (int j = 0; j < rule->count; j++) {
            const struct condition *condition = &rule->conditions[j];
            size_t argument = offsetof(struct seccomp_data, args) + 8 * (size_t)condition->argument;
            if (condition->mask == EQUAL) {
                load(program, argument + 4);
                require(program, 0);
            }
            load(program, argument);
            if (condition->mask != EQUAL) add(program, BPF_ALU | BPF_AND | BPF_K, 0, 0, condition->mask);
            require(program, condition->value);
        }
        answer(program, SECCOMP_RET_ALLOW);
        land(program, start);
    }
    answer(program, SECCOMP_RET_ERRNO | EPERM);
}

static void search(
    struct program *program, const struct filter *filter, const struct stretch *stretches, size_t count
) {
    size_t half = count / 2, start = program->length, left;
    if (count == 1) {
        switch (stretches[0].verdict) {
        case ALLOWED: answer(program, SECCOMP_RET_ALLOW); return;
        case UNKNOWN: answer(program, SECCOMP_RET_ERRNO | ENOSYS); return;
        case DEPENDS: decide(program, filter, (int)stretches[0].first); return;
        default: answer(program, SECCOMP_RET_ERRNO | EPERM); return;
        }
    }
    /* A comparison leads no further than 255 steps: it goes to the right over a step that leads anywhere. */
    add(program, BPF_JMP | BPF_JGE | BPF_K, 0, 1, stretches[half].first);
    add(program, BPF_JMP | BPF_JA, 0, 0, 0);
    search(program, filter, stretches, half);
    left = program->length - start - 2;
    program->steps[start + 1].k = (uint32_t)left;
    search(program, filter, stretches + half, count - half);
}

int filter_install(const struct filter *filter) {
    static struct program program;
    static struct stretch stretches[filter_calls + 1];
    size_t count = 0;
    struct sock_fprog loaded;
    program.length = 0;
    load(&program, offsetof(struct seccomp_data, arch));
    add(&program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, MACHINE);
    answer(&program, SECCOMP_RET_KILL_THREAD);
    load(&program, offsetof(struct seccomp_data, nr));
    /* What debuggers write in place of a call that shall not be made. */
    add(&program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, UINT32_MAX);
    answer(&program, SECCOMP_RET_ERRNO | EPERM);
#ifdef OTHER_CONVENTION
    add(&program, BPF_JMP | BPF_JGE | BPF_K, 0, 1, OTHER_CONVENTION);
    answer(&program, SECCOMP_RET_KILL_THREAD);
#endif
    for (uint32_t call = 0; call <= filter_calls; call++) {
        uint8_t verdict = call < filter_calls ? filter->verdicts[call] : REFUSED;
        /* Each call whose arguments decide is a stretch of its own. */
        if (count > 0 && stretches[count - 1].verdict == verdict && verdict != DEPENDS) continue;
        stretches[count++] = (struct stretch){call, verdict};
    }
    search(&program, filter, stretches, count);
    if (filter->is_overfull || program.length == BPF_MAXINSNS) {
        errno = E2BIG;
        return -1;
    }
    loaded = (struct sock_fprog){(uint16_t)program.length, program.steps};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &loaded);
}

/* A table of system calls and what becomes of them, and the kernel's program for it. */
#ifndef BATTEN_CONFINE_FILTER_H
#define BATTEN_CONFINE_FILTER_H
#include <stdint.h>

/* What becomes of a call. */
enum verdict { REFUSED = 0, ALLOWED = 1, UNKNOWN = 2, DEPENDS = 3 };

/* What an argument must be: under the mask it is the value. `EQUAL` holds it against all 64 bits. */
struct condition {
    uint8_t argument;
    uint32_t mask, value;
};
#define EQUAL 0xffffffffu

enum { filter_calls = 512, filter_rules = 40, filter_conditions = 3 };

struct filter {
    uint8_t verdicts[filter_calls];
    struct rule {
        int call, count;
        struct condition conditions[filter_conditions];
    } rules[filter_rules];
    int count, is_overfull;
};

/* Refuses everything. */
void filter_begin(struct filter *filter);
/* Decides on a call whatever its arguments are; numbers that this machine does not have are left out. */
void filter_set(struct filter *filter, int call, enum verdict verdict);
/* Allows a call where all conditions hold; further rules for the same call allow more. */
void filter_allow(struct filter *filter, int call, int count, const struct condition *conditions);
/* Holds this thread, and all it starts, to the table; -1 with errno. */
int filter_install(const struct filter *filter);

#endif

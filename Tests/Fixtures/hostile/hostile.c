/* Does the harm that its input names, `{"do": "…"}`; most of it ends the process it is done in. */
#define _GNU_SOURCE
#include <batten/plugin.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static batten_rc complete(const batten_call *call, batten_class how, const char *code, const char *output) {
    batten_outcome outcome = {0};
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = how;
    outcome.effect = BATTEN_EFFECT_NONE;
    outcome.retry_after_ns = -1;
    outcome.code = batten_text(code);
    outcome.output.bytes = batten_text(output);
    return call->host->complete(call->host, call->token, &outcome);
}

static void fine(const batten_call *call) { complete(call, BATTEN_CLASS_DONE, "", "{}"); }

/* Says that something was not possible, with the error number. */
static void refused(const batten_call *call, const char *what) {
    char code[64];
    snprintf(code, sizeof code, "hostile.refused.%s.%d", what, errno);
    complete(call, BATTEN_CLASS_FAILED, code, "");
}

static void answer(const batten_call *call, const char *what, long result) {
    if (result < 0) refused(call, what);
    else fine(call);
}

/* --- ends of the process --- */

static volatile int sink;

static void segfault(const batten_call *call) { (void)call; *(volatile int *)8 = 1; }
static volatile int zero;
static void divide(const batten_call *call) { (void)call; sink = 1 / zero; }
static void trap(const batten_call *call) { (void)call; __builtin_trap(); }
static void stop_all(const batten_call *call) { (void)call; abort(); }
static void leave(const batten_call *call) { (void)call; exit(0); }
static void leave_at_once(const batten_call *call) { (void)call; _exit(7); }
static void kill_itself(const batten_call *call) { (void)call; kill(getpid(), SIGKILL); }
static int deep(volatile char *above) {
    volatile char room[4096];
    room[0] = above ? above[0] : 1;
    sink += room[0];
    return deep(room) + room[0];
}
static void overflow(const batten_call *call) { (void)call; sink = deep(NULL); }
static void free_twice(const batten_call *call) {
    char *volatile memory = malloc(100);
    (void)call;
    free(memory);
    free(memory);
}
static void alarm_clock(const batten_call *call) {
    struct itimerval soon = {{0, 0}, {0, 1000}};
    (void)call;
    setitimer(ITIMER_REAL, &soon, NULL);
    for (;;) pause();
}
static void *fall(void *unused) {
    (void)unused;
    *(volatile int *)8 = 1;
    return NULL;
}
static void fall_elsewhere(const batten_call *call) {
    pthread_t thread;
    pthread_create(&thread, NULL, fall, NULL);
    for (;;) pause();
    fine(call);
}

/* --- never ending --- */

static void sleep_for_ever(const batten_call *call) {
    struct timespec pause = {3600, 0};
    (void)call;
    for (;;) nanosleep(&pause, NULL);
}
static void spin(const batten_call *call) {
    (void)call;
    for (;;) sink++;
}
static void steal_signals(const batten_call *call) {
    sigset_t all;
    sigfillset(&all);
    for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
    sigprocmask(SIG_BLOCK, &all, NULL);
    sleep_for_ever(call);
}
static void print_for_ever(const batten_call *call) {
    static char text[4096];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\n';
    (void)call;
    for (;;) {
        if (write(1, text, sizeof text) < 0 && errno != EINTR) sleep_for_ever(call);
    }
}
static void log_for_ever(const batten_call *call) {
    const batten_log *log = call->host->query(call->host, BATTEN_SERVICE_LOG);
    for (;;) log->write(call->host, call->token, BATTEN_LEVEL_INFO, batten_text("again"), batten_text(""));
}

/* --- memory --- */

static void hog(const batten_call *call) {
    for (;;) {
        char *memory = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return refused(call, "memory");
        memset(memory, 1, 8 << 20);
    }
}
static void hog_shared(const batten_call *call) {
    int file = memfd_create("hog", MFD_CLOEXEC);
    static char zeros[1 << 20];
    memset(zeros, 1, sizeof zeros);
    for (off_t offset = 0; offset < 2048; offset++) {
        if (pwrite(file, zeros, sizeof zeros, offset << 20) < 0) return refused(call, "file");
        char *seen = mmap(NULL, sizeof zeros, PROT_READ, MAP_SHARED | MAP_POPULATE, file, offset << 20);
        if (seen == MAP_FAILED) return refused(call, "shared");
    }
    sleep_for_ever(call);
}

/* --- what belongs to the host --- */

static void close_all(const batten_call *call) {
    for (int descriptor = 0; descriptor < 1024; descriptor++) close(descriptor);
    sleep_for_ever(call);
}
static void write_everywhere(const batten_call *call) {
    char garbage[512];
    memset(garbage, 0xA5, sizeof garbage);
    for (int descriptor = 3; descriptor < 64; descriptor++) send(descriptor, garbage, sizeof garbage, MSG_DONTWAIT);
    sleep_for_ever(call);
}
static void garbage_on_stdout(const batten_call *call) {
    static const char garbage[] = "\xff\xfe\0\x1b[2J{\"token\": 1}\r\n\x80\x80";
    if (write(1, garbage, sizeof garbage) < 0 || write(2, garbage, sizeof garbage) < 0) return refused(call, "write");
    fine(call);
}
static void closed_pipe(const batten_call *call) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return refused(call, "pipe");
    close(ends[0]);
    if (write(ends[1], "x", 1) == 1 || errno != EPIPE) return refused(call, "epipe");
    close(ends[1]);
    fine(call);
}

/* --- what was not declared --- */

static void fork_bomb(const batten_call *call) {
    for (;;) {
        pid_t process = fork();
        if (process < 0) return refused(call, "fork");
        if (process == 0) sleep_for_ever(call);
    }
}
static void start_program(const batten_call *call) {
    char *arguments[] = {"/bin/true", NULL}, *environment[] = {NULL};
    answer(call, "exec", execve("/bin/true", arguments, environment));
}
static void kill_host(const batten_call *call) { answer(call, "kill", kill(getppid(), SIGKILL)); }
static void call_home(const batten_call *call) { answer(call, "socket", socket(AF_INET, SOCK_STREAM, 0)); }
static void read_passwords(const batten_call *call) { answer(call, "open", open("/etc/passwd", O_RDONLY)); }
static void leave_a_file(const batten_call *call) {
    answer(call, "create", open("/tmp/batten-hostile", O_WRONLY | O_CREAT, 0600));
}

/* --- what the header forbids --- */

static void nothing(const batten_call *call) { (void)call; }
static void twice(const batten_call *call) {
    const batten_host *host = call->host;
    batten_token token = call->token;
    batten_outcome outcome = {0};
    fine(call);
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_FAILED;
    host->complete(host, token, &outcome);
}
static void invented(const batten_call *call) {
    batten_outcome outcome = {0};
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_FAILED;
    for (uint64_t token = 0; token < 64; token++) {
        uint64_t forged = token << 32 | token;
        if (forged != call->token) call->host->complete(call->host, forged, &outcome);
    }
    fine(call);
}
static void null_outcome(const batten_call *call) {
    const batten_outcome *volatile nothing = NULL;
    call->host->complete(call->host, call->token, nothing);
}
static void short_outcome(const batten_call *call) {
    batten_outcome outcome = {0};
    outcome.struct_size = 12;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    call->host->complete(call->host, call->token, &outcome);
}
static void lying(const batten_call *call, batten_span code, batten_span message, batten_span output, batten_class how) {
    batten_outcome outcome = {0};
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = how;
    outcome.effect = (batten_effect)77;
    outcome.retry_after_ns = INT64_MIN;
    outcome.code = code;
    outcome.message = message;
    outcome.output.bytes = output;
    call->host->complete(call->host, call->token, &outcome);
}
static void no_text(const batten_call *call) {
    lying(call, batten_text("\xff\xff"), batten_text("\xc3\x28 \xed\xa0\x80"), batten_text(""), BATTEN_CLASS_FAILED);
}
static void no_json(const batten_call *call) {
    lying(call, batten_text(""), batten_text(""), batten_text("{\"a\": \xff}"), BATTEN_CLASS_DONE);
}
static void no_class(const batten_call *call) {
    lying(call, batten_text(""), batten_text(""), batten_text(""), (batten_class)4000000000u);
}
static void null_span(const batten_call *call) {
    batten_span span = {NULL, 100};
    lying(call, span, batten_text(""), batten_text(""), BATTEN_CLASS_FAILED);
}
static void long_span(const batten_call *call) {
    batten_span span = {(const uint8_t *)"x", UINT64_MAX};
    lying(call, batten_text(""), batten_text(""), span, BATTEN_CLASS_DONE);
}
static void far_span(const batten_call *call) {
    batten_span span = {(const uint8_t *)"x", 1ull << 31};
    lying(call, batten_text(""), batten_text(""), span, BATTEN_CLASS_DONE);
}
static void deep_json(const batten_call *call) {
    static char text[200000];
    batten_span span = {(const uint8_t *)text, sizeof text};
    memset(text, '[', sizeof text / 2);
    memset(text + sizeof text / 2, ']', sizeof text / 2);
    lying(call, batten_text(""), batten_text(""), span, BATTEN_CLASS_DONE);
}

static const struct {
    const char *name;
    void (*act)(const batten_call *);
} acts[] = {
    {"fine", fine}, {"segfault", segfault}, {"divide", divide}, {"trap", trap}, {"abort", stop_all}, {"exit", leave},
    {"exit_at_once", leave_at_once}, {"kill_itself", kill_itself}, {"overflow", overflow}, {"free_twice", free_twice},
    {"alarm", alarm_clock}, {"fall_elsewhere", fall_elsewhere}, {"hang", sleep_for_ever}, {"spin", spin},
    {"steal_signals", steal_signals}, {"print_for_ever", print_for_ever}, {"log_for_ever", log_for_ever}, {"hog", hog},
    {"hog_shared", hog_shared}, {"close_all", close_all}, {"write_everywhere", write_everywhere},
    {"garbage_on_stdout", garbage_on_stdout}, {"closed_pipe", closed_pipe}, {"fork_bomb", fork_bomb},
    {"start_program", start_program}, {"kill_host", kill_host}, {"call_home", call_home},
    {"read_passwords", read_passwords}, {"leave_a_file", leave_a_file}, {"nothing", nothing}, {"twice", twice},
    {"invented", invented}, {"null_outcome", null_outcome}, {"short_outcome", short_outcome}, {"no_text", no_text},
    {"no_json", no_json}, {"no_class", no_class}, {"null_span", null_span}, {"long_span", long_span},
    {"far_span", far_span}, {"deep_json", deep_json},
};

static void act(batten_span wanted, const batten_call *call) {
    char text[64];
    for (unsigned i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        snprintf(text, sizeof text, "\"%s\"", acts[i].name);
        if (wanted.len > 0 && memmem(wanted.ptr, wanted.len, text, strlen(text))) return acts[i].act(call);
    }
    if (call) complete(call, BATTEN_CLASS_BAD_INPUT, "hostile.unknown", "");
}

static void run(batten_instance *instance, const batten_call *call) {
    (void)instance;
    act(call->input.bytes, call);
}

/* On the loop thread that it shares with others. */
static batten_rc begin(batten_instance *instance, const batten_call *call) {
    (void)instance;
    act(call->input.bytes, call);
    return BATTEN_RC_OK;
}

static int falls_at_end;

/* Harm in the control functions, when the configuration asks for it; no act there uses its call. */
static batten_rc start(const batten_host *host, batten_span config, batten_state **state, batten_buffer *why) {
    (void)host; (void)state; (void)why;
    if (memmem(config.ptr, config.len, "\"start\"", 7)) act(config, NULL);
    falls_at_end = memmem(config.ptr, config.len, "\"stop\"", 6) != NULL;
    return BATTEN_RC_OK;
}
static batten_rc open_instance(
    batten_state *state, batten_span config, batten_instance **instance, batten_buffer *why) {
    (void)state; (void)instance; (void)why;
    act(config, NULL);
    return BATTEN_RC_OK;
}
static void stop(batten_state *state, int64_t deadline) {
    (void)state; (void)deadline;
    if (falls_at_end) *(volatile int *)8 = 1;
}

static const batten_executor blocking = {
    .struct_size = sizeof(batten_executor), .type = "hostile.go", .run = run, .open = open_instance,
};
static const batten_executor looping = {
    .struct_size = sizeof(batten_executor), .type = "hostile.loop", .begin = begin,
};
static const batten_executor *const table[] = {&blocking, &looping};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .executor_count = 2,
    .id = "hostile",
    .version = "1.0.0",
    .executors = table,
    .start = start,
    .stop = stop,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

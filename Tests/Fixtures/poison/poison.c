/* Does what its input asks for, most of which ends a process: {"do": "segfault"} and the like. */
#define _GNU_SOURCE
#include <batten/plugin.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void done(const batten_call *call, batten_class how, const char *output) {
    batten_outcome outcome = {0};
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = how;
    outcome.effect = BATTEN_EFFECT_NONE;
    outcome.retry_after_ns = -1;
    outcome.output.bytes = batten_text(output);
    call->host->complete(call->host, call->token, &outcome);
}

static int is(const batten_call *call, const char *what) {
    char text[64];
    snprintf(text, sizeof text, "\"%s\"", what);
    return memmem(call->input.bytes.ptr, call->input.bytes.len, text, strlen(text)) != NULL;
}

static volatile int sink;
static int deep(volatile char *above) {
    volatile char room[4096];
    room[0] = above ? above[0] : 1;
    sink += room[0];
    return deep(room) + room[0];
}

static void run(batten_instance *instance, const batten_call *call) {
    char text[128];
    struct timespec pause = {0, 1000000};
    const batten_log *log = call->host->query(call->host, BATTEN_SERVICE_LOG);
    (void)instance;
    if (BATTEN_HAS(log, write))
        log->write(call->host, call->token, BATTEN_LEVEL_INFO, batten_text("entered"), batten_text(""));
    if (is(call, "segfault")) {
        fprintf(stderr, "about to fall\n");
        *(volatile int *)8 = 1;
    }
    if (is(call, "abort")) abort();
    if (is(call, "exit")) exit(3);
    if (is(call, "overflow")) sink = deep(NULL);
    if (is(call, "hang")) {
        for (;;) nanosleep(&pause, NULL);
    }
    if (is(call, "wait")) {
        while (call->host->should_stop(call->host, call->token) == BATTEN_STOP_NONE) nanosleep(&pause, NULL);
        return done(call, BATTEN_CLASS_CANCELLED, "{}");
    }
    if (is(call, "print")) {
        printf("to the standard output\n");
        fflush(stdout);
        fprintf(stderr, "to the standard error\n");
    }
    if (is(call, "child") || is(call, "session")) {
        const int leaves = is(call, "session");
        pid_t child = fork();
        if (child == 0) {
            if (leaves) setsid();
            else setpgid(0, 0);
            for (;;) nanosleep(&pause, NULL);
        }
        snprintf(text, sizeof text, "{\"child\":%d,\"pid\":%d}", (int)child, (int)getpid());
        return done(call, BATTEN_CLASS_DONE, text);
    }
    if (is(call, "echo")) {
        batten_outcome outcome = {0};
        outcome.struct_size = sizeof outcome;
        outcome.outcome_class = BATTEN_CLASS_DONE;
        outcome.retry_after_ns = -1;
        outcome.output.bytes = call->input.bytes;
        call->host->complete(call->host, call->token, &outcome);
        return;
    }
    snprintf(text, sizeof text, "{\"pid\":%d}", (int)getpid());
    done(call, BATTEN_CLASS_DONE, text);
}

static const batten_executor executor = {
    .struct_size = sizeof(batten_executor),
    .type = "poison.go",
    .flags = BATTEN_EXECUTOR_CANCELLABLE,
    .capabilities = "{\"process\": true}",
    .run = run,
};
static const batten_executor bound = {
    .struct_size = sizeof(batten_executor),
    .type = "poison.bound",
    .flags = BATTEN_EXECUTOR_HOST_PROCESS_ONLY,
    .run = run,
};
static const batten_executor *const table[] = {&executor, &bound};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .executor_count = 2,
    .id = "poison",
    .version = "1.0.0",
    .executors = table,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

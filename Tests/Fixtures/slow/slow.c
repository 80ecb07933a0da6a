/* Ignores every wish to stop, until the file that its input names is there. */
#define _GNU_SOURCE
#include <batten/plugin.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static batten_rc done(const batten_call *call, const char *output) {
    batten_outcome outcome = {0};
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    outcome.effect = BATTEN_EFFECT_MADE;
    outcome.output.bytes = batten_text(output);
    return call->host->complete(call->host, call->token, &outcome);
}

static void run(batten_instance *instance, const batten_call *call) {
    /* The input is a JSON string without escapes. */
    char path[512] = {0};
    struct timespec pause = {0, 500000};
    const batten_log *log = call->host->query(call->host, BATTEN_SERVICE_LOG);
    (void)instance;
    if (BATTEN_HAS(log, write))
        log->write(call->host, call->token, BATTEN_LEVEL_INFO, batten_text("entered"), batten_text(""));
    if (call->input.bytes.len < 3 || call->input.bytes.len > sizeof path) return;
    memcpy(path, call->input.bytes.ptr + 1, call->input.bytes.len - 2);
    while (access(path, F_OK) != 0) nanosleep(&pause, NULL);
    done(call, "{}");
}

static const batten_executor executor = {.struct_size = sizeof(batten_executor), .type = "slow.go", .run = run};
static const batten_executor *const table[] = {&executor};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .executor_count = 1,
    .id = "slow",
    .version = "1.0.0",
    .executors = table,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

/* Its output is about the process that it is in. */
#include <batten/plugin.h>
#include <stdio.h>
#include <unistd.h>

static void done(const batten_call *call, const char *output) {
    batten_outcome outcome = {0};
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    outcome.effect = BATTEN_EFFECT_NONE;
    outcome.retry_after_ns = -1;
    outcome.output.bytes = batten_text(output);
    call->host->complete(call->host, call->token, &outcome);
}

static void run(batten_instance *instance, const batten_call *call) {
    char output[64];
    (void)instance;
    snprintf(output, sizeof output, "{\"process\": %d, \"noise\": %d}", (int)getpid(), (int)call->token);
    done(call, output);
}

static const batten_executor executor = {
    .struct_size = sizeof(batten_executor),
    .type = "own_process.go",
    .output_schema = "{\"properties\": {\"noise\": {\"x-batten-volatile\": true}}}",
    .run = run,
};
static const batten_executor *const table[] = {&executor};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .executor_count = 1,
    .id = "own_process",
    .version = "1.0.0",
    .executors = table,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

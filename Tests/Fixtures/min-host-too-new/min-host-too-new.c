/* Wants a host of minor version 999. */
#include <batten/plugin.h>

static void run(batten_instance *instance, const batten_call *call) {
    batten_outcome outcome = {0};
    (void)instance;
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    call->host->complete(call->host, call->token, &outcome);
}

static const batten_executor executor = {
    .struct_size = sizeof(batten_executor), .type = "min_host_too_new.go", .run = run,
};
static const batten_executor *const table[] = {&executor};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = 1,
    .min_host_minor = 999,
    .executor_count = 1,
    .id = "min_host_too_new",
    .version = "1.0.0",
    .executors = table,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

/* Has the entry of ABI 2 and not that of ABI 1. */
#include <batten/plugin.h>

static void run(batten_instance *instance, const batten_call *call) {
    batten_outcome outcome = {0};
    (void)instance;
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    call->host->complete(call->host, call->token, &outcome);
}

static const batten_executor executor = {.struct_size = sizeof(batten_executor), .type = "other_abi.go", .run = run};
static const batten_executor *const table[] = {&executor};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = 2,
    .min_host_minor = 0,
    .executor_count = 1,
    .id = "other_abi",
    .version = "1.0.0",
    .executors = table,
};

const batten_plugin *batten_plugin_entry_v2(const batten_hello *hello);
const batten_plugin *batten_plugin_entry_v2(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

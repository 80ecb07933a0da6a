/* Completes its call twice, and once more with a token that it invents. */
#include <batten/plugin.h>

static batten_rc done(const batten_call *call, const char *output) {
    batten_outcome outcome = {0};
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    outcome.effect = BATTEN_EFFECT_MADE;
    outcome.output.bytes = batten_text(output);
    return call->host->complete(call->host, call->token, &outcome);
}

static void run(batten_instance *instance, const batten_call *call) {
    batten_outcome outcome = {0};
    const batten_host *host = call->host;
    const batten_token token = call->token;
    (void)instance;
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    if (done(call, "{\"first\": true}") != BATTEN_RC_OK) return;
    if (host->complete(host, token, &outcome) != BATTEN_RC_STALE) __builtin_trap();
    if (host->complete(host, token + (1ull << 40), &outcome) != BATTEN_RC_STALE) __builtin_trap();
    if (host->complete(host, 0, &outcome) != BATTEN_RC_STALE) __builtin_trap();
    if (host->should_stop(host, token) != BATTEN_STOP_STALE) __builtin_trap();
}

static const batten_executor executor = {
    .struct_size = sizeof(batten_executor), .type = "double_complete.go", .run = run,
};
static const batten_executor *const table[] = {&executor};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .executor_count = 1,
    .id = "double_complete",
    .version = "1.0.0",
    .executors = table,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

/* Makes a blob in each call and leaves its descriptor open. */
#include <batten/plugin.h>
#include <stddef.h>

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
    const batten_blob *blobs = call->host->query(call->host, BATTEN_SERVICE_BLOB);
    uint64_t blob;
    int descriptor;
    (void)instance;
    if (blobs) blobs->create(call->host, call->token, 0, &descriptor, &blob);
    done(call, "{}");
}

static const batten_executor executor = {.struct_size = sizeof(batten_executor), .type = "leaky_blob.go", .run = run};
static const batten_executor *const table[] = {&executor};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .executor_count = 1,
    .id = "leaky_blob",
    .version = "1.0.0",
    .executors = table,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

/* Promises a number, and answers by the attempt: another type, no JSON, an unreadable struct, a foreign media type. */
#include <batten/plugin.h>

static void run(batten_instance *instance, const batten_call *call) {
    batten_outcome outcome = {0};
    (void)instance;
    outcome.struct_size = call->attempt == 3 ? 8 : sizeof outcome;
    outcome.outcome_class = call->attempt == 5 ? (batten_class)399 : BATTEN_CLASS_DONE;
    outcome.output.bytes = batten_text(call->attempt == 2 ? "{\"n\": " : "{\"n\": \"one\"}");
    if (call->attempt == 4) outcome.output.media_type = batten_text("image/png");
    call->host->complete(call->host, call->token, call->attempt == 6 ? (const batten_outcome *)0 : &outcome);
}

static const char schema[] =
    "{\"type\": \"object\", \"properties\": {\"n\": {\"type\": \"integer\"}}, \"required\": [\"n\"]}";

static const batten_executor executor = {
    .struct_size = sizeof(batten_executor), .type = "lying_schema.go", .output_schema = schema, .run = run,
};
static const batten_executor *const table[] = {&executor};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .executor_count = 1,
    .id = "lying_schema",
    .version = "1.0.0",
    .executors = table,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

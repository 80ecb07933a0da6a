/* A whole plugin: one blocking executor, `hello.greet`. Build it and put the result into a plugin folder:
 *
 *     cc -std=c99 -shared -fPIC -fvisibility=hidden -Wl,-z,nodelete -I include \
 *        -o libbatten-plugin-hello.so template.c
 */
#include <batten/plugin.h>

static void greet(batten_instance *instance, const batten_call *call) {
    const batten_host *host = call->host;
    const batten_log *log = (const batten_log *)host->query(host, BATTEN_SERVICE_LOG);
    batten_outcome outcome = {0};
    (void)instance;
    if (BATTEN_HAS(log, write))
        log->write(host, call->token, BATTEN_LEVEL_INFO, batten_text("about to greet"), batten_text("{}"));
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    outcome.effect = BATTEN_EFFECT_NONE;
    outcome.retry_after_ns = -1;
    outcome.output.bytes = batten_text("{\"greeting\": \"hello\"}");
    host->complete(host, call->token, &outcome);
}

static const batten_executor greet_executor = {
    .struct_size = sizeof(batten_executor),
    .flags = BATTEN_EXECUTOR_PURE,
    .type = "hello.greet",
    .title = "Greets",
    .input_schema = "{\"type\": \"object\"}",
    .output_schema = "{\"type\": \"object\", \"required\": [\"greeting\"],"
                     " \"properties\": {\"greeting\": {\"type\": \"string\"}}}",
    .run = greet,
};
static const batten_executor *const executors[] = {&greet_executor};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .abi_minor = BATTEN_ABI_MINOR,
    .executor_count = 1,
    .id = "hello",
    .version = "1.0.0",
    .title = "A first plugin",
    .executors = executors,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

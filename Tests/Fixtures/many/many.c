/* Two hundred executors that do nothing: what a list of them costs. */
#include <batten/plugin.h>
#include <stdio.h>

enum { COUNT = 200 };

static char types[COUNT][16];
static batten_executor executors[COUNT];
static const batten_executor *table[COUNT];

static void run(batten_instance *instance, const batten_call *call) {
    batten_outcome outcome = {0};
    (void)instance;
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    outcome.effect = BATTEN_EFFECT_NONE;
    outcome.retry_after_ns = -1;
    outcome.output.bytes = batten_text("{}");
    call->host->complete(call->host, call->token, &outcome);
}

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .abi_minor = BATTEN_ABI_MINOR,
    .executor_count = COUNT,
    .id = "many",
    .version = "1.0.0",
    .title = "Many executors",
    .executors = table,
};

__attribute__((constructor)) static void fill(void) {
    for (int i = 0; i < COUNT; i++) {
        snprintf(types[i], sizeof types[i], "many.e%03d", i);
        if (i == COUNT - 1) snprintf(types[i], sizeof types[i], "many.last_one");
        executors[i].struct_size = sizeof executors[i];
        executors[i].type = types[i];
        executors[i].run = run;
        table[i] = &executors[i];
    }
}

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    return hello->abi_major == BATTEN_ABI_MAJOR ? &plugin : NULL;
}

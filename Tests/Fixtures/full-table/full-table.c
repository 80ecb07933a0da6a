/* Has room for a number of calls at once, and forgets the ones that come beyond it. */
#include <batten/plugin.h>
#include <stddef.h>

enum { ROOM = 4096 };

struct batten_instance {
    const batten_call *calls[ROOM];
    int count;
};

static void done(const batten_call *call, const char *output) {
    batten_outcome outcome = {0};
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    outcome.effect = BATTEN_EFFECT_NONE;
    outcome.retry_after_ns = -1;
    outcome.output.bytes = batten_text(output);
    call->host->complete(call->host, call->token, &outcome);
}

static batten_rc open_one(batten_state *state, batten_span config, batten_instance **made, batten_buffer *why) {
    static struct batten_instance only;
    (void)state, (void)config, (void)why;
    only.count = 0;
    *made = &only;
    return BATTEN_RC_OK;
}

static batten_rc begin(batten_instance *instance, const batten_call *call) {
    if (instance->count < ROOM) instance->calls[instance->count++] = call;
    return BATTEN_RC_OK;
}

static void cancel(batten_instance *instance, batten_token token, batten_stop why) {
    (void)why;
    for (int i = 0; i < instance->count; i++) {
        const batten_call *call = instance->calls[i];
        if (call->token != token) continue;
        instance->calls[i] = instance->calls[--instance->count];
        done(call, "{}");
        return;
    }
}

static const batten_executor executor = {
    .struct_size = sizeof(batten_executor),
    .flags = BATTEN_EXECUTOR_CANCELLABLE,
    .type = "full_table.go",
    .open = open_one,
    .begin = begin,
    .cancel = cancel,
};
static const batten_executor *const table[] = {&executor};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .executor_count = 1,
    .id = "full_table",
    .version = "1.0.0",
    .executors = table,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

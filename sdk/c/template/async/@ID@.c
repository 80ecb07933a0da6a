/* @NAME@: a Batten plugin. `vendor/include/batten/plugin.h` states the rules. */
#include <batten/easy.h>

/* The calls of `@ID@.wait`. All functions here come on one loop thread, so nothing needs a lock. */
typedef struct pending { const batten_host *host; batten_token token; uint64_t timer; } pending;
struct batten_instance { pending waits[64]; };

static const batten_loop *loop_of(const batten_host *host) {
    return (const batten_loop *)host->query(host, BATTEN_SERVICE_LOOP);
}

static void fired(void *user) {
    pending done = *(pending *)user;
    ((pending *)user)->token = 0;
    batten_done(done.host, done.token, BATTEN_EFFECT_NONE, batten_text("{\"waited\": true}"));
}

static batten_rc begin(batten_instance *instance, const batten_call *call) {
    pending *w = instance->waits;
    batten_span value;
    int64_t ms = 0;
    while (w < instance->waits + 63 && w->token) w++;
    if (w->token || !loop_of(call->host)) return BATTEN_RC_BUSY;
    if (batten_json_member(call->input.bytes, "ms", &value)) batten_json_integer(value, &ms);
    *w = (pending){call->host, call->token, 0};
    batten_rc rc = loop_of(w->host)->timer(w->host, batten_now() + ms * 1000000, fired, w, &w->timer);
    if (rc != BATTEN_RC_OK) w->token = 0;
    return rc;
}

static void cancel(batten_instance *instance, batten_token token, batten_stop why) {
    for (pending *w = instance->waits; w < instance->waits + 64; w++) {
        if (w->token != token) continue;
        loop_of(w->host)->untimer(w->host, w->timer);
        w->token = 0;
        batten_stopped(w->host, token, why);
    }
}

static batten_rc open_waits(batten_state *state, batten_span config, batten_instance **instance, batten_buffer *why) {
    (void)state, (void)config;
    *instance = (batten_instance *)calloc(1, sizeof **instance);
    if (!*instance) batten_say(why, "out of memory");
    return *instance ? BATTEN_RC_OK : BATTEN_RC_REFUSED;
}

static void close_waits(batten_instance *instance) { free(instance); }

static const batten_executor wait_executor = {
    .struct_size = sizeof(batten_executor), .max_in_flight = 64, .type = "@ID@.wait",
    .flags = BATTEN_EXECUTOR_IDEMPOTENT | BATTEN_EXECUTOR_CANCELLABLE, .title = "Waits without holding a thread",
    .input_schema = "{\"type\": \"object\", \"required\": [\"ms\"], \"additionalProperties\": false, \"properties\":"
                    " {\"ms\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 86400000}}}",
    .output_schema = "{\"type\": \"object\", \"required\": [\"waited\"]}",
    .open = open_waits, .close = close_waits, .begin = begin, .cancel = cancel,
};

BATTEN_DEFINE_PLUGIN("@ID@", "0.1.0", "@NAME@", &wait_executor)

/* An asynchronous executor in C: `begin` sets a timer of the host's event loop and returns; no thread waits. */
#include <batten/easy.h>

/* One call that waits. `begin`, `cancel` and the timer share the instance's loop thread, so no lock is needed. */
typedef struct pending {
    struct pending *next;
    const batten_host *host;
    batten_token token;
    uint64_t timer;
    int64_t milliseconds;
    struct batten_instance *instance;
} pending;

struct batten_instance {
    pending *waits;
};

/* Forgets a call and says what it was. */
static pending forget(pending *w) {
    pending copy = *w;
    for (pending **place = &w->instance->waits; *place; place = &(*place)->next)
        if (*place == w) {
            *place = w->next;
            break;
        }
    free(w);
    return copy;
}

static void fired(void *user) {
    pending w = forget((pending *)user);
    char text[64];
    batten_json_out out = batten_json_into(text, sizeof text);
    batten_json_raw(&out, "{\"waited_ms\": ");
    batten_json_put(&out, w.milliseconds);
    batten_json_raw(&out, "}");
    batten_done(w.host, w.token, BATTEN_EFFECT_NONE, batten_json_done(&out));
}

static batten_rc begin(batten_instance *instance, const batten_call *call) {
    const batten_host *host = call->host;
    const batten_loop *loop = (const batten_loop *)host->query(host, BATTEN_SERVICE_LOOP);
    pending *w = (pending *)calloc(1, sizeof *w);
    batten_span value;
    if (!w || !BATTEN_HAS(loop, timer)) {
        free(w);
        return BATTEN_RC_UNSUPPORTED;
    }
    w->host = host;
    w->token = call->token;
    w->instance = instance;
    if (batten_json_member(call->input.bytes, "ms", &value)) batten_json_integer(value, &w->milliseconds);
    if (loop->timer(host, batten_now() + w->milliseconds * 1000000, fired, w, &w->timer) != BATTEN_RC_OK) {
        free(w);
        return BATTEN_RC_REFUSED;
    }
    w->next = instance->waits;
    instance->waits = w;
    return BATTEN_RC_OK;
}

static void cancel(batten_instance *instance, batten_token token, batten_stop why) {
    for (pending *w = instance->waits; w; w = w->next) {
        if (w->token != token) continue;
        const batten_loop *loop = (const batten_loop *)w->host->query(w->host, BATTEN_SERVICE_LOOP);
        loop->untimer(w->host, w->timer);
        pending gone = forget(w);
        batten_stopped(gone.host, token, why);
        return;
    }
}

static batten_rc open_timer(batten_state *state, batten_span config, batten_instance **instance, batten_buffer *why) {
    (void)state;
    (void)config;
    *instance = (batten_instance *)calloc(1, sizeof **instance);
    if (*instance) return BATTEN_RC_OK;
    batten_say(why, "out of memory");
    return BATTEN_RC_REFUSED;
}

static void close_timer(batten_instance *instance) { free(instance); }

static const batten_executor wait_executor = {
    .struct_size = sizeof(batten_executor),
    .flags = BATTEN_EXECUTOR_IDEMPOTENT | BATTEN_EXECUTOR_CANCELLABLE,
    .type = "timer.wait",
    .title = "Waits without holding a thread",
    .input_schema = "{\"type\": \"object\", \"required\": [\"ms\"], \"additionalProperties\": false, \"properties\":"
                    " {\"ms\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 86400000}}}",
    .output_schema = "{\"type\": \"object\", \"required\": [\"waited_ms\"],"
                     " \"properties\": {\"waited_ms\": {\"type\": \"integer\"}}}",
    .open = open_timer,
    .close = close_timer,
    .begin = begin,
    .cancel = cancel,
};

BATTEN_DEFINE_PLUGIN("timer", "1.0.0", "Timers", &wait_executor)

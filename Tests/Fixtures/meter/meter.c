/* Uses tokens as it is told: after a bound that it declares, without one, or after holding them while it works. No
 * thread waits: work is a timer of the host's loop. */
#define _DEFAULT_SOURCE
#include <batten/easy.h>
#include <stdio.h>
#include <string.h>

enum kind { USE, BLIND, HOLD };

struct batten_instance {
    enum kind kind;
};

typedef struct work {
    const batten_call *call;
    enum kind kind;
    char model[128];
    int64_t in, out, ms, limit, hold, settle, times;
    uint64_t lease;
} work;

static int64_t number(const batten_call *call, const char *name, int64_t standard) {
    batten_span value;
    int64_t found = standard;
    if (batten_json_member(call->input.bytes, name, &value)) batten_json_integer(value, &found);
    return found;
}

static void finish(void *user) {
    work *w = (work *)user;
    const batten_host *host = w->call->host;
    const batten_token token = w->call->token;
    const batten_usage *usage = (const batten_usage *)host->query(host, BATTEN_SERVICE_USAGE);
    const batten_quota *quota = (const batten_quota *)host->query(host, BATTEN_SERVICE_QUOTA);
    char text[128];
    if (w->kind == USE) usage->add(host, token, batten_text("requests"), batten_text(w->model), 1);
    if (w->in > 0) usage->add(host, token, batten_text("input_tokens"), batten_text(w->model), w->in);
    if (w->out > 0) usage->add(host, token, batten_text("output_tokens"), batten_text(w->model), w->out);
    for (int64_t i = 0; w->kind == HOLD && i < w->times; i++) quota->settle(host, w->lease, w->settle);
    snprintf(text, sizeof text, "{\"limit\": %lld}", (long long)w->limit);
    batten_done(host, token, BATTEN_EFFECT_NONE, batten_text(text));
    free(w);
}

static void work_on(work *w) {
    const batten_host *host = w->call->host;
    const batten_loop *loop = (const batten_loop *)host->query(host, BATTEN_SERVICE_LOOP);
    uint64_t timer = 0;
    if (w->ms <= 0) finish(w);
    else loop->timer(host, batten_now() + w->ms * 1000000, finish, w, &timer);
}

static void granted(void *user, batten_token token, uint64_t lease, batten_rc rc, int64_t retry_after_ns) {
    work *w = (work *)user;
    (void)token;
    if (rc == BATTEN_RC_OK) {
        w->lease = lease;
        work_on(w);
        return;
    }
    if (rc != BATTEN_RC_STALE)
        batten_fail(w->call->host, w->call->token, BATTEN_CLASS_QUOTA, BATTEN_EFFECT_NONE, "meter.refused",
                    "the hold was refused", retry_after_ns);
    free(w);
}

static batten_rc begin(batten_instance *instance, const batten_call *call) {
    work *w = (work *)calloc(1, sizeof *w);
    batten_span model;
    const batten_quota *quota = (const batten_quota *)call->host->query(call->host, BATTEN_SERVICE_QUOTA);
    w->call = call;
    w->kind = instance->kind;
    if (batten_json_member(call->input.bytes, "model", &model) && model.len > 2 && model.len < sizeof w->model)
        memcpy(w->model, model.ptr + 1, model.len - 2);
    w->in = number(call, "in", 0);
    w->limit = number(call, "max_output_tokens", 0);
    w->out = number(call, "out", w->kind == USE ? w->limit : 0);
    w->ms = number(call, "ms", 0);
    w->hold = number(call, "hold", 0);
    w->settle = number(call, "settle", w->out);
    w->times = number(call, "times", 1);
    if (w->kind != HOLD) {
        work_on(w);
        return BATTEN_RC_OK;
    }
    return quota->hold(call->host, call->token, batten_text("output_tokens"), batten_text(w->model), w->hold, granted,
                       w);
}

static batten_rc open_as(enum kind kind, batten_instance **instance) {
    *instance = (batten_instance *)calloc(1, sizeof **instance);
    (*instance)->kind = kind;
    return BATTEN_RC_OK;
}

static batten_rc open_use(batten_state *state, batten_span config, batten_instance **instance, batten_buffer *why) {
    (void)state, (void)config, (void)why;
    return open_as(USE, instance);
}

static batten_rc open_blind(batten_state *state, batten_span config, batten_instance **instance, batten_buffer *why) {
    (void)state, (void)config, (void)why;
    return open_as(BLIND, instance);
}

static batten_rc open_hold(batten_state *state, batten_span config, batten_instance **instance, batten_buffer *why) {
    (void)state, (void)config, (void)why;
    return open_as(HOLD, instance);
}

static void close_instance(batten_instance *instance) { free(instance); }

static const char bounded[] =
    "{\"type\": \"object\", \"x-batten-usage\": {\"requests\": 1,"
    " \"subject\": {\"input\": [\"model\"], \"config\": \"default_model\"},"
    " \"input_tokens\": {\"bytes\": [\"prompt\"]},"
    " \"output_tokens\": {\"input\": [\"max_output_tokens\"], \"default\": 4096}}}";
static const char any[] = "{\"type\": \"object\"}";

static const batten_executor use_executor = {
    .struct_size = sizeof(batten_executor), .flags = BATTEN_EXECUTOR_IDEMPOTENT, .type = "meter.use",
    .title = "Uses what it declares", .input_schema = bounded, .output_schema = any, .open = open_use,
    .close = close_instance, .begin = begin};
static const batten_executor blind_executor = {
    .struct_size = sizeof(batten_executor), .flags = BATTEN_EXECUTOR_IDEMPOTENT, .type = "meter.blind",
    .title = "Uses what nobody knows before", .input_schema = any, .output_schema = any, .open = open_blind,
    .close = close_instance, .begin = begin};
static const batten_executor hold_executor = {
    .struct_size = sizeof(batten_executor), .flags = BATTEN_EXECUTOR_IDEMPOTENT, .type = "meter.hold",
    .title = "Holds what it uses", .input_schema = any, .output_schema = any, .open = open_hold,
    .close = close_instance, .begin = begin};
static const batten_executor *const table[] = {&use_executor, &blind_executor, &hold_executor};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .abi_minor = BATTEN_ABI_MINOR,
    .executor_count = sizeof table / sizeof table[0],
    .id = "meter",
    .version = "1.0.0",
    .title = "Uses tokens as it is told",
    .executors = table,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    return hello->abi_major == BATTEN_ABI_MAJOR ? &plugin : NULL;
}

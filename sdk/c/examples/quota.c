/* A quota-aware executor in C: it reserves what it may use at most, works, and settles what it really used. */
#include <batten/easy.h>

#include <pthread.h>

/* The answer to a hold comes on another thread while `run` waits here. */
typedef struct answer {
    pthread_mutex_t lock;
    pthread_cond_t came;
    int is_here;
    uint64_t lease;
    batten_rc rc;
    int64_t retry_after_ns;
} answer;

static void granted(void *user, batten_token token, uint64_t lease, batten_rc rc, int64_t retry_after_ns) {
    answer *a = (answer *)user;
    (void)token;
    pthread_mutex_lock(&a->lock);
    a->is_here = 1;
    a->lease = lease;
    a->rc = rc;
    a->retry_after_ns = retry_after_ns;
    pthread_cond_signal(&a->came);
    pthread_mutex_unlock(&a->lock);
}

/* Holds an amount and waits for the answer. A host without quotas grants everything, with the lease 0. */
static batten_rc hold(const batten_call *call, const batten_quota *quota, int64_t amount, answer *a) {
    if (!BATTEN_HAS(quota, hold)) return BATTEN_RC_OK;
    batten_rc rc = quota->hold(call->host, call->token, batten_text("requests"), batten_text("example"), amount,
                               granted, a);
    if (rc != BATTEN_RC_OK) return rc;
    pthread_mutex_lock(&a->lock);
    while (!a->is_here) pthread_cond_wait(&a->came, &a->lock);
    pthread_mutex_unlock(&a->lock);
    return a->rc;
}

static void fetch(batten_instance *instance, const batten_call *call) {
    const batten_host *host = call->host;
    const batten_quota *quota = (const batten_quota *)host->query(host, BATTEN_SERVICE_QUOTA);
    const batten_usage *usage = (const batten_usage *)host->query(host, BATTEN_SERVICE_USAGE);
    answer a = {.lock = PTHREAD_MUTEX_INITIALIZER, .came = PTHREAD_COND_INITIALIZER, .retry_after_ns = -1};
    char text[64];
    batten_json_out out = batten_json_into(text, sizeof text);
    batten_span value;
    int64_t pages = 1;
    (void)instance;
    if (batten_json_member(call->input.bytes, "pages", &value)) batten_json_integer(value, &pages);
    /* At most two requests a page; the work below needs one for each. */
    if (hold(call, quota, 2 * pages, &a) != BATTEN_RC_OK) {
        batten_fail(host, call->token, BATTEN_CLASS_QUOTA, BATTEN_EFFECT_NONE, "quota.refused",
                    "the quota of requests is used up: try again later, or raise it", a.retry_after_ns);
        return;
    }
    if (BATTEN_HAS(usage, add))
        usage->add(host, call->token, batten_text("requests"), batten_text("example"), pages);
    if (a.lease != 0) quota->settle(host, a.lease, pages);
    batten_json_raw(&out, "{\"requests\": ");
    batten_json_put(&out, pages);
    batten_json_raw(&out, "}");
    batten_done(host, call->token, BATTEN_EFFECT_NONE, batten_json_done(&out));
}

static const batten_executor fetch_executor = {
    .struct_size = sizeof(batten_executor),
    .flags = BATTEN_EXECUTOR_IDEMPOTENT,
    .type = "quota.fetch",
    .title = "Uses a quota",
    .input_schema = "{\"type\": \"object\", \"required\": [\"pages\"], \"additionalProperties\": false, \"properties\":"
                    " {\"pages\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 1000}}}",
    .output_schema = "{\"type\": \"object\", \"required\": [\"requests\"],"
                     " \"properties\": {\"requests\": {\"type\": \"integer\"}}}",
    .run = fetch,
};

BATTEN_DEFINE_PLUGIN("quota", "1.0.0", "An example of quotas", &fetch_executor)

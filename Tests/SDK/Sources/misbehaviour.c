/* A plugin that breaks a rule with each executor, and what the fake host says of it. */
#include <batten/easy.h>
#include <batten/fake_host.h>

static void again(batten_instance *i, const batten_call *call) {
    const batten_host *host = call->host;
    batten_token token = call->token;
    (void)i;
    batten_done(host, token, BATTEN_EFFECT_NONE, batten_text("1"));
    batten_done(host, token, BATTEN_EFFECT_NONE, batten_text("2"));
}

static void never(batten_instance *i, const batten_call *call) { (void)i, (void)call; }

static void shorter(batten_instance *i, const batten_call *call) {
    batten_outcome outcome = {.struct_size = 8};
    (void)i;
    call->host->complete(call->host, call->token, &outcome);
}

static void silent(batten_instance *i, const batten_call *call) {
    (void)i;
    batten_fail(call->host, call->token, BATTEN_CLASS_FAILED, BATTEN_EFFECT_NONE, "", "", -1);
}

static void late(void *user) { (void)user; }

static void services(batten_instance *i, const batten_call *call) {
    const batten_host *host = call->host;
    const batten_log *log = (const batten_log *)host->query(host, BATTEN_SERVICE_LOG);
    const batten_usage *usage = (const batten_usage *)host->query(host, BATTEN_SERVICE_USAGE);
    const batten_beat *beat = (const batten_beat *)host->query(host, BATTEN_SERVICE_BEAT);
    const batten_loop *loop = (const batten_loop *)host->query(host, BATTEN_SERVICE_LOOP);
    const batten_blob *blobs = (const batten_blob *)host->query(host, BATTEN_SERVICE_BLOB);
    batten_outcome outcome = {.struct_size = sizeof outcome, .outcome_class = BATTEN_CLASS_DONE, .retry_after_ns = -1};
    uint64_t id = 0, blob = 0;
    int fd = -1;
    (void)i;
    log->write(host, call->token, BATTEN_LEVEL_INFO, (batten_span){NULL, 5}, batten_text(""));
    log->write(host, call->token + 1000, BATTEN_LEVEL_INFO, batten_text("x"), batten_text(""));
    usage->add(host, call->token, batten_text("m"), batten_text("s"), -1);
    beat->beat(host, call->token, 2, batten_text(""));
    loop->timer(host, 0, late, NULL, &id);
    blobs->create(host, call->token, 0, &fd, &blob);
    outcome.output.blob = blob;
    host->complete(host, call->token, &outcome);
}

static batten_rc both(batten_instance *i, const batten_call *call) {
    (void)i;
    batten_done(call->host, call->token, BATTEN_EFFECT_NONE, batten_text("1"));
    return BATTEN_RC_REFUSED;
}

static batten_rc leaves(batten_instance *i, const batten_call *call) {
    const batten_loop *loop = (const batten_loop *)call->host->query(call->host, BATTEN_SERVICE_LOOP);
    uint64_t id;
    (void)i;
    loop->timer(call->host, INT64_MAX, late, NULL, &id);
    batten_done(call->host, call->token, BATTEN_EFFECT_NONE, batten_text("1"));
    return BATTEN_RC_OK;
}

#define RUN(name) {.struct_size = sizeof(batten_executor), .type = "bad." #name, .run = name}
#define BEGIN(name) {.struct_size = sizeof(batten_executor), .type = "bad." #name, .begin = name}
static const batten_executor all[] = {RUN(again), RUN(never), RUN(shorter), RUN(silent), RUN(services), BEGIN(both),
                                      BEGIN(leaves)};

BATTEN_DEFINE_PLUGIN("bad", "1.0.0", "Breaks rules", &all[0], &all[1], &all[2], &all[3], &all[4], &all[5], &all[6])

int main(void) {
    static const char *const rules[] = {
        "was completed again", "returned without completing", "is shorter than batten_outcome",
        "has a code and a message", "log.write: a span of 5 bytes", "log.write: no call has the token",
        "usage.add: the amount -1", "beat.beat: the fraction 2", "loop.timer: called on another thread",
        "a blob that was not sealed", "begin: refused a call and completed it", NULL,
    };
    batten_fake *host = batten_fake_new(batten_plugin_entry_v1);
    int failures = !batten_fake_start(host, "{}");
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) batten_fake_run(host, all[i].type, "{}");
    for (unsigned i = 0; rules[i]; i++)
        if (!strstr(batten_fake_broken(host), rules[i])) failures++, printf("not noticed: %s\n", rules[i]);
    if (batten_fake_call(host, "bad.nothing", "{}", "{}") || !strstr(batten_fake_why(host), "no executor")) failures++;
    /* Eleven so far, and the timer that is left at the end. */
    if (batten_fake_end(host) != 12) failures++, printf("another number of rules\n");
    return failures;
}

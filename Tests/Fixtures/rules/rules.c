#define _GNU_SOURCE
/* Breaks one rule of the header a call: the one that the input names. */
#include <batten/plugin.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static batten_outcome done(void) {
    batten_outcome outcome = {0};
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    outcome.effect = BATTEN_EFFECT_NONE;
    outcome.retry_after_ns = -1;
    return outcome;
}

static batten_span span(const void *bytes, uint64_t length) { return (batten_span){(const uint8_t *)bytes, length}; }

static int asks(const batten_call *call, const char *word) {
    char text[256] = {0};
    size_t length = call->input.bytes.len < sizeof text ? (size_t)call->input.bytes.len : sizeof text - 1;
    memcpy(text, call->input.bytes.ptr, length);
    return strstr(text, word) != NULL;
}

static void nothing(void *user) { (void)user; }
static void nobody(void *user, batten_token token, uint64_t lease, batten_rc rc, int64_t wait) {
    (void)user; (void)token; (void)lease; (void)rc; (void)wait;
}
static void unwatched(void *user, int fd, uint32_t events) { (void)user; (void)fd; (void)events; }

static volatile char sink;

/* What breaks a rule before the call is completed. */
static void offend(const batten_call *call, batten_outcome *outcome) {
    static const char bad[] = "\xff\xfe";
    const batten_host *host = call->host;
    batten_token token = call->token;
    const batten_log *log = host->query(host, BATTEN_SERVICE_LOG);
    const batten_beat *beat = host->query(host, BATTEN_SERVICE_BEAT);
    const batten_stream *stream = host->query(host, BATTEN_SERVICE_STREAM);
    const batten_usage *usage = host->query(host, BATTEN_SERVICE_USAGE);
    const batten_quota *quota = host->query(host, BATTEN_SERVICE_QUOTA);
    const batten_secret *secret = host->query(host, BATTEN_SERVICE_SECRET);
    const batten_blob *blob = host->query(host, BATTEN_SERVICE_BLOB);
    const batten_loop *loop = host->query(host, BATTEN_SERVICE_LOOP);
    char room[8];
    batten_buffer buffer = {(uint8_t *)room, sizeof room, 0};
    uint64_t number = 0;
    int descriptor = -1;
    if (asks(call, "log utf8")) log->write(host, token, BATTEN_LEVEL_INFO, span(bad, 2), span("", 0));
    if (asks(call, "log lines")) log->write(host, token, BATTEN_LEVEL_INFO, batten_text("a\nb"), span("", 0));
    if (asks(call, "log fields")) log->write(host, token, BATTEN_LEVEL_INFO, batten_text("a"), batten_text("[1]"));
    if (asks(call, "log nowhere")) log->write(host, token, BATTEN_LEVEL_INFO, span(NULL, 9), span("", 0));
    if (asks(call, "log token")) log->write(host, token + 77, BATTEN_LEVEL_INFO, batten_text("a"), span("", 0));
    if (asks(call, "beat much")) beat->beat(host, token, 1.5, span("", 0));
    if (asks(call, "beat long")) {
        char *state = calloc(1, (1 << 20) + 1);
        beat->checkpoint(host, token, span(state, (1 << 20) + 1));
        free(state);
    }
    if (asks(call, "stream channel")) stream->write(host, token, span("", 0), batten_text("a"));
    if (asks(call, "stream wait")) stream->wait(host, token, 0);
    if (asks(call, "usage negative")) usage->add(host, token, batten_text("m"), span("", 0), -1);
    if (asks(call, "quota meter")) quota->hold(host, token, span("", 0), span("", 0), 1, nobody, NULL);
    if (asks(call, "quota lease")) quota->settle(host, 12345, 1);
    if (asks(call, "secret other")) secret->read(host, token, batten_text("OTHER"), &buffer);
    if (asks(call, "blob none")) blob->open(host, token, 4711, &descriptor);
    if (asks(call, "blob seal")) blob->seal(host, token, 4711);
    if (asks(call, "loop thread")) loop->timer(host, 0, nothing, NULL, &number);
    if (asks(call, "loop events")) loop->watch(host, 0, 64, unwatched, NULL);
    if (asks(call, "loop post")) loop->post(host, 99, nothing, NULL);
    if (asks(call, "loop timer")) loop->timer(host, INT64_MAX / 2, nothing, NULL, &number);
    if (asks(call, "stop token")) host->should_stop(host, token + 77);
    if (asks(call, "quick")) usleep(150000);
    if (asks(call, "environment")) setenv("RULES_WERE_BROKEN", "yes", 1);
    if (asks(call, "folder") && chdir("/usr") != 0) return;
    if (asks(call, "umask")) umask(0111);
    if (asks(call, "signals")) signal(SIGUSR2, SIG_IGN);
    if (asks(call, "class none")) outcome->outcome_class = 199;
    if (asks(call, "class crashed")) {
        outcome->outcome_class = BATTEN_CLASS_CRASHED;
        outcome->code = batten_text("a.b");
        outcome->message = batten_text("it says it crashed");
    }
    if (asks(call, "no code")) {
        outcome->outcome_class = BATTEN_CLASS_FAILED;
        outcome->message = batten_text("it failed");
    }
    if (asks(call, "odd code")) {
        outcome->outcome_class = BATTEN_CLASS_FAILED;
        outcome->code = batten_text("Not A Code");
        outcome->message = batten_text("it failed");
    }
    if (asks(call, "done message")) outcome->message = batten_text("all is well");
    if (asks(call, "message utf8")) {
        outcome->outcome_class = BATTEN_CLASS_FAILED;
        outcome->code = batten_text("a.b");
        outcome->message = span(bad, 2);
    }
    if (asks(call, "details list")) outcome->details = batten_text("[]");
    if (asks(call, "reserved")) outcome->reserved0 = 1;
    if (asks(call, "short")) outcome->struct_size = 8;
    if (asks(call, "read beyond")) sink = (char)call->input.bytes.ptr[call->input.bytes.len];
    if (asks(call, "write input")) *(char *)(uintptr_t)call->input.bytes.ptr = ' ';
    if (asks(call, "write call")) ((batten_call *)(uintptr_t)call)->attempt = 2;
}

/* And afterwards. */
static void offend_again(const batten_call *call, const batten_host *host, batten_token token, int late, int used) {
    const batten_log *log = host->query(host, BATTEN_SERVICE_LOG);
    if (late) log->write(host, token, BATTEN_LEVEL_INFO, batten_text("late"), span("", 0));
    if (used) sink = (char)call->attempt;
}

static void carry_out(const batten_call *call) {
    batten_outcome outcome = done();
    const batten_host *host = call->host;
    batten_token token = call->token;
    int late = asks(call, "log late"), twice = asks(call, "twice"), used = asks(call, "use after");
    offend(call, &outcome);
    host->complete(host, token, &outcome);
    if (twice) host->complete(host, token, &outcome);
    offend_again(call, host, token, late, used);
}

static void run(batten_instance *instance, const batten_call *call) {
    (void)instance;
    if (!asks(call, "forget")) carry_out(call);
}

static batten_rc begin(batten_instance *instance, const batten_call *call) {
    (void)instance;
    int refuses = asks(call, "refuse");
    carry_out(call);
    return refuses ? BATTEN_RC_REFUSED : BATTEN_RC_OK;
}

static batten_rc refuse(batten_state *state, batten_span config, batten_instance **instance, batten_buffer *why) {
    (void)state; (void)config; (void)instance;
    why->length = 0;
    return BATTEN_RC_REFUSED;
}

#define SECRETS "{\"secrets\": [\"TOKEN\"]}"
static const batten_executor executors[] = {
    {.struct_size = sizeof(batten_executor), .type = "rules.run", .capabilities = SECRETS, .run = run},
    {.struct_size = sizeof(batten_executor), .type = "rules.begin", .begin = begin},
    {.struct_size = sizeof(batten_executor), .type = "rules.silent", .open = refuse, .run = run},
};
static const batten_executor *const table[] = {&executors[0], &executors[1], &executors[2]};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .executor_count = 3,
    .id = "rules",
    .version = "1.0.0",
    .executors = table,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

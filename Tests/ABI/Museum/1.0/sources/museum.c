/* Built against the header of ABI 1.0 alone: every service, a blocking call and one on the host's loop. */
#include <batten/plugin.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void finish(const batten_call *call, batten_class how, const char *code, const char *output) {
    batten_outcome outcome = {0};
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = how;
    outcome.effect = BATTEN_EFFECT_NONE;
    outcome.retry_after_ns = -1;
    outcome.code = batten_text(code);
    outcome.output.bytes = batten_text(output);
    call->host->complete(call->host, call->token, &outcome);
}

static int beats(const batten_call *call) {
    const batten_beat *beat = call->host->query(call->host, BATTEN_SERVICE_BEAT);
    if (!BATTEN_HAS(beat, beat) || !BATTEN_HAS(beat, checkpoint)) return -1;
    if (beat->beat(call->host, call->token, 0.5, batten_text("half")) != BATTEN_RC_OK) return 0;
    return beat->checkpoint(call->host, call->token, batten_text("state")) == BATTEN_RC_OK;
}

static int logs(const batten_call *call) {
    const batten_log *log = call->host->query(call->host, BATTEN_SERVICE_LOG);
    if (!BATTEN_HAS(log, write)) return -1;
    log->write(call->host, call->token, BATTEN_LEVEL_INFO, batten_text("from the museum"), batten_text(""));
    return 1;
}

static int streams(const batten_call *call) {
    const batten_stream *stream = call->host->query(call->host, BATTEN_SERVICE_STREAM);
    if (!BATTEN_HAS(stream, write)) return -1;
    return stream->write(call->host, call->token, batten_text("out"), batten_text("part")) == BATTEN_RC_OK;
}

static int uses(const batten_call *call) {
    const batten_usage *usage = call->host->query(call->host, BATTEN_SERVICE_USAGE);
    if (!BATTEN_HAS(usage, add)) return -1;
    return usage->add(call->host, call->token, batten_text("visits"), batten_text("museum"), 1) == BATTEN_RC_OK;
}

/* A secret that was not declared: a host may not have the service, and must not give it away. */
static int keeps_secrets(const batten_call *call) {
    const batten_secret *secret = call->host->query(call->host, BATTEN_SERVICE_SECRET);
    uint8_t room[16];
    batten_buffer value = {room, sizeof room, 0};
    if (!BATTEN_HAS(secret, read)) return -1;
    return secret->read(call->host, call->token, batten_text("OTHER"), &value) == BATTEN_RC_DENIED;
}

static int keeps_blobs(const batten_call *call) {
    const batten_blob *blob = call->host->query(call->host, BATTEN_SERVICE_BLOB);
    uint64_t made = 0;
    int fd = -1, good;
    char text[5] = "";
    if (!BATTEN_HAS(blob, create)) return -1;
    if (blob->create(call->host, call->token, 4, &fd, &made) != BATTEN_RC_OK) return 0;
    good = write(fd, "blob", 4) == 4;
    close(fd);
    good = good && blob->seal(call->host, call->token, made) == BATTEN_RC_OK;
    good = good && blob->open(call->host, call->token, made, &fd) == BATTEN_RC_OK;
    if (!good) return 0;
    good = read(fd, text, 4) == 4 && strcmp(text, "blob") == 0;
    close(fd);
    return good;
}

/* 1: it works, 0: it does not, -1: this host has no such service. */
static void visit(batten_instance *instance, const batten_call *call) {
    char text[256];
    (void)instance;
    snprintf(text, sizeof text,
             "{\"log\":%d,\"beat\":%d,\"stream\":%d,\"usage\":%d,\"secret\":%d,\"blob\":%d,\"stop\":%d,\"none\":%d}",
             logs(call), beats(call), streams(call), uses(call), keeps_secrets(call), keeps_blobs(call),
             (int)call->host->should_stop(call->host, call->token),
             call->host->query(call->host, "batten.nothing/1") == NULL);
    finish(call, BATTEN_CLASS_DONE, "", text);
}

/* One call at a time is enough here. */
static const batten_call *waiting;

static void rung(void *user) {
    (void)user;
    finish(waiting, BATTEN_CLASS_DONE, "", "{\"rung\":true}");
}

static batten_rc begin(batten_instance *instance, const batten_call *call) {
    const batten_loop *loop = call->host->query(call->host, BATTEN_SERVICE_LOOP);
    uint64_t timer;
    (void)instance;
    if (!BATTEN_HAS(loop, timer)) return BATTEN_RC_UNSUPPORTED;
    waiting = call;
    return loop->timer(call->host, 0, rung, NULL, &timer);
}

static const batten_executor visitor = {
    .struct_size = sizeof(batten_executor), .type = "museum_c.visit", .title = "Uses every service", .run = visit,
};
static const batten_executor bell = {
    .struct_size = sizeof(batten_executor), .flags = BATTEN_EXECUTOR_PURE, .type = "museum_c.bell", .begin = begin,
};
static const batten_executor *const table[] = {&visitor, &bell};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .abi_minor = BATTEN_ABI_MINOR,
    .executor_count = 2,
    .id = "museum_c",
    .version = "1.0.0",
    .sdk = "c 1.0",
    .executors = table,
};

BATTEN_EXPORT const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

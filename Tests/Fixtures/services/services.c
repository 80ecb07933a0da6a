/* Uses the services that answer: secrets, quotas and blobs, from a thread of the pool and from the loop. */
#define _DEFAULT_SOURCE
#include <batten/plugin.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void done(const batten_call *call, batten_class how, const char *output, uint64_t blob) {
    batten_outcome outcome = {0};
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = how;
    outcome.effect = BATTEN_EFFECT_NONE;
    outcome.retry_after_ns = -1;
    outcome.output.bytes = batten_text(output);
    outcome.output.blob = blob;
    if (how == BATTEN_CLASS_FAILED) outcome.message = batten_text(output);
    call->host->complete(call->host, call->token, &outcome);
}

static const char *word(batten_rc rc) {
    static const char *const words[] = {"ok", "refused", "stale", "bad", "unsupported", "denied", "small", "busy"};
    return rc >= 0 && rc < 8 ? words[rc] : "?";
}

/* {"declared": "ok:value", "small": "small:5", "undeclared": "denied", "unknown": "denied"} */
static void secret(const batten_call *call) {
    const batten_secret *service = call->host->query(call->host, BATTEN_SERVICE_SECRET);
    char room[64] = {0}, text[512];
    batten_buffer value = {(uint8_t *)room, sizeof room - 1, 0}, tiny = {(uint8_t *)room + 60, 2, 0}, other = value;
    batten_rc declared = service->read(call->host, call->token, batten_text("TOKEN"), &value);
    batten_rc small = service->read(call->host, call->token, batten_text("TOKEN"), &tiny);
    batten_rc undeclared = service->read(call->host, call->token, batten_text("OTHER"), &other);
    batten_rc unknown = service->read(call->host, call->token, batten_text("MISSING"), &other);
    snprintf(text, sizeof text, "{\"declared\":\"%s:%s\",\"small\":\"%s:%d\",\"undeclared\":\"%s\",\"unknown\":\"%s\"}",
             word(declared), room, word(small), (int)tiny.length, word(undeclared), word(unknown));
    done(call, BATTEN_CLASS_DONE, text, 0);
}

static void run_secret(batten_instance *instance, const batten_call *call) {
    (void)instance;
    secret(call);
}

static batten_rc begin_secret(batten_instance *instance, const batten_call *call) {
    (void)instance;
    secret(call);
    return BATTEN_RC_OK;
}

/* Holds 5 of a meter and settles 3; what cannot be held is the output. */
static void granted(void *user, batten_token token, uint64_t lease, batten_rc rc, int64_t retry_after_ns) {
    const batten_call *call = user;
    const batten_quota *service = call->host->query(call->host, BATTEN_SERVICE_QUOTA);
    char text[256];
    batten_rc first = BATTEN_RC_REFUSED, second = BATTEN_RC_REFUSED;
    (void)token;
    if (rc == BATTEN_RC_STALE) first = second = rc;
    if (rc == BATTEN_RC_OK && (call->attempt == 1 || call->attempt == 4)) {
        int64_t used = call->attempt == 1 ? 3 : 9;
        first = service->settle(call->host, lease, used);
        second = service->settle(call->host, lease, used);
    }
    snprintf(text, sizeof text, "{\"hold\":\"%s\",\"settle\":\"%s\",\"again\":\"%s\",\"wait\":%lld}", word(rc),
             word(first), word(second), (long long)retry_after_ns);
    done(call, BATTEN_CLASS_DONE, text, 0);
}

static batten_rc begin_quota(batten_instance *instance, const batten_call *call) {
    const batten_quota *service = call->host->query(call->host, BATTEN_SERVICE_QUOTA);
    (void)instance;
    const char *subject = call->attempt == 3 ? "full" : call->attempt == 5 ? "late" : "m";
    return service->hold(call->host, call->token, batten_text("tokens"), batten_text(subject), 5, granted, (void *)call);
}

/* Holds all of a request, once without sense; the tokens that may come out are the output. */
static void bound_granted(void *user, batten_token token, uint64_t lease, batten_rc rc, int64_t output, int64_t wait) {
    const batten_call *call = user;
    const batten_quota *quota = call->host->query(call->host, BATTEN_SERVICE_QUOTA);
    char text[256];
    (void)token;
    batten_rc settled = rc == BATTEN_RC_OK ? quota->settle(call->host, lease, call->attempt == 2 ? 3 : 1) : rc;
    snprintf(text, sizeof text, "{\"hold\":\"%s\",\"settle\":\"%s\",\"output\":%lld,\"wait\":%lld}", word(rc),
             word(settled), (long long)output, (long long)wait);
    done(call, BATTEN_CLASS_DONE, text, 0);
}

static batten_rc begin_bound(batten_instance *instance, const batten_call *call) {
    const batten_bound *service = call->host->query(call->host, BATTEN_SERVICE_BOUND);
    const char *subject = call->attempt == 3 ? "full" : "m";
    batten_request_bound bound = {sizeof bound, batten_text(subject), 1, 20, 10, 5, BATTEN_BOUND_NEXT};
    (void)instance;
    batten_request_bound wrong[] = {bound, bound, bound, bound};
    wrong[0].input_tokens = -1;
    wrong[1].least_output_tokens = 11;
    wrong[2].flags = 6;
    wrong[3].struct_size = 24;
    for (int i = 0; i < 4; i++)
        if (service->hold(call->host, call->token, &wrong[i], bound_granted, (void *)call) != BATTEN_RC_BAD_ARGUMENT)
            return BATTEN_RC_REFUSED;
    return service->hold(call->host, call->token, &bound, bound_granted, (void *)call);
}

/* Whether a blob lies in memory, as an output. */
static const char *place_of(int fd) {
    char link[32], path[512] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return readlink(link, path, sizeof path - 1) > 0 && !strncmp(path, "/memfd:", 7) ? "\"memory\"" : "\"file\"";
}

/* Where a blob lies, as a line of the call. */
static void tell_place(const batten_call *call, int fd) {
    const batten_log *log = call->host->query(call->host, BATTEN_SERVICE_LOG);
    char text[128];
    struct stat status;
    if (fstat(fd, &status)) return;
    snprintf(text, sizeof text, "device %llu, links %lu", (unsigned long long)status.st_dev,
             (unsigned long)status.st_nlink);
    log->write(call->host, call->token, BATTEN_LEVEL_INFO, batten_text(text), batten_text(""));
}

/* The number of the attempt, or the one that the input has in its place. */
static unsigned kind_of(const batten_call *call) {
    char text[128];
    snprintf(text, sizeof text, "%.*s", (int)call->input.bytes.len, (const char *)call->input.bytes.ptr);
    const char *member = strstr(text, "\"kind\":");
    return member ? (unsigned)strtoul(member + 7, NULL, 10) : call->attempt;
}

/* Writes a JSON text of so many MiB into a blob, reads its first byte back, and completes with it. The kind says how
 * many and what of its length it tells beforehand: all of it, from 100 on that it is one byte, from 200 on nothing; from
 * 300 on it completes with where the blob lies. */
static void run_blob(batten_instance *instance, const batten_call *call) {
    const batten_blob *service = call->host->query(call->host, BATTEN_SERVICE_BLOB);
    const unsigned kind = kind_of(call);
    size_t length = (size_t)(kind % 100) << 20;
    uint64_t hint = kind < 100 ? length : kind < 200;
    int written = -1, read_back = -1;
    uint64_t blob = 0;
    char first = 0, text[512];
    (void)instance;
    if (service->create(call->host, call->token, hint, &written, &blob) != BATTEN_RC_OK)
        return done(call, BATTEN_CLASS_FAILED, "\"create\"", 0);
    char *piece = malloc(length);
    memset(piece, 'x', length);
    piece[0] = piece[length - 1] = '"';
    for (size_t at = 0; at < length;) {
        ssize_t count = write(written, piece + at, length - at);
        if (count <= 0) {
            snprintf(text, sizeof text, "\"write: %s\"", strerror(errno));
            free(piece);
            close(written);
            return done(call, BATTEN_CLASS_FAILED, text, 0);
        }
        at += (size_t)count;
    }
    free(piece);
    if (kind == 7) return done(call, BATTEN_CLASS_DONE, "", blob); /* not sealed */
    if (service->open(call->host, call->token, blob, &read_back) != BATTEN_RC_OK || read(read_back, &first, 1) != 1 ||
        first != '"')
        return done(call, BATTEN_CLASS_FAILED, "\"open\"", 0);
    if (write(read_back, "x", 1) >= 0 || !ftruncate(read_back, 0))
        return done(call, BATTEN_CLASS_FAILED, "\"reader\"", 0);
    close(read_back);
    if (service->seal(call->host, call->token, blob) != BATTEN_RC_OK)
        return done(call, BATTEN_CLASS_FAILED, "\"seal\"", 0);
    if (write(written, "x", 1) > 0 || !ftruncate(written, 0))
        return done(call, BATTEN_CLASS_FAILED, "\"sealed\"", 0);
    if (service->open(call->host, call->token, blob, &read_back) != BATTEN_RC_OK)
        return done(call, BATTEN_CLASS_FAILED, "\"open\"", 0);
    tell_place(call, read_back);
    const char *place = place_of(read_back);
    close(written);
    close(read_back);
    if (kind >= 300) return done(call, BATTEN_CLASS_DONE, place, 0);
    done(call, BATTEN_CLASS_DONE, "", blob);
}

static const char secrets[] = "{\"secrets\": [\"TOKEN\", \"MISSING\"]}";
static const char kinds[] =
    "{\"properties\": {\"kind\": {\"enum\": [1, 9, 20, 109, 120, 209, 309]}}, \"examples\": [{\"kind\": 309}]}";
static const batten_executor executors[] = {
    {.struct_size = sizeof(batten_executor), .type = "services.secret", .capabilities = secrets, .run = run_secret},
    {.struct_size = sizeof(batten_executor), .type = "services.quick", .capabilities = secrets, .begin = begin_secret},
    {.struct_size = sizeof(batten_executor), .type = "services.quota", .begin = begin_quota},
    {.struct_size = sizeof(batten_executor), .type = "services.blob", .input_schema = kinds, .run = run_blob},
    {.struct_size = sizeof(batten_executor), .type = "services.bound", .begin = begin_bound},
};
static const batten_executor *const table[] = {&executors[0], &executors[1], &executors[2], &executors[3],
                                              &executors[4]};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .executor_count = 5,
    .id = "services",
    .version = "1.0.0",
    .executors = table,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

// The services of the fake host: what the plugin tells them is noted, what it may not say is a broken rule.
#include "fake_state.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static batten_rc log_write(const batten_host *table, batten_token token, batten_level level, batten_span line,
                           batten_span fields) {
    static const char *const names[] = {"debug", "info", "warning", "error"};
    batten_fake *host = fake_of(table);
    pthread_mutex_lock(&host->lock);
    batten_rc rc = token == 0 || fake_live(host, token, "log.write") ? BATTEN_RC_OK : BATTEN_RC_STALE;
    if (!fake_readable(host, line, "log.write") || !fake_readable(host, fields, "log.write")) rc = BATTEN_RC_BAD_ARGUMENT;
    if (rc == BATTEN_RC_OK) {
        unsigned family = level / 10 < 1 ? 1 : level / 10 > 4 ? 4 : level / 10;
        fake_see(host, "log %llu %s %.*s %.*s", (unsigned long long)token, names[family - 1], (int)line.len,
            line.len ? (const char *)line.ptr : "", (int)fields.len, fields.len ? (const char *)fields.ptr : "");
    }
    pthread_mutex_unlock(&host->lock);
    return rc;
}

static batten_rc beat(const batten_host *table, batten_token token, double fraction, batten_span note) {
    batten_fake *host = fake_of(table);
    pthread_mutex_lock(&host->lock);
    batten_rc rc = fake_live(host, token, "beat.beat") ? BATTEN_RC_OK : BATTEN_RC_STALE;
    if (!(fraction <= 1)) {
        fake_breaks(host, "beat.beat: the fraction %g is not from 0 to 1 and not negative", fraction);
        rc = BATTEN_RC_BAD_ARGUMENT;
    }
    if (!fake_readable(host, note, "beat.beat")) rc = BATTEN_RC_BAD_ARGUMENT;
    if (rc == BATTEN_RC_OK)
        fake_see(host, "beat %llu %.2f %.*s", (unsigned long long)token, fraction, (int)note.len,
            note.len ? (const char *)note.ptr : "");
    pthread_mutex_unlock(&host->lock);
    return rc;
}

static batten_rc checkpoint(const batten_host *table, batten_token token, batten_span state) {
    batten_fake *host = fake_of(table);
    pthread_mutex_lock(&host->lock);
    batten_rc rc = fake_live(host, token, "beat.checkpoint") ? BATTEN_RC_OK : BATTEN_RC_STALE;
    if (!fake_readable(host, state, "beat.checkpoint") || state.len > 1 << 20) rc = BATTEN_RC_BAD_ARGUMENT;
    if (rc == BATTEN_RC_OK)
        fake_see(host, "checkpoint %llu %.*s", (unsigned long long)token, (int)state.len,
            state.len ? (const char *)state.ptr : "");
    pthread_mutex_unlock(&host->lock);
    return rc;
}

static batten_rc stream_write(const batten_host *table, batten_token token, batten_span channel, batten_span bytes) {
    batten_fake *host = fake_of(table);
    pthread_mutex_lock(&host->lock);
    batten_rc rc = fake_live(host, token, "stream.write") ? BATTEN_RC_OK : BATTEN_RC_STALE;
    if (!fake_readable(host, channel, "stream.write") || !fake_readable(host, bytes, "stream.write")) rc = BATTEN_RC_BAD_ARGUMENT;
    if (rc == BATTEN_RC_OK && host->room == 0) rc = BATTEN_RC_BUSY;
    if (rc == BATTEN_RC_OK) {
        if (host->room > 0) host->room--;
        fake_see(host, "stream %llu %.*s %.*s", (unsigned long long)token, (int)channel.len,
            channel.len ? (const char *)channel.ptr : "", (int)bytes.len, bytes.len ? (const char *)bytes.ptr : "");
    }
    pthread_mutex_unlock(&host->lock);
    return rc;
}

static batten_rc stream_wait(const batten_host *table, batten_token token, int64_t deadline_ns) {
    batten_fake *host = fake_of(table);
    if (fake_on_loop(host)) {
        pthread_mutex_lock(&host->lock);
        fake_breaks(host, "stream.wait: blocks, and was called on the loop's thread");
        pthread_mutex_unlock(&host->lock);
        return BATTEN_RC_REFUSED;
    }
    for (;;) {
        pthread_mutex_lock(&host->lock);
        call *c = fake_live(host, token, "stream.wait");
        batten_rc rc = !c ? BATTEN_RC_STALE : host->room != 0 ? BATTEN_RC_OK : BATTEN_RC_BUSY;
        pthread_mutex_unlock(&host->lock);
        if (rc != BATTEN_RC_BUSY || fake_now() >= deadline_ns) return rc;
        poll(NULL, 0, 1);
    }
}

static batten_rc stream_ready(const batten_host *table, batten_token token, batten_task_fn ready, void *user) {
    batten_fake *host = fake_of(table);
    pthread_mutex_lock(&host->lock);
    call *c = fake_live(host, token, "stream.when_ready");
    batten_rc rc = !c ? BATTEN_RC_STALE : c->threaded || c->ready ? BATTEN_RC_REFUSED : BATTEN_RC_OK;
    if (rc == BATTEN_RC_OK) { c->ready = ready; c->ready_user = user; fake_nudge(host); }
    pthread_mutex_unlock(&host->lock);
    return rc;
}

static batten_rc usage_add(const batten_host *table, batten_token token, batten_span meter, batten_span subject,
                           int64_t amount) {
    batten_fake *host = fake_of(table);
    pthread_mutex_lock(&host->lock);
    batten_rc rc = fake_live(host, token, "usage.add") ? BATTEN_RC_OK : BATTEN_RC_STALE;
    if (amount < 0) {
        fake_breaks(host, "usage.add: the amount %lld is negative", (long long)amount);
        rc = BATTEN_RC_BAD_ARGUMENT;
    }
    if (!fake_readable(host, meter, "usage.add") || !fake_readable(host, subject, "usage.add")) rc = BATTEN_RC_BAD_ARGUMENT;
    if (rc == BATTEN_RC_OK)
        fake_see(host, "usage %llu %.*s %.*s %lld", (unsigned long long)token, (int)meter.len, (const char *)meter.ptr,
            (int)subject.len, subject.len ? (const char *)subject.ptr : "", (long long)amount);
    pthread_mutex_unlock(&host->lock);
    return rc;
}

static batten_rc quota_hold(const batten_host *table, batten_token token, batten_span meter, batten_span subject,
                            int64_t amount, batten_lease_fn granted, void *user) {
    batten_fake *host = fake_of(table);
    pthread_mutex_lock(&host->lock);
    batten_rc rc = fake_live(host, token, "quota.hold") ? BATTEN_RC_OK : BATTEN_RC_STALE;
    if (amount < 0) fake_breaks(host, "quota.hold: the amount %lld is negative", (long long)amount);
    if (amount < 0 || !fake_readable(host, meter, "quota.hold") || !fake_readable(host, subject, "quota.hold"))
        rc = BATTEN_RC_BAD_ARGUMENT;
    if (rc == BATTEN_RC_OK) {
        char *key = fake_copy_span(meter);
        name *limit = fake_find(host->meters, host->meter_count, key);
        grant *answer = (grant *)fake_make(sizeof *answer);
        fake_see(host, "hold %llu %s %.*s %lld", (unsigned long long)token, key, (int)subject.len,
            subject.len ? (const char *)subject.ptr : "", (long long)amount);
        *answer = (grant){NULL, granted, user, token, 0, BATTEN_RC_REFUSED};
        if (!limit || limit->left >= amount) {
            lease *held = (lease *)fake_make(sizeof *held);
            *held = (lease){host->leases, ++host->last, token, limit ? (int)(limit - host->meters) : -1, amount, 1};
            host->leases = held;
            if (limit) limit->left -= amount;
            answer->rc = BATTEN_RC_OK;
            answer->lease = held->id;
        }
        grant **end = &host->grants;
        while (*end) end = &(*end)->next;
        *end = answer;
        free(key);
        fake_nudge(host);
    }
    pthread_mutex_unlock(&host->lock);
    return rc;
}

static batten_rc quota_settle(const batten_host *table, uint64_t id, int64_t used) {
    batten_fake *host = fake_of(table);
    pthread_mutex_lock(&host->lock);
    lease *held = host->leases;
    while (held && held->id != id) held = held->next;
    if (!held) fake_breaks(host, "quota.settle: there is no lease %llu", (unsigned long long)id);
    batten_rc rc = !held || !held->open ? BATTEN_RC_STALE : BATTEN_RC_OK;
    if (used < 0) {
        fake_breaks(host, "quota.settle: the amount %lld is negative", (long long)used);
        rc = BATTEN_RC_BAD_ARGUMENT;
    }
    if (rc == BATTEN_RC_OK) {
        fake_settle(host, held, used);
        fake_see(host, "settle %llu %lld", (unsigned long long)held->token, (long long)used);
    }
    pthread_mutex_unlock(&host->lock);
    return rc;
}

static batten_rc secret_read(const batten_host *table, batten_token token, batten_span key, batten_buffer *value) {
    batten_fake *host = fake_of(table);
    pthread_mutex_lock(&host->lock);
    batten_rc rc = fake_live(host, token, "secret.read") ? BATTEN_RC_OK : BATTEN_RC_STALE;
    if (rc == BATTEN_RC_OK) {
        char *text = fake_copy_span(key);
        name *found = fake_find(host->secrets, host->secret_count, text);
        fake_see(host, "secret %llu %s", (unsigned long long)token, text);
        free(text);
        if (!found) rc = BATTEN_RC_DENIED;
        else {
            value->length = strlen(found->value);
            if (value->capacity < value->length || !value->ptr) rc = BATTEN_RC_TOO_SMALL;
            else memcpy(value->ptr, found->value, (size_t)value->length);
        }
    }
    pthread_mutex_unlock(&host->lock);
    return rc;
}

static batten_rc blob_open(const batten_host *table, batten_token token, uint64_t id, int *fd) {
    batten_fake *host = fake_of(table);
    pthread_mutex_lock(&host->lock);
    batten_rc rc = fake_live(host, token, "blob.open") ? BATTEN_RC_BAD_ARGUMENT : BATTEN_RC_STALE;
    for (blob *b = host->blobs; b && rc == BATTEN_RC_BAD_ARGUMENT; b = b->next) {
        char path[64];
        if (b->id != id || b->fd < 0) continue;
        snprintf(path, sizeof path, "/proc/self/fd/%d", b->fd);
        *fd = open(path, O_RDONLY | O_CLOEXEC);
        rc = *fd < 0 ? BATTEN_RC_REFUSED : BATTEN_RC_OK;
    }
    pthread_mutex_unlock(&host->lock);
    return rc;
}

static batten_rc blob_create(const batten_host *table, batten_token token, uint64_t hint, int *fd, uint64_t *id) {
    batten_fake *host = fake_of(table);
    (void)hint;
    pthread_mutex_lock(&host->lock);
    batten_rc rc = fake_live(host, token, "blob.create") ? BATTEN_RC_OK : BATTEN_RC_STALE;
    if (rc == BATTEN_RC_OK) {
        blob *made = (blob *)fake_make(sizeof *made);
        *made = (blob){host->blobs, ++host->last, token, memfd_create("blob", MFD_CLOEXEC), 0};
        host->blobs = made;
        *fd = made->fd < 0 ? -1 : fcntl(made->fd, F_DUPFD_CLOEXEC, 0);
        *id = made->id;
        if (*fd < 0) rc = BATTEN_RC_REFUSED;
    }
    pthread_mutex_unlock(&host->lock);
    return rc;
}

static batten_rc blob_seal(const batten_host *table, batten_token token, uint64_t id) {
    batten_fake *host = fake_of(table);
    pthread_mutex_lock(&host->lock);
    batten_rc rc = fake_live(host, token, "blob.seal") ? BATTEN_RC_BAD_ARGUMENT : BATTEN_RC_STALE;
    for (blob *b = host->blobs; b && rc != BATTEN_RC_STALE; b = b->next)
        if (b->id == id) { b->sealed = 1; rc = BATTEN_RC_OK; }
    pthread_mutex_unlock(&host->lock);
    return rc;
}

// ---------------------------------------------------------------------------------------------------------------------
// The loop

static batten_rc loop_current(const batten_host *table, uint64_t *loop) {
    *loop = 1;
    return fake_on_loop(fake_of(table)) ? BATTEN_RC_OK : BATTEN_RC_REFUSED;
}

// Whether a function for the loop's thread alone was called there.
static int at_home(batten_fake *host, const char *function) {
    if (fake_on_loop(host)) return 1;
    pthread_mutex_lock(&host->lock);
    fake_breaks(host, "%s: called on another thread than the loop's; use loop.post", function);
    pthread_mutex_unlock(&host->lock);
    return 0;
}

static batten_rc loop_watch(const batten_host *table, int fd, uint32_t events, batten_watch_fn fn, void *user) {
    batten_fake *host = fake_of(table);
    if (!at_home(host, "loop.watch")) return BATTEN_RC_REFUSED;
    if (fcntl(fd, F_GETFD) < 0 || !fn || events == 0 || (events & ~3u)) return BATTEN_RC_BAD_ARGUMENT;
    watch *place = NULL;
    for (int i = 0; i < host->watch_count; i++)
        if (host->watches[i].fd == fd) place = &host->watches[i];
    if (!place && host->watch_count == MAX_WATCHES) return BATTEN_RC_BUSY;
    if (!place) place = &host->watches[host->watch_count++];
    *place = (watch){fd, events, fn, user};
    return BATTEN_RC_OK;
}

static batten_rc loop_unwatch(const batten_host *table, int fd) {
    batten_fake *host = fake_of(table);
    if (!at_home(host, "loop.unwatch")) return BATTEN_RC_REFUSED;
    for (int i = 0; i < host->watch_count; i++) {
        if (host->watches[i].fd != fd) continue;
        host->watches[i] = host->watches[--host->watch_count];
        return BATTEN_RC_OK;
    }
    return BATTEN_RC_REFUSED;
}

static batten_rc loop_timer(const batten_host *table, int64_t at_ns, batten_task_fn fn, void *user, uint64_t *id) {
    batten_fake *host = fake_of(table);
    if (!at_home(host, "loop.timer")) return BATTEN_RC_REFUSED;
    if (!fn || !id) return BATTEN_RC_BAD_ARGUMENT;
    job *timer = (job *)fake_make(sizeof *timer);
    pthread_mutex_lock(&host->lock);
    *timer = (job){host->timers, fn, user, at_ns, ++host->last};
    *id = timer->id;
    pthread_mutex_unlock(&host->lock);
    host->timers = timer;
    return BATTEN_RC_OK;
}

static batten_rc loop_untimer(const batten_host *table, uint64_t id) {
    batten_fake *host = fake_of(table);
    if (!at_home(host, "loop.untimer")) return BATTEN_RC_REFUSED;
    for (job **place = &host->timers; *place; place = &(*place)->next) {
        job *timer = *place;
        if (timer->id != id) continue;
        *place = timer->next;
        free(timer);
        return BATTEN_RC_OK;
    }
    return BATTEN_RC_STALE;
}

static batten_rc loop_post(const batten_host *table, uint64_t loop, batten_task_fn fn, void *user) {
    batten_fake *host = fake_of(table);
    if (loop != 1) return BATTEN_RC_REFUSED;
    job *posted = (job *)fake_make(sizeof *posted);
    *posted = (job){NULL, fn, user, 0, 0};
    pthread_mutex_lock(&host->lock);
    job **end = &host->posted;
    while (*end) end = &(*end)->next;
    *end = posted;
    fake_nudge(host);
    pthread_mutex_unlock(&host->lock);
    return BATTEN_RC_OK;
}

void fake_fill_services(batten_fake *host) {
    host->log = (batten_log){sizeof(batten_log), log_write};
    host->beat = (batten_beat){sizeof(batten_beat), beat, checkpoint};
    host->stream = (batten_stream){sizeof(batten_stream), stream_write, stream_wait, stream_ready};
    host->usage = (batten_usage){sizeof(batten_usage), usage_add};
    host->quota = (batten_quota){sizeof(batten_quota), quota_hold, quota_settle};
    host->secret = (batten_secret){sizeof(batten_secret), secret_read};
    host->blob = (batten_blob){sizeof(batten_blob), blob_open, blob_create, blob_seal};
    host->loop = (batten_loop){sizeof(batten_loop), loop_current, loop_watch, loop_unwatch, loop_timer, loop_untimer,
                               loop_post};
}

// The end of a plugin's life in the fake host.
#include "fake_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// Ends calls that are in flight, all in the same 5 s. Returns how many would not end.
static int end_calls(batten_fake *host) {
    int left = 0;
    int64_t until = fake_now() + 5000000000;
    for (call *c = host->calls; c; c = c->next) batten_fake_cancel(host, c->given.token, BATTEN_STOP_SHUTDOWN);
    for (call *c = host->calls; c; c = c->next) {
        // A call may be over a moment before its `run` has returned.
        int over = 0;
        for (;;) {
            pthread_mutex_lock(&host->lock);
            over = c->over && c->threaded != 1;
            pthread_mutex_unlock(&host->lock);
            if (over || fake_now() >= until) break;
            batten_fake_turn(host, 10);
        }
        left += !over;
        pthread_mutex_lock(&host->lock);
        if (!over && left <= 10)
            fake_breaks(host, "cancel: the call %llu did not end within 5 s", (unsigned long long)c->given.token);
        pthread_mutex_unlock(&host->lock);
        if (over && c->threaded) pthread_join(c->thread, NULL);
    }
    batten_fake_turn(host, 0);
    return left;
}

// What the header tags [control] comes on a thread of its own, because the loop still runs meanwhile.
static void *stop_on_thread(void *user) {
    batten_fake *host = (batten_fake *)user;
    for (instance *i = host->instances; i; i = i->next)
        if (i->executor->close) i->executor->close(i->opened);
    if (host->started && host->plugin->stop) host->plugin->stop(host->state, fake_now() + 5000000000);
    pthread_mutex_lock(&host->lock);
    host->stopped = 1;
    fake_nudge(host);
    pthread_mutex_unlock(&host->lock);
    return NULL;
}

static void stop_plugin(batten_fake *host) {
    pthread_t thread;
    int stopped = 0;
    if (pthread_create(&thread, NULL, stop_on_thread, host) != 0) { perror("fake host: thread"); abort(); }
    while (!stopped) {
        batten_fake_turn(host, 100);
        pthread_mutex_lock(&host->lock);
        stopped = host->stopped;
        pthread_mutex_unlock(&host->lock);
    }
    pthread_join(thread, NULL);
    batten_fake_turn(host, 0);
    pthread_mutex_lock(&host->lock);
    for (int i = 0; i < host->watch_count; i++)
        fake_breaks(host, "close: the descriptor %d is still watched", host->watches[i].fd);
    for (job *t = host->timers; t; t = t->next) fake_breaks(host, "close: the timer %llu still runs",
                                                            (unsigned long long)t->id);
    pthread_mutex_unlock(&host->lock);
}

#define FREE_ALL(type, list, also)                                                                                     \
    while (list) {                                                                                                     \
        type *it = list;                                                                                               \
        list = it->next;                                                                                               \
        also;                                                                                                          \
        free(it);                                                                                                      \
    }

static void free_all(batten_fake *host) {
    FREE_ALL(call, host->calls, {
        free(it->input);
        free((char *)it->end.code);
        free((char *)it->end.message);
        free((char *)it->end.details);
        free((char *)it->end.output);
    })
    FREE_ALL(instance, host->instances, free(it->config))
    FREE_ALL(job, host->timers, (void)0)
    FREE_ALL(job, host->posted, (void)0)
    FREE_ALL(grant, host->grants, (void)0)
    FREE_ALL(lease, host->leases, (void)0)
    FREE_ALL(blob, host->blobs, { if (it->fd >= 0) close(it->fd); })
    for (int i = 0; i < host->hidden_count; i++) free(host->hidden[i].key);
    for (int i = 0; i < host->meter_count; i++) free(host->meters[i].key);
    for (int i = 0; i < host->secret_count; i++) { free(host->secrets[i].key); free(host->secrets[i].value); }
    close(host->wake[0]);
    close(host->wake[1]);
    pthread_mutex_destroy(&host->lock);
    free(host->seen.bytes);
    free(host->broken.bytes);
    free(host->why);
    free(host->checkpoint);
    free(host);
}

int batten_fake_end(batten_fake *host) {
    int stuck = end_calls(host);
    // A call that would not end still uses its instance: as in a real host it is neither closed nor freed.
    if (!stuck) stop_plugin(host);
    int count = host->broken_count;
    if (count) fprintf(stderr, "the plugin broke %d rule%s of <batten/plugin.h>:\n%s", count, count == 1 ? "" : "s",
                       host->broken.bytes);
    if (!stuck) free_all(host);
    return count;
}

/* Begins calls and completes each only after the host has given it up; the instance counts the STALE answers. */
#define _GNU_SOURCE
#include <batten/plugin.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static batten_rc done(const batten_call *call, const char *output) {
    batten_outcome outcome = {0};
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    outcome.effect = BATTEN_EFFECT_MADE;
    outcome.output.bytes = batten_text(output);
    return call->host->complete(call->host, call->token, &outcome);
}

static void *wait_until_stale(void *argument) {
    const batten_call *call = argument;
    const batten_host *host = call->host;
    struct timespec pause = {0, 200000};
    while (host->should_stop(host, call->token) != BATTEN_STOP_STALE) nanosleep(&pause, NULL);
    if (done(call, "{}") != BATTEN_RC_STALE) abort();
    return NULL;
}

static batten_rc begin(batten_instance *instance, const batten_call *call) {
    pthread_t thread;
    (void)instance;
    if (pthread_create(&thread, NULL, wait_until_stale, (void *)call) != 0) return BATTEN_RC_BUSY;
    pthread_detach(thread);
    return BATTEN_RC_OK;
}

static const batten_executor executor = {
    .struct_size = sizeof(batten_executor), .type = "late_complete.go", .begin = begin,
};
static const batten_executor *const table[] = {&executor};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .executor_count = 1,
    .id = "late_complete",
    .version = "1.0.0",
    .executors = table,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

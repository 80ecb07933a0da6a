/* Makes one thread for the whole process, which goes on working when the plugin was stopped. */
#define _GNU_SOURCE
#include <batten/plugin.h>
#include <pthread.h>
#include <unistd.h>

static void done(const batten_call *call, const char *output) {
    batten_outcome outcome = {0};
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    outcome.effect = BATTEN_EFFECT_NONE;
    outcome.retry_after_ns = -1;
    outcome.output.bytes = batten_text(output);
    call->host->complete(call->host, call->token, &outcome);
}

static void *work(void *nothing) {
    for (;;) usleep(5000);
    return nothing;
}

static batten_rc start(const batten_host *host, batten_span config, batten_state **state, batten_buffer *why) {
    static int has_thread;
    pthread_t thread;
    (void)host, (void)config, (void)state, (void)why;
    if (!has_thread++ && pthread_create(&thread, NULL, work, NULL) == 0) pthread_detach(thread);
    return BATTEN_RC_OK;
}

static void run(batten_instance *instance, const batten_call *call) {
    (void)instance;
    done(call, "{}");
}

static const batten_executor executor = {.struct_size = sizeof(batten_executor), .type = "stray_thread.go", .run = run};
static const batten_executor *const table[] = {&executor};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .executor_count = 1,
    .id = "stray_thread",
    .version = "1.0.0",
    .executors = table,
    .start = start,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

/// Shorthands for plugins in C: the descriptor in one line, and the ends of calls.
#ifndef BATTEN_EASY_H
#define BATTEN_EASY_H

#include <batten/json.h>
#include <batten/plugin.h>

#include <time.h>

/// Defines the descriptor of a plugin and its entry function. After the title come pointers to its executors.
#define BATTEN_DEFINE_PLUGIN(plugin_id, plugin_version, plugin_title, ...)                                             \
    static const batten_executor *const batten_executors_[] = {__VA_ARGS__};                                           \
    static const batten_plugin batten_plugin_ = {                                                                      \
        .struct_size = sizeof(batten_plugin),                                                                          \
        .abi_major = BATTEN_ABI_MAJOR,                                                                                 \
        .abi_minor = BATTEN_ABI_MINOR,                                                                                 \
        .executor_count = sizeof batten_executors_ / sizeof batten_executors_[0],                                      \
        .id = plugin_id,                                                                                               \
        .version = plugin_version,                                                                                     \
        .title = plugin_title,                                                                                         \
        .sdk = "c/1.0.0",                                                                                              \
        .executors = batten_executors_,                                                                                \
    };                                                                                                                 \
    const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {                                           \
        return hello && hello->abi_major == BATTEN_ABI_MAJOR ? &batten_plugin_ : NULL;                                 \
    }

/// Nanoseconds of the clock that deadlines and timers are of.
static inline int64_t batten_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/// Ends a call well, with its output as JSON.
static inline batten_rc batten_done(const batten_host *host, batten_token token, batten_effect effect,
                                    batten_span output) {
    batten_outcome outcome;
    memset(&outcome, 0, sizeof outcome);
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    outcome.effect = effect;
    outcome.retry_after_ns = -1;
    outcome.output.bytes = output;
    return host->complete(host, token, &outcome);
}

/// Ends a call that did not do its work. `retry_after_ns` is negative if not known.
static inline batten_rc batten_fail(const batten_host *host, batten_token token, batten_class how, batten_effect effect,
                                    const char *code, const char *message, int64_t retry_after_ns) {
    batten_outcome outcome;
    memset(&outcome, 0, sizeof outcome);
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = how;
    outcome.effect = effect;
    outcome.retry_after_ns = retry_after_ns;
    outcome.code = batten_text(code);
    outcome.message = batten_text(message);
    return host->complete(host, token, &outcome);
}

/// Ends a call because the host asked, without effect.
static inline batten_rc batten_stopped(const batten_host *host, batten_token token, batten_stop why) {
    return why == BATTEN_STOP_DEADLINE
        ? batten_fail(host, token, BATTEN_CLASS_DEADLINE, BATTEN_EFFECT_NONE, "call.deadline",
                      "the time of the call was over", -1)
        : batten_fail(host, token, BATTEN_CLASS_CANCELLED, BATTEN_EFFECT_NONE, "call.cancelled",
                      "the call was cancelled", -1);
}

/// Writes a log line of a call, if the host takes log lines.
static inline void batten_note(const batten_call *call, batten_level level, const char *text) {
    const batten_log *log = (const batten_log *)call->host->query(call->host, BATTEN_SERVICE_LOG);
    if (BATTEN_HAS(log, write)) log->write(call->host, call->token, level, batten_text(text), batten_text("{}"));
}

#endif

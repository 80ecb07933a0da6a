/// What surrounds a call, for plugins in C++: the host's services, the event loop, failures.
#ifndef BATTEN_CONTEXT_HPP
#define BATTEN_CONTEXT_HPP

#include <batten/fields.hpp>
#include <batten/plugin.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

namespace batten {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as the header's times

inline batten_span span(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t *>(text.data()), static_cast<std::uint64_t>(text.size())};
}

inline std::string_view view(batten_span span) {
    return span.ptr ? std::string_view(reinterpret_cast<const char *>(span.ptr), static_cast<std::size_t>(span.len))
                    : std::string_view();
}

/// How a call ended that did not do its work: the one exception an executor throws on purpose.
class Failure : public std::exception {
  public:
    Failure(batten_class how, std::string code, std::string message, batten_effect effect = BATTEN_EFFECT_UNKNOWN)
        : how(how), effect(effect), code(std::move(code)), message(std::move(message)) {}

    /// The input cannot be used, and nothing was done.
    static Failure bad_input(const std::string &field, const std::string &what) {
        Failure failure(BATTEN_CLASS_BAD_INPUT, "input.invalid", field.empty() ? what : field + ": " + what,
                        BATTEN_EFFECT_NONE);
        if (!field.empty()) failure.details["field"] = Json(field);
        return failure;
    }
    /// The call ended because the host asked.
    static Failure stopped(batten_stop why, batten_effect effect = BATTEN_EFFECT_UNKNOWN) {
        return why == BATTEN_STOP_DEADLINE
            ? Failure(BATTEN_CLASS_DEADLINE, "call.deadline", "the time of the call was over", effect)
            : Failure(BATTEN_CLASS_CANCELLED, "call.cancelled", "the call was cancelled", effect);
    }

    const char *what() const noexcept override { return message.c_str(); }

    batten_class how;
    batten_effect effect;
    /// How long to wait before trying again, if known.
    std::optional<std::chrono::nanoseconds> retry_after;
    std::string code;
    std::string message;
    /// An object with whatever else is known, or null.
    Json details;
    /// What the call produced nevertheless, or null.
    Json output;
};

/// The host that loaded the plugin. A copy is two pointers.
class Host {
  public:
    explicit Host(const batten_host *table) : table_(table) {}

    const batten_host *table() const { return table_; }
    /// A service's table; nullptr if this host does not offer it.
    template <class Service> const Service *find(const char *id) const {
        auto found = static_cast<const Service *>(table_->query(table_, id));
        return found && found->struct_size >= sizeof(Service) ? found : nullptr;
    }
    /// Writes a log line; with the token 0 one of the plugin itself.
    void log(batten_level level, std::string_view text, const Json &fields = {}, batten_token token = 0) const {
        auto service = find<batten_log>(BATTEN_SERVICE_LOG);
        std::string json = fields.is_null() ? "{}" : fields.text();
        if (service) service->write(table_, token, level, span(text), span(json));
    }

  private:
    const batten_host *table_;
};

/// Part of a quota that a call holds. What is not settled is given back when the call ends.
class Lease {
  public:
    Lease() = default;
    Lease(Host host, std::uint64_t id) : host_(host), id_(id) {}
    /// Says what was really used and gives the rest back.
    void settle(std::int64_t used) {
        if (id_ == 0) return;
        if (auto service = host_.find<batten_quota>(BATTEN_SERVICE_QUOTA)) service->settle(host_.table(), id_, used);
        id_ = 0;
    }

  private:
    Host host_{nullptr};
    // 0: of a host without quotas, where nothing is settled.
    std::uint64_t id_ = 0;
};

/// The answer to a hold: a lease, or why there is none.
struct Grant {
    Lease lease;
    std::optional<Failure> refused;
};

/// What surrounds one call. Usable from any thread; copies stand for the same call.
class Context {
  public:
    Context(const batten_call *call)
        : host(call->host), token(call->token), attempt(call->attempt), run_id(view(call->run_id)),
          stage_id(view(call->stage_id)), idempotency_key(view(call->idempotency_key)),
          traceparent(view(call->traceparent)), checkpoint(view(call->checkpoint)), environment(view(call->env_json)),
          working_directory(view(call->working_directory)), deadline_ns(call->deadline_ns), grace_ns(call->grace_ns) {}

    Host host;
    batten_token token;
    std::uint32_t attempt;
    std::string run_id, stage_id, idempotency_key, traceparent;
    /// What an earlier attempt kept last; empty if nothing.
    std::string checkpoint;
    /// A JSON object of strings.
    std::string environment;
    std::string working_directory;
    /// INT64_MAX: never.
    std::int64_t deadline_ns, grace_ns;

    /// Why the call shall end; BATTEN_STOP_NONE means go on. Cheap enough for an inner loop.
    batten_stop stop_reason() const { return host.table()->should_stop(host.table(), token); }
    bool should_stop() const { return stop_reason() != BATTEN_STOP_NONE; }
    /// Throws the fitting Failure if the call shall end.
    void check_stop(batten_effect effect = BATTEN_EFFECT_UNKNOWN) const {
        if (auto why = stop_reason()) throw Failure::stopped(why, effect);
    }

    void log(std::string_view text, const Json &fields = {}) const { log(BATTEN_LEVEL_INFO, text, fields); }
    void log(batten_level level, std::string_view text, const Json &fields = {}) const {
        host.log(level, text, fields, token);
    }
    /// Says how far the call is, from 0 to 1; a negative fraction means that is not known.
    void progress(double fraction, std::string_view note = "") const {
        if (auto beat = host.find<batten_beat>(BATTEN_SERVICE_BEAT))
            beat->beat(host.table(), token, fraction > 1 ? 1 : fraction, span(note));
    }
    /// Keeps state for a later attempt, at most 1 MiB; false if the host did not take it.
    bool keep(std::string_view state) const {
        auto beat = host.find<batten_beat>(BATTEN_SERVICE_BEAT);
        return beat && beat->checkpoint(host.table(), token, span(state)) == BATTEN_RC_OK;
    }
    /// Shows a piece of output; false if the reader is behind: offer the same again later.
    bool stream(std::string_view bytes, std::string_view channel = "text") const {
        auto service = host.find<batten_stream>(BATTEN_SERVICE_STREAM);
        return !service || service->write(host.table(), token, span(channel), span(bytes)) != BATTEN_RC_BUSY;
    }
    /// Shows a piece of output and waits for room until the call shall end; for blocking executors.
    void stream_all(std::string_view bytes, std::string_view channel = "text") const {
        auto service = host.find<batten_stream>(BATTEN_SERVICE_STREAM);
        while (!stream(bytes, channel)) {
            auto soon = Clock::now() + std::chrono::milliseconds(200);
            service->wait(host.table(), token, soon.time_since_epoch().count());
            check_stop();
        }
    }
    /// Says what the call consumed; amounts add up.
    void usage(std::string_view meter, std::string_view subject, std::int64_t amount) const {
        if (auto service = host.find<batten_usage>(BATTEN_SERVICE_USAGE))
            service->add(host.table(), token, span(meter), span(subject), amount);
    }

    /// Holds part of a quota; `then` is called once: on the loop's thread for asynchronous executors, otherwise on any
    /// thread. A host without quotas grants everything, at once.
    void hold(std::string_view meter, std::string_view subject, std::int64_t amount,
              std::function<void(Grant)> then) const {
        auto service = host.find<batten_quota>(BATTEN_SERVICE_QUOTA);
        if (!service) return then(Grant());
        auto pending = std::make_unique<Pending>(Pending{host, std::move(then)});
        auto rc = service->hold(host.table(), token, span(meter), span(subject), amount, answered, pending.get());
        if (rc == BATTEN_RC_OK) static_cast<void>(pending.release());
        else pending->then({Lease(), refusal(rc, -1)});
    }
    /// Holds part of a quota and waits for it; for blocking executors. Throws Failure if it is refused.
    Lease hold(std::string_view meter, std::string_view subject, std::int64_t amount) const {
        struct Answer {
            std::mutex lock;
            std::condition_variable came;
            std::optional<Grant> grant;
        };
        auto answer = std::make_shared<Answer>();
        hold(meter, subject, amount, [answer](Grant grant) {
            std::lock_guard held(answer->lock);
            answer->grant = std::move(grant);
            answer->came.notify_one();
        });
        std::unique_lock held(answer->lock);
        while (!answer->came.wait_for(held, std::chrono::milliseconds(50), [&] { return answer->grant.has_value(); }))
            check_stop(BATTEN_EFFECT_NONE);
        if (answer->grant->refused) throw *answer->grant->refused;
        return answer->grant->lease;
    }

    /// Reads a secret that the executor's capabilities name; throws Failure if it is not granted.
    std::string secret(std::string_view name) const {
        auto service = host.find<batten_secret>(BATTEN_SERVICE_SECRET);
        std::string value(256, '\0');
        while (service) {
            batten_buffer buffer{reinterpret_cast<std::uint8_t *>(value.data()), value.size(), 0};
            auto rc = service->read(host.table(), token, span(name), &buffer);
            if (rc == BATTEN_RC_TOO_SMALL && buffer.length > value.size() && buffer.length < 1 << 24) {
                value.assign(static_cast<std::size_t>(buffer.length), '\0');
                continue;
            }
            if (rc != BATTEN_RC_OK || buffer.length > value.size()) break;
            value.resize(static_cast<std::size_t>(buffer.length));
            return value;
        }
        throw Failure(BATTEN_CLASS_AUTH, "secret.denied",
                      "the secret " + std::string(name)
                          + " is not available: declare it in the executor's capabilities and grant it",
                      BATTEN_EFFECT_NONE);
    }

    /// Opens a blob for reading; the caller closes the descriptor. Throws Failure.
    int open_blob(std::uint64_t blob) const {
        int fd = -1;
        auto service = blobs();
        if (service->open(host.table(), token, blob, &fd) != BATTEN_RC_OK) throw no_blob("opened");
        return fd;
    }
    /// Makes an empty blob; the caller writes to the descriptor, closes it, and seals the blob. Throws Failure.
    std::uint64_t make_blob(int &fd, std::uint64_t likely_size = 0) const {
        std::uint64_t blob = 0;
        auto service = blobs();
        if (service->create(host.table(), token, likely_size, &fd, &blob) != BATTEN_RC_OK) throw no_blob("made");
        return blob;
    }
    void seal_blob(std::uint64_t blob) const {
        if (blobs()->seal(host.table(), token, blob) != BATTEN_RC_OK) throw no_blob("sealed");
    }

  private:
    struct Pending {
        Host host;
        std::function<void(Grant)> then;
    };

    static Failure refusal(batten_rc rc, std::int64_t retry_after_ns) {
        Failure failure(BATTEN_CLASS_QUOTA, "quota.refused",
                        rc == BATTEN_RC_STALE ? "the call was over before its quota was granted"
                                              : "the quota is used up: try again later, or raise it",
                        BATTEN_EFFECT_NONE);
        if (retry_after_ns >= 0) failure.retry_after = std::chrono::nanoseconds(retry_after_ns);
        return failure;
    }

    static void answered(void *user, batten_token, std::uint64_t lease, batten_rc rc,
                         std::int64_t retry_after_ns) noexcept {
        std::unique_ptr<Pending> pending(static_cast<Pending *>(user));
        try {
            if (rc == BATTEN_RC_OK) pending->then({Lease(pending->host, lease), std::nullopt});
            else pending->then({Lease(), refusal(rc, retry_after_ns)});
        } catch (...) {
            pending->host.log(BATTEN_LEVEL_ERROR, "an exception left the answer to a quota");
        }
    }

    const batten_blob *blobs() const {
        auto service = host.find<batten_blob>(BATTEN_SERVICE_BLOB);
        if (!service) throw no_blob("used");
        return service;
    }
    static Failure no_blob(const char *what) {
        return Failure(BATTEN_CLASS_RETRY, "blob.refused", std::string("the blob could not be ") + what
                           + ": the host refused", BATTEN_EFFECT_NONE);
    }
};

}  // namespace batten
#endif

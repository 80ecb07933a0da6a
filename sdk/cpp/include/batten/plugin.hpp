/// Plugins in C++17: executors are classes, inputs and outputs are structs, exceptions end at the border.
///
///     struct Greet {
///         static constexpr const char *type = "hello.greet";
///         struct Input { std::string name; BATTEN_FIELDS(name) };
///         struct Output { std::string greeting; BATTEN_FIELDS(greeting) };
///         Output run(const Input &input, batten::Context &context) { return {"Hello, " + input.name}; }
///     };
///     BATTEN_PLUGIN("hello", "1.0.0", "Greetings", Greet)
///
/// An executor has `type`, `Input`, `Output`, and `run` (blocking, called in parallel) or `begin(const Input &,
/// batten::Call<Output>)` (asynchronous, on one loop thread; also `cancel(batten::Call<Output>, batten_stop)` if it
/// likes). It may have `title`, `description`, `flags`, `max_in_flight`, `capabilities`, `config_schema`,
/// `input_schema` and `output_schema` (otherwise made of the structs), and a constructor that takes its configuration
/// as `const batten::Json &`. One instance is made for each configuration; throwing refuses it.
///
/// Compile with hidden visibility and link with `-Wl,-z,nodelete` and the version script `exports.map`.
#ifndef BATTEN_PLUGIN_HPP
#define BATTEN_PLUGIN_HPP

#include <batten/loop.hpp>

#include <atomic>
#include <deque>
#include <unordered_map>

/// Defines the plugin: its id, version, title and executors.
#define BATTEN_PLUGIN(id, version, title, ...)                                                                         \
    extern "C" const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) noexcept {                       \
        return batten::Border<__VA_ARGS__>::entry(hello, id, version, title);                                          \
    }

namespace batten {

/// Tells the host how a call ended.
inline void end_call(const batten_host *host, batten_token token, const Failure *failure, const Json &output) noexcept {
    batten_outcome outcome{};
    outcome.struct_size = sizeof outcome;
    outcome.retry_after_ns = -1;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    outcome.effect = BATTEN_EFFECT_MADE;
    std::string details, result;
    try {
        const Json &value = failure ? failure->output : output;
        if (!value.is_null()) result = value.text();
        if (failure && !failure->details.is_null()) details = failure->details.text();
    } catch (...) {
        // No memory for the text: the call still ends.
    }
    if (failure) {
        outcome.outcome_class = failure->how;
        outcome.effect = failure->effect;
        if (failure->retry_after) outcome.retry_after_ns = std::max<std::int64_t>(0, failure->retry_after->count());
        outcome.code = span(failure->code);
        outcome.message = span(failure->message);
        outcome.details = span(details);
    }
    outcome.output.bytes = span(result);
    host->complete(host, token, &outcome);
}

/// The exception that is being handled, as a failure.
inline Failure current_failure() {
    try {
        throw;
    } catch (const Failure &failure) {
        return failure;
    } catch (const ShapeError &error) {
        return Failure(BATTEN_CLASS_BAD_INPUT, "input.invalid", error.what(), BATTEN_EFFECT_NONE);
    } catch (const std::exception &error) {
        return Failure(BATTEN_CLASS_BUG, "plugin.exception", std::string("the executor threw: ") + error.what());
    } catch (...) {
        return Failure(BATTEN_CLASS_BUG, "plugin.exception", "the executor threw something that is no std::exception");
    }
}

/// The asynchronous calls of one instance, by token, for `cancel`.
class CallState;
struct Registry {
    std::mutex lock;
    std::unordered_map<batten_token, std::weak_ptr<CallState>> calls;
};

/// Sees to it that one call ends exactly once.
class CallState {
  public:
    CallState(const batten_call *call, std::shared_ptr<Registry> registry)
        : context(call), registry_(std::move(registry)) {}
    CallState(const CallState &) = delete;
    ~CallState() {
        Failure forgotten(BATTEN_CLASS_BUG, "plugin.forgotten", "the executor dropped the call without completing it");
        end(&forgotten, Json());
    }
    void end(const Failure *failure, const Json &output) {
        if (over_.exchange(true)) return;
        {
            std::lock_guard held(registry_->lock);
            registry_->calls.erase(context.token);
        }
        end_call(context.host.table(), context.token, failure, output);
    }
    bool is_over() const { return over_; }
    Context context;

  private:
    std::shared_ptr<Registry> registry_;
    std::atomic<bool> over_{false};
};

/// One call that was begun. Completes it once, from any thread; copies stand for the same call. A call that nobody
/// holds any more and nobody completed ends as a defect of the plugin.
template <class Output> class Call {
  public:
    explicit Call(std::shared_ptr<CallState> state) : state_(std::move(state)) {}
    Context &context() const { return state_->context; }
    batten_token token() const { return state_->context.token; }
    bool is_over() const { return state_->is_over(); }
    /// The loop of the calling thread: for `begin`, `cancel` and callbacks.
    Loop loop() const { return Loop(state_->context.host); }
    void complete(const Output &output) const { state_->end(nullptr, Shape<Output>::write(output)); }
    void fail(const Failure &failure) const { state_->end(&failure, Json()); }

  private:
    std::shared_ptr<CallState> state_;
};

/// Keeps a text for the life of the process, as descriptors are.
inline const char *keep(std::string text) {
    static auto &texts = *new std::deque<std::string>;
    return texts.emplace_back(std::move(text)).c_str();
}

#define BATTEN_OPTIONAL(name, otherwise)                                                                               \
    template <class E, class = void> struct Has_##name {                                                               \
        static auto get() { return otherwise; }                                                                        \
    };                                                                                                                 \
    template <class E> struct Has_##name<E, std::void_t<decltype(E::name)>> {                                          \
        static auto get() { return E::name; }                                                                          \
    };
BATTEN_OPTIONAL(title, static_cast<const char *>(nullptr))
BATTEN_OPTIONAL(description, static_cast<const char *>(nullptr))
BATTEN_OPTIONAL(capabilities, static_cast<const char *>(nullptr))
BATTEN_OPTIONAL(config_schema, static_cast<const char *>(nullptr))
BATTEN_OPTIONAL(flags, 0u)
BATTEN_OPTIONAL(max_in_flight, 0u)
BATTEN_OPTIONAL(input_schema, keep(Shape<typename E::Input>::schema().text()))
BATTEN_OPTIONAL(output_schema, keep(Shape<typename E::Output>::schema().text()))
#undef BATTEN_OPTIONAL

template <class E, class = void> struct IsBlocking : std::false_type {};
template <class E>
struct IsBlocking<E, std::void_t<decltype(std::declval<E &>().run(std::declval<const typename E::Input &>(),
                                                                  std::declval<Context &>()))>> : std::true_type {};
template <class E, class = void> struct HasCancel : std::false_type {};
template <class E>
struct HasCancel<E, std::void_t<decltype(std::declval<E &>().cancel(std::declval<Call<typename E::Output>>(),
                                                                    batten_stop{}))>> : std::true_type {};

/// The C functions of one executor.
template <class E> class ExecutorBorder {
    using Input = typename E::Input;
    using Output = typename E::Output;
    struct Instance {
        E executor;
        std::shared_ptr<Registry> registry = std::make_shared<Registry>();
    };
    static Instance *of(batten_instance *instance) { return reinterpret_cast<Instance *>(instance); }

    static Input read(const batten_call *call) {
        Input input{};
        try {
            Shape<Input>::read(Json::parse(view(call->input.bytes)), input, "");
        } catch (const JsonError &error) {
            throw Failure::bad_input("", std::string("the input is not JSON: ") + error.what());
        }
        return input;
    }

    static batten_rc open(batten_state *, batten_span config, batten_instance **instance, batten_buffer *why) noexcept {
        try {
            [[maybe_unused]] Json json = config.len ? Json::parse(view(config)) : Json(Json::Object{});
            Instance *made;
            if constexpr (std::is_constructible_v<E, const Json &>) made = new Instance{E(json)};
            else made = new Instance{E()};
            *instance = reinterpret_cast<batten_instance *>(made);
            return BATTEN_RC_OK;
        } catch (const std::exception &error) {
            batten_say(why, error.what());
        } catch (...) {
            batten_say(why, "the executor's constructor threw something that is no std::exception");
        }
        return BATTEN_RC_REFUSED;
    }

    static void close(batten_instance *instance) noexcept {
        try {
            delete of(instance);
        } catch (...) {
            // A destructor that throws has ended as far as it will.
        }
    }

    static void run(batten_instance *instance, const batten_call *call) noexcept {
        const batten_host *host = call->host;
        batten_token token = call->token;
        try {
            Context context(call);
            end_call(host, token, nullptr, Shape<Output>::write(of(instance)->executor.run(read(call), context)));
        } catch (...) {
            Failure failure = current_failure();
            end_call(host, token, &failure, Json());
        }
    }

    static batten_rc begin(batten_instance *instance, const batten_call *call) noexcept {
        try {
            auto self = of(instance);
            auto state = std::make_shared<CallState>(call, self->registry);
            {
                std::lock_guard held(self->registry->lock);
                self->registry->calls[call->token] = state;
            }
            try {
                self->executor.begin(read(call), Call<Output>(state));
            } catch (...) {
                Failure failure = current_failure();
                state->end(&failure, Json());
            }
            return BATTEN_RC_OK;
        } catch (...) {
            // Not even the call's state could be made, so it has not begun.
            return BATTEN_RC_BUSY;
        }
    }

    static void cancel(batten_instance *instance, batten_token token, batten_stop why) noexcept {
        try {
            auto self = of(instance);
            std::shared_ptr<CallState> state;
            {
                std::lock_guard held(self->registry->lock);
                auto found = self->registry->calls.find(token);
                if (found != self->registry->calls.end()) state = found->second.lock();
            }
            if (!state || state->is_over()) return;
            if constexpr (HasCancel<E>::value) {
                try {
                    self->executor.cancel(Call<Output>(state), why);
                } catch (...) {
                    Failure failure = current_failure();
                    state->end(&failure, Json());
                }
            }
        } catch (...) {
            // The call goes on; the host still has its grace time.
        }
    }

  public:
    static const batten_executor *descriptor() {
        auto made = new batten_executor{};
        made->struct_size = sizeof *made;
        made->type = E::type;
        made->title = Has_title<E>::get();
        made->description = Has_description<E>::get();
        made->capabilities = Has_capabilities<E>::get();
        made->flags = Has_flags<E>::get();
        made->max_in_flight = Has_max_in_flight<E>::get();
        made->config_schema = Has_config_schema<E>::get();
        made->input_schema = Has_input_schema<E>::get();
        made->output_schema = Has_output_schema<E>::get();
        made->open = open;
        made->close = close;
        if constexpr (IsBlocking<E>::value) {
            made->run = run;
        } else {
            made->begin = begin;
            made->cancel = cancel;
        }
        return made;
    }
};

/// The entry of a plugin.
template <class... Executors> class Border {
  public:
    static const batten_plugin *entry(const batten_hello *hello, const char *id, const char *version,
                                      const char *title) noexcept {
        if (!hello || hello->abi_major != BATTEN_ABI_MAJOR) return nullptr;
        try {
            static const batten_plugin *const made = make(id, version, title);
            return made;
        } catch (...) {
            return nullptr;
        }
    }

  private:
    static const batten_plugin *make(const char *id, const char *version, const char *title) {
        static const batten_executor *const executors[] = {ExecutorBorder<Executors>::descriptor()...};
        auto made = new batten_plugin{};
        made->struct_size = sizeof *made;
        made->abi_major = BATTEN_ABI_MAJOR;
        made->abi_minor = BATTEN_ABI_MINOR;
        made->id = id;
        made->version = version;
        made->title = title;
        made->sdk = "cpp/1.0.0";
        made->executor_count = sizeof...(Executors);
        made->executors = executors;
        return made;
    }
};

}  // namespace batten
#endif

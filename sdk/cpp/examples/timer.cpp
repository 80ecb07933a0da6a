// An asynchronous executor in C++: a call that waits holds no thread.
#include <batten/plugin.hpp>

class Wait {
  public:
    static constexpr const char *type = "timer.wait";
    static constexpr const char *title = "Waits without holding a thread";
    static constexpr auto flags = BATTEN_EXECUTOR_IDEMPOTENT | BATTEN_EXECUTOR_CANCELLABLE;
    static constexpr const char *input_schema = R"({"type": "object", "required": ["ms"], "additionalProperties": false,
        "properties": {"ms": {"type": "integer", "minimum": 0, "maximum": 86400000}}})";

    struct Input {
        std::int64_t ms;
        BATTEN_FIELDS(ms)
    };
    struct Output {
        std::int64_t waited_ms;
        BATTEN_FIELDS(waited_ms)
    };

    void begin(const Input &input, batten::Call<Output> call) {
        timers_[call.token()] = call.loop().after(std::chrono::milliseconds(input.ms), [this, call, ms = input.ms] {
            timers_.erase(call.token());
            call.complete({ms});
        });
    }

    void cancel(batten::Call<Output> call, batten_stop why) {
        timers_[call.token()].cancel();
        timers_.erase(call.token());
        call.fail(batten::Failure::stopped(why, BATTEN_EFFECT_NONE));
    }

  private:
    std::unordered_map<batten_token, batten::Scheduled> timers_;
};

BATTEN_PLUGIN("timer", "1.0.0", "Timers", Wait)

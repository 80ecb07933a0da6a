// @NAME@: a Batten plugin. `vendor/include/batten/plugin.hpp` says what an executor may have.
#include <batten/plugin.hpp>

class Wait {
  public:
    static constexpr const char *type = "@ID@.wait";
    static constexpr const char *title = "Waits without holding a thread";
    static constexpr auto flags = BATTEN_EXECUTOR_IDEMPOTENT | BATTEN_EXECUTOR_CANCELLABLE;
    static constexpr const char *input_schema = R"({"type": "object", "required": ["ms"], "additionalProperties": false,
        "properties": {"ms": {"type": "integer", "minimum": 0, "maximum": 86400000}}})";

    struct Input {
        std::int64_t ms;
        BATTEN_FIELDS(ms)
    };
    struct Output {
        bool waited;
        BATTEN_FIELDS(waited)
    };

    // Everything here comes on one loop thread, so nothing needs a lock, and nothing may block.
    void begin(const Input &input, batten::Call<Output> call) {
        timers_[call.token()] = call.loop().after(std::chrono::milliseconds(input.ms), [this, call] {
            timers_.erase(call.token());
            call.complete({true});
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

BATTEN_PLUGIN("@ID@", "0.1.0", "@NAME@", Wait)

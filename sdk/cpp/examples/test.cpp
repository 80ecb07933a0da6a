// What the C++ SDK promises of errors: whatever an executor throws, or forgets, ends the call as a defect and stays
// inside the plugin. A unit test of a plugin looks like this.
#include <batten/fake_host.h>
#include <batten/plugin.hpp>

#include <cstring>
#include <iostream>
#include <thread>

struct Number {
    std::int64_t n;
    std::optional<std::vector<std::string>> words;
    BATTEN_FIELDS(n, words)
};

struct Throws {
    static constexpr const char *type = "border.throws";
    using Input = Number;
    using Output = batten::Json;
    Output run(const Input &input, batten::Context &context) {
        if (input.n == 0) throw std::runtime_error("out of luck");
        if (input.n == 1) throw 42;
        if (input.n == 2) throw std::bad_alloc();
        if (input.n == 3) {
            batten::Failure failure(BATTEN_CLASS_RATE_LIMITED, "border.slow", "slow down", BATTEN_EFFECT_NONE);
            failure.retry_after = std::chrono::seconds(2);
            failure.details["limit"] = 5;
            throw failure;
        }
        if (input.n == 4) return context.secret("KEY");
        if (input.n == 5) {
            context.progress(0.5, "half");
            context.keep("state");
            context.stream_all("piece");
            return context.checkpoint;
        }
        return batten::Json(std::nan(""));
    }
};

struct Forgets {
    static constexpr const char *type = "border.forgets";
    static constexpr unsigned max_in_flight = 3;
    using Input = Number;
    using Output = Number;
    batten::Scheduled never;
    void begin(const Input &input, batten::Call<Output> call) {
        if (input.n == 0) throw std::runtime_error("cannot begin");
        if (input.n == 1) return;
        if (input.n == 2) never = call.loop().after(std::chrono::seconds(0), [call] { throw std::string("late"); });
        if (input.n == 3) {
            batten::Loop loop = call.loop();
            std::thread([loop, call] {
                loop.post([call] {
                    call.complete({7, {}});
                    call.complete({8, {}});
                });
            }).detach();
        }
    }
};

struct Configured {
    static constexpr const char *type = "border.configured";
    using Input = batten::Json;
    using Output = std::string;
    std::string greeting;
    explicit Configured(const batten::Json &config) {
        auto found = config.find("greeting");
        if (!found || !found->string()) throw batten::Failure::bad_input("greeting", "is missing");
        greeting = *found->string();
    }
    Output run(const Input &input, batten::Context &) { return greeting + input.text(); }
};

BATTEN_PLUGIN("border", "1.0.0", "What happens at the border", Throws, Forgets, Configured)

static int failures = 0;

static void expect(batten_fake *host, const char *type, const char *input, batten_class how, const std::string &code,
                   const std::string &said) {
    auto end = batten_fake_run(host, type, input);
    if (end && end->outcome_class == how && end->code == code
        && (how == BATTEN_CLASS_DONE ? said == end->output
                                     : std::string(end->message).find(said) != std::string::npos))
        return;
    failures++;
    std::cerr << type << " " << input << ": ";
    if (end) std::cerr << end->outcome_class << " " << end->code << " " << end->message << " " << end->output << "\n";
    else std::cerr << batten_fake_why(host) << "\n";
}

int main() {
    auto host = batten_fake_new(batten_plugin_entry_v1);
    batten_fake_secret(host, "KEY", std::string(1000, 'k').c_str());
    if (!batten_fake_start(host, "{}")) return 1;
    const auto bug = BATTEN_CLASS_BUG, done = BATTEN_CLASS_DONE;
    expect(host, "border.throws", R"({"n": 0})", bug, "plugin.exception", "threw: out of luck");
    expect(host, "border.throws", R"({"n": 1})", bug, "plugin.exception", "no std::exception");
    expect(host, "border.throws", R"({"n": 2})", bug, "plugin.exception", "bad_alloc");
    expect(host, "border.throws", R"({"n": 3})", BATTEN_CLASS_RATE_LIMITED, "border.slow", "slow down");
    expect(host, "border.throws", R"({"n": 4})", done, "", '"' + std::string(1000, 'k') + '"');
    batten_fake_checkpoint(host, "earlier");
    expect(host, "border.throws", R"({"n": 5})", done, "", R"("earlier")");
    expect(host, "border.throws", R"({"n": 6})", done, "", "null");
    expect(host, "border.throws", R"({"n": "x"})", BATTEN_CLASS_BAD_INPUT, "input.invalid", "n: must be an integer");
    expect(host, "border.throws", R"({"n": 1, "words": ["a", 2]})", BATTEN_CLASS_BAD_INPUT, "input.invalid", "words[1]");
    expect(host, "border.throws", R"({})", BATTEN_CLASS_BAD_INPUT, "input.invalid", "n: is missing");
    expect(host, "border.throws", "[", BATTEN_CLASS_BAD_INPUT, "input.invalid", "not JSON");
    expect(host, "border.forgets", R"({"n": 0})", bug, "plugin.exception", "cannot begin");
    expect(host, "border.forgets", R"({"n": 1})", bug, "plugin.forgotten", "dropped");
    expect(host, "border.forgets", R"({"n": 2})", bug, "plugin.forgotten", "dropped");
    expect(host, "border.forgets", R"({"n": 3})", done, "", R"({"n":7})");
    if (batten_fake_call(host, "border.configured", "{}", "{}") || !std::strstr(batten_fake_why(host), "greeting"))
        failures++, std::cerr << "open did not refuse: " << batten_fake_why(host) << "\n";
    auto token = batten_fake_call(host, "border.configured", R"({"greeting": "hi "})", R"([1, 2.5, {"a": null}])");
    auto end = token ? batten_fake_wait(host, token, 5000) : nullptr;
    if (!end || std::string(end->output) != R"("hi [1,2.5,{\"a\":null}]")")
        failures++, std::cerr << "configured: " << (end ? end->output : batten_fake_why(host)) << "\n";
    std::string seen = batten_fake_seen(host);
    for (auto line : {"an exception left a callback", "beat 6 0.50 half", "checkpoint 6 state", "stream 6 text piece"})
        if (seen.find(line) == seen.npos) failures++, std::cerr << "not seen: " << line << "\n" << seen;
    failures += batten_fake_end(host);
    std::cout << (failures ? "failed" : "passed") << "\n";
    return failures != 0;
}

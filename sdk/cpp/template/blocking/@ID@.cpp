// @NAME@: a Batten plugin. `vendor/include/batten/plugin.hpp` says what an executor may have.
#include <batten/plugin.hpp>

struct Greet {
    static constexpr const char *type = "@ID@.greet";
    static constexpr const char *title = "Greets somebody";
    static constexpr auto flags = BATTEN_EXECUTOR_PURE;

    struct Input {
        std::string name;
        BATTEN_FIELDS(name)
    };
    struct Output {
        std::string greeting;
        BATTEN_FIELDS(greeting)
    };

    // One call, on a thread that may block; many run in parallel. Throw batten::Failure for what can go wrong.
    Output run(const Input &input, batten::Context &context) {
        context.log("greeting " + input.name);
        return {"Hello, " + input.name};
    }
};

BATTEN_PLUGIN("@ID@", "0.1.0", "@NAME@", Greet)

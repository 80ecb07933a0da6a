// A blocking executor in C++: structs for input and output, an exception for what cannot be done.
#include <batten/plugin.hpp>

struct Greet {
    static constexpr const char *type = "hello.greet";
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

    Output run(const Input &input, batten::Context &context) {
        if (input.name.empty())
            throw batten::Failure(BATTEN_CLASS_BAD_INPUT, "hello.no_name", "the name is empty: say whom to greet",
                                  BATTEN_EFFECT_NONE);
        context.log("greeting " + input.name);
        return {"Hello, " + input.name};
    }
};

BATTEN_PLUGIN("hello", "1.0.0", "Greetings", Greet)

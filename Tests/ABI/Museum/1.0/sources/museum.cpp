// Built with the C++ SDK of 1.0.
#include <batten/plugin.hpp>

struct Visit {
    static constexpr const char *type = "museum_cpp.visit";
    static constexpr auto flags = BATTEN_EXECUTOR_IDEMPOTENT;
    static constexpr const char *input_schema = R"({"type": "object", "required": ["guests"],
        "additionalProperties": false, "properties": {"guests": {"type": "integer", "minimum": 1}}})";

    struct Input {
        std::int64_t guests;
        BATTEN_FIELDS(guests)
    };
    struct Output {
        std::int64_t tickets;
        BATTEN_FIELDS(tickets)
    };

    Output run(const Input &input, batten::Context &context) {
        if (input.guests > 100) throw std::runtime_error("too many guests");
        batten::Lease lease = context.hold("tickets", "museum", input.guests);
        context.usage("visits", "museum", input.guests);
        lease.settle(input.guests);
        return {input.guests};
    }
};

BATTEN_PLUGIN("museum_cpp", "1.0.0", "The museum in C++", Visit)

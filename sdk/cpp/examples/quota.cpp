// A quota-aware executor in C++: it holds what it may use at most, and settles what it really used.
#include <batten/plugin.hpp>

struct Fetch {
    static constexpr const char *type = "quota.fetch";
    static constexpr const char *title = "Uses a quota";
    static constexpr auto flags = BATTEN_EXECUTOR_IDEMPOTENT;
    static constexpr const char *input_schema = R"({"type": "object", "required": ["pages"],
        "additionalProperties": false, "properties": {"pages": {"type": "integer", "minimum": 1, "maximum": 1000}}})";

    struct Input {
        std::int64_t pages;
        BATTEN_FIELDS(pages)
    };
    struct Output {
        std::int64_t requests;
        BATTEN_FIELDS(requests)
    };

    Output run(const Input &input, batten::Context &context) {
        // At most two requests a page; a Failure of class quota leaves from here if they are not granted.
        batten::Lease lease = context.hold("requests", "example", 2 * input.pages);
        context.usage("requests", "example", input.pages);
        lease.settle(input.pages);
        return {input.pages};
    }
};

BATTEN_PLUGIN("quota", "1.0.0", "An example of quotas", Fetch)

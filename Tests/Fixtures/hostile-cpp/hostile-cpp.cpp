// Lets an exception out of its functions.
#include <batten/plugin.h>
#include <stdexcept>

static void run(batten_instance *, const batten_call *) { throw std::runtime_error("thrown by a plugin"); }

static batten_executor make() {
    batten_executor executor = {};
    executor.struct_size = sizeof executor;
    executor.type = "hostile_cpp.go";
    // The type of a function that may throw does not convert by itself.
    executor.run = reinterpret_cast<decltype(executor.run)>(run);
    return executor;
}

static const batten_executor executor = make();
static const batten_executor *const table[] = {&executor};

extern "C" BATTEN_EXPORT const batten_plugin *batten_plugin_entry_v1(const batten_hello *) noexcept {
    static batten_plugin plugin = {};
    plugin.struct_size = sizeof plugin;
    plugin.abi_major = BATTEN_ABI_MAJOR;
    plugin.executor_count = 1;
    plugin.id = "hostile_cpp";
    plugin.version = "1.0.0";
    plugin.executors = table;
    return &plugin;
}

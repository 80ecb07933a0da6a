/* Returns from run without completing its call. */
#include <batten/plugin.h>

static void run(batten_instance *instance, const batten_call *call) { (void)instance, (void)call; }

static const batten_executor executor = {.struct_size = sizeof(batten_executor), .type = "no_complete.go", .run = run};
static const batten_executor *const table[] = {&executor};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .executor_count = 1,
    .id = "no_complete",
    .version = "1.0.0",
    .executors = table,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    (void)hello;
    return &plugin;
}

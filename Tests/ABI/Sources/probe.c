/* Reaches every type of the plugin ABI from exported symbols, so that its debug information holds their layouts. */
#include <batten/plugin.h>

struct batten_abi_v1 {
    batten_span span;
    batten_buffer buffer;
    batten_payload payload;
    batten_call call;
    batten_outcome outcome;
    batten_host host;
    batten_executor executor;
    batten_plugin plugin;
    batten_hello hello;
    batten_log log;
    batten_beat beat;
    batten_stream stream;
    batten_usage usage;
    batten_quota quota;
    batten_bound bound;
    batten_request_bound request_bound;
    batten_secret secret;
    batten_blob blob;
    batten_loop loop;
    batten_schema schema;
};

BATTEN_EXPORT struct batten_abi_v1 batten_abi_v1;

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) BATTEN_NOEXCEPT {
    (void)hello;
    return &batten_abi_v1.plugin;
}

/* Freezes the layout of the plugin ABI on LP64 platforms: each size and each offset, as a plugin built against version
 * 1.0 has them. A line that fails here is a break for every plugin in existence. New fields get new lines. */
#include <batten/plugin.h>

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has another size")
#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field " has moved")

_Static_assert(sizeof(void *) == 8 && sizeof(long) == 8 && sizeof(int) == 4, "the ABI is laid out for LP64");

SIZE(batten_span, 16);
AT(batten_span, ptr, 0);
AT(batten_span, len, 8);

SIZE(batten_buffer, 24);
AT(batten_buffer, ptr, 0);
AT(batten_buffer, capacity, 8);
AT(batten_buffer, length, 16);

SIZE(batten_payload, 48);
AT(batten_payload, bytes, 0);
AT(batten_payload, media_type, 16);
AT(batten_payload, blob, 32);
AT(batten_payload, reserved, 40);

SIZE(batten_call, 200);
AT(batten_call, struct_size, 0);
AT(batten_call, attempt, 4);
AT(batten_call, token, 8);
AT(batten_call, host, 16);
AT(batten_call, run_id, 24);
AT(batten_call, stage_id, 40);
AT(batten_call, idempotency_key, 56);
AT(batten_call, traceparent, 72);
AT(batten_call, deadline_ns, 88);
AT(batten_call, grace_ns, 96);
AT(batten_call, input, 104);
AT(batten_call, checkpoint, 152);
AT(batten_call, env_json, 168);
AT(batten_call, working_directory, 184);

SIZE(batten_outcome, 120);
AT(batten_outcome, struct_size, 0);
AT(batten_outcome, outcome_class, 4);
AT(batten_outcome, effect, 8);
AT(batten_outcome, reserved0, 12);
AT(batten_outcome, retry_after_ns, 16);
AT(batten_outcome, code, 24);
AT(batten_outcome, message, 40);
AT(batten_outcome, details, 56);
AT(batten_outcome, output, 72);

SIZE(batten_host, 56);
AT(batten_host, struct_size, 0);
AT(batten_host, abi_major, 4);
AT(batten_host, abi_minor, 6);
AT(batten_host, context, 8);
AT(batten_host, name, 16);
AT(batten_host, version, 24);
AT(batten_host, query, 32);
AT(batten_host, complete, 40);
AT(batten_host, should_stop, 48);

SIZE(batten_executor, 120);
AT(batten_executor, struct_size, 0);
AT(batten_executor, flags, 4);
AT(batten_executor, max_in_flight, 8);
AT(batten_executor, reserved0, 12);
AT(batten_executor, type, 16);
AT(batten_executor, version, 24);
AT(batten_executor, title, 32);
AT(batten_executor, description, 40);
AT(batten_executor, config_schema, 48);
AT(batten_executor, input_schema, 56);
AT(batten_executor, output_schema, 64);
AT(batten_executor, capabilities, 72);
AT(batten_executor, open, 80);
AT(batten_executor, close, 88);
AT(batten_executor, run, 96);
AT(batten_executor, begin, 104);
AT(batten_executor, cancel, 112);

SIZE(batten_plugin, 104);
AT(batten_plugin, struct_size, 0);
AT(batten_plugin, abi_major, 4);
AT(batten_plugin, abi_minor, 6);
AT(batten_plugin, min_host_minor, 8);
AT(batten_plugin, reserved0, 10);
AT(batten_plugin, executor_count, 12);
AT(batten_plugin, id, 16);
AT(batten_plugin, version, 24);
AT(batten_plugin, title, 32);
AT(batten_plugin, description, 40);
AT(batten_plugin, sdk, 48);
AT(batten_plugin, manifest_json, 56);
AT(batten_plugin, config_schema, 64);
AT(batten_plugin, executors, 72);
AT(batten_plugin, start, 80);
AT(batten_plugin, stop, 88);
AT(batten_plugin, query, 96);

SIZE(batten_hello, 8);
AT(batten_hello, struct_size, 0);
AT(batten_hello, abi_major, 4);
AT(batten_hello, abi_minor, 6);

SIZE(batten_log, 16);
AT(batten_log, struct_size, 0);
AT(batten_log, write, 8);

SIZE(batten_beat, 24);
AT(batten_beat, struct_size, 0);
AT(batten_beat, beat, 8);
AT(batten_beat, checkpoint, 16);

SIZE(batten_stream, 32);
AT(batten_stream, struct_size, 0);
AT(batten_stream, write, 8);
AT(batten_stream, wait, 16);
AT(batten_stream, when_ready, 24);

SIZE(batten_usage, 16);
AT(batten_usage, struct_size, 0);
AT(batten_usage, add, 8);

SIZE(batten_quota, 24);
AT(batten_quota, struct_size, 0);
AT(batten_quota, hold, 8);
AT(batten_quota, settle, 16);
SIZE(batten_request_bound, 64);
AT(batten_request_bound, struct_size, 0);
AT(batten_request_bound, subject, 8);
AT(batten_request_bound, requests, 24);
AT(batten_request_bound, input_tokens, 32);
AT(batten_request_bound, output_tokens, 40);
AT(batten_request_bound, least_output_tokens, 48);
AT(batten_request_bound, flags, 56);
SIZE(batten_bound, 16);
AT(batten_bound, struct_size, 0);
AT(batten_bound, hold, 8);

SIZE(batten_secret, 16);
AT(batten_secret, struct_size, 0);
AT(batten_secret, read, 8);

SIZE(batten_blob, 32);
AT(batten_blob, struct_size, 0);
AT(batten_blob, open, 8);
AT(batten_blob, create, 16);
AT(batten_blob, seal, 24);

SIZE(batten_loop, 56);
AT(batten_loop, struct_size, 0);
AT(batten_loop, current, 8);
AT(batten_loop, watch, 16);
AT(batten_loop, unwatch, 24);
AT(batten_loop, timer, 32);
AT(batten_loop, untimer, 40);
AT(batten_loop, post, 48);

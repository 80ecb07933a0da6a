/* @NAME@: a Batten plugin. `vendor/include/batten/plugin.h` states the rules. */
#include <batten/easy.h>

/* One call of `@ID@.greet`, on a thread that may block. It ends exactly once, done or failed. */
static void greet(batten_instance *instance, const batten_call *call) {
    char name[256] = "", greeting[300], answer[2048];
    batten_json_out out = batten_json_into(answer, sizeof answer);
    batten_span value;
    (void)instance;
    if (batten_json_member(call->input.bytes, "name", &value)) batten_json_string(value, name, sizeof name);
    snprintf(greeting, sizeof greeting, "Hello, %s", name);
    batten_json_raw(&out, "{\"greeting\": ");
    batten_json_text(&out, greeting);
    batten_json_raw(&out, "}");
    batten_note(call, BATTEN_LEVEL_INFO, greeting);
    batten_done(call->host, call->token, BATTEN_EFFECT_NONE, batten_json_done(&out));
}

static const batten_executor greet_executor = {
    .struct_size = sizeof(batten_executor),
    .flags = BATTEN_EXECUTOR_PURE,
    .type = "@ID@.greet",
    .title = "Greets somebody",
    .input_schema = "{\"type\": \"object\", \"required\": [\"name\"], \"additionalProperties\": false, \"properties\":"
                    " {\"name\": {\"type\": \"string\", \"maxLength\": 60, \"description\": \"Whom to greet.\"}}}",
    .output_schema = "{\"type\": \"object\", \"required\": [\"greeting\"],"
                     " \"properties\": {\"greeting\": {\"type\": \"string\"}}}",
    .run = greet,
};

BATTEN_DEFINE_PLUGIN("@ID@", "0.1.0", "@NAME@", &greet_executor)

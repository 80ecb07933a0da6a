/* A blocking executor in C: it reads its input, writes a log line, and answers. */
#include <batten/easy.h>

static void greet(batten_instance *instance, const batten_call *call) {
    char name[256] = "", line[300], answer[2048];
    batten_json_out out = batten_json_into(answer, sizeof answer);
    batten_span value;
    (void)instance;
    if (batten_json_member(call->input.bytes, "name", &value)) batten_json_string(value, name, sizeof name);
    if (name[0] == 0) {
        batten_fail(call->host, call->token, BATTEN_CLASS_BAD_INPUT, BATTEN_EFFECT_NONE, "hello.no_name",
                    "the name is empty: say whom to greet", -1);
        return;
    }
    snprintf(line, sizeof line, "greeting %s", name);
    batten_note(call, BATTEN_LEVEL_INFO, line);
    snprintf(line, sizeof line, "Hello, %s", name);
    batten_json_raw(&out, "{\"greeting\": ");
    batten_json_text(&out, line);
    batten_json_raw(&out, "}");
    batten_done(call->host, call->token, BATTEN_EFFECT_NONE, batten_json_done(&out));
}

static const batten_executor greet_executor = {
    .struct_size = sizeof(batten_executor),
    .flags = BATTEN_EXECUTOR_PURE,
    .type = "hello.greet",
    .title = "Greets somebody",
    .input_schema = "{\"type\": \"object\", \"required\": [\"name\"], \"additionalProperties\": false, \"properties\":"
                    " {\"name\": {\"type\": \"string\", \"maxLength\": 60, \"description\": \"Whom to greet.\"}}}",
    .output_schema = "{\"type\": \"object\", \"required\": [\"greeting\"],"
                     " \"properties\": {\"greeting\": {\"type\": \"string\"}}}",
    .run = greet,
};

BATTEN_DEFINE_PLUGIN("hello", "1.0.0", "Greetings", &greet_executor)

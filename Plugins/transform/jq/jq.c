/* `transform.jq` runs a jq program through libjq; written in C on the header alone. */
#define _GNU_SOURCE
#include "CTransformJQ.h"
#include "program.h"
#include "scan.h"

#include <batten/plugin.h>

#include <jq.h>
#include <jv.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* libjq recurses along nested values; a thread of its own gives it room for some 100,000 levels. */
    STACK_BYTES = 256 << 20,
    /* What the host's readers of JSON take. */
    DEEPEST_RESULT = 500,
    MOST_RESULTS = 1000000,
    MOST_BYTES = 256 << 20
};

/* One call. */
struct job {
    const batten_call *call;
    /* how it ends */
    batten_class outcome_class;
    const char *code;
    struct text message;
    struct text details;
    struct text output;
};

static void fail(struct job *job, batten_class outcome_class, const char *code, const char *message) {
    job->outcome_class = outcome_class;
    job->code = code;
    job->message.length = 0;
    text_say(&job->message, message);
}

static void add_string(struct text *text, const char *bytes, size_t length) {
    jv dumped = jv_dump_string(jv_string_sized(bytes, (int)length), 0);
    text_add(text, jv_string_value(dumped), (size_t)jv_string_length_bytes(jv_copy(dumped)));
    jv_free(dumped);
}

static void bad_field(struct job *job, const char *code, const char *field, const char *message) {
    fail(job, BATTEN_CLASS_BAD_INPUT, code, field);
    text_say(&job->message, ": ");
    text_say(&job->message, message);
    job->details.length = 0;
    text_say(&job->details, "{\"field\":");
    add_string(&job->details, field, strlen(field));
    text_say(&job->details, "}");
}

/* Whether a value is nested at most `room` levels deep. */
static int is_shallow(jv value, int room) {
    int result = 1;
    if (jv_get_kind(value) == JV_KIND_ARRAY) {
        int length = jv_array_length(jv_copy(value));
        result = room > 0;
        for (int index = 0; result && index < length; index++)
            result = is_shallow(jv_array_get(jv_copy(value), index), room - 1);
    } else if (jv_get_kind(value) == JV_KIND_OBJECT) {
        result = room > 0;
        for (int at = jv_object_iter(value); result && jv_object_iter_valid(value, at);
             at = jv_object_iter_next(value, at))
            result = is_shallow(jv_object_iter_value(value, at), room - 1);
    }
    jv_free(value);
    return result;
}

/* Takes the message out of a value that jq ended with. */
static void failed_run(struct job *job, jv message) {
    job->outcome_class = BATTEN_CLASS_FAILED;
    job->code = "transform.jq.error";
    text_say(&job->message, "the filter failed: ");
    if (jv_get_kind(message) == JV_KIND_STRING) {
        text_add(&job->message, jv_string_value(message), (size_t)jv_string_length_bytes(jv_copy(message)));
        jv_free(message);
    } else if (is_shallow(jv_copy(message), DEEPEST_RESULT)) {
        jv dumped = jv_dump_string(message, 0);
        text_add(&job->message, jv_string_value(dumped), (size_t)jv_string_length_bytes(jv_copy(dumped)));
        jv_free(dumped);
    } else {
        text_say(&job->message, "with a value that is nested too deeply to be shown");
        jv_free(message);
    }
}

/* Runs the program over the value, which it takes over. */
static void run_program(struct job *job, struct program *program, jv value, int wants_all, int wants_text) {
    jq_state *state = program_state(program);
    struct text results = {0}, first = {0}, raw = {0};
    size_t count = 0;
    jq_start(state, value, 0);
    for (;;) {
        batten_stop stop = job->call->host->should_stop(job->call->host, job->call->token);
        if (stop != BATTEN_STOP_NONE) {
            fail(job, stop == BATTEN_STOP_DEADLINE ? BATTEN_CLASS_DEADLINE : BATTEN_CLASS_CANCELLED,
                 stop == BATTEN_STOP_DEADLINE ? "call.deadline" : "call.cancelled",
                 stop == BATTEN_STOP_DEADLINE ? "the time of the call was over" : "the call was cancelled");
            break;
        }
        jv result = jq_next(state);
        if (!jv_is_valid(result)) {
            if (jv_invalid_has_msg(jv_copy(result)))
                failed_run(job, jv_invalid_get_msg(result));
            else
                jv_free(result);
            break;
        }
        if (!is_shallow(jv_copy(result), DEEPEST_RESULT)) {
            jv_free(result);
            fail(job, BATTEN_CLASS_FAILED, "transform.jq.limit", "the filter gave a value nested deeper than 500 levels");
            break;
        }
        jv dumped = jv_dump_string(jv_copy(result), 0);
        size_t length = (size_t)jv_string_length_bytes(jv_copy(dumped));
        if (count > 0) text_say(&results, ",");
        text_add(&results, jv_string_value(dumped), length);
        if (count == 0) text_add(&first, jv_string_value(dumped), length);
        if (wants_text) {
            if (count > 0) text_say(&raw, "\n");
            if (jv_get_kind(result) == JV_KIND_STRING)
                text_add(&raw, jv_string_value(result), (size_t)jv_string_length_bytes(jv_copy(result)));
            else
                text_add(&raw, jv_string_value(dumped), length);
        }
        jv_free(dumped);
        jv_free(result);
        count++;
        if (!wants_all) break;
        if (count >= MOST_RESULTS || results.length + raw.length > MOST_BYTES) {
            fail(job, BATTEN_CLASS_FAILED, "transform.jq.limit",
                 "the filter gave more than 1,000,000 results or 256 MiB: use first(…), limit(…; …) or `all: false`");
            break;
        }
    }
    if (job->outcome_class == BATTEN_CLASS_DONE) {
        text_say(&job->output, "{\"result\":");
        if (count == 0) text_say(&first, "null");
        text_add(&job->output, first.bytes, first.length);
        text_say(&job->output, ",\"results\":[");
        text_add(&job->output, results.bytes, results.length);
        text_say(&job->output, "]");
        if (wants_text) {
            text_say(&job->output, ",\"text\":");
            add_string(&job->output, raw.bytes ? raw.bytes : "", raw.length);
        }
        text_say(&job->output, "}");
        if (job->output.is_broken || results.is_broken || raw.is_broken || first.is_broken)
            fail(job, BATTEN_CLASS_FAILED, "transform.jq.limit", "there is no memory left for the results");
    }
    text_free(&results);
    text_free(&first);
    text_free(&raw);
}

/* Checks the names of the arguments and puts the program together: `. as [$__input, $a] | $__input | (filter)`, run
 * over `[input, a]`. That way one compiled program serves all values of its arguments. Takes over both values. */
static jv bind(struct job *job, jv arguments, jv input, struct text *source) {
    jv value = jv_array_append(jv_array(), input);
    text_say(source, ". as [$__input");
    for (int at = jv_object_iter(arguments); jv_object_iter_valid(arguments, at);
         at = jv_object_iter_next(arguments, at)) {
        jv name = jv_object_iter_key(arguments, at);
        const char *bytes = jv_string_value(name);
        size_t length = (size_t)jv_string_length_bytes(jv_copy(name));
        if (!scan_is_name(bytes, length)) {
            bad_field(job, "input.invalid", "arguments", "a name is letters, digits and _, does not begin with __, and is not ENV");
        } else {
            text_say(source, ",$");
            text_add(source, bytes, length);
            value = jv_array_append(value, jv_object_iter_value(arguments, at));
        }
        jv_free(name);
    }
    text_say(source, "]|$__input|(");
    jv_free(arguments);
    return value;
}

static void transform(struct job *job, jv call) {
    jv filter = jv_object_get(jv_copy(call), jv_string("filter"));
    jv arguments = jv_object_get(jv_copy(call), jv_string("arguments"));
    jv input = jv_object_get(jv_copy(call), jv_string("input"));
    jv all = jv_object_get(jv_copy(call), jv_string("all"));
    jv raw = jv_object_get(call, jv_string("raw"));
    int wants_all = jv_get_kind(all) != JV_KIND_FALSE, wants_text = jv_get_kind(raw) == JV_KIND_TRUE;
    jv_free(all);
    jv_free(raw);
    if (!jv_is_valid(input)) {
        jv_free(input);
        input = jv_null();
    }
    if (!jv_is_valid(arguments) || jv_get_kind(arguments) == JV_KIND_NULL) {
        jv_free(arguments);
        arguments = jv_object();
    }
    struct text source = {0}, why = {0};
    struct scan_fault fault;
    jv value = jv_null(), names = jv_copy(arguments);
    if (jv_get_kind(filter) != JV_KIND_STRING) {
        bad_field(job, "input.invalid", "filter", "must be a string: a jq program");
    } else if (jv_get_kind(arguments) != JV_KIND_OBJECT) {
        bad_field(job, "input.invalid", "arguments", "must be an object of names and values");
    } else {
        const char *program = jv_string_value(filter);
        size_t length = (size_t)jv_string_length_bytes(jv_copy(filter));
        if (memchr(program, 0, length)) {
            bad_field(job, "input.invalid", "filter", "must not contain a NUL character");
        } else if (!scan_program(program, length, &fault)) {
            char words[300];
            snprintf(words, sizeof words, "line %zu: `%.*s` %s", fault.line, (int)(fault.length < 60 ? fault.length : 60),
                     fault.word, fault.reason);
            bad_field(job, "transform.jq.refused", "filter", words);
        } else {
            value = bind(job, arguments, input, &source);
            arguments = input = jv_null();
            /* The newline ends a comment at the filter's end. */
            if (scan_is_blank(program, length)) text_say(&source, ".");
            text_add(&source, program, length);
            text_say(&source, "\n)");
        }
    }
    if (job->outcome_class == BATTEN_CLASS_DONE) {
        struct program *compiled = source.is_broken ? NULL : program_take(source.bytes, source.length, &why);
        if (compiled) {
            run_program(job, compiled, value, wants_all, wants_text);
            value = jv_null();
            program_give(compiled);
        } else {
            program_explain(jv_string_value(filter), names, &why);
            names = jv_null();
            text_add(&why, "", 1);
            bad_field(job, "transform.jq.compile", "filter", why.bytes ? why.bytes : "there is no memory left");
        }
    }
    text_free(&source);
    text_free(&why);
    jv_free(value);
    jv_free(input);
    jv_free(arguments);
    jv_free(names);
    jv_free(filter);
}

static void *work(void *user) {
    struct job *job = user;
    batten_span bytes = job->call->input.bytes;
    jv call = bytes.len <= INT32_MAX ? jv_parse_sized((const char *)bytes.ptr, (int)bytes.len) : jv_invalid();
    if (jv_get_kind(call) == JV_KIND_OBJECT) {
        transform(job, call);
    } else if (jv_get_kind(call) == JV_KIND_INVALID && jv_invalid_has_msg(jv_copy(call))) {
        jv message = jv_invalid_get_msg(call);
        fail(job, BATTEN_CLASS_BAD_INPUT, "input.invalid", "the input cannot be read: ");
        if (jv_get_kind(message) == JV_KIND_STRING) text_say(&job->message, jv_string_value(message));
        jv_free(message);
    } else {
        jv_free(call);
        fail(job, BATTEN_CLASS_BAD_INPUT, "input.invalid", "the input must be an object with a filter");
    }
    return NULL;
}

/* Does the work on a thread with a large stack. Returns 0 if there is none to be had. */
static int work_apart(struct job *job) {
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0) return 0;
    int is_started = pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0 &&
                     pthread_create(&thread, &attributes, work, job) == 0;
    pthread_attr_destroy(&attributes);
    return is_started && pthread_join(thread, NULL) == 0;
}

static void run(batten_instance *instance, const batten_call *call) {
    (void)instance;
    struct job job = {.call = call, .outcome_class = BATTEN_CLASS_DONE, .code = ""};
    if (!work_apart(&job))
        fail(&job, BATTEN_CLASS_OVERLOADED, "transform.thread", "no thread could be started for the filter");
    batten_outcome outcome = {.struct_size = sizeof outcome, .outcome_class = job.outcome_class, .retry_after_ns = -1};
    /* A filter changes nothing outside. */
    outcome.effect = BATTEN_EFFECT_NONE;
    if (job.outcome_class == BATTEN_CLASS_DONE) {
        outcome.output.bytes = (batten_span){(const uint8_t *)job.output.bytes, job.output.length};
    } else {
        outcome.code = batten_text(job.code);
        outcome.message = (batten_span){(const uint8_t *)job.message.bytes, job.message.length};
        outcome.details = (batten_span){(const uint8_t *)job.details.bytes, job.details.length};
    }
    call->host->complete(call->host, call->token, &outcome);
    text_free(&job.message);
    text_free(&job.details);
    text_free(&job.output);
}

void transform_jq_stop(void) { program_drop_all(); }

static const char input_schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"filter\"],\"properties\":{"
    "\"input\":{\"description\":\"What the filter works on: any value. Numbers are doubles in jq: whole numbers beyond "
    "9007199254740992 (2^53) lose their last digits, so pass identifiers as strings.\",\"default\":null},"
    "\"filter\":{\"type\":\"string\",\"x-batten-code\":\"jq\",\"description\":\"A jq 1.6 program. What reaches beyond "
    "its input is refused: $ENV, env, input, inputs, import, include, debug, stderr, halt.\",\"examples\":[\"[.items[] "
    "| select(.price < $most) | .name]\",\"min_by(.low)\"]},"
    "\"arguments\":{\"type\":\"object\",\"description\":\"Values that the filter finds as $name.\",\"default\":{},"
    "\"examples\":[{\"most\":10}]},"
    "\"all\":{\"type\":\"boolean\",\"description\":\"Whether to take all results; with false the filter ends after its "
    "first.\",\"default\":true},"
    "\"raw\":{\"type\":\"boolean\",\"description\":\"Whether to give the output `text` too.\",\"default\":false}}}";

static const char output_schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"result\",\"results\"],\"properties\":{"
    "\"result\":{\"description\":\"The first result; null if there is none. Numbers are doubles; NaN is null, and the "
    "infinities are the largest doubles.\"},"
    "\"results\":{\"type\":\"array\",\"description\":\"All results, at most 1,000,000.\"},"
    "\"text\":{\"type\":\"string\",\"description\":\"With `raw`: the results a line each, strings as they are.\"}}}";

static const batten_executor jq = {
    .struct_size = sizeof jq,
    .flags = BATTEN_EXECUTOR_IDEMPOTENT,
    .type = "transform.jq",
    .title = "Transform JSON with jq",
    .description = "Runs a jq program over a value. A program cannot be interrupted between two results: one that "
                   "computes for ever keeps its thread.",
    .input_schema = input_schema,
    .output_schema = output_schema,
    .capabilities = "{}",
    .run = run,
};

const batten_executor *transform_jq(void) { return &jq; }

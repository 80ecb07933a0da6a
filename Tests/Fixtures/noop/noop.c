/* Well-behaved executors: one that completes inside begin, a blocking one, one that completes later from a thread of
 * its own, one on the host's timers, and one that echoes what it was given through every service. */
#define _GNU_SOURCE
#include <batten/plugin.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void done(const batten_call *call, batten_span output) {
    batten_outcome outcome = {0};
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_DONE;
    outcome.effect = BATTEN_EFFECT_NONE;
    outcome.retry_after_ns = -1;
    outcome.output.bytes = output;
    call->host->complete(call->host, call->token, &outcome);
}

static batten_rc begin_at_once(batten_instance *instance, const batten_call *call) {
    (void)instance;
    done(call, batten_text("{}"));
    return BATTEN_RC_OK;
}

static void run_at_once(batten_instance *instance, const batten_call *call) {
    (void)instance;
    done(call, batten_text("{}"));
}

/* --- a thread of the plugin that completes what begin put into its queue --- */

struct batten_state {
    const batten_host *host;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    const batten_call *calls[16384];
    unsigned head, tail;
    int ends;
};

static void say(const batten_state *state, const char *text) {
    const batten_log *log = state->host->query(state->host, BATTEN_SERVICE_LOG);
    if (BATTEN_HAS(log, write)) log->write(state->host, 0, BATTEN_LEVEL_DEBUG, batten_text(text), batten_text(""));
}

static void *complete_later(void *argument) {
    batten_state *state = argument;
    pthread_mutex_lock(&state->mutex);
    for (;;) {
        while (state->head == state->tail && !state->ends) pthread_cond_wait(&state->condition, &state->mutex);
        if (state->head == state->tail) break;
        const batten_call *call = state->calls[state->head++ % 16384];
        pthread_mutex_unlock(&state->mutex);
        done(call, batten_text("{}"));
        pthread_mutex_lock(&state->mutex);
    }
    pthread_mutex_unlock(&state->mutex);
    return NULL;
}

static batten_rc begin_later(batten_instance *instance, const batten_call *call) {
    batten_state *state = (batten_state *)instance;
    batten_rc rc = BATTEN_RC_OK;
    pthread_mutex_lock(&state->mutex);
    if (state->tail - state->head == 16384) rc = BATTEN_RC_BUSY;
    else state->calls[state->tail++ % 16384] = call;
    pthread_cond_signal(&state->condition);
    pthread_mutex_unlock(&state->mutex);
    return rc;
}

static batten_rc open_later(batten_state *state, batten_span config, batten_instance **instance, batten_buffer *why) {
    if (config.len > 2 && memchr(config.ptr, '!', config.len)) {
        batten_say(why, "no exclamation marks, please");
        return BATTEN_RC_REFUSED;
    }
    *instance = (batten_instance *)state;
    say(state, "opened");
    return BATTEN_RC_OK;
}

static void close_later(batten_instance *instance) { say((const batten_state *)instance, "closed"); }

static batten_rc start(const batten_host *host, batten_span config, batten_state **state, batten_buffer *why) {
    (void)config;
    batten_state *made = calloc(1, sizeof *made);
    made->host = host;
    pthread_mutex_init(&made->mutex, NULL);
    pthread_cond_init(&made->condition, NULL);
    if (pthread_create(&made->thread, NULL, complete_later, made) != 0) {
        batten_say(why, "no thread");
        free(made);
        return BATTEN_RC_REFUSED;
    }
    *state = made;
    say(made, "started");
    return BATTEN_RC_OK;
}

static void stop(batten_state *state, int64_t deadline_ns) {
    (void)deadline_ns;
    say(state, "stopped");
    pthread_mutex_lock(&state->mutex);
    state->ends = 1;
    pthread_cond_signal(&state->condition);
    pthread_mutex_unlock(&state->mutex);
    pthread_join(state->thread, NULL);
    free(state);
}

/* --- holds calls until one with a higher attempt lets them all go --- */

static _Thread_local const batten_call *held[16384];
static _Thread_local unsigned held_count;

static batten_rc begin_hold(batten_instance *instance, const batten_call *call) {
    (void)instance;
    if (call->attempt == 1) {
        if (held_count == 16384) return BATTEN_RC_BUSY;
        held[held_count++] = call;
        return BATTEN_RC_OK;
    }
    while (held_count > 0) done(held[--held_count], batten_text("{}"));
    done(call, batten_text("{}"));
    return BATTEN_RC_OK;
}

/* --- answers with its place among the calls that came; opening it takes a while --- */

static batten_rc open_slowly(batten_state *state, batten_span config, batten_instance **instance, batten_buffer *why) {
    (void)config;
    (void)why;
    usleep(20000);
    *instance = (batten_instance *)state;
    return BATTEN_RC_OK;
}

static batten_rc begin_place(batten_instance *instance, const batten_call *call) {
    static _Thread_local unsigned places;
    char output[32];
    (void)instance;
    snprintf(output, sizeof output, "{\"place\": %u}", places++);
    done(call, batten_text(output));
    return BATTEN_RC_OK;
}

/* --- waits on the host's timers and descriptors, and stops when it is told --- */

struct waiting {
    const batten_call *call;
    const batten_loop *loop;
    uint64_t timer;
    int pipe[2];
    struct waiting *next;
};
static _Thread_local struct waiting *waiting_calls;

static void finish(struct waiting *waiting, batten_class how, const char *output) {
    batten_outcome outcome = {0};
    const batten_host *host = waiting->call->host;
    struct waiting **link = &waiting_calls;
    while (*link != waiting) link = &(*link)->next;
    *link = waiting->next;
    waiting->loop->unwatch(host, waiting->pipe[0]);
    close(waiting->pipe[0]);
    close(waiting->pipe[1]);
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = how;
    outcome.effect = BATTEN_EFFECT_NONE;
    outcome.retry_after_ns = -1;
    if (how != BATTEN_CLASS_DONE) outcome.code = batten_text("noop.stopped");
    outcome.output.bytes = batten_text(output);
    host->complete(host, waiting->call->token, &outcome);
    free(waiting);
}

static void pipe_readable(void *user, int fd, uint32_t events) {
    (void)fd;
    finish(user, BATTEN_CLASS_DONE, events & BATTEN_LOOP_READ ? "{\"by\": \"pipe\"}" : "{\"by\": \"error\"}");
}

static void timer_fired(void *user) {
    struct waiting *waiting = user;
    if (write(waiting->pipe[1], "x", 1) != 1) finish(waiting, BATTEN_CLASS_FAILED, "null");
}

static batten_rc begin_wait(batten_instance *instance, const batten_call *call) {
    struct waiting *waiting = calloc(1, sizeof *waiting);
    const batten_host *host = call->host;
    uint64_t name = 0;
    (void)instance;
    waiting->call = call;
    waiting->loop = host->query(host, BATTEN_SERVICE_LOOP);
    if (!waiting->loop || waiting->loop->current(host, &name) != BATTEN_RC_OK || pipe(waiting->pipe) != 0) {
        free(waiting);
        return BATTEN_RC_UNSUPPORTED;
    }
    waiting->next = waiting_calls;
    waiting_calls = waiting;
    waiting->loop->watch(host, waiting->pipe[0], BATTEN_LOOP_READ, pipe_readable, waiting);
    /* An attempt above 1 waits until it is cancelled. */
    waiting->loop->timer(host, call->attempt > 1 ? INT64_MAX : 0, timer_fired, waiting, &waiting->timer);
    return BATTEN_RC_OK;
}

static void cancel_wait(batten_instance *instance, batten_token token, batten_stop why) {
    struct waiting *waiting = waiting_calls;
    (void)instance;
    while (waiting && waiting->call->token != token) waiting = waiting->next;
    if (!waiting) return;
    waiting->loop->untimer(waiting->call->host, waiting->timer);
    finish(waiting, why == BATTEN_STOP_DEADLINE ? BATTEN_CLASS_DEADLINE : BATTEN_CLASS_CANCELLED, "null");
}

/* --- comes back to its loop from a thread of its own --- */

struct posting {
    const batten_call *call;
    const batten_loop *loop;
    uint64_t name;
};

static void posted(void *user) {
    struct posting *posting = user;
    uint64_t name = 0;
    const int same = posting->loop->current(posting->call->host, &name) == BATTEN_RC_OK && name == posting->name;
    done(posting->call, batten_text(same ? "{\"thread\": \"loop\"}" : "{\"thread\": \"other\"}"));
    free(posting);
}

static void unexpected(void *user) {
    (void)user;
    abort();
}

static void *post_back(void *user) {
    struct posting *posting = user;
    const batten_host *host = posting->call->host;
    const batten_loop *loop = posting->loop;
    uint64_t value = 0;
    batten_task_fn nothing = NULL;
    if (loop->current(host, &value) != BATTEN_RC_REFUSED || loop->unwatch(host, 0) != BATTEN_RC_REFUSED ||
        loop->timer(host, 0, unexpected, NULL, &value) != BATTEN_RC_REFUSED ||
        loop->untimer(host, 1) != BATTEN_RC_REFUSED ||
        loop->post(host, 99, unexpected, NULL) != BATTEN_RC_BAD_ARGUMENT ||
        loop->post(host, posting->name, nothing, NULL) != BATTEN_RC_BAD_ARGUMENT)
        abort();
    loop->post(host, posting->name, posted, posting);
    return NULL;
}

static batten_rc begin_post(batten_instance *instance, const batten_call *call) {
    struct posting *posting = calloc(1, sizeof *posting);
    pthread_t thread;
    uint64_t timer = 0;
    (void)instance;
    posting->call = call;
    posting->loop = call->host->query(call->host, BATTEN_SERVICE_LOOP);
    if (posting->loop->current(call->host, &posting->name) != BATTEN_RC_OK) return BATTEN_RC_UNSUPPORTED;
    if (posting->loop->watch(call->host, -1, BATTEN_LOOP_READ, pipe_readable, NULL) != BATTEN_RC_BAD_ARGUMENT) abort();
    if (posting->loop->timer(call->host, 0, unexpected, NULL, &timer) != BATTEN_RC_OK || timer == 0) abort();
    if (posting->loop->untimer(call->host, timer) != BATTEN_RC_OK) abort();
    if (posting->loop->untimer(call->host, timer) != BATTEN_RC_STALE) abort();
    if (pthread_create(&thread, NULL, post_back, posting) != 0) return BATTEN_RC_BUSY;
    pthread_detach(thread);
    return BATTEN_RC_OK;
}

/* --- streams three pieces, waiting wherever the reader is behind --- */

struct streaming {
    const batten_call *call;
    int pieces, pauses;
};

static void stream_on(void *user) {
    struct streaming *streaming = user;
    const batten_host *host = streaming->call->host;
    const batten_token token = streaming->call->token;
    const batten_stream *stream = host->query(host, BATTEN_SERVICE_STREAM);
    char output[32] = "{\"pauses\": 0}";
    while (streaming->pieces < 3) {
        if (stream->write(host, token, batten_text("text"), batten_text("piece")) == BATTEN_RC_BUSY) {
            streaming->pauses++;
            if (stream->when_ready(host, token, stream_on, streaming) != BATTEN_RC_OK) abort();
            if (stream->when_ready(host, token, stream_on, streaming) != BATTEN_RC_REFUSED) abort();
            return;
        }
        streaming->pieces++;
    }
    output[11] = (char)('0' + streaming->pauses);
    done(streaming->call, batten_text(output));
    free(streaming);
}

static batten_rc begin_stream(batten_instance *instance, const batten_call *call) {
    struct streaming *streaming = calloc(1, sizeof *streaming);
    (void)instance;
    streaming->call = call;
    stream_on(streaming);
    return BATTEN_RC_OK;
}

/* --- reports through every service, then answers with its input and surroundings --- */

static void copy(char *target, size_t *length, batten_span span) {
    memcpy(target + *length, span.ptr, span.len);
    *length += span.len;
}

static void run_echo(batten_instance *instance, const batten_call *call) {
    const batten_host *host = call->host;
    const batten_log *log = host->query(host, BATTEN_SERVICE_LOG);
    const batten_beat *beat = host->query(host, BATTEN_SERVICE_BEAT);
    const batten_stream *stream = host->query(host, BATTEN_SERVICE_STREAM);
    const batten_usage *usage = host->query(host, BATTEN_SERVICE_USAGE);
    char *text = malloc(call->input.bytes.len + call->env_json.len + call->working_directory.len + 1024);
    size_t length = 0;
    (void)instance;
    if (!BATTEN_HAS(log, write) || !BATTEN_HAS(beat, checkpoint) || !BATTEN_HAS(stream, write) ||
        !BATTEN_HAS(usage, add) || host->query(host, "batten.nothing/1"))
        return;
    log->write(host, call->token, BATTEN_LEVEL_WARNING, batten_text("careful"), batten_text("{\"n\":1}"));
    log->write(host, 0, BATTEN_LEVEL_INFO, batten_text("of the plugin"), batten_text(""));
    beat->beat(host, call->token, 0.5, batten_text("half"));
    beat->checkpoint(host, call->token, batten_text("state"));
    usage->add(host, call->token, batten_text("units"), batten_text("echo"), 3);
    stream->write(host, call->token, batten_text("stdout"), batten_text("first\r\nsec"));
    stream->write(host, call->token, batten_text("stdout"), batten_text("ond\nrest"));
    stream->write(host, call->token, batten_text("text"), batten_text("gr\xc3"));
    while (stream->write(host, call->token, batten_text("text"), batten_text("\xbc\xc3\x9f")) == BATTEN_RC_BUSY)
        stream->wait(host, call->token, INT64_MAX);
    copy(text, &length, batten_text("{\"input\":"));
    copy(text, &length, call->input.bytes);
    copy(text, &length, batten_text(",\"env\":"));
    copy(text, &length, call->env_json.len ? call->env_json : batten_text("{}"));
    copy(text, &length, batten_text(",\"folder\":\""));
    copy(text, &length, call->working_directory);
    copy(text, &length, batten_text("\",\"key\":\""));
    copy(text, &length, call->idempotency_key);
    copy(text, &length, batten_text("\",\"checkpoint\":\""));
    copy(text, &length, call->checkpoint);
    copy(text, &length, batten_text("\"}"));
    done(call, (batten_span){(const uint8_t *)text, length});
    free(text);
}

static const char any_object[] = "{\"type\": \"object\"}";

static const batten_executor executors[] = {
    {.struct_size = sizeof(batten_executor), .flags = BATTEN_EXECUTOR_PURE, .type = "noop.begin",
     .begin = begin_at_once,
     .title = "Completes at once"},
    {.struct_size = sizeof(batten_executor), .flags = BATTEN_EXECUTOR_PURE, .type = "noop.run", .run = run_at_once},
    {.struct_size = sizeof(batten_executor), .type = "noop.later", .open = open_later, .close = close_later,
     .begin = begin_later},
    {.struct_size = sizeof(batten_executor), .flags = BATTEN_EXECUTOR_CANCELLABLE, .type = "noop.wait",
     .begin = begin_wait, .cancel = cancel_wait},
    {.struct_size = sizeof(batten_executor), .type = "noop.narrow", .max_in_flight = 2, .open = open_later,
     .begin = begin_later},
    {.struct_size = sizeof(batten_executor), .type = "noop.echo", .input_schema = any_object,
     .output_schema = any_object, .run = run_echo},
    {.struct_size = sizeof(batten_executor), .type = "noop.hold", .begin = begin_hold},
    {.struct_size = sizeof(batten_executor), .type = "noop.post", .begin = begin_post},
    {.struct_size = sizeof(batten_executor), .type = "noop.stream", .begin = begin_stream},
    {.struct_size = sizeof(batten_executor), .type = "noop.place", .open = open_slowly, .begin = begin_place},
};
static const batten_executor *const table[] = {&executors[0], &executors[1], &executors[2],
                                               &executors[3], &executors[4], &executors[5],
                                               &executors[6], &executors[7], &executors[8],
                                               &executors[9]};

static const batten_plugin plugin = {
    .struct_size = sizeof(batten_plugin),
    .abi_major = BATTEN_ABI_MAJOR,
    .abi_minor = BATTEN_ABI_MINOR,
    .executor_count = sizeof table / sizeof table[0],
    .id = "noop",
    .version = "1.2.3",
    .title = "Nothing",
    .executors = table,
    .start = start,
    .stop = stop,
};

const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    return hello->abi_major == BATTEN_ABI_MAJOR ? &plugin : NULL;
}

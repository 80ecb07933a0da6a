/* The plugin as the host sees it. Every function here ends with a plain value: Python's exceptions stay inside. */
#include "border.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* ---- the queue of the loop thread ---- */

void hold_state(state *life) {
    pthread_mutex_lock(&life->lock);
    life->references++;
    pthread_mutex_unlock(&life->lock);
}

void release_state(state *life) {
    pthread_mutex_lock(&life->lock);
    unsigned left = --life->references;
    pthread_mutex_unlock(&life->lock);
    if (left > 0) return;
    while (life->first) {
        message *next = life->first->next;
        free(life->first);
        life->first = next;
    }
    if (life->descriptor >= 0) close(life->descriptor);
    pthread_mutex_destroy(&life->lock);
    free(life);
}

int post(state *life, message content) {
    message *copy = malloc(sizeof *copy);
    uint64_t one = 1;
    if (!copy) return 0;
    *copy = content;
    copy->next = NULL;
    pthread_mutex_lock(&life->lock);
    if (life->last) life->last->next = copy;
    else life->first = copy;
    life->last = copy;
    /* The counter of an eventfd takes far more than there can be messages. */
    ssize_t written = write(life->descriptor, &one, sizeof one);
    (void)written;
    pthread_mutex_unlock(&life->lock);
    return 1;
}

message *take_messages(state *life) {
    uint64_t count;
    pthread_mutex_lock(&life->lock);
    ssize_t taken = read(life->descriptor, &count, sizeof count);
    (void)taken;
    message *all = life->first;
    life->first = life->last = NULL;
    pthread_mutex_unlock(&life->lock);
    return all;
}

/* ---- a life ---- */

static void *serve(void *user) {
    state *life = user;
    PyGILState_STATE lock = PyGILState_Ensure();
    PyObject *done = PyObject_CallMethod(life->life, "serve", NULL);
    if (!done) PyErr_Print();
    Py_XDECREF(done);
    PyGILState_Release(lock);
    return NULL;
}

static void drop_capsule(PyObject *capsule) {
    state *life = PyCapsule_GetPointer(capsule, "batten.state");
    if (life) release_state(life);
}

static void forget_life(state *life) {
    PyGILState_STATE lock = PyGILState_Ensure();
    /* Whoever still asks for a service gets an exception. */
    life->host = NULL;
    Py_CLEAR(life->life);
    PyGILState_Release(lock);
    release_state(life);
}

batten_rc python_start(const batten_host *host, batten_span config, batten_state **out, batten_buffer *why) {
    if (!start_interpreter(why)) return BATTEN_RC_REFUSED;
    state *life = calloc(1, sizeof *life);
    if (!life) {
        batten_say(why, "out of memory");
        return BATTEN_RC_REFUSED;
    }
    pthread_mutex_init(&life->lock, NULL);
    life->references = 2;
    life->host = host;
    life->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    PyGILState_STATE lock = PyGILState_Ensure();
    PyObject *capsule = PyCapsule_New(life, "batten.state", drop_capsule);
    PyObject *module = capsule && life->descriptor >= 0 ? import_plugin() : NULL;
    if (module)
        life->life = PyObject_CallMethod(module, "make", "Oiy#", capsule, life->descriptor, (const char *)config.ptr,
                                         (Py_ssize_t)config.len);
    if (life->descriptor < 0) batten_say(why, "no descriptor is left for the plugin's event loop");
    else if (!life->life) say_exception(why);
    if (capsule) Py_DECREF(capsule);
    else release_state(life);
    PyGILState_Release(lock);
    if (!life->life) {
        release_state(life);
        return BATTEN_RC_REFUSED;
    }
    if (pthread_create(&life->thread, NULL, serve, life) != 0) {
        batten_say(why, "no thread can be made for the plugin's event loop");
        lock = PyGILState_Ensure();
        PyObject *closed = PyObject_CallMethod(life->life, "close", NULL);
        if (!closed) PyErr_Clear();
        Py_XDECREF(closed);
        PyGILState_Release(lock);
        forget_life(life);
        return BATTEN_RC_REFUSED;
    }
    *out = life;
    return BATTEN_RC_OK;
}

void python_stop(batten_state *life, int64_t deadline_ns) {
    struct timespec until = {.tv_sec = deadline_ns / 1000000000, .tv_nsec = deadline_ns % 1000000000};
    post(life, (message){.kind = MESSAGE_STOP});
    if (deadline_ns == INT64_MAX) {
        pthread_join(life->thread, NULL);
    } else if (pthread_clockjoin_np(life->thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
        /* The author's code does not end: the thread keeps what it uses. */
        pthread_detach(life->thread);
        return;
    }
    forget_life(life);
}

/* ---- instances and calls ---- */

batten_rc python_open(size_t index, batten_state *life, batten_span config, batten_instance **out, batten_buffer *why) {
    batten_instance *instance = calloc(1, sizeof *instance);
    if (!instance) {
        batten_say(why, "out of memory");
        return BATTEN_RC_REFUSED;
    }
    instance->state = life;
    PyGILState_STATE lock = PyGILState_Ensure();
    PyObject *reply = PyObject_CallMethod(life->life, "open", "ny#", (Py_ssize_t)index, (const char *)config.ptr,
                                          (Py_ssize_t)config.len);
    if (!reply) {
        say_exception(why);
    } else if (PyUnicode_Check(reply)) {
        const char *reason = PyUnicode_AsUTF8(reply);
        batten_say(why, reason ? reason : "the configuration was refused");
        Py_CLEAR(reply);
        PyErr_Clear();
    }
    PyGILState_Release(lock);
    if (!reply) {
        free(instance);
        return BATTEN_RC_REFUSED;
    }
    instance->object = reply;
    *out = instance;
    return BATTEN_RC_OK;
}

void python_close(batten_instance *instance) {
    PyGILState_STATE lock = PyGILState_Ensure();
    Py_CLEAR(instance->object);
    PyGILState_Release(lock);
    free(instance);
}

static PyObject *bytes_of(batten_span span) {
    return PyBytes_FromStringAndSize((const char *)span.ptr, (Py_ssize_t)span.len);
}

static PyObject *text_of(batten_span span) {
    return PyUnicode_DecodeUTF8((const char *)span.ptr, (Py_ssize_t)span.len, "replace");
}

PyObject *describe_call(const batten_call *call) {
    return Py_BuildValue("(KINNNNLLNNKNNN)", (unsigned long long)call->token, (unsigned)call->attempt,
                         text_of(call->run_id), text_of(call->stage_id), text_of(call->idempotency_key),
                         text_of(call->traceparent), (long long)call->deadline_ns, (long long)call->grace_ns,
                         bytes_of(call->input.bytes), text_of(call->input.media_type),
                         (unsigned long long)call->input.blob, bytes_of(call->checkpoint), bytes_of(call->env_json),
                         text_of(call->working_directory));
}

/* The runtime catches everything that an executor raises; this is for what it cannot, such as a lack of memory. */
static void complete_broken(const batten_call *call) {
    char text[1024];
    batten_buffer why = {.ptr = (uint8_t *)text, .capacity = sizeof text};
    batten_outcome outcome;
    say_exception(&why);
    memset(&outcome, 0, sizeof outcome);
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = BATTEN_CLASS_BUG;
    outcome.retry_after_ns = -1;
    outcome.code = batten_text("plugin.exception");
    outcome.message = (batten_span){.ptr = why.ptr, .len = why.length};
    call->host->complete(call->host, call->token, &outcome);
}

void python_run(batten_instance *instance, const batten_call *call) {
    PyGILState_STATE lock = PyGILState_Ensure();
    PyObject *described = describe_call(call);
    PyObject *done = NULL;
    if (described) done = PyObject_CallMethod(instance->object, "run", "(O)", described);
    if (!done) complete_broken(call);
    Py_XDECREF(done);
    Py_XDECREF(described);
    PyGILState_Release(lock);
}

batten_rc python_begin(batten_instance *instance, const batten_call *call) {
    message begin = {.kind = MESSAGE_BEGIN, .call = call, .instance = instance, .token = call->token};
    return post(instance->state, begin) ? BATTEN_RC_OK : BATTEN_RC_BUSY;
}

void python_cancel(batten_instance *instance, batten_token token, batten_stop why) {
    /* Without memory for the message, should_stop still tells. */
    post(instance->state, (message){.kind = MESSAGE_CANCEL, .token = token, .code = (int32_t)why});
}

BATTEN_EXPORT const batten_plugin *batten_plugin_entry_v1(const batten_hello *hello) {
    return hello && hello->abi_major == BATTEN_ABI_MAJOR ? &python_descriptor : NULL;
}

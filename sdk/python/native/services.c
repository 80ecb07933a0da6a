/* The module `_batten`: the host's services for Python. Each function takes the state first and answers the host's code,
   BATTEN_RC_UNSUPPORTED for a service that is not offered. Python's lock is free while the host works. */
#include "border.h"

#include <stdlib.h>
#include <string.h>

static state *state_of(PyObject *capsule) {
    state *life = PyCapsule_GetPointer(capsule, "batten.state");
    if (life && life->host) return life;
    if (life) PyErr_SetString(PyExc_RuntimeError, "the plugin was stopped: a thread of it goes on after its call");
    return NULL;
}

static batten_span span_of(const char *text, Py_ssize_t length) {
    return (batten_span){.ptr = (const uint8_t *)text, .len = (uint64_t)length};
}

/* Looks a service up, checks that it has the function, and calls it with Python's lock free. */
#define WITH_SERVICE(type, id, member, call)                                                                           \
    const type *service = (const type *)life->host->query(life->host, id);                                             \
    batten_rc rc = BATTEN_RC_UNSUPPORTED;                                                                              \
    if (BATTEN_HAS(service, member)) {                                                                                 \
        Py_BEGIN_ALLOW_THREADS rc = call;                                                                              \
        Py_END_ALLOW_THREADS                                                                                           \
    }

static PyObject *host_complete(PyObject *self, PyObject *arguments) {
    PyObject *capsule;
    unsigned long long token, blob;
    unsigned outcome_class, effect;
    long long retry_after;
    const char *code, *message, *details, *output, *media;
    Py_ssize_t code_length, message_length, details_length, output_length, media_length;
    batten_outcome outcome;
    state *life;
    batten_rc rc;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OKIILy#y#y#y#y#K", &capsule, &token, &outcome_class, &effect, &retry_after, &code,
                          &code_length, &message, &message_length, &details, &details_length, &output, &output_length,
                          &media, &media_length, &blob))
        return NULL;
    if (!(life = state_of(capsule))) return NULL;
    memset(&outcome, 0, sizeof outcome);
    outcome.struct_size = sizeof outcome;
    outcome.outcome_class = outcome_class;
    outcome.effect = effect;
    outcome.retry_after_ns = retry_after;
    outcome.code = span_of(code, code_length);
    outcome.message = span_of(message, message_length);
    outcome.details = span_of(details, details_length);
    outcome.output.bytes = span_of(output, output_length);
    outcome.output.media_type = span_of(media, media_length);
    outcome.output.blob = blob;
    Py_BEGIN_ALLOW_THREADS rc = life->host->complete(life->host, token, &outcome);
    Py_END_ALLOW_THREADS
    return PyLong_FromLong(rc);
}

static PyObject *host_should_stop(PyObject *self, PyObject *arguments) {
    PyObject *capsule;
    unsigned long long token;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OK", &capsule, &token) || !(life = state_of(capsule))) return NULL;
    return PyLong_FromLong((long)life->host->should_stop(life->host, token));
}

static PyObject *host_log(PyObject *self, PyObject *arguments) {
    PyObject *capsule;
    unsigned long long token;
    unsigned level;
    const char *text, *fields;
    Py_ssize_t text_length, fields_length;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OKIy#y#", &capsule, &token, &level, &text, &text_length, &fields, &fields_length)
        || !(life = state_of(capsule)))
        return NULL;
    WITH_SERVICE(batten_log, BATTEN_SERVICE_LOG, write,
                 service->write(life->host, token, level, span_of(text, text_length), span_of(fields, fields_length)))
    return PyLong_FromLong(rc);
}

static PyObject *host_beat(PyObject *self, PyObject *arguments) {
    PyObject *capsule;
    unsigned long long token;
    double fraction;
    const char *note;
    Py_ssize_t length;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OKdy#", &capsule, &token, &fraction, &note, &length)
        || !(life = state_of(capsule)))
        return NULL;
    WITH_SERVICE(batten_beat, BATTEN_SERVICE_BEAT, beat,
                 service->beat(life->host, token, fraction, span_of(note, length)))
    return PyLong_FromLong(rc);
}

static PyObject *host_checkpoint(PyObject *self, PyObject *arguments) {
    PyObject *capsule;
    unsigned long long token;
    const char *kept;
    Py_ssize_t length;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OKy#", &capsule, &token, &kept, &length) || !(life = state_of(capsule)))
        return NULL;
    WITH_SERVICE(batten_beat, BATTEN_SERVICE_BEAT, checkpoint,
                 service->checkpoint(life->host, token, span_of(kept, length)))
    return PyLong_FromLong(rc);
}

static PyObject *host_stream(PyObject *self, PyObject *arguments) {
    PyObject *capsule;
    unsigned long long token;
    const char *channel, *bytes;
    Py_ssize_t channel_length, length;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OKy#y#", &capsule, &token, &channel, &channel_length, &bytes, &length)
        || !(life = state_of(capsule)))
        return NULL;
    WITH_SERVICE(batten_stream, BATTEN_SERVICE_STREAM, write,
                 service->write(life->host, token, span_of(channel, channel_length), span_of(bytes, length)))
    return PyLong_FromLong(rc);
}

static PyObject *host_stream_wait(PyObject *self, PyObject *arguments) {
    PyObject *capsule;
    unsigned long long token;
    long long deadline;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OKL", &capsule, &token, &deadline) || !(life = state_of(capsule))) return NULL;
    WITH_SERVICE(batten_stream, BATTEN_SERVICE_STREAM, wait, service->wait(life->host, token, deadline))
    return PyLong_FromLong(rc);
}

/* Whom a callback of the host is for. It holds the state: a grant may come when the life is over. */
typedef struct ticket {
    state *life;
    uint64_t number;
} ticket;

static ticket *make_ticket(state *life, uint64_t number) {
    ticket *made = malloc(sizeof *made);
    if (!made) return NULL;
    made->life = life;
    made->number = number;
    hold_state(life);
    return made;
}

static void drop_ticket(ticket *used) {
    release_state(used->life);
    free(used);
}

static void granted(void *user, batten_token token, uint64_t lease, batten_rc rc, int64_t retry_after_ns) {
    ticket *mine = user;
    message answer = {.kind = MESSAGE_LEASE, .token = token, .ticket = mine->number, .lease = lease,
                      .code = (int32_t)rc, .retry_after_ns = retry_after_ns};
    post(mine->life, answer);
    drop_ticket(mine);
}

static void has_room(void *user) {
    ticket *mine = user;
    post(mine->life, (message){.kind = MESSAGE_READY, .ticket = mine->number});
    drop_ticket(mine);
}

static PyObject *host_hold(PyObject *self, PyObject *arguments) {
    PyObject *capsule;
    unsigned long long token, number;
    const char *meter, *subject;
    Py_ssize_t meter_length, subject_length;
    long long amount;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OKy#y#LK", &capsule, &token, &meter, &meter_length, &subject, &subject_length,
                          &amount, &number)
        || !(life = state_of(capsule)))
        return NULL;
    ticket *mine = make_ticket(life, number);
    if (!mine) return PyErr_NoMemory();
    WITH_SERVICE(batten_quota, BATTEN_SERVICE_QUOTA, hold,
                 service->hold(life->host, token, span_of(meter, meter_length), span_of(subject, subject_length), amount,
                               granted, mine))
    if (rc != BATTEN_RC_OK) drop_ticket(mine);
    return PyLong_FromLong(rc);
}

static PyObject *host_settle(PyObject *self, PyObject *arguments) {
    PyObject *capsule;
    unsigned long long lease;
    long long used;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OKL", &capsule, &lease, &used) || !(life = state_of(capsule))) return NULL;
    WITH_SERVICE(batten_quota, BATTEN_SERVICE_QUOTA, settle, service->settle(life->host, lease, used))
    return PyLong_FromLong(rc);
}

static PyObject *host_when_ready(PyObject *self, PyObject *arguments) {
    PyObject *capsule;
    unsigned long long token, number;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OKK", &capsule, &token, &number) || !(life = state_of(capsule))) return NULL;
    ticket *mine = make_ticket(life, number);
    if (!mine) return PyErr_NoMemory();
    WITH_SERVICE(batten_stream, BATTEN_SERVICE_STREAM, when_ready,
                 service->when_ready(life->host, token, has_room, mine))
    if (rc != BATTEN_RC_OK) drop_ticket(mine);
    return PyLong_FromLong(rc);
}

static PyObject *host_usage(PyObject *self, PyObject *arguments) {
    PyObject *capsule;
    unsigned long long token;
    const char *meter, *subject;
    Py_ssize_t meter_length, subject_length;
    long long amount;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OKy#y#L", &capsule, &token, &meter, &meter_length, &subject, &subject_length,
                          &amount)
        || !(life = state_of(capsule)))
        return NULL;
    WITH_SERVICE(batten_usage, BATTEN_SERVICE_USAGE, add,
                 service->add(life->host, token, span_of(meter, meter_length), span_of(subject, subject_length), amount))
    return PyLong_FromLong(rc);
}

/* (code, bytes) */
static PyObject *host_secret(PyObject *self, PyObject *arguments) {
    PyObject *capsule, *result = NULL;
    unsigned long long token;
    const char *name;
    Py_ssize_t length;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OKy#", &capsule, &token, &name, &length) || !(life = state_of(capsule)))
        return NULL;
    batten_buffer value = {.capacity = 4096};
    for (;;) {
        value.length = 0;
        value.ptr = PyMem_RawMalloc(value.capacity);
        if (!value.ptr) return PyErr_NoMemory();
        uint64_t room = value.capacity;
        WITH_SERVICE(batten_secret, BATTEN_SERVICE_SECRET, read,
                     service->read(life->host, token, span_of(name, length), &value))
        /* Bounded: a secret of 16 MiB is none. */
        if (rc == BATTEN_RC_TOO_SMALL && value.length > room && value.length <= 16u << 20) {
            value.capacity = value.length;
            PyMem_RawFree(value.ptr);
            continue;
        }
        uint64_t size = rc == BATTEN_RC_OK && value.length <= room ? value.length : 0;
        result = Py_BuildValue("(iy#)", (int)rc, (const char *)value.ptr, (Py_ssize_t)size);
        explicit_bzero(value.ptr, room);
        PyMem_RawFree(value.ptr);
        return result;
    }
}

/* (code, descriptor) */
static PyObject *host_blob_open(PyObject *self, PyObject *arguments) {
    PyObject *capsule;
    unsigned long long token, blob;
    int descriptor = -1;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OKK", &capsule, &token, &blob) || !(life = state_of(capsule))) return NULL;
    WITH_SERVICE(batten_blob, BATTEN_SERVICE_BLOB, open, service->open(life->host, token, blob, &descriptor))
    return Py_BuildValue("(ii)", (int)rc, descriptor);
}

/* (code, descriptor, blob) */
static PyObject *host_blob_create(PyObject *self, PyObject *arguments) {
    PyObject *capsule;
    unsigned long long token, hint;
    uint64_t blob = 0;
    int descriptor = -1;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OKK", &capsule, &token, &hint) || !(life = state_of(capsule))) return NULL;
    WITH_SERVICE(batten_blob, BATTEN_SERVICE_BLOB, create,
                 service->create(life->host, token, hint, &descriptor, &blob))
    return Py_BuildValue("(iiK)", (int)rc, descriptor, (unsigned long long)blob);
}

static PyObject *host_blob_seal(PyObject *self, PyObject *arguments) {
    PyObject *capsule;
    unsigned long long token, blob;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "OKK", &capsule, &token, &blob) || !(life = state_of(capsule))) return NULL;
    WITH_SERVICE(batten_blob, BATTEN_SERVICE_BLOB, seal, service->seal(life->host, token, blob))
    return PyLong_FromLong(rc);
}

/* What the loop thread was told since the last time, a list of tuples. */
static PyObject *host_messages(PyObject *self, PyObject *arguments) {
    PyObject *capsule, *list;
    state *life;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "O", &capsule) || !(life = state_of(capsule))) return NULL;
    list = PyList_New(0);
    message *next = take_messages(life);
    while (next) {
        message *now = next;
        PyObject *tuple = NULL;
        next = now->next;
        switch (now->kind) {
        case MESSAGE_BEGIN:
            tuple = Py_BuildValue("(sON)", "begin", now->instance->object, describe_call(now->call));
            break;
        case MESSAGE_CANCEL:
            tuple = Py_BuildValue("(sKi)", "cancel", (unsigned long long)now->token, (int)now->code);
            break;
        case MESSAGE_LEASE:
            tuple = Py_BuildValue("(sKKiL)", "lease", (unsigned long long)now->ticket, (unsigned long long)now->lease,
                                  (int)now->code, (long long)now->retry_after_ns);
            break;
        case MESSAGE_READY:
            tuple = Py_BuildValue("(sK)", "ready", (unsigned long long)now->ticket);
            break;
        case MESSAGE_STOP:
            tuple = Py_BuildValue("(s)", "stop");
            break;
        }
        /* One that cannot be told for lack of memory is lost alone: its call ends at its deadline. */
        if (!list || !tuple || PyList_Append(list, tuple) != 0) PyErr_Clear();
        Py_XDECREF(tuple);
        free(now);
    }
    return list;
}

static PyMethodDef functions[] = {
    {"complete", host_complete, METH_VARARGS, NULL},       {"should_stop", host_should_stop, METH_VARARGS, NULL},
    {"log", host_log, METH_VARARGS, NULL},                 {"beat", host_beat, METH_VARARGS, NULL},
    {"checkpoint", host_checkpoint, METH_VARARGS, NULL},   {"stream", host_stream, METH_VARARGS, NULL},
    {"stream_wait", host_stream_wait, METH_VARARGS, NULL}, {"when_ready", host_when_ready, METH_VARARGS, NULL},
    {"usage", host_usage, METH_VARARGS, NULL},             {"hold", host_hold, METH_VARARGS, NULL},
    {"settle", host_settle, METH_VARARGS, NULL},           {"secret", host_secret, METH_VARARGS, NULL},
    {"blob_open", host_blob_open, METH_VARARGS, NULL},     {"blob_create", host_blob_create, METH_VARARGS, NULL},
    {"blob_seal", host_blob_seal, METH_VARARGS, NULL},     {"messages", host_messages, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_batten", .m_size = -1, .m_methods = functions,
};

PyObject *make_services_module(void) { return PyModule_Create(&definition); }

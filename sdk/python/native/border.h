/* What the C files of a plugin in Python share. */
#ifndef BATTEN_PYTHON_BORDER_H
#define BATTEN_PYTHON_BORDER_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <batten/plugin.h>

#include <pthread.h>

/* A file of Python that is part of the plugin. */
typedef struct python_module {
    /* Dotted name; `file` is what tracebacks show. */
    const char *name;
    const char *file;
    int is_package;
    const unsigned char *source;
    size_t length;
} python_module;

/* Written by batten_build.py. */
extern const batten_plugin python_descriptor;
extern const python_module python_modules[];
extern const size_t python_module_count;
/* The module that makes the Plugin. */
extern const char python_main[];
/* Where the library of Python is, and folders where modules are looked for; NULL at the end. */
extern const char python_home[];
extern const char *const python_path[];

/* What the loop thread is told. */
enum message_kind { MESSAGE_BEGIN, MESSAGE_CANCEL, MESSAGE_LEASE, MESSAGE_READY, MESSAGE_STOP };

typedef struct message {
    struct message *next;
    enum message_kind kind;
    /* For BEGIN: borrowed until the call is completed, and the instance, which outlives its calls. */
    const batten_call *call;
    struct batten_instance *instance;
    batten_token token;
    /* Names the waiting Python object of LEASE and READY. */
    uint64_t ticket;
    uint64_t lease;
    int32_t code;
    int64_t retry_after_ns;
} message;

/* One life of the plugin, from start to stop. Freed when nobody refers to it any more: a grant may come late. */
typedef struct batten_state {
    /* NULL when the life is over; guarded by Python's lock. */
    const batten_host *host;
    pthread_mutex_t lock;
    /* Guarded by the lock. */
    message *first, *last;
    unsigned references;
    int descriptor;
    pthread_t thread;
    /* The Python object `Life`; owned. */
    PyObject *life;
} state;

struct batten_instance {
    state *state;
    /* The Python object `Instance`; owned. */
    PyObject *object;
};

/* Puts a message into the queue and wakes the loop thread. Takes no Python lock, so any thread may call it. 0: no
   memory. */
int post(state *life, message content);
/* Takes all messages. */
message *take_messages(state *life);
void hold_state(state *life);
void release_state(state *life);

/* A call as Python sees it: a tuple in the order of `Call` in calls.py. NULL with an exception set. */
PyObject *describe_call(const batten_call *call);

/* Makes the module `_batten`, the host's services for Python. */
PyObject *make_services_module(void);

/* Starts the interpreter once in a process. Called with no Python lock held. 0: `why` says what failed. */
int start_interpreter(batten_buffer *why);
/* Imports the plugin's modules; holding Python's lock. A borrowed reference to the module `batten_plugin.life`, or NULL
   with an exception set. */
PyObject *import_plugin(void);
/* Writes the current exception into `why` and clears it; holding Python's lock. */
void say_exception(batten_buffer *why);

#endif

/* What the shell plugin and its guardian say to each other, over SOCK_SEQPACKET sockets of one machine.
 *
 * The plugin starts the guardian with descriptor 3 as the control socket and the path of a folder of their own as its
 * only argument. It then hands over one more socket, a channel, for each executor instance. A process is asked for and
 * reported on one channel. When the control socket ends, the plugin's process is gone: the guardian then kills
 * everything it has started and what that has started, removes the folder, and ends.
 */
#ifndef BATTEN_SHELL_PROTOCOL_H
#define BATTEN_SHELL_PROTOCOL_H

#include <stdint.h>

enum {
    /* control: a channel follows as a descriptor */
    SHELL_CHANNEL = 1,
    /* channel: struct shell_spawn, texts, descriptors for 0, 1 and 2 */
    SHELL_SPAWN = 2,
    /* channel: struct shell_kill */
    SHELL_KILL = 3,
    /* answers: struct shell_event */
    SHELL_EXITED = 4,
    SHELL_SIGNALLED = 5,
    SHELL_NOT_STARTED = 6,
    SHELL_HELD = 7
};

/* What was being done when a process could not be started. */
enum {
    SHELL_STEP_NONE = 0,
    SHELL_STEP_REQUEST = 1,
    SHELL_STEP_FORK = 2,
    SHELL_STEP_LIMIT = 3,
    SHELL_STEP_FOLDER = 4,
    SHELL_STEP_DESCRIPTORS = 5,
    SHELL_STEP_EXEC = 6,
    /* it was cancelled while it was held back */
    SHELL_STEP_CANCELLED = 7
};

/* The texts lie in a memfd that comes as a fourth descriptor. */
#define SHELL_FLAG_TEXTS_IN_FILE 1u

/* The largest message; larger texts go into a file. */
#define SHELL_MESSAGE_MAX 32768u

/* Starts a process. The texts follow, each ended by NUL: folder, arguments, environment. */
struct shell_spawn {
    uint32_t kind;
    uint32_t flags;
    uint64_t id;
    uint32_t arguments;
    uint32_t variables;
    /* which variable is the call's own, so that it names all its processes */
    uint32_t mark;
    uint32_t reserved;
    /* limits; 0 means none */
    uint64_t cpu_seconds;
    uint64_t memory_bytes;
    uint64_t open_files;
    uint64_t text_length;
};

/* Sends a signal to a process group, or ends everything that belongs to a call. */
struct shell_kill {
    uint32_t kind;
    int32_t signal;
    uint64_t id;
    /* of a process that has ended already: its id */
    int32_t pid;
    /* kill everything the call has started, wherever it went */
    uint32_t everything;
    /* the call's own variable, when it has ended already */
    char mark[480];
};

struct shell_event {
    uint32_t kind;
    int32_t value; /* exit status, signal, or errno */
    uint64_t id;
    int32_t pid;
    uint32_t step;
};

#endif

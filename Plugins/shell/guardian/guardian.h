/* The parts of the guardian. */
#ifndef BATTEN_GUARDIAN_H
#define BATTEN_GUARDIAN_H

#include "../link/include/CShellProtocol.h"

#include <stddef.h>
#include <sys/types.h>

/* A process to start, ready for exec. */
struct request {
    char *texts;
    const char *folder;
    char **arguments;
    char **variables;
    int fds[3];
    uint64_t cpu_seconds;
    uint64_t memory_bytes;
    uint64_t open_files;
    /* why it could not be started; written by the child in shared memory */
    volatile int error;
    volatile unsigned step;
};

/* Takes a message apart. Takes over the descriptors it uses, setting them to -1. NULL if the message is not sound. */
struct request *request_make(const struct shell_spawn *head, const char *bytes, size_t length, int fds[4]);
void request_free(struct request *request);

/* Starts the process in a session of its own. Returns its id, or -1 with error and step set. */
pid_t launch(struct request *request);

/* Kills what a call has started: the descendants of its first process, its session, and whatever carries its mark. */
void kill_call(pid_t first, const char *mark);

/* Kills and reaps every descendant of this process. Returns when there is none. */
void kill_all(void);

/* Moves into a control group of its own, where that is allowed. */
void enter_group(void);

/* Leaves the group and kills everything in it at once. */
void kill_group(void);

/* Removes the group once it is empty. */
void remove_group(void);

/* Takes the guardian's lock of its folder. Returns the descriptor or -1. */
int lock_guardian(const char *folder);

/* Whether the guardian of an engine that is gone still lives. Removes what those that have ended left behind. */
int predecessors_live(const char *folder);

/* Removes a folder and the files in it. */
void remove_folder(const char *folder);

#endif

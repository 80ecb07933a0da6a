/* The shell plugin's side of the guardian: system calls that Swift cannot make as they are. */
#ifndef BATTEN_CSHELL_H
#define BATTEN_CSHELL_H

#include "CShellProtocol.h"

#include <stddef.h>

/* Writes the path of `batten-guardian` beside this shared object. Returns 0 if it is too long. */
int cshell_guardian_path(char *path, size_t capacity);

/* Makes the folder `base` of this user (mode 0700) with its parents' last one missing at most, and in it a folder of
 * this engine whose lock it takes; writes the folder's path. Returns the lock's descriptor, or -errno. */
int cshell_make_folder(const char *base, char *folder, size_t capacity);

/* Starts the guardian. Returns 0 and its control socket and process id, or an errno. */
int cshell_start_guardian(const char *guardian, const char *folder, int *control, int *pid);

/* Waits until the guardian has ended, at most `milliseconds`. Returns 1 if it has. */
int cshell_await_guardian(int pid, int milliseconds);

/* Opens a channel to the guardian. Returns its descriptor, or -errno. */
int cshell_open_channel(int control);

/* Asks for a process. `descriptors` are 0, 1 and 2 of the process. Returns 0, EAGAIN if there is no room now, or
 * another errno. */
int cshell_spawn(int channel, struct shell_spawn *head, const uint8_t *texts, const int descriptors[3]);

/* Sends a signal or ends everything. Returns 0 or an errno. */
int cshell_kill(int channel, uint64_t id, int signal, int everything, int pid, const char *mark);

/* Reads the next answer. Returns 1, 0 if there is none, or -1 if the guardian is gone. */
int cshell_receive(int channel, struct shell_event *event);

/* Makes a file with these bytes that has no name, to be read from its start. Returns its descriptor, or -errno. */
int cshell_file(const uint8_t *bytes, size_t length);

/* Makes a pipe whose ends are closed on exec. Returns 0, or -1 with errno set. */
int cshell_pipe(int ends[2]);

/* How many processors this process may use, at least 1. */
int cshell_processors(void);

#endif

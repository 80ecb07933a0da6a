/* Linux calls that Swift's Glibc module does not cover, in plain integers. Each answers like the call it wraps: -1 and
 * errno on failure. */
#ifndef BATTEN_CLINUX_H
#define BATTEN_CLINUX_H
#include "CLinuxProcesses.h"
#include <stdint.h>

enum { LINUX_READ = 1, LINUX_WRITE = 2, LINUX_HANGUP = 4, LINUX_ERROR = 8, LINUX_EDGE = 16 };
enum { LINUX_ADD = 1, LINUX_MODIFY = 2, LINUX_REMOVE = 3 };

/* One descriptor that is ready: the tag it was added with, and LINUX_ bits. */
typedef struct {
    uint64_t tag;
    uint64_t events;
} linux_ready;

/* epoll_create1, close-on-exec. */
int linux_epoll_create(void);
/* epoll_ctl with LINUX_ADD, LINUX_MODIFY or LINUX_REMOVE. */
int linux_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t tag);
/* epoll_wait; at most 256 descriptors at once, a timeout in milliseconds or -1. */
int linux_epoll_wait(int epoll, linux_ready *ready, int capacity, int timeout);
/* eventfd, close-on-exec and non-blocking. */
int linux_eventfd(void);
/* timerfd on CLOCK_MONOTONIC, close-on-exec and non-blocking. */
int linux_timerfd(void);
/* Sets such a timer to go off once at that nanosecond of the clock. */
int linux_timerfd_set(int descriptor, int64_t nanoseconds);
/* timerfd on CLOCK_REALTIME, close-on-exec and non-blocking. */
int linux_alarm(void);
/* Fires at an instant of that clock, in nanoseconds since 1970, and when the clock is set. */
int linux_alarm_set(int descriptor, int64_t nanoseconds);
/* Sleeps while the number at the place is this one, until a wake or until that nanosecond of CLOCK_MONOTONIC; -1 is no
 * end. Answers 1 when the time has come, else 0; may also return for no reason. */
int linux_wait_while(const uint32_t *place, uint32_t number, int64_t deadline);
/* Adds 1 to the number at a place. */
void linux_advance(uint32_t *place);
/* Wakes one sleeper at a place, or all. */
void linux_wake(uint32_t *place, int all);

/* Names the calling thread; the first 15 bytes count. */
int linux_set_thread_name(const char *name);
/* The id of the calling thread. */
int linux_thread_id(void);
/* sched_getaffinity: how many processors this process may use. */
int linux_available_processors(void);

/* Writes the number of SIGINT, SIGTERM, SIGHUP and SIGWINCH as a byte to a descriptor when they come; signals that the
 * process was started to ignore stay ignored. A handler does not outlive exec. */
int linux_watch_signals(int write_end);
/* Makes writing to a closed pipe an error (EPIPE) instead of the end; with a handler, which does not outlive exec. */
int linux_survive_closed_pipes(void);
/* Opens /dev/null in place of each of the descriptors 0, 1 and 2 that is closed. */
int linux_secure_standard_descriptors(void);
/* Columns and rows of a terminal. */
int linux_window_size(int descriptor, int *columns, int *rows);

/* pipe2, close-on-exec; the write end does not block. */
int linux_pipe(int *read_end, int *write_end);
/* Whether pidfd_open works. */
int linux_has_pidfd(void);
/* Bytes that an ordinary user may still write to the file system of a path. */
int linux_free_bytes(const char *path, uint64_t *bytes);

/* prctl(PR_SET_NO_NEW_PRIVS). */
int linux_refuse_new_privileges(void);

/* The version of Landlock, or 0 where it is not offered. */
int linux_landlock_version(void);
/* Whether the kernel filters system calls with seccomp. */
int linux_filters_calls(void);

/* memfd_create, close-on-exec, to be sealed later, executable. */
int linux_memory_file(const char *name);
/* F_ADD_SEALS: it never changes again, and no seal is taken away. */
int linux_seal(int descriptor);
/* 1 when neither length nor content of the file can change any more. */
int linux_is_sealed(int descriptor);
/* pidfd_open. */
int linux_pidfd(int process);

/* pipe2, close-on-exec, both ends blocking. */
int linux_blocking_pipe(int *read_end, int *write_end);

/* Starts a program by its path in a process group of its own, with no signal blocked or ignored; its descriptors 0, 1, …
 * are those given, all others are closed. A NULL directory is the caller's. Answers the process. */
int linux_start(const char *program, char *const argv[], char *const envp[], const char *directory,
    const int *descriptors, int count);

/* renameat2 with RENAME_EXCHANGE: two paths change places in one step. */
int linux_exchange(const char *one, const char *other);

/* Version of the C library, for example 2.36. */
const char *linux_libc_version(void);

/* inotify_init1, close-on-exec, blocking. */
int linux_watch_begin(void);
/* inotify_add_watch for what is written, made, moved and removed in a folder. */
int linux_watch_add(int descriptor, const char *folder);

/* accept4, close-on-exec. */
int linux_accept(int listener);
/* 1 while somebody has the file open for writing, 0 when nobody has, -1 when the kernel does not tell: only the file's
 * owner may ask. A descriptor open for reading. */
int linux_has_writer(int descriptor);

#endif

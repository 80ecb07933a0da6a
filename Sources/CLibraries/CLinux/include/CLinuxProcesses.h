/* Processes that this one starts and talks to; part of CLinux.h. */
#ifndef BATTEN_CLINUX_PROCESSES_H
#define BATTEN_CLINUX_PROCESSES_H
#include <stddef.h>
#include <stdint.h>

/* socketpair of streams, close-on-exec; both ends wait. */
int linux_socket_pair(int *near, int *far);
/* O_NONBLOCK for an open descriptor. */
int linux_no_wait(int descriptor);
/* sendmsg that never waits and raises no signal; passes a descriptor along unless it is -1. */
long linux_send(int socket, const void *bytes, size_t count, int passed);
/* recvmsg; descriptors that came along are close-on-exec. `passed` has room for LINUX_MOST_PASSED. */
enum { LINUX_MOST_PASSED = 64 };
long linux_receive(int socket, void *bytes, size_t capacity, int waits, int *passed, int *passed_count);
/* posix_spawn in a session of its own, no signal blocked or ignored. The child has /dev/null as its descriptor 0, the
 * given ones as 1, 2 and 3, and no others. */
int linux_spawn(const char *path, char *const *arguments, char *const *environment, int output, int error, int socket,
                int *pid);
/* pidfd_open, close-on-exec. */
int linux_pidfd_open(int pid);
/* pidfd_send_signal. */
int linux_pidfd_signal(int pidfd, int number);
/* waitid for one child that has ended: 1 and how, or 0 while it has not ended. */
int linux_reap(int pid, int waits, int *is_signal, int *status);
/* Kills every process of this session, this one last. */
void linux_kill_session(void);
/* SIGTERM kills this process's session, and comes when the thread that started this process ends. */
int linux_end_with_parent_group(void);
/* Has a crash write its signal and stack to descriptor 2 before it ends the process. */
void linux_report_crashes(void);
/* Gives the calling thread a stack for that report; NULL when crashes are not reported. */
void *linux_begin_crash_stack(void);
/* Takes it away before the thread ends. */
void linux_end_crash_stack(void *room);

/* Memory to lend: at least `lent` bytes up to a page's end, and one more page; NULL when there is none. */
void *linux_guarded_map(size_t lent, size_t *page);
/* Lends `length` bytes, whole pages: they can only be read, and the page after them not even that. The answer names the
 * loan, -1 when it has no name; the label says whose it is. */
int linux_guard(void *start, size_t length, size_t page, const char *label);
/* Ends a loan: nobody can use the memory any more. */
void linux_guard_over(int place, void *start, size_t length);
/* Gives the memory back to the system. */
void linux_unguard(int place, void *start, size_t length, size_t page);
/* Says on descriptor 2 what was done with lent memory at an address, if it is any. Safe in a signal handler. */
int linux_explain_guard(const void *address);
/* Has a SIGSEGV say that before whatever else it does. */
void linux_explain_faults(void);

/* Processor time of the calling thread in nanoseconds, and how often it waited for something. */
void linux_thread_effort(int64_t *processor, int64_t *waits);

/* Digests of what belongs to the whole process: handlers and mask of signals, and so on. */
typedef struct {
    uint64_t signals, folder, environment, locale, limits, standard, umask;
} linux_marks;
void linux_process_marks(linux_marks *marks);

#endif

#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int linux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int linux_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t tag) {
    static const int operations[] = {0, EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL};
    struct epoll_event event = {0};
    if (operation < LINUX_ADD || operation > LINUX_REMOVE) {
        errno = EINVAL;
        return -1;
    }
    if (events & LINUX_READ) event.events |= EPOLLIN | EPOLLRDHUP;
    if (events & LINUX_WRITE) event.events |= EPOLLOUT;
    if (events & LINUX_EDGE) event.events |= EPOLLET;
    event.data.u64 = tag;
    return epoll_ctl(epoll, operations[operation], descriptor, &event);
}

int linux_epoll_wait(int epoll, linux_ready *ready, int capacity, int timeout) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, capacity < 256 ? capacity : 256, timeout);
    for (int i = 0; i < count; i++) {
        uint32_t bits = events[i].events;
        ready[i].tag = events[i].data.u64;
        ready[i].events = (bits & (EPOLLIN | EPOLLRDHUP) ? LINUX_READ : 0u) | (bits & EPOLLOUT ? LINUX_WRITE : 0u) |
                          (bits & EPOLLHUP ? LINUX_HANGUP : 0u) | (bits & EPOLLERR ? LINUX_ERROR : 0u);
    }
    return count;
}

int linux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int linux_timerfd(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); }

int linux_alarm(void) { return timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK); }

int linux_alarm_set(int descriptor, int64_t nanoseconds) {
    struct itimerspec value = {.it_value = {nanoseconds / 1000000000, nanoseconds % 1000000000}};
    return timerfd_settime(descriptor, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &value, NULL);
}

int linux_timerfd_set(int descriptor, int64_t nanoseconds) {
    struct itimerspec value = {{0, 0}, {nanoseconds / 1000000000, nanoseconds % 1000000000}};
    return timerfd_settime(descriptor, TFD_TIMER_ABSTIME, &value, NULL);
}

int linux_wait_while(const uint32_t *place, uint32_t number, int64_t deadline) {
    struct timespec end = {deadline / 1000000000, deadline % 1000000000};
    const int saved = errno;
    long rc = syscall(SYS_futex, place, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, number, deadline < 0 ? NULL : &end, NULL,
        FUTEX_BITSET_MATCH_ANY);
    const int is_late = rc != 0 && errno == ETIMEDOUT;
    errno = saved;
    return is_late;
}

void linux_advance(uint32_t *place) { __atomic_fetch_add(place, 1, __ATOMIC_RELEASE); }

void linux_wake(uint32_t *place, int all) {
    const int saved = errno;
    syscall(SYS_futex, place, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, all ? INT_MAX : 1, NULL, NULL, 0);
    errno = saved;
}

int linux_thread_id(void) { return (int)syscall(SYS_gettid); }

int linux_set_thread_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

int linux_available_processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}

static volatile sig_atomic_t watch_pipe = -1;

static void tell_signal(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    if (watch_pipe >= 0 && write(watch_pipe, &byte, 1) < 0) { /* The pipe is full: a wake-up is under way. */ }
    errno = saved;
}

static void ignore_signal(int number) { (void)number; }

int linux_watch_signals(int write_end) {
    static const int told[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    watch_pipe = write_end;
    action.sa_handler = tell_signal;
    for (unsigned i = 0; i < sizeof told / sizeof told[0]; i++) {
        struct sigaction before;
        if (sigaction(told[i], 0, &before) != 0) return -1;
        if (before.sa_handler == SIG_IGN) continue; /* nohup and shells in the background ask for that. */
        if (sigaction(told[i], &action, 0) != 0) return -1;
    }
    return 0;
}

int linux_survive_closed_pipes(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    action.sa_handler = ignore_signal;
    /* So does a file at its largest size (EFBIG). */
    if (sigaction(SIGXFSZ, &action, 0)) return -1;
    return sigaction(SIGPIPE, &action, 0);
}

int linux_secure_standard_descriptors(void) {
    for (int descriptor = 0; descriptor < 3; descriptor++) {
        if (fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
        int opened = open("/dev/null", O_RDWR);
        if (opened < 0) return -1;
        if (opened != descriptor) { /* A lower one was closed too and is open now. */
            if (dup2(opened, descriptor) < 0) return -1;
            close(opened);
        }
    }
    return 0;
}

int linux_window_size(int descriptor, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return -1;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}

int linux_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    if (fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0) return -1;
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

int linux_has_pidfd(void) {
    int descriptor = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (descriptor < 0) return 0;
    close(descriptor);
    return 1;
}

int linux_free_bytes(const char *path, uint64_t *bytes) {
    struct statvfs status;
    if (statvfs(path, &status) != 0) return -1;
    *bytes = (uint64_t)status.f_bavail * (uint64_t)status.f_frsize;
    return 0;
}

int linux_refuse_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int linux_landlock_version(void) {
    /* landlock_create_ruleset with the flag that asks for the version; the number is the same on every machine. */
    long version = syscall(444, NULL, 0, 1);
    return version > 0 ? (int)version : 0;
}

/* A filter that is not there cannot be read; a kernel without filters does not come that far. */
int linux_filters_calls(void) { return prctl(PR_SET_SECCOMP, 2, NULL, 0, 0) == -1 && errno == EFAULT; }

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

int linux_memory_file(const char *name) {
    /* Before Linux 6.3 nobody knows MFD_EXEC, and every memory file may be executed. */
    int descriptor = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (descriptor < 0 && errno == EINVAL) descriptor = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return descriptor;
}

int linux_seal(int descriptor) {
    return fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

int linux_is_sealed(int descriptor) {
    int seals = fcntl(descriptor, F_GET_SEALS);
    int needed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    return seals >= 0 && (seals & needed) == needed;
}

int linux_pidfd(int process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int linux_blocking_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

int linux_start(const char *program, char *const argv[], char *const envp[], const char *directory,
    const int *descriptors, int count) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t signals;
    pid_t process = -1;
    int spare = count, code;
    for (int i = 0; i < count; i++) {
        if (descriptors[i] >= spare) spare = descriptors[i] + 1;
    }
    code = posix_spawn_file_actions_init(&actions);
    if (code != 0) {
        errno = code;
        return -1;
    }
    posix_spawnattr_init(&attributes);
    if (directory != NULL) code = posix_spawn_file_actions_addchdir_np(&actions, directory);
    /* First out of the way of one another, then to their places. */
    for (int i = 0; i < count && code == 0; i++) {
        code = posix_spawn_file_actions_adddup2(&actions, descriptors[i], spare + i);
    }
    for (int i = 0; i < count && code == 0; i++) code = posix_spawn_file_actions_adddup2(&actions, spare + i, i);
    if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(&actions, count);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    if (code == 0) code = posix_spawn(&process, program, &actions, &attributes, argv, envp);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (code == 0) return process;
    errno = code;
    return -1;
}

int linux_exchange(const char *one, const char *other) {
    /* RENAME_EXCHANGE of <linux/fs.h>. */
    return (int)syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, 2u);
}

const char *linux_libc_version(void) { return gnu_get_libc_version(); }

int linux_accept(int listener) { return accept4(listener, 0, 0, SOCK_CLOEXEC); }

int linux_has_writer(int descriptor) {
    if (fcntl(descriptor, F_SETLEASE, F_RDLCK) == 0) {
        fcntl(descriptor, F_SETLEASE, F_UNLCK);
        return 0;
    }
    return errno == EAGAIN ? 1 : -1;
}

int linux_watch_begin(void) { return inotify_init1(IN_CLOEXEC); }

int linux_watch_add(int descriptor, const char *folder) {
    return inotify_add_watch(descriptor, folder,
        IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK);
}

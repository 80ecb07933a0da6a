#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int linux_socket_pair(int *near, int *far) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
    *near = ends[0];
    *far = ends[1];
    return 0;
}

int linux_no_wait(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

long linux_send(int socket, const void *bytes, size_t count, int passed) {
    if (passed < 0) return send(socket, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    struct iovec piece = {(void *)bytes, count};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control;
    memset(&control, 0, sizeof control);
    message.msg_control = control.room;
    message.msg_controllen = sizeof control.room;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &passed, sizeof passed);
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

long linux_receive(int socket, void *bytes, size_t capacity, int waits, int *passed, int *passed_count) {
    struct iovec piece = {bytes, capacity};
    union {
        char room[CMSG_SPACE(LINUX_MOST_PASSED * sizeof(int))];
        struct cmsghdr aligned;
    } control;
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    *passed_count = 0;
    ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (waits ? 0 : MSG_DONTWAIT));
    if (count < 0) return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t length = header->cmsg_len - CMSG_LEN(0);
        for (size_t i = 0; i < length / sizeof(int); i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof descriptor);
            if (*passed_count < LINUX_MOST_PASSED) passed[(*passed_count)++] = descriptor;
            else close(descriptor);
        }
    }
    return count;
}

static int spawn_with(const char *path, char *const *arguments, char *const *environment, const int *descriptors,
                      posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int *pid) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int code = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    for (int i = 0; !code && i < 3; i++) code = posix_spawn_file_actions_adddup2(actions, descriptors[i], i + 1);
    if (!code) code = posix_spawn_file_actions_addclosefrom_np(actions, 4);
    if (!code) code = posix_spawnattr_setsigmask(attributes, &none);
    if (!code) code = posix_spawnattr_setsigdefault(attributes, &all);
    if (!code) {
        code = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    pid_t made = 0;
    if (!code) code = posix_spawn(&made, path, actions, attributes, arguments, environment);
    *pid = made;
    return code;
}

int linux_spawn(const char *path, char *const *arguments, char *const *environment, int output, int error, int socket,
                int *pid) {
    /* Out of the way of the numbers they shall get. */
    int wanted[] = {output, error, socket}, high[] = {-1, -1, -1};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int code = 0;
    for (int i = 0; !code && i < 3; i++) {
        high[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, 10);
        if (high[i] < 0) code = errno;
    }
    if (!code && (code = posix_spawn_file_actions_init(&actions)) == 0) {
        if ((code = posix_spawnattr_init(&attributes)) == 0) {
            code = spawn_with(path, arguments, environment, high, &actions, &attributes, pid);
            posix_spawnattr_destroy(&attributes);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    for (int i = 0; i < 3; i++) {
        if (high[i] >= 0) close(high[i]);
    }
    errno = code;
    return code ? -1 : 0;
}

int linux_pidfd_open(int pid) {
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    if (descriptor >= 0) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return descriptor;
}

int linux_pidfd_signal(int pidfd, int number) { return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0); }

int linux_reap(int pid, int waits, int *is_signal, int *status) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | (waits ? 0 : WNOHANG)) != 0) return -1;
    if (info.si_pid == 0) return 0;
    *is_signal = info.si_code != CLD_EXITED;
    *status = info.si_status;
    return 1;
}

/* What getdents64 gives. */
struct folder_entry {
    uint64_t inode;
    int64_t next;
    unsigned short length;
    unsigned char kind;
    char name[];
};

/* Kills the members of this session that are in a group of their own. Only calls that a signal handler may make. */
static int kill_session_members(void) {
    _Alignas(struct folder_entry) char room[8192];
    int found = 0;
    pid_t self = getpid(), session = getsid(0);
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) return 0;
    for (;;) {
        long count = syscall(SYS_getdents64, proc, room, sizeof room);
        if (count <= 0) break;
        for (long at = 0; at < count;) {
            struct folder_entry *entry = (struct folder_entry *)(room + at);
            pid_t pid = 0;
            for (const char *digit = entry->name; *digit >= '0' && *digit <= '9'; digit++) pid = pid * 10 + (*digit - '0');
            if (pid > 1 && pid != self && getsid(pid) == session && getpgid(pid) != getpgid(0)) {
                if (kill(pid, SIGKILL) == 0) found++;
            }
            at += entry->length;
        }
    }
    close(proc);
    return found;
}

void linux_kill_session(void) {
    /* A process may make another one while the table is read; those that are killed stay in it for a moment. */
    for (int round = 0; round < 5 && kill_session_members() > 0; round++) {}
    kill(0, SIGKILL);
    _exit(1);
}

static void end_session(int number) {
    (void)number;
    linux_kill_session();
}

int linux_end_with_parent_group(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = end_session;
    if (sigaction(SIGTERM, &action, 0) != 0) return -1;
    return prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
}

static const struct {
    int number;
    const char *name;
} crashes[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGILL, "SIGILL"}, {SIGFPE, "SIGFPE"},
               {SIGABRT, "SIGABRT"}, {SIGTRAP, "SIGTRAP"}, {SIGSYS, "SIGSYS"}};
static volatile sig_atomic_t reports_crashes;
enum { CRASH_STACK = 64 << 10, CRASH_FRAMES = 48 };

static void say(const char *text) {
    size_t length = strlen(text);
    while (length > 0) {
        ssize_t count = write(2, text, length);
        if (count <= 0) return;
        text += count;
        length -= (size_t)count;
    }
}

static void report_crash(int number, siginfo_t *info, void *context) {
    (void)context;
    void *frames[CRASH_FRAMES];
    char address[19] = "0x0000000000000000";
    uintptr_t value = (uintptr_t)info->si_addr;
    for (int i = 17; i > 1; i--, value >>= 4) address[i] = "0123456789abcdef"[value & 15];
    if (number == SIGSEGV) linux_explain_guard(info->si_addr);
    say("batten-worker: crash: ");
    for (unsigned i = 0; i < sizeof crashes / sizeof crashes[0]; i++) {
        if (crashes[i].number == number) say(crashes[i].name);
    }
    if (number == SIGSEGV || number == SIGBUS) {
        say(" at address ");
        say(address);
    }
    say("\n");
    int count = backtrace(frames, CRASH_FRAMES);
    /* The first two are this function and the kernel's way into it. */
    if (count > 2) backtrace_symbols_fd(frames + 2, count - 2, 2);
    /* The handler is gone (SA_RESETHAND): the signal now ends the process as it would have. */
    raise(number);
}

void linux_report_crashes(void) {
    void *frame[1];
    backtrace(frame, 1); /* Loads what unwinding needs, which cannot be done in a crash. */
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER);
    action.sa_sigaction = report_crash;
    for (unsigned i = 0; i < sizeof crashes / sizeof crashes[0]; i++) sigaction(crashes[i].number, &action, 0);
    reports_crashes = 1;
    linux_begin_crash_stack();
}

void *linux_begin_crash_stack(void) {
    if (!reports_crashes) return 0;
    void *room = mmap(0, CRASH_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) return 0;
    stack_t stack = {.ss_sp = room, .ss_size = CRASH_STACK};
    if (sigaltstack(&stack, 0) == 0) return room;
    munmap(room, CRASH_STACK);
    return 0;
}

void linux_end_crash_stack(void *room) {
    if (!room) return;
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, 0);
    munmap(room, CRASH_STACK);
}

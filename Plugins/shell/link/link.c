#define _GNU_SOURCE
#include "include/CShell.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int cshell_guardian_path(char *path, size_t capacity) {
    Dl_info info;
    if (!dladdr((void *)cshell_guardian_path, &info) || !info.dli_fname) return 0;
    const char *slash = strrchr(info.dli_fname, '/');
    int folder = slash ? (int)(slash - info.dli_fname) : 1;
    int length = snprintf(path, capacity, "%.*s/batten-guardian", folder, slash ? info.dli_fname : ".");
    return length > 0 && (size_t)length < capacity;
}

/* Takes the lock before anybody can see the file: one that is seen unlocked belongs to an engine that is gone. */
static int make_lock(const char *folder) {
    char hidden[4200], path[4200];
    snprintf(hidden, sizeof hidden, "%s/.lock", folder);
    snprintf(path, sizeof path, "%s/lock", folder);
    int fd = open(hidden, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return -errno;
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    if (fcntl(fd, F_OFD_SETLK, &range) != 0 || rename(hidden, path) != 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int cshell_make_folder(const char *base, char *folder, size_t capacity) {
    if (mkdir(base, 0700) != 0 && errno != EEXIST) return -errno;
    struct stat info;
    if (lstat(base, &info) != 0) return -errno;
    if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 022) != 0) return -EPERM;
    unsigned number;
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) return -EAGAIN;
    int length = snprintf(folder, capacity, "%s/%d-%08x", base, (int)getpid(), number);
    if (length < 0 || (size_t)length >= capacity || length > 400) return -ENAMETOOLONG;
    if (mkdir(folder, 0700) != 0) return -errno;
    return make_lock(folder);
}

int cshell_start_guardian(const char *guardian, const char *folder, int *control, int *pid) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return errno;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    char *arguments[] = {(char *)"batten-guardian", (char *)folder, NULL};
    char *variables[] = {NULL};
    int error = posix_spawn_file_actions_init(&actions);
    if (!error) {
        error = posix_spawnattr_init(&attributes);
        if (!error) {
            if (!error) error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
            if (!error) error = posix_spawn_file_actions_adddup2(&actions, 0, 1);
            if (!error) error = posix_spawn_file_actions_adddup2(&actions, 0, 2);
            if (!error) error = posix_spawn_file_actions_adddup2(&actions, ends[1], 3);
            if (!error) error = posix_spawnattr_setsigmask(&attributes, &none);
            if (!error) error = posix_spawnattr_setsigdefault(&attributes, &all);
            if (!error)
                error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                                  POSIX_SPAWN_SETSID);
            pid_t child = 0;
            if (!error) error = posix_spawn(&child, guardian, &actions, &attributes, arguments, variables);
            *pid = (int)child;
            posix_spawnattr_destroy(&attributes);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    if (error) {
        close(ends[0]);
        return error;
    }
    *control = ends[0];
    return 0;
}

int cshell_await_guardian(int pid, int milliseconds) {
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd >= 0) {
        struct pollfd entry = {.fd = fd, .events = POLLIN};
        int ready;
        do ready = poll(&entry, 1, milliseconds);
        while (ready < 0 && errno == EINTR);
        close(fd);
    }
    pid_t got;
    do got = waitpid(pid, NULL, WNOHANG);
    while (got < 0 && errno == EINTR);
    return got != 0;
}

static int send_with(int socket, const void *head, size_t head_length, const void *rest, size_t rest_length,
                     const int *descriptors, int count) {
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(4 * sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct iovec parts[2] = {{.iov_base = (void *)head, .iov_len = head_length},
                             {.iov_base = (void *)rest, .iov_len = rest_length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = rest_length > 0 ? 2 : 1};
    if (count > 0) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
        memcpy(CMSG_DATA(c), descriptors, (size_t)count * sizeof(int));
    }
    ssize_t sent;
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? errno : 0;
}

int cshell_open_channel(int control) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return -errno;
    uint32_t kind = SHELL_CHANNEL;
    int error = send_with(control, &kind, sizeof kind, NULL, 0, &ends[1], 1);
    close(ends[1]);
    if (error == 0) return ends[0];
    close(ends[0]);
    return -error;
}

int cshell_spawn(int channel, struct shell_spawn *head, const uint8_t *texts, const int descriptors[3]) {
    int all[4] = {descriptors[0], descriptors[1], descriptors[2], -1};
    head->kind = SHELL_SPAWN;
    head->flags = 0;
    if (sizeof *head + head->text_length <= SHELL_MESSAGE_MAX)
        return send_with(channel, head, sizeof *head, texts, (size_t)head->text_length, all, 3);
    int file = cshell_file(texts, (size_t)head->text_length);
    if (file < 0) return -file;
    all[3] = file;
    head->flags = SHELL_FLAG_TEXTS_IN_FILE;
    int error = send_with(channel, head, sizeof *head, NULL, 0, all, 4);
    close(file);
    return error;
}

int cshell_kill(int channel, uint64_t id, int signal, int everything, int pid, const char *mark) {
    struct shell_kill message = {
        .kind = SHELL_KILL, .signal = signal, .id = id, .pid = pid, .everything = everything ? 1u : 0u};
    size_t length = strlen(mark);
    if (length >= sizeof message.mark) return ENAMETOOLONG;
    memcpy(message.mark, mark, length);
    return send_with(channel, &message, sizeof message, NULL, 0, NULL, 0);
}

int cshell_receive(int channel, struct shell_event *event) {
    ssize_t got;
    do got = recv(channel, event, sizeof *event, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof *event) return 1;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
    return -1;
}

int cshell_file(const uint8_t *bytes, size_t length) {
    int fd = memfd_create("batten-shell", MFD_CLOEXEC);
    if (fd < 0) return -errno;
    size_t done = 0;
    while (done < length) {
        ssize_t wrote = pwrite(fd, bytes + done, length - done, (off_t)done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) {
            int error = errno;
            close(fd);
            return -error;
        }
        done += (size_t)wrote;
    }
    return fd;
}

int cshell_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC);
}

int cshell_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

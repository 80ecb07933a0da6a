/* The guardian of the shell plugin: starts processes, reports their ends, and outlives the engine just long enough to
 * kill what is left of them.
 *
 * One thread and one epoll. It is a child subreaper, so whatever its processes start stays below it however it detaches
 * itself. All signals are blocked; only SIGCHLD is read, through a signalfd. It holds a lock as long as it lives, for
 * which the guardian of a later engine waits before it starts anything: a process of a lost attempt never runs beside
 * the process of its repetition.
 */
#define _GNU_SOURCE
#include "guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONTROL = 3, BUCKETS = 1024, HELD_POLL_MS = 20, GROUP_AFTER_MS = 1000 };

/* A socket to one executor instance. */
struct channel {
    struct channel *next;
    int fd;
    int is_gone;
    int is_full;
};

/* One process that was asked for. */
struct call {
    struct call *next;
    struct channel *channel;
    uint64_t id;
    pid_t pid;
    char *mark;
    /* while it is held back */
    struct request *request;
    /* once it has ended and could not be reported yet */
    struct shell_event event;
};

static struct call *running[BUCKETS];
static struct call *held;
static struct call *unreported;
static struct channel *channels;
static int epoll_fd;
static const char *folder;

static int send_event(struct channel *channel, const struct shell_event *event) {
    if (channel->is_gone) return 1;
    ssize_t sent;
    do sent = send(channel->fd, event, sizeof *event, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return 1;
    if (!channel->is_full) {
        struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT, .data.ptr = channel};
        channel->is_full = epoll_ctl(epoll_fd, EPOLL_CTL_MOD, channel->fd, &interest) == 0;
    }
    return 0;
}

static void free_call(struct call *call) {
    free(call->mark);
    request_free(call->request);
    free(call);
}

/* Reports how a call ended, now or when its channel has room again. The call is gone afterwards. */
static void report(struct call *call, uint32_t kind, int32_t value, uint32_t step) {
    call->event = (struct shell_event){.kind = kind, .value = value, .id = call->id, .pid = call->pid, .step = step};
    if (send_event(call->channel, &call->event)) {
        free_call(call);
    } else {
        call->next = unreported;
        unreported = call;
    }
}

static void report_again(struct channel *channel) {
    struct call **place = &unreported;
    while (*place) {
        struct call *call = *place;
        if (call->channel == channel && send_event(channel, &call->event)) {
            *place = call->next;
            free_call(call);
        } else {
            place = &call->next;
        }
    }
}

static void start(struct call *call) {
    struct request *request = call->request;
    call->pid = launch(request);
    if (call->pid < 0) {
        call->pid = 0;
        report(call, SHELL_NOT_STARTED, request->error, request->step);
        return;
    }
    request_free(request);
    call->request = NULL;
    struct call **bucket = &running[(unsigned)call->pid % BUCKETS];
    call->next = *bucket;
    *bucket = call;
}

/* Starts what was held back, once no earlier guardian lives any more. */
static void start_held(void) {
    if (!held || predecessors_live(folder)) return;
    struct call *list = held, *ordered = NULL;
    held = NULL;
    while (list) {
        struct call *call = list;
        list = call->next;
        call->next = ordered;
        ordered = call;
    }
    while (ordered) {
        struct call *call = ordered;
        ordered = call->next;
        start(call);
    }
}

static void reap(void) {
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid <= 0) return;
        for (struct call **place = &running[(unsigned)pid % BUCKETS]; *place; place = &(*place)->next) {
            struct call *call = *place;
            if (call->pid != pid) continue;
            *place = call->next;
            if (WIFSIGNALED(status))
                report(call, SHELL_SIGNALLED, WTERMSIG(status), 0);
            else
                report(call, SHELL_EXITED, WEXITSTATUS(status), 0);
            break;
        }
    }
}

static void drop_channel(struct channel *channel) {
    if (channel->is_gone) return;
    channel->is_gone = 1;
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, channel->fd, NULL);
    close(channel->fd);
    for (struct call **place = &held; *place;) {
        struct call *call = *place;
        if (call->channel == channel) {
            *place = call->next;
            free_call(call);
        } else {
            place = &call->next;
        }
    }
    for (int bucket = 0; bucket < BUCKETS; bucket++)
        for (struct call *call = running[bucket]; call; call = call->next)
            if (call->channel == channel) kill_call(call->pid, call->mark);
    report_again(channel);
}

static void ask_to_end(struct channel *channel, const struct shell_kill *message) {
    for (struct call **place = &held; *place; place = &(*place)->next) {
        struct call *call = *place;
        if (call->channel != channel || call->id != message->id) continue;
        *place = call->next;
        report(call, SHELL_NOT_STARTED, ECANCELED, SHELL_STEP_CANCELLED);
        return;
    }
    for (int bucket = 0; bucket < BUCKETS; bucket++)
        for (struct call *call = running[bucket]; call; call = call->next) {
            if (call->channel != channel || call->id != message->id) continue;
            kill(-call->pid, message->everything ? SIGKILL : message->signal);
            if (message->everything) kill_call(call->pid, call->mark);
            return;
        }
    if (message->everything && message->pid > 1 && memchr(message->mark, 0, sizeof message->mark))
        kill_call(message->pid, message->mark);
}

static void asked_to_start(struct channel *channel, const struct shell_spawn *head, const char *bytes, size_t length,
                           int fds[4]) {
    struct call *call = calloc(1, sizeof *call);
    struct request *request = call ? request_make(head, bytes, length, fds) : NULL;
    if (!request) {
        struct shell_event event = {
            .kind = SHELL_NOT_STARTED, .value = call ? EBADMSG : ENOMEM, .id = head->id, .step = SHELL_STEP_REQUEST};
        send_event(channel, &event);
        free(call);
        return;
    }
    call->id = head->id;
    call->channel = channel;
    call->request = request;
    call->mark = strdup(request->variables[head->mark]);
    if (held || predecessors_live(folder)) {
        struct shell_event event = {.kind = SHELL_HELD, .id = call->id};
        send_event(channel, &event);
        call->next = held;
        held = call;
    } else {
        start(call);
    }
}

static void close_all(int *fds, int count) {
    for (int index = 0; index < count; index++)
        if (fds[index] >= 0) close(fds[index]);
}

/* Reads one message. Returns 0 when there is none, -1 when the other side is gone. */
static int receive(int fd, char *buffer, size_t *length, int fds[4]) {
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct iovec part = {.iov_base = buffer, .iov_len = SHELL_MESSAGE_MAX};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    for (int index = 0; index < 4; index++) fds[index] = -1;
    ssize_t got;
    do got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    if (got == 0) return -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t index = 0; index < count && index < 4; index++)
            memcpy(&fds[index], CMSG_DATA(c) + index * sizeof(int), sizeof(int));
    }
    *length = (size_t)got;
    return 1;
}

/* Reads the control socket. Returns -1 when the engine is gone. */
static int read_control(char *buffer) {
    for (;;) {
        size_t length;
        int fds[4];
        int got = receive(CONTROL, buffer, &length, fds);
        if (got <= 0) return got;
        struct channel *channel = NULL;
        uint32_t kind = 0;
        if (length >= sizeof kind) memcpy(&kind, buffer, sizeof kind);
        if (kind == SHELL_CHANNEL && fds[0] >= 0 && (channel = calloc(1, sizeof *channel))) {
            channel->fd = fds[0];
            fds[0] = -1;
            struct epoll_event interest = {.events = EPOLLIN, .data.ptr = channel};
            if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, channel->fd, &interest) == 0) {
                channel->next = channels;
                channels = channel;
            } else {
                close(channel->fd);
                free(channel);
            }
        }
        close_all(fds, 4);
    }
}

static void read_channel(struct channel *channel, char *buffer) {
    for (;;) {
        size_t length;
        int fds[4];
        int got = receive(channel->fd, buffer, &length, fds);
        if (got < 0) drop_channel(channel);
        if (got <= 0) return;
        uint32_t kind = 0;
        if (length >= sizeof kind) memcpy(&kind, buffer, sizeof kind);
        if (kind == SHELL_SPAWN && length >= sizeof(struct shell_spawn)) {
            struct shell_spawn head;
            memcpy(&head, buffer, sizeof head);
            asked_to_start(channel, &head, buffer + sizeof head, length - sizeof head, fds);
        } else if (kind == SHELL_KILL && length == sizeof(struct shell_kill)) {
            struct shell_kill message;
            memcpy(&message, buffer, sizeof message);
            ask_to_end(channel, &message);
        }
        close_all(fds, 4);
    }
}

/* Frees channels that are gone and that no call refers to any more. */
static void forget_channels(void) {
    for (struct channel **place = &channels; *place;) {
        struct channel *channel = *place;
        int is_used = !channel->is_gone;
        for (int bucket = 0; bucket < BUCKETS && !is_used; bucket++)
            for (struct call *call = running[bucket]; call; call = call->next) is_used |= call->channel == channel;
        if (is_used) {
            place = &channel->next;
        } else {
            *place = channel->next;
            free(channel);
        }
    }
}

static int64_t milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void serve(int signal_fd) {
    /* Entering a group takes the kernel some 20 ms, which a short run shall not wait for. What was started before is
     * not in it, and found by walking /proc. */
    int64_t group_at = milliseconds() + GROUP_AFTER_MS;
    static char buffer[SHELL_MESSAGE_MAX];
    static struct channel control_mark, signal_mark;
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = &control_mark};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, CONTROL, &interest) != 0) return;
    interest.data.ptr = &signal_mark;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, signal_fd, &interest) != 0) return;
    for (;;) {
        struct epoll_event ready[32];
        int patience = held ? HELD_POLL_MS : -1;
        if (group_at != 0) {
            int64_t left = group_at - milliseconds();
            if (left <= 0) {
                enter_group();
                group_at = 0;
            } else if (patience < 0 || left < patience) {
                patience = (int)left;
            }
        }
        int count = epoll_wait(epoll_fd, ready, 32, patience);
        int is_any_gone = 0;
        for (int index = 0; index < count; index++) {
            struct channel *channel = ready[index].data.ptr;
            if (channel == &control_mark) {
                if (read_control(buffer) < 0) return;
            } else if (channel == &signal_mark) {
                struct signalfd_siginfo info[8];
                while (read(signal_fd, info, sizeof info) > 0) {
                }
                reap();
            } else if (!channel->is_gone) {
                if (ready[index].events & EPOLLOUT) {
                    struct epoll_event calm = {.events = EPOLLIN, .data.ptr = channel};
                    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, channel->fd, &calm);
                    channel->is_full = 0;
                    report_again(channel);
                }
                if (ready[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_channel(channel, buffer);
                is_any_gone |= channel->is_gone;
            }
        }
        start_held();
        if (is_any_gone) forget_channels();
    }
}

int main(int argc, char **argv) {
    if (argc != 2 || fcntl(CONTROL, F_SETFD, FD_CLOEXEC) != 0) {
        fputs("batten-guardian is started by the shell plugin and has no use of its own\n", stderr);
        return 2;
    }
    folder = argv[1];
    /* What is ignored here would be ignored in every process. */
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t all, child;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    close_range(CONTROL + 1, ~0u, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    int lock = lock_guardian(folder);
    int signal_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (lock >= 0 && signal_fd >= 0 && epoll_fd >= 0) serve(signal_fd);
    kill_group();
    kill_all();
    remove_group();
    remove_folder(folder);
    return 0;
}

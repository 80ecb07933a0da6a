#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>

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

int linux_timerfd_set(int descriptor, int64_t nanoseconds) {
    struct itimerspec value = {{0, 0}, {nanoseconds / 1000000000, nanoseconds % 1000000000}};
    return timerfd_settime(descriptor, TFD_TIMER_ABSTIME, &value, NULL);
}

int linux_set_thread_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

int linux_available_processors(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}

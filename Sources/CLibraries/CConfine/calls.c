/* Which system calls a confined process may make. Everything else is refused: other processes' memory, the kernel and
 * its modules, mounts and name spaces, identities, clocks, and whatever outlives the process or passes by this filter,
 * such as io_uring. Calls that are younger than these tables do not exist, which every library is prepared for. */
#define _GNU_SOURCE
#include "CConfine.h"
#include "filter.h"
#include <linux/sched.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The number of a call; a negative one for those that this machine never had. */
#define CALL(name) SCMP_SYS(name)
#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

/* Memory, files that Landlock watches over, waiting, time, threads, and what a process may know of itself. */
static const int allowed[] = {
    CALL(brk), CALL(madvise), CALL(membarrier), CALL(memfd_create), CALL(mincore), CALL(mlock), CALL(mlock2),
    CALL(mlockall), CALL(mmap), CALL(mprotect), CALL(mremap), CALL(msync), CALL(munlock), CALL(munlockall),
    CALL(munmap), CALL(pkey_alloc), CALL(pkey_free), CALL(pkey_mprotect), CALL(get_mempolicy),

    CALL(access), CALL(chdir), CALL(close), CALL(close_range), CALL(copy_file_range), CALL(creat), CALL(dup),
    CALL(dup2), CALL(dup3), CALL(faccessat), CALL(faccessat2), CALL(fadvise64), CALL(fallocate), CALL(fchdir),
    CALL(fcntl), CALL(fdatasync), CALL(fgetxattr), CALL(flistxattr), CALL(flock), CALL(fstat), CALL(fstatfs),
    CALL(fsync), CALL(ftruncate), CALL(getcwd), CALL(getdents), CALL(getdents64), CALL(getxattr),
    CALL(inotify_add_watch), CALL(inotify_init), CALL(inotify_init1), CALL(inotify_rm_watch), CALL(ioctl),
    CALL(lgetxattr), CALL(link), CALL(linkat), CALL(listxattr), CALL(llistxattr), CALL(lseek), CALL(lstat),
    CALL(mkdir), CALL(mkdirat), CALL(mknod), CALL(mknodat), CALL(newfstatat), CALL(open), CALL(openat), CALL(openat2),
    CALL(pread64), CALL(preadv), CALL(preadv2), CALL(pwrite64), CALL(pwritev), CALL(pwritev2), CALL(read),
    CALL(readahead), CALL(readlink), CALL(readlinkat), CALL(readv), CALL(rename), CALL(renameat), CALL(renameat2),
    CALL(rmdir), CALL(sendfile), CALL(splice), CALL(stat), CALL(statfs), CALL(statx), CALL(symlink), CALL(symlinkat),
    CALL(sync_file_range), CALL(tee), CALL(truncate), CALL(umask), CALL(unlink), CALL(unlinkat), CALL(vmsplice),
    CALL(write), CALL(writev),

    CALL(epoll_create), CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_pwait), CALL(epoll_pwait2), CALL(epoll_wait),
    CALL(eventfd), CALL(eventfd2), CALL(pause), CALL(pipe), CALL(pipe2), CALL(poll), CALL(ppoll), CALL(pselect6),
    CALL(select), CALL(signalfd), CALL(signalfd4), CALL(timerfd_create), CALL(timerfd_gettime), CALL(timerfd_settime),

    /* On sockets that are there: a pair, what the process was started with, and what `socket` allows. */
    CALL(accept), CALL(accept4), CALL(bind), CALL(connect), CALL(getpeername), CALL(getsockname), CALL(getsockopt),
    CALL(listen), CALL(recvfrom), CALL(recvmmsg), CALL(recvmsg), CALL(setsockopt), CALL(shutdown), CALL(socketpair),

    CALL(alarm), CALL(clock_getres), CALL(clock_gettime), CALL(clock_nanosleep), CALL(getitimer), CALL(gettimeofday),
    CALL(nanosleep), CALL(setitimer), CALL(time), CALL(timer_create), CALL(timer_delete), CALL(timer_getoverrun),
    CALL(timer_gettime), CALL(timer_settime), CALL(times),

    CALL(arch_prctl), CALL(exit), CALL(exit_group), CALL(futex), CALL(futex_waitv), CALL(get_robust_list),
    CALL(get_thread_area), CALL(getcpu), CALL(gettid), CALL(restart_syscall), CALL(rseq), CALL(rt_sigaction),
    CALL(rt_sigpending), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(rt_sigsuspend), CALL(rt_sigtimedwait),
    CALL(sched_get_priority_max), CALL(sched_get_priority_min), CALL(sched_getaffinity), CALL(sched_getattr),
    CALL(sched_getparam), CALL(sched_getscheduler), CALL(sched_rr_get_interval), CALL(sched_setaffinity),
    CALL(sched_yield), CALL(set_robust_list), CALL(set_thread_area), CALL(set_tid_address), CALL(sigaltstack),

    CALL(capget), CALL(getegid), CALL(geteuid), CALL(getgid), CALL(getgroups), CALL(getpgid), CALL(getpgrp),
    CALL(getpid), CALL(getppid), CALL(getpriority), CALL(getrandom), CALL(getresgid), CALL(getresuid),
    CALL(getrlimit), CALL(getrusage), CALL(getsid), CALL(getuid), CALL(ioprio_get), CALL(landlock_add_rule),
    CALL(landlock_create_ruleset), CALL(landlock_restrict_self), CALL(seccomp), CALL(setrlimit), CALL(sysinfo),
    CALL(uname), CALL(wait4), CALL(waitid),
};

/* Starting processes and looking after them. */
static const int for_processes[] = {
    CALL(execve), CALL(execveat), CALL(fork), CALL(pidfd_open), CALL(pidfd_send_signal), CALL(setpgid), CALL(setsid),
    CALL(tkill), CALL(vfork),
};

/* Signals by the id of a process. */
static const int to_process[] = {CALL(kill), CALL(tgkill), CALL(rt_sigqueueinfo), CALL(rt_tgsigqueueinfo)};

/* Attributes of files: Landlock does not watch over them, so they need a path to write to. */
static const int for_attributes[] = {
    CALL(chmod), CALL(chown), CALL(fchmod), CALL(fchmodat), CALL(fchown), CALL(fchownat), CALL(fremovexattr),
    CALL(fsetxattr), CALL(futimesat), CALL(lchown), CALL(lremovexattr), CALL(lsetxattr), CALL(removexattr),
    CALL(setxattr), CALL(utime), CALL(utimensat), CALL(utimes),
};

/* What a process may ask `prctl` for: its name and what it is held to, but not to live on when the host has ended. */
static const int own_settings[] = {
    PR_CAPBSET_READ, PR_GET_DUMPABLE, PR_GET_KEEPCAPS, PR_GET_NAME, PR_GET_NO_NEW_PRIVS, PR_GET_PDEATHSIG,
    PR_GET_SECCOMP, PR_GET_THP_DISABLE, PR_GET_TIMERSLACK, PR_SET_DUMPABLE, PR_SET_NAME, PR_SET_NO_NEW_PRIVS,
    PR_SET_SECCOMP, PR_SET_THP_DISABLE, PR_SET_TIMERSLACK, PR_SET_VMA,
};

/* Since this number, new calls have the same one on all machines. */
enum { first_shared_call = 424, last_shared_call = 511 };

static int is_in(const int *calls, size_t count, int call) {
    for (size_t i = 0; i < count; i++) {
        if (calls[i] == call) return 1;
    }
    return 0;
}

static void set_all(struct filter *filter, const int *calls, size_t count, enum verdict verdict) {
    for (size_t i = 0; i < count; i++) filter_set(filter, calls[i], verdict);
}

/* Threads always; processes if they are allowed, yet none in a name space of its own. Where `clone3` is missing the C
 * library uses `clone`, whose flags can be looked at. */
static void allow_clones(struct filter *filter, int processes) {
    static const uint32_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                   CLONE_NEWPID | CLONE_NEWNET;
    uint32_t thread = processes ? 0 : CLONE_THREAD;
    filter_allow(filter, CALL(clone), 1, (struct condition[]){{0, spaces | thread, thread}});
}

static void allow_signals(struct filter *filter, int processes) {
    if (processes) {
        set_all(filter, to_process, LENGTH(to_process), ALLOWED);
        return;
    }
    /* A process that starts none has nobody to signal but itself: `abort`, `raise` and signals to its threads. */
    for (size_t i = 0; i < LENGTH(to_process); i++) {
        filter_allow(filter, to_process[i], 1, (struct condition[]){{0, EQUAL, (uint32_t)getpid()}});
    }
}

static void allow_sockets(struct filter *filter, int network) {
    static const uint32_t families[] = {AF_INET, AF_INET6};
    static const uint32_t names_of_tcp[] = {0, IPPROTO_TCP};
    /* The type carries flags in its upper bits. */
    static const uint32_t type = 0xf;
    if (network == CONFINE_NO_NETWORK) return;
    for (size_t i = 0; i < LENGTH(families); i++) {
        if (network == CONFINE_ANY_NETWORK) {
            filter_allow(filter, CALL(socket), 1, (struct condition[]){{0, EQUAL, families[i]}});
            continue;
        }
        for (size_t j = 0; j < LENGTH(names_of_tcp); j++) {
            filter_allow(
                filter, CALL(socket), 3,
                (struct condition[]){{0, EQUAL, families[i]}, {1, type, SOCK_STREAM}, {2, EQUAL, names_of_tcp[j]}});
        }
    }
    /* Looking up a name asks the kernel for the machine's own addresses. */
    filter_allow(filter, CALL(socket), 2, (struct condition[]){{0, EQUAL, AF_NETLINK}, {2, EQUAL, 0}});
    if (network == CONFINE_ANY_NETWORK) {
        filter_allow(filter, CALL(socket), 1, (struct condition[]){{0, EQUAL, AF_UNIX}});
    }
}

static void allow_sending(struct filter *filter, int network) {
    static const struct {
        int call;
        uint8_t flags;
    } calls[] = {{CALL(sendto), 3}, {CALL(sendmsg), 2}, {CALL(sendmmsg), 3}};
    for (size_t i = 0; i < LENGTH(calls); i++) {
        if (network == CONFINE_TCP_ONLY) {
            /* Unless it also connects, which would pass by the ports. */
            filter_allow(filter, calls[i].call, 1, (struct condition[]){{calls[i].flags, MSG_FASTOPEN, 0}});
        } else {
            filter_set(filter, calls[i].call, ALLOWED);
        }
    }
}

/* What concerns this process alone. */
static void allow_own_settings(struct filter *filter, int processes) {
    const uint32_t ids[] = {0, (uint32_t)getpid()};
    for (size_t i = 0; i < LENGTH(ids); i++) {
        filter_allow(filter, CALL(prlimit64), 1, (struct condition[]){{0, EQUAL, ids[i]}});
    }
    for (size_t i = 0; i < LENGTH(own_settings); i++) {
        filter_allow(filter, CALL(prctl), 1, (struct condition[]){{0, EQUAL, (uint32_t)own_settings[i]}});
    }
    if (processes) filter_allow(filter, CALL(prctl), 1, (struct condition[]){{0, EQUAL, PR_SET_CHILD_SUBREAPER}});
}

int confine_calls(int processes, int network, int attributes) {
    struct filter filter;
    filter_begin(&filter);
    for (int call = first_shared_call; call <= last_shared_call; call++) {
        if (!is_in(for_processes, LENGTH(for_processes), call)) filter_set(&filter, call, UNKNOWN);
    }
    set_all(&filter, allowed, LENGTH(allowed), ALLOWED);
    if (processes) set_all(&filter, for_processes, LENGTH(for_processes), ALLOWED);
    if (attributes) set_all(&filter, for_attributes, LENGTH(for_attributes), ALLOWED);
    allow_clones(&filter, processes);
    allow_signals(&filter, processes);
    allow_sockets(&filter, network);
    allow_sending(&filter, network);
    allow_own_settings(&filter, processes);
    return filter_install(&filter);
}

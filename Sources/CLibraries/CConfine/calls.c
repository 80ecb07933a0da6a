/* Which system calls a confined process may make. Everything else is refused: other processes' memory, the kernel and
 * its modules, mounts and name spaces, identities, clocks, and whatever outlives the process or passes by this filter,
 * such as io_uring. Calls that are younger than these tables do not exist, which every library is prepared for. */
#define _GNU_SOURCE
#include "CConfine.h"
#include <errno.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#define CALL(name) SCMP_SYS(name)
#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))
#define REFUSE SCMP_ACT_ERRNO(EPERM)
#define UNKNOWN SCMP_ACT_ERRNO(ENOSYS)

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

#define TRY(expression)                                                                                                \
    do {                                                                                                               \
        int try_code = (expression);                                                                                   \
        if (try_code != 0) return try_code;                                                                            \
    } while (0)

static int is_in(const int *calls, size_t count, int call) {
    for (size_t i = 0; i < count; i++) {
        if (calls[i] == call) return 1;
    }
    return 0;
}

static int allow_all(scmp_filter_ctx filter, const int *calls, size_t count) {
    for (size_t i = 0; i < count; i++) {
        /* Negative numbers are calls that this machine never had. */
        if (calls[i] >= 0) TRY(seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0));
    }
    return 0;
}

/* A call and what becomes of it, whatever its arguments. */
struct plain_rule {
    int call;
    uint32_t action;
};

static int higher_first(const void *one, const void *other) {
    return ((const struct plain_rule *)other)->call - ((const struct plain_rule *)one)->call;
}

/* The calls that are allowed whatever their arguments are, and the unknown ones. The library looks for the place of a rule
 * from the lowest number on, so that the highest come first: this is a third of the time that a filter takes. */
static int add_plain_rules(scmp_filter_ctx filter, int processes, int attributes) {
    static struct plain_rule rules[LENGTH(allowed) + LENGTH(for_processes) + LENGTH(for_attributes) +
                                   (last_shared_call - first_shared_call + 1)];
    const struct { const int *calls; size_t count; int applies; } tables[] = {
        {allowed, LENGTH(allowed), 1},
        {for_processes, LENGTH(for_processes), processes},
        {for_attributes, LENGTH(for_attributes), attributes},
    };
    size_t count = 0;
    for (size_t i = 0; i < LENGTH(tables); i++) {
        for (size_t j = 0; tables[i].applies && j < tables[i].count; j++) {
            /* Negative numbers are calls that this machine never had. */
            if (tables[i].calls[j] >= 0) rules[count++] = (struct plain_rule){tables[i].calls[j], SCMP_ACT_ALLOW};
        }
    }
    for (int call = first_shared_call; call <= last_shared_call; call++) {
        if (is_in(allowed, LENGTH(allowed), call) || is_in(for_processes, LENGTH(for_processes), call)) continue;
        rules[count++] = (struct plain_rule){call, UNKNOWN};
    }
    qsort(rules, count, sizeof rules[0], higher_first);
    for (size_t i = 0; i < count; i++) TRY(seccomp_rule_add(filter, rules[i].action, rules[i].call, 0));
    return 0;
}

/* Threads always; processes if they are allowed, yet none in a name space of its own. Where `clone3` is missing the C
 * library uses `clone`, whose flags can be looked at. */
static int allow_clones(scmp_filter_ctx filter, int processes) {
    static const uint64_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                   CLONE_NEWPID | CLONE_NEWNET;
    uint64_t thread = processes ? 0 : CLONE_THREAD;
    return seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, CALL(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, spaces | thread, thread));
}

static int allow_signals(scmp_filter_ctx filter, int processes) {
    if (processes) return allow_all(filter, to_process, LENGTH(to_process));
    /* A process that starts none has nobody to signal but itself: `abort`, `raise` and signals to its threads. */
    for (size_t i = 0; i < LENGTH(to_process); i++) {
        TRY(seccomp_rule_add(filter, SCMP_ACT_ALLOW, to_process[i], 1, SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid())));
    }
    return 0;
}

static int allow_sockets(scmp_filter_ctx filter, int network) {
    static const int families[] = {AF_INET, AF_INET6};
    static const int names_of_tcp[] = {0, IPPROTO_TCP};
    /* The type carries flags in its upper bits. */
    static const uint64_t type = 0xf;
    if (network == CONFINE_NO_NETWORK) return 0;
    for (size_t i = 0; i < LENGTH(families); i++) {
        if (network == CONFINE_ANY_NETWORK) {
            TRY(seccomp_rule_add(
                filter, SCMP_ACT_ALLOW, CALL(socket), 1, SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)families[i])));
            continue;
        }
        for (size_t j = 0; j < LENGTH(names_of_tcp); j++) {
            TRY(seccomp_rule_add(
                filter, SCMP_ACT_ALLOW, CALL(socket), 3, SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)families[i]),
                SCMP_A1_32(SCMP_CMP_MASKED_EQ, type, SOCK_STREAM),
                SCMP_A2_32(SCMP_CMP_EQ, (uint32_t)names_of_tcp[j])));
        }
    }
    /* Looking up a name asks the kernel for the machine's own addresses. */
    TRY(seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, CALL(socket), 2, SCMP_A0_32(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2_32(SCMP_CMP_EQ, 0)));
    if (network != CONFINE_ANY_NETWORK) return 0;
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(socket), 1, SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX));
}

static int allow_sending(scmp_filter_ctx filter, int network) {
    static const int calls[] = {CALL(sendto), CALL(sendmsg), CALL(sendmmsg)};
    if (network != CONFINE_TCP_ONLY) return allow_all(filter, calls, LENGTH(calls));
    /* Unless it also connects, which would pass by the ports. */
    TRY(seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, CALL(sendto), 1, SCMP_A3_32(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0)));
    TRY(seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, CALL(sendmsg), 1, SCMP_A2_32(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0)));
    return seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, CALL(sendmmsg), 1, SCMP_A3_32(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0));
}

/* What concerns this process alone. */
static int allow_own_settings(scmp_filter_ctx filter, int processes) {
    uint32_t ids[] = {0, (uint32_t)getpid()};
    for (size_t i = 0; i < LENGTH(ids); i++) {
        TRY(seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(prlimit64), 1, SCMP_A0_32(SCMP_CMP_EQ, ids[i])));
    }
    for (size_t i = 0; i < LENGTH(own_settings); i++) {
        TRY(seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, CALL(prctl), 1, SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)own_settings[i])));
    }
    if (!processes) return 0;
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(prctl), 1, SCMP_A0_32(SCMP_CMP_EQ, PR_SET_CHILD_SUBREAPER));
}

static int allow(scmp_filter_ctx filter, int processes, int network, int attributes) {
    TRY(add_plain_rules(filter, processes, attributes));
    TRY(allow_clones(filter, processes));
    TRY(allow_signals(filter, processes));
    TRY(allow_sockets(filter, network));
    TRY(allow_sending(filter, network));
    return allow_own_settings(filter, processes);
}

int confine_calls(int processes, int network, int attributes) {
    scmp_filter_ctx filter = seccomp_init(REFUSE);
    int code;
    if (filter == NULL) {
        errno = ENOMEM;
        return -1;
    }
    code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (code == 0) code = allow(filter, processes, network, attributes);
    if (code == 0) code = seccomp_load(filter);
    seccomp_release(filter);
    if (code == 0) return 0;
    errno = -code;
    return -1;
}

#define _GNU_SOURCE
#include "Attempts.h"
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int answer(long result) { return result < 0 ? errno : 0; }

static int opened(const char *path, int flags) {
    int descriptor = open(path, flags | O_CLOEXEC, 0600);
    if (descriptor < 0) return errno;
    close(descriptor);
    return 0;
}

/* --- files --- */

static int read_file(const char *path) { return opened(path, O_RDONLY); }
static int make_file(const char *path) { return opened(path, O_WRONLY | O_CREAT); }
static int empty_file(const char *path) { return answer(truncate(path, 0)); }
static int remove_file(const char *path) { return answer(unlink(path)); }
static int change_mode(const char *path) { return answer(chmod(path, 0600)); }
static int change_times(const char *path) { return answer(utimensat(AT_FDCWD, path, NULL, 0)); }
static int make_device(const char *path) { return answer(mknod(path, S_IFCHR | 0600, 0x103)); }
static int load_library(const char *name) { return dlopen(name, RTLD_NOW | RTLD_LOCAL) ? 0 : ENOENT; }

/* --- processes --- */

static int wait_for(pid_t process) {
    int status = 0;
    while (waitpid(process, &status, 0) < 0) {
        if (errno != EINTR) return errno;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int spawn(const char *path) {
    char *arguments[] = {(char *)path, NULL}, *environment[] = {NULL};
    pid_t process;
    int code = posix_spawn(&process, path, NULL, NULL, arguments, environment);
    return code != 0 ? code : wait_for(process);
}
static int execute(const char *path) {
    char *arguments[] = {(char *)path, NULL}, *environment[] = {NULL};
    return answer(execve(path, arguments, environment));
}
static int execute_memory(const char *path) {
    char *arguments[] = {(char *)path, NULL}, *environment[] = {NULL};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    return answer(syscall(SYS_execveat, file, "", arguments, environment, AT_EMPTY_PATH));
}
static int split(const char *unused) {
    pid_t process = fork();
    (void)unused;
    if (process == 0) _exit(0);
    return process < 0 ? errno : wait_for(process);
}
static int clone_with(long flags) {
    long process = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (process == 0) _exit(0);
    return process < 0 ? errno : wait_for((pid_t)process);
}
static int clone_plain(const char *unused) { (void)unused; return clone_with(0); }
static int clone_user_space(const char *unused) { (void)unused; return clone_with(0x10000000); }
static int clone_by_struct(const char *unused) {
    uint64_t arguments[8] = {0, 0, 0, 0, SIGCHLD, 0, 0, 0};
    long process = syscall(SYS_clone3, arguments, sizeof arguments);
    (void)unused;
    if (process == 0) _exit(0);
    return process < 0 ? errno : wait_for((pid_t)process);
}
static int many_processes(const char *count) {
    int wanted = atoi(count), code = 0, pipe_ends[2];
    if (pipe(pipe_ends) != 0) return errno;
    for (int i = 0; i < wanted && code == 0; i++) {
        pid_t process = fork();
        char byte;
        if (process == 0) {
            close(pipe_ends[1]);
            _exit(read(pipe_ends[0], &byte, 1) < 0);
        }
        if (process < 0) code = errno;
    }
    close(pipe_ends[1]);
    while (wait(NULL) > 0) {}
    return code;
}
static void *nothing(void *argument) { return argument; }
static int start_thread(const char *unused) {
    pthread_t thread;
    int code = pthread_create(&thread, NULL, nothing, NULL);
    (void)unused;
    return code != 0 ? code : pthread_join(thread, NULL);
}

/* --- the network --- */

static int make_socket(int family, int type, int protocol) {
    int descriptor = socket(family, type, protocol);
    if (descriptor < 0) return errno;
    close(descriptor);
    return 0;
}
static int socket_tcp(const char *unused) { (void)unused; return make_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }
static int socket_tcp6(const char *unused) { (void)unused; return make_socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP); }
static int socket_udp(const char *unused) { (void)unused; return make_socket(AF_INET, SOCK_DGRAM, 0); }
static int socket_mptcp(const char *unused) { (void)unused; return make_socket(AF_INET, SOCK_STREAM, 262); }
static int socket_local(const char *unused) { (void)unused; return make_socket(AF_UNIX, SOCK_STREAM, 0); }
static int socket_packet(const char *unused) { (void)unused; return make_socket(AF_PACKET, SOCK_RAW, 0); }
static int socket_crypto(const char *unused) { (void)unused; return make_socket(38, SOCK_SEQPACKET, 0); }
static int socket_pair(const char *unused) {
    int ends[2];
    (void)unused;
    return answer(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
}
static struct sockaddr_in loopback(const char *port) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)atoi(port));
    return address;
}
static int connect_to(const char *port) {
    struct sockaddr_in address = loopback(port);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (descriptor < 0) return errno;
    return answer(connect(descriptor, (struct sockaddr *)&address, sizeof address));
}
static int send_at_once(const char *port) {
    struct sockaddr_in address = loopback(port);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (descriptor < 0) return errno;
    return answer(sendto(descriptor, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&address, sizeof address));
}
static int listen_on(const char *port) {
    struct sockaddr_in address = loopback(port);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (descriptor < 0) return errno;
    return answer(bind(descriptor, (struct sockaddr *)&address, sizeof address));
}

/* --- other processes, the kernel, identities --- */

static int signal_process(const char *process) { return answer(kill(atoi(process), 0)); }
static int signal_self(const char *unused) { (void)unused; return answer(raise(0)); }
static int read_memory_of(const char *process) {
    char path[64] = "/proc/";
    strncat(path, process, 16);
    strcat(path, "/mem");
    return opened(path, O_RDWR);
}
static int attach(const char *process) { return answer(ptrace(PTRACE_ATTACH, atoi(process), 0, 0)); }
static int limit_of(const char *process) {
    struct rlimit limit;
    return answer(prlimit(atoi(process), RLIMIT_NOFILE, NULL, &limit));
}
static int mount_something(const char *folder) { return answer(mount("none", folder, "tmpfs", 0, NULL)); }
static int call_number(const char *number) { return answer(syscall(atol(number), -1, 0, 0, 0, 0, 0)); }
static int bpf(const char *unused) { (void)unused; return answer(syscall(SYS_bpf, 0, NULL, 0)); }
static int keyctl(const char *unused) { (void)unused; return answer(syscall(SYS_keyctl, 0, -3, 0)); }
static int userfault(const char *unused) { (void)unused; return answer(syscall(SYS_userfaultfd, 1)); }
static int kexec(const char *unused) { (void)unused; return answer(syscall(SYS_kexec_load, 0, 0, NULL, 0)); }
static int ring(const char *unused) { (void)unused; return answer(syscall(425, 1, NULL)); }
static int measure(const char *unused) { (void)unused; return answer(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0)); }
static int own_space(const char *unused) { (void)unused; return answer(unshare(0x10000000)); }
static int become_root(const char *unused) { (void)unused; return answer(syscall(SYS_setuid, 0)); }
static int share_memory(const char *unused) { (void)unused; return answer(shmget(IPC_PRIVATE, 4096, 0600)); }
static int outlive_host(const char *unused) { (void)unused; return answer(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)); }
static int privileges(const char *unused) {
    (void)unused;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return EPERM;
    uint32_t header[2] = {0x20080522, 0}, sets[6] = {0};
    if (syscall(SYS_capget, header, sets) != 0) return errno;
    for (int i = 0; i < 6; i++) {
        if (sets[i] != 0) return EPERM;
    }
    return prctl(PR_CAPBSET_READ, 21, 0, 0, 0) == 1 ? EPERM : 0;
}

/* --- limits --- */

static int use_memory(const char *megabytes) {
    size_t size = (size_t)atol(megabytes) << 20;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return errno;
    for (size_t i = 0; i < size; i += 4096) memory[i] = 1;
    return 0;
}
static int open_many(const char *count) {
    for (int i = atoi(count); i > 0; i--) {
        if (dup(2) < 0) return errno;
    }
    return 0;
}
static int raise_limit(const char *files) {
    struct rlimit limit = {(rlim_t)atol(files), (rlim_t)atol(files)};
    return answer(setrlimit(RLIMIT_NOFILE, &limit));
}
static int core_limit(const char *unused) {
    struct rlimit limit;
    (void)unused;
    if (getrlimit(RLIMIT_CORE, &limit) != 0) return errno;
    return limit.rlim_max <= 1 ? 0 : EFBIG;
}
static int burn(const char *seconds) {
    struct timespec now;
    do {
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    } while (now.tv_sec < atol(seconds));
    return 0;
}
static int ordinary_work(const char *unused) {
    char *memory = malloc(1 << 20);
    int waiting = epoll_create1(EPOLL_CLOEXEC), file = memfd_create("work", MFD_CLOEXEC);
    int code = memory == NULL || waiting < 0 || file < 0 ? errno : answer(ftruncate(file, 4096));
    (void)unused;
    free(memory);
    if (code == 0 && mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0) == MAP_FAILED) code = errno;
    close(waiting);
    close(file);
    return code != 0 ? code : opened("/dev/urandom", O_RDONLY);
}

static const struct {
    const char *name;
    int (*try)(const char *);
} attempts[] = {
    {"read", read_file}, {"make", make_file}, {"empty", empty_file}, {"remove", remove_file}, {"mode", change_mode},
    {"times", change_times}, {"device", make_device}, {"library", load_library},
    {"spawn", spawn}, {"execute", execute}, {"execute_memory", execute_memory}, {"fork", split},
    {"clone", clone_plain}, {"clone_user_space", clone_user_space}, {"clone3", clone_by_struct},
    {"processes", many_processes}, {"thread", start_thread},
    {"tcp", socket_tcp}, {"tcp6", socket_tcp6}, {"udp", socket_udp}, {"mptcp", socket_mptcp}, {"local", socket_local},
    {"packet", socket_packet}, {"crypto", socket_crypto}, {"pair", socket_pair}, {"connect", connect_to},
    {"fast_open", send_at_once}, {"listen", listen_on},
    {"signal", signal_process}, {"signal_self", signal_self}, {"memory_of", read_memory_of}, {"attach", attach},
    {"limit_of", limit_of}, {"mount", mount_something}, {"call", call_number}, {"bpf", bpf}, {"keyctl", keyctl},
    {"userfault", userfault}, {"kexec", kexec}, {"ring", ring}, {"perf", measure}, {"unshare", own_space},
    {"setuid", become_root}, {"shared_memory", share_memory}, {"outlive", outlive_host}, {"privileges", privileges},
    {"memory", use_memory}, {"files", open_many}, {"raise_files", raise_limit}, {"core", core_limit}, {"burn", burn},
    {"work", ordinary_work},
};

int attempt(const char *name, const char *argument) {
    for (unsigned i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        if (strcmp(attempts[i].name, name) == 0) return attempts[i].try(argument);
    }
    return -1;
}

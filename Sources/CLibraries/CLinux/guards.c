#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { GUARDS = 32768, LABEL = 160 };

/* Memory that somebody is lent: read only from `start` to `end`, nothing at all from `end` to `limit`. */
typedef struct guard {
    atomic_uintptr_t start, end, limit;
    atomic_int is_over;
    int next_free;
    char label[LABEL];
} guard;

static guard *guards;
static int free_guard = -1, made_guards;
static pthread_mutex_t guards_lock = PTHREAD_MUTEX_INITIALIZER;

void *linux_guarded_map(size_t lent, size_t *page) {
    *page = (size_t)sysconf(_SC_PAGESIZE);
    size_t length = (lent + *page - 1) / *page * *page;
    void *start = mmap(0, length + *page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return start == MAP_FAILED ? 0 : start;
}

int linux_guard(void *start, size_t length, size_t page, const char *label) {
    uintptr_t first = (uintptr_t)start;
    if (mprotect(start, length, PROT_READ) != 0) return -1;
    if (mprotect((char *)start + length, page, PROT_NONE) != 0) return -1;
    pthread_mutex_lock(&guards_lock);
    if (!guards) {
        void *room = mmap(0, GUARDS * sizeof *guards, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (room != MAP_FAILED) guards = room;
    }
    int place = -1;
    if (guards && free_guard >= 0) {
        place = free_guard;
        free_guard = guards[place].next_free;
    } else if (guards && made_guards < GUARDS) {
        place = made_guards++;
    }
    if (place >= 0) {
        guard *made = &guards[place];
        strncpy(made->label, label, LABEL - 1);
        atomic_store(&made->is_over, 0);
        atomic_store(&made->end, first + length);
        atomic_store(&made->limit, first + length + page);
        atomic_store(&made->start, first);
    }
    pthread_mutex_unlock(&guards_lock);
    return place;
}

void linux_guard_over(int place, void *start, size_t length) {
    if (place >= 0) atomic_store(&guards[place].is_over, 1);
    mprotect(start, length, PROT_NONE);
}

void linux_unguard(int place, void *start, size_t length, size_t page) {
    munmap(start, length + page);
    if (place < 0) return;
    pthread_mutex_lock(&guards_lock);
    atomic_store(&guards[place].start, 0);
    atomic_store(&guards[place].limit, 0);
    guards[place].next_free = free_guard;
    free_guard = place;
    pthread_mutex_unlock(&guards_lock);
}

static void say(const char *text) {
    size_t length = strlen(text);
    while (length > 0) {
        ssize_t count = write(2, text, length);
        if (count <= 0) return;
        text += count;
        length -= (size_t)count;
    }
}

int linux_explain_guard(const void *address) {
    uintptr_t place = (uintptr_t)address;
    for (int i = 0; guards && i < made_guards; i++) {
        guard *one = &guards[i];
        if (place < atomic_load(&one->start) || place >= atomic_load(&one->limit)) continue;
        say("batten: rule borrowed was broken by ");
        say(one->label);
        if (atomic_load(&one->is_over)) say(": it used the memory of a call that it had completed\n");
        else if (place >= atomic_load(&one->end)) say(": it read beyond the end of its input, which has no NUL there\n");
        else say(": it wrote to what it is only lent\n");
        return 1;
    }
    return 0;
}

static struct sigaction earlier;

static void explain(int number, siginfo_t *info, void *context) {
    (void)context;
    linux_explain_guard(info->si_addr);
    /* Whoever was responsible before gets the fault when it comes again. */
    sigaction(number, &earlier, 0);
}

void linux_explain_faults(void) {
    static atomic_flag is_done = ATOMIC_FLAG_INIT;
    if (atomic_flag_test_and_set(&is_done)) return;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    action.sa_sigaction = explain;
    sigaction(SIGSEGV, &action, &earlier);
}

void linux_thread_effort(int64_t *processor, int64_t *waits) {
    struct timespec time = {0};
    struct rusage usage;
    memset(&usage, 0, sizeof usage);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    getrusage(RUSAGE_THREAD, &usage);
    *processor = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
    *waits = usage.ru_nvcsw;
}

static uint64_t digest(uint64_t before, const void *bytes, size_t count) {
    const unsigned char *at = bytes;
    uint64_t value = before ? before : 14695981039346656037u;
    for (size_t i = 0; i < count; i++) value = (value ^ at[i]) * 1099511628211u;
    return value;
}

extern char **environ;

void linux_process_marks(linux_marks *marks) {
    char room[4096];
    memset(marks, 0, sizeof *marks);
    for (int number = 1; number < 32; number++) {
        struct sigaction action;
        if (sigaction(number, 0, &action) != 0) continue;
        uintptr_t handler = (uintptr_t)action.sa_handler;
        marks->signals = digest(marks->signals, &handler, sizeof handler);
    }
    sigset_t blocked;
    sigemptyset(&blocked);
    pthread_sigmask(SIG_SETMASK, 0, &blocked);
    for (int number = 1; number < 32; number++) {
        char is_blocked = (char)sigismember(&blocked, number);
        marks->signals = digest(marks->signals, &is_blocked, 1);
    }
    if (getcwd(room, sizeof room)) marks->folder = digest(0, room, strlen(room));
    for (char **variable = environ; variable && *variable; variable++)
        marks->environment = digest(marks->environment, *variable, strlen(*variable) + 1);
    const char *language = setlocale(LC_ALL, 0);
    if (language) marks->locale = digest(0, language, strlen(language));
    for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
        struct rlimit limit = {0, 0};
        getrlimit((__rlimit_resource_t)resource, &limit);
        marks->limits = digest(marks->limits, &limit, sizeof limit);
    }
    for (int number = 0; number < 3; number++) {
        struct stat status;
        memset(&status, 0, sizeof status);
        fstat(number, &status);
        marks->standard = digest(marks->standard, &status.st_dev, sizeof status.st_dev);
        marks->standard = digest(marks->standard, &status.st_ino, sizeof status.st_ino);
    }
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t count = file < 0 ? 0 : read(file, room, sizeof room - 1);
    if (file >= 0) close(file);
    room[count > 0 ? count : 0] = 0;
    const char *mask = strstr(room, "Umask:");
    if (mask) marks->umask = digest(0, mask, strcspn(mask, "\n"));
}

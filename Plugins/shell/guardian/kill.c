/* Finds and kills descendants by walking /proc. */
#define _GNU_SOURCE
#include "guardian.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct process {
    pid_t pid;
    pid_t parent;
    pid_t session;
    char state;
};

static size_t read_whole(const char *path, char *buffer, size_t capacity) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    size_t length = 0;
    for (;;) {
        ssize_t got = read(fd, buffer + length, capacity - length);
        if (got <= 0) break;
        length += (size_t)got;
        if (length == capacity) break;
    }
    close(fd);
    return length;
}

static int read_process(pid_t pid, struct process *process) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    size_t length = read_whole(path, text, sizeof text - 1);
    text[length] = 0;
    /* The name in parentheses may hold anything, a closing parenthesis too. */
    const char *rest = strrchr(text, ')');
    int parent, group, session;
    char state;
    if (!rest || sscanf(rest + 1, " %c %d %d %d", &state, &parent, &group, &session) != 4) return 0;
    *process = (struct process){.pid = pid, .parent = parent, .session = session, .state = state};
    return 1;
}

/* Lists all processes. The caller frees the list. */
static struct process *list_processes(size_t *count) {
    *count = 0;
    size_t capacity = 256;
    struct process *list = malloc(capacity * sizeof *list);
    DIR *folder = list ? opendir("/proc") : NULL;
    if (!folder) {
        free(list);
        return NULL;
    }
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        char *end;
        long pid = strtol(entry->d_name, &end, 10);
        if (*end != 0 || pid <= 1 || pid > 0x7fffffffL) continue;
        if (*count == capacity) {
            struct process *larger = realloc(list, 2 * capacity * sizeof *list);
            if (!larger) break;
            list = larger;
            capacity *= 2;
        }
        if (read_process((pid_t)pid, &list[*count])) ++*count;
    }
    closedir(folder);
    return list;
}

static int by_pid(const void *left, const void *right) {
    pid_t a = ((const struct process *)left)->pid, b = ((const struct process *)right)->pid;
    return (a > b) - (a < b);
}

/* Whether a process carries the mark among its variables. */
static int is_marked(pid_t pid, const char *mark) {
    static char text[256 * 1024];
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    size_t length = read_whole(path, text, sizeof text - 1);
    text[length] = 0;
    size_t size = strlen(mark);
    for (size_t at = 0; at < length; at += strlen(text + at) + 1)
        if (strncmp(text + at, mark, size) == 0 && text[at + size] == 0) return 1;
    return 0;
}

/* Kills all descendants, or only what belongs to a call. Returns how many live ones were found. */
static size_t kill_round(pid_t first, const char *mark) {
    size_t count;
    struct process *list = list_processes(&count);
    if (!list) return 0;
    qsort(list, count, sizeof *list, by_pid);
    pid_t self = getpid();
    size_t found = 0;
    for (size_t index = 0; index < count; index++) {
        /* Up the line of parents, at most as long as there are processes. */
        int is_ours = 0, is_meant = mark == NULL || list[index].session == first;
        pid_t at = list[index].pid;
        for (size_t step = 0; step <= count && at > 1; step++) {
            if (at == self) {
                is_ours = at != list[index].pid;
                break;
            }
            if (at == first) is_meant = 1;
            struct process key = {.pid = at};
            struct process *process = bsearch(&key, list, count, sizeof *list, by_pid);
            if (!process) break;
            at = process->parent;
        }
        if (!is_ours || list[index].state == 'Z' || list[index].state == 'X') continue;
        if (!is_meant && !is_marked(list[index].pid, mark)) continue;
        if (kill(list[index].pid, SIGKILL) == 0) found++;
    }
    free(list);
    return found;
}

void kill_call(pid_t first, const char *mark) {
    /* What was killed shows as alive for a moment: a few rounds, for what it started meanwhile. */
    for (int round = 0; round < 20 && kill_round(first, mark ? mark : "") > 0; round++) sched_yield();
}

void kill_all(void) {
    for (;;) {
        kill_round(0, NULL);
        pid_t pid;
        do pid = waitpid(-1, NULL, WNOHANG);
        while (pid > 0);
        if (pid < 0 && errno == ECHILD) return;
        poll(NULL, 0, 2);
    }
}

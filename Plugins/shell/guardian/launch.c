/* Starts one process: vfork, its surroundings, exec. */
#define _GNU_SOURCE
#include "guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Points `list` to `count` texts from `*position` on. Returns 0 if they are not all there. */
static int take(char **list, uint32_t count, char **position, const char *end) {
    for (uint32_t index = 0; index < count; index++) {
        char *stop = memchr(*position, 0, (size_t)(end - *position));
        if (!stop) return 0;
        list[index] = *position;
        *position = stop + 1;
    }
    list[count] = NULL;
    return 1;
}

static int read_file(int fd, char *texts, size_t length) {
    size_t done = 0;
    while (done < length) {
        ssize_t got = pread(fd, texts + done, length - done, (off_t)done);
        if (got <= 0) return 0;
        done += (size_t)got;
    }
    return 1;
}

struct request *request_make(const struct shell_spawn *head, const char *bytes, size_t length, int fds[4]) {
    const uint64_t most = 64u << 20;
    if (fds[0] < 0 || fds[1] < 0 || fds[2] < 0) return NULL;
    if (head->text_length == 0 || head->text_length > most) return NULL;
    if (head->arguments == 0 || head->arguments > head->text_length || head->variables > head->text_length ||
        head->mark >= head->variables)
        return NULL;
    int in_file = (head->flags & SHELL_FLAG_TEXTS_IN_FILE) != 0;
    if (in_file ? fds[3] < 0 : length != head->text_length) return NULL;

    struct request *request = calloc(1, sizeof *request);
    if (!request) return NULL;
    for (int index = 0; index < 3; index++) request->fds[index] = -1;
    size_t size = (size_t)head->text_length;
    request->texts = calloc(1, size);
    request->arguments = calloc((size_t)head->arguments + 1, sizeof(char *));
    request->variables = calloc((size_t)head->variables + 1, sizeof(char *));
    int is_sound = request->texts && request->arguments && request->variables;
    if (is_sound && in_file) is_sound = read_file(fds[3], request->texts, size);
    if (is_sound && !in_file) memcpy(request->texts, bytes, size);
    if (is_sound) {
        char *position = request->texts;
        const char *end = position + size;
        char *first[2] = {NULL, NULL};
        is_sound = take(first, 1, &position, end) && take(request->arguments, head->arguments, &position, end) &&
                   take(request->variables, head->variables, &position, end);
        if (is_sound) request->folder = first[0];
    }
    if (!is_sound) {
        request_free(request);
        return NULL;
    }
    for (int index = 0; index < 3; index++) {
        request->fds[index] = fds[index];
        fds[index] = -1;
    }
    request->cpu_seconds = head->cpu_seconds;
    request->memory_bytes = head->memory_bytes;
    request->open_files = head->open_files;
    return request;
}

void request_free(struct request *request) {
    if (!request) return;
    for (int index = 0; index < 3; index++)
        if (request->fds[index] >= 0) close(request->fds[index]);
    free(request->texts);
    free(request->arguments);
    free(request->variables);
    free(request);
}

static int limit(int resource, uint64_t value, uint64_t more) {
    if (value == 0) return 0;
    struct rlimit limits;
    if (getrlimit((__rlimit_resource_t)resource, &limits) != 0) return -1;
    rlim_t soft = value, hard = value + more;
    if (limits.rlim_max != RLIM_INFINITY && hard > limits.rlim_max) hard = limits.rlim_max;
    if (soft > hard) soft = hard;
    limits.rlim_cur = soft;
    limits.rlim_max = hard;
    return setrlimit((__rlimit_resource_t)resource, &limits);
}

static const char *variable(char **variables, const char *name) {
    size_t length = strlen(name);
    for (; *variables; variables++)
        if (strncmp(*variables, name, length) == 0 && (*variables)[length] == '=') return *variables + length + 1;
    return NULL;
}

/* Replaces the process, looking for the program along the PATH of the new environment. Returns why it failed. */
static int replace(struct request *request) {
    const char *program = request->arguments[0];
    if (*program == 0) return ENOENT;
    if (strchr(program, '/')) {
        execve(program, request->arguments, request->variables);
        return errno;
    }
    const char *path = variable(request->variables, "PATH");
    if (!path || !*path) path = "/usr/local/bin:/usr/bin:/bin";
    size_t name = strlen(program);
    int worst = ENOENT;
    char candidate[4096];
    for (;;) {
        const char *colon = strchrnul(path, ':');
        size_t length = (size_t)(colon - path);
        if (length + name + 2 <= sizeof candidate) {
            size_t at = 0;
            if (length > 0) {
                memcpy(candidate, path, length);
                candidate[length] = '/';
                at = length + 1;
            }
            memcpy(candidate + at, program, name + 1);
            execve(candidate, request->arguments, request->variables);
            if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return errno;
            if (errno == EACCES) worst = EACCES;
        }
        if (!*colon) return worst;
        path = colon + 1;
    }
}

/* The child's part, in the parent's memory: nothing here may allocate or take a lock. */
static void become(struct request *request) {
    setsid();
    /* If the guardian is killed, at least what it started itself goes with it. */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    request->step = SHELL_STEP_LIMIT;
    if (limit(RLIMIT_CPU, request->cpu_seconds, 2) != 0 || limit(RLIMIT_AS, request->memory_bytes, 0) != 0 ||
        limit(RLIMIT_NOFILE, request->open_files, 0) != 0) {
        request->error = errno;
        return;
    }
    request->step = SHELL_STEP_FOLDER;
    if (*request->folder && chdir(request->folder) != 0) {
        request->error = errno;
        return;
    }
    request->step = SHELL_STEP_DESCRIPTORS;
    for (int index = 0; index < 3; index++)
        if (dup2(request->fds[index], index) < 0) {
            request->error = errno;
            return;
        }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    request->step = SHELL_STEP_EXEC;
    request->error = replace(request);
}

pid_t launch(struct request *request) {
    request->error = 0;
    request->step = SHELL_STEP_FORK;
    pid_t pid = vfork();
    if (pid == 0) {
        become(request);
        _exit(127);
    }
    if (pid < 0) {
        request->error = errno;
        return -1;
    }
    return request->error == 0 ? pid : -1;
}

/* A control group of the guardian's own, where this user may make one: killing it leaves no process any time to start
 * another. Elsewhere walking /proc does the same, in rounds. */
#define _GNU_SOURCE
#include "guardian.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static char parent[4096];
static char group[4200];

static int write_file(const char *folder, const char *name, const char *text) {
    char path[4400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t wrote = write(fd, text, strlen(text));
    close(fd);
    return wrote == (ssize_t)strlen(text);
}

/* Finds the folder of this process's group in the unified hierarchy. */
static int find_parent(void) {
    char line[8192], mount[2048] = "", own[2048] = "";
    FILE *file = fopen("/proc/self/mounts", "re");
    while (file && fgets(line, sizeof line, file)) {
        char where[2048], type[64];
        if (sscanf(line, "%*s %2047s %63s", where, type) == 2 && strcmp(type, "cgroup2") == 0) {
            strcpy(mount, where);
            break;
        }
    }
    if (file) fclose(file);
    file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "0::%2047s", own) == 1) break;
    if (file) fclose(file);
    if (!*mount || *own != '/') return 0;
    snprintf(parent, sizeof parent, "%s%s", mount, strcmp(own, "/") == 0 ? "" : own);
    /* Root may make groups anywhere; where somebody else manages them, only below what was handed over. */
    char value[8];
    return geteuid() != 0 || strcmp(own, "/") == 0 || getxattr(parent, "user.delegate", value, sizeof value) > 0 ||
           getxattr(parent, "trusted.delegate", value, sizeof value) > 0;
}

/* Removes empty groups that killed guardians left behind; one with processes in it stays. */
static void remove_empty(void) {
    DIR *list = opendir(parent);
    if (!list) return;
    struct dirent *entry;
    while ((entry = readdir(list)))
        if (strncmp(entry->d_name, "batten-shell-", 13) == 0) unlinkat(dirfd(list), entry->d_name, AT_REMOVEDIR);
    closedir(list);
}

void enter_group(void) {
    char pid[32];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    if (!find_parent()) return;
    remove_empty();
    snprintf(group, sizeof group, "%s/batten-shell-%s", parent, pid);
    if (mkdir(group, 0755) != 0) {
        *group = 0;
    } else if (!write_file(group, "cgroup.procs", pid)) {
        rmdir(group);
        *group = 0;
    }
}

void kill_group(void) {
    char pid[32];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    if (*group && write_file(parent, "cgroup.procs", pid)) write_file(group, "cgroup.kill", "1");
}

void remove_group(void) {
    if (*group) rmdir(group);
}

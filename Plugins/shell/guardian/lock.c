/* The locks by which guardians know of each other.
 *
 * Each engine has a folder beside those of other engines, with a file `lock`. The engine holds a lock on its byte 0 and
 * the guardian on its byte 1, each for as long as it lives (open file description locks: they end with the process,
 * however it ends). A folder whose byte 0 is free and whose byte 1 is held belongs to a guardian that still kills.
 */
#define _GNU_SOURCE
#include "guardian.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

static int lock_byte(int fd, short type, off_t byte) {
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &range);
}

int lock_guardian(const char *folder) {
    char path[PATH_SIZE];
    if (snprintf(path, sizeof path, "%s/lock", folder) >= (int)sizeof path) return -1;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0 && lock_byte(fd, F_WRLCK, 1) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Whether the base folder is as it was when it was last read and held nobody else. Its time of change tells folders
 * apart that came at different ticks of the kernel's clock only, hence the age. */
static struct stat alone;

static int is_still_alone(const char *base, struct stat *now) {
    if (stat(base, now) != 0) return 0;
    return alone.st_nlink != 0 && alone.st_nlink == now->st_nlink && alone.st_mtim.tv_sec == now->st_mtim.tv_sec &&
           alone.st_mtim.tv_nsec == now->st_mtim.tv_nsec;
}

static int is_settled(const struct stat *base) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t age = (int64_t)(now.tv_sec - base->st_mtim.tv_sec) * 1000 + (now.tv_nsec - base->st_mtim.tv_nsec) / 1000000;
    return age > 100;
}

int predecessors_live(const char *folder) {
    char base[PATH_SIZE], path[PATH_SIZE];
    const char *slash = strrchr(folder, '/');
    if (!slash || slash == folder || (size_t)(slash - folder) >= sizeof base) return 0;
    memcpy(base, folder, (size_t)(slash - folder));
    base[slash - folder] = 0;
    struct stat before;
    if (is_still_alone(base, &before)) return 0;
    DIR *list = opendir(base);
    if (!list) return 0;
    int is_any_alive = 0, others = 0;
    struct dirent *entry;
    while ((entry = readdir(list))) {
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, slash + 1) == 0) continue;
        others++;
        if (snprintf(path, sizeof path, "%s/%s/lock", base, entry->d_name) >= (int)sizeof path) continue;
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0) continue;
        if (lock_byte(fd, F_RDLCK, 0) == 0) {
            if (lock_byte(fd, F_RDLCK, 1) != 0) {
                is_any_alive = 1;
            } else {
                path[strlen(path) - strlen("/lock")] = 0;
                remove_folder(path);
            }
        }
        close(fd);
    }
    closedir(list);
    if (others == 0 && is_settled(&before))
        alone = before;
    else
        alone.st_nlink = 0;
    return is_any_alive;
}

void remove_folder(const char *folder) {
    DIR *list = opendir(folder);
    if (!list) return;
    struct dirent *entry;
    while ((entry = readdir(list)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(list), entry->d_name, 0);
    closedir(list);
    rmdir(folder);
}

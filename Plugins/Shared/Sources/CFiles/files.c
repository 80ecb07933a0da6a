#define _GNU_SOURCE
#include "CFiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int flags_of(int access) {
    switch (access) {
    case CFILES_PATH: return O_PATH | O_CLOEXEC;
    case CFILES_LIST: return O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    case CFILES_APPEND: return O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;
    default: return O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    }
}

int cfiles_open_root(const char *path) {
    int file = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return file < 0 ? -errno : file;
}

/* Component by component: whatever is exchanged meanwhile, no step leaves the folder it is in. */
static int open_walking(int root, const char *path, int flags, uint32_t mode) {
    int folder = fcntl(root, F_DUPFD_CLOEXEC, 0);
    if (folder < 0) return -errno;
    for (;;) {
        while (*path == '/') path++;
        const char *end = strchrnul(path, '/');
        char name[256];
        if ((size_t)(end - path) >= sizeof name) {
            close(folder);
            return -ENAMETOOLONG;
        }
        memcpy(name, path, (size_t)(end - path));
        name[end - path] = 0;
        if (strcmp(name, "..") == 0) {
            close(folder);
            return -EXDEV;
        }
        int is_last = *end == 0;
        int next = openat(folder, *name ? name : ".", (is_last ? flags : O_PATH | O_CLOEXEC) | O_NOFOLLOW,
                          is_last && (flags & O_CREAT) ? (mode_t)mode : 0);
        int number = errno;
        if (next >= 0 && (!is_last || (flags & O_PATH))) {
            /* With O_PATH a link itself is opened. */
            struct stat status;
            number = fstat(next, &status) != 0                  ? errno
                     : S_ISLNK(status.st_mode)                  ? ELOOP
                     : !is_last && !S_ISDIR(status.st_mode)     ? ENOTDIR
                                                                : 0;
            if (number != 0) {
                close(next);
                next = -1;
            }
        }
        close(folder);
        if (next < 0) return -number;
        if (is_last) return next;
        folder = next;
        path = end;
    }
}

int cfiles_open(int root, const char *path, int access, uint32_t mode, int walks) {
    int flags = flags_of(access);
    if (!*path) path = ".";
    if (!walks) {
        struct open_how how = {.flags = (uint64_t)flags,
                               .mode = flags & O_CREAT ? mode : 0,
                               .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
        for (int tries = 0; tries < 100; tries++) {
            int file = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
            if (file >= 0) return file;
            /* EAGAIN: a rename elsewhere made the kernel unsure. */
            if (errno != EAGAIN && errno != EINTR) break;
        }
        /* A sandbox that does not know openat2 answers either of these. */
        if (errno != ENOSYS && errno != EPERM) return -errno;
    }
    return open_walking(root, path, flags, mode);
}

static struct cfiles_status described(const struct stat *status) {
    return (struct cfiles_status){
        .size = status->st_size,
        .modified = (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec,
        .device = status->st_dev,
        .inode = status->st_ino,
        .mode = status->st_mode & 07777,
        .kind = S_ISREG(status->st_mode)   ? CFILES_REGULAR
                : S_ISDIR(status->st_mode) ? CFILES_FOLDER
                : S_ISLNK(status->st_mode) ? CFILES_LINK
                                           : CFILES_OTHER,
    };
}

int cfiles_status(int file, struct cfiles_status *result) {
    struct stat status;
    if (fstat(file, &status) != 0) return -errno;
    *result = described(&status);
    return 0;
}

int cfiles_status_at(int folder, const char *name, struct cfiles_status *result) {
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return -errno;
    *result = described(&status);
    return 0;
}

int cfiles_duplicate(int file) {
    int copy = fcntl(file, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? -errno : copy;
}

int cfiles_path(int file, char *path, size_t capacity) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, capacity);
    if (length < 0) return -errno;
    if ((size_t)length >= capacity) return -ENAMETOOLONG;
    path[length] = 0;
    return 0;
}

int64_t cfiles_read(int file, void *bytes, size_t capacity) {
    for (;;) {
        ssize_t count = read(file, bytes, capacity);
        if (count >= 0) return count;
        if (errno != EINTR) return -errno;
    }
}

int cfiles_write(int file, const void *bytes, size_t length) {
    const char *rest = bytes;
    while (length > 0) {
        ssize_t count = write(file, rest, length);
        if (count < 0) {
            if (errno == EINTR) continue;
            return -errno;
        }
        rest += count;
        length -= (size_t)count;
    }
    return 0;
}

int cfiles_set_mode(int file, uint32_t mode) { return fchmod(file, (mode_t)mode) == 0 ? 0 : -errno; }

/* Some file systems have nothing to sync. */
int cfiles_sync(int file) { return fsync(file) == 0 || errno == EINVAL || errno == EROFS ? 0 : -errno; }

int cfiles_lock(int file) {
    while (flock(file, LOCK_EX) != 0)
        if (errno != EINTR) return -errno;
    return 0;
}

void cfiles_close(int file) { close(file); }

int cfiles_make_folder(int folder, const char *name) { return mkdirat(folder, name, 0777) == 0 ? 0 : -errno; }

int cfiles_remove(int folder, const char *name) { return unlinkat(folder, name, 0) == 0 ? 0 : -errno; }

int cfiles_make_temporary(int folder, char *name) {
    for (int tries = 0; tries < 100; tries++) {
        uint64_t random;
        if (getrandom(&random, sizeof random, 0) != sizeof random) return -EIO;
        snprintf(name, 40, ".batten-%016llx.tmp", (unsigned long long)random);
        int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (file >= 0) return file;
        if (errno != EEXIST) return -errno;
    }
    return -EEXIST;
}

int cfiles_rename(int folder, const char *from, const char *to, int keeps) {
    if (!keeps) return renameat(folder, from, folder, to) == 0 ? 0 : -errno;
    if (syscall(SYS_renameat2, folder, from, folder, to, 1 /* RENAME_NOREPLACE */) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -errno;
    /* A file system without it: a second name is also given only where there is none. */
    if (linkat(folder, from, folder, to, 0) != 0) return -errno;
    unlinkat(folder, from, 0);
    return 0;
}

void *cfiles_list(int folder) {
    DIR *listing = fdopendir(folder);
    if (!listing) {
        int number = errno;
        close(folder);
        errno = number;
    }
    return listing;
}

const char *cfiles_next(void *listing, int *kind) {
    for (;;) {
        struct dirent *entry = readdir(listing);
        if (!entry) return NULL;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        *kind = entry->d_type == DT_REG       ? CFILES_REGULAR
                : entry->d_type == DT_DIR     ? CFILES_FOLDER
                : entry->d_type == DT_LNK     ? CFILES_LINK
                : entry->d_type == DT_UNKNOWN ? CFILES_UNKNOWN
                                              : CFILES_OTHER;
        return entry->d_name;
    }
}

void cfiles_end_list(void *listing) { closedir(listing); }

int cfiles_watcher(void) {
    int watcher = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    return watcher < 0 ? -errno : watcher;
}

int cfiles_watch(int watcher, int folder) {
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
    int watch = inotify_add_watch(watcher, path,
                                  IN_CREATE | IN_MOVED_TO | IN_OPEN | IN_MODIFY | IN_CLOSE_WRITE |
                                      IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
    return watch < 0 ? -errno : watch;
}

void cfiles_unwatch(int watcher, int watch) { inotify_rm_watch(watcher, watch); }

int cfiles_event(const void *bytes, size_t length, size_t *offset, struct cfiles_event *event) {
    struct inotify_event head;
    if (*offset > length || length - *offset < sizeof head) return 0;
    const char *start = (const char *)bytes + *offset;
    memcpy(&head, start, sizeof head);
    if (length - *offset - sizeof head < head.len) return 0;
    *offset += sizeof head + head.len;
    uint32_t happened = 0;
    if (head.mask & (IN_CREATE | IN_MOVED_TO)) happened |= CFILES_APPEARED;
    if (head.mask & IN_OPEN) happened |= CFILES_OPENED;
    if (head.mask & IN_MODIFY) happened |= CFILES_CHANGED;
    if (head.mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) happened |= CFILES_WRITTEN;
    if (head.mask & (IN_DELETE | IN_MOVED_FROM)) happened |= CFILES_VANISHED;
    if (head.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) happened |= CFILES_FOLDER_LOST;
    if (head.mask & IN_Q_OVERFLOW) happened |= CFILES_OVERFLOW;
    *event = (struct cfiles_event){
        .watch = head.wd, .happened = happened, .name = head.len > 0 ? start + sizeof head : NULL};
    return 1;
}

int64_t cfiles_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

const char *cfiles_error(int number) {
    const char *text = strerrordesc_np(number);
    return text ? text : "unknown error";
}

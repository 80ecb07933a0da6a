/* The system calls that keep file work below a folder. Numbers that can fail are -errno; paths end with NUL. */
#ifndef BATTEN_CFILES_H
#define BATTEN_CFILES_H

#include <stddef.h>
#include <stdint.h>

enum cfiles_kind { CFILES_REGULAR = 1, CFILES_FOLDER = 2, CFILES_LINK = 3, CFILES_OTHER = 4, CFILES_UNKNOWN = 5 };

struct cfiles_status {
    int64_t size;
    /* nanoseconds since 1970 */
    int64_t modified;
    uint64_t device;
    uint64_t inode;
    /* permission bits */
    uint32_t mode;
    /* an enum cfiles_kind */
    int32_t kind;
};

enum cfiles_access {
    CFILES_READ = 0,
    /* for status and as a starting point alone */
    CFILES_PATH = 1,
    CFILES_LIST = 2,
    /* at the end, made with `mode` if it is not there */
    CFILES_APPEND = 3,
};

/* Opens a folder by its path, as a starting point. */
int cfiles_open_root(const char *path);

/* Opens what `path` names below the folder `root`; "." is the folder itself. Symbolic links are followed as long as
 * they stay below it, else -EXDEV. With `walks`, or where the kernel has no openat2(2), component by component: then
 * no symbolic link is followed (-ELOOP). */
int cfiles_open(int root, const char *path, int access, uint32_t mode, int walks);

int cfiles_status(int file, struct cfiles_status *status);
/* The same of an entry of a folder, a symbolic link not followed. */
int cfiles_status_at(int folder, const char *name, struct cfiles_status *status);
int cfiles_duplicate(int file);
/* The path of what a descriptor stands for, with a NUL; 0 or -errno. */
int cfiles_path(int file, char *path, size_t capacity);

int64_t cfiles_read(int file, void *bytes, size_t capacity);
int cfiles_write(int file, const void *bytes, size_t length);
int cfiles_set_mode(int file, uint32_t mode);
int cfiles_sync(int file);
/* Waits for the exclusive lock of an open file. */
int cfiles_lock(int file);
void cfiles_close(int file);

int cfiles_make_folder(int folder, const char *name);
int cfiles_remove(int folder, const char *name);
/* Makes a file of a name that nobody can guess, which it writes to `name` (40 bytes); opens it for writing. */
int cfiles_make_temporary(int folder, char *name);
/* Gives a file its name; with `keeps` fails with -EEXIST where something has it. */
int cfiles_rename(int folder, const char *from, const char *to, int keeps);

/* The entries of a folder. The descriptor belongs to the listing from then on. */
void *cfiles_list(int folder);
/* The next name, or NULL; `.` and `..` are left out. */
const char *cfiles_next(void *listing, int *kind);
void cfiles_end_list(void *listing);

/* What happened in a watched folder. */
enum cfiles_happening {
    CFILES_APPEARED = 1,
    CFILES_OPENED = 2,
    CFILES_CHANGED = 4,
    CFILES_WRITTEN = 8,
    CFILES_VANISHED = 16,
    /* the folder itself is gone, or it is another one under its name */
    CFILES_FOLDER_LOST = 32,
    /* events were lost: look again */
    CFILES_OVERFLOW = 64,
};

struct cfiles_event {
    int watch;
    uint32_t happened;
    /* NULL if it is the folder's own */
    const char *name;
};

int cfiles_watcher(void);
/* The number of the watch; the same folder has the same number. */
int cfiles_watch(int watcher, int folder);
void cfiles_unwatch(int watcher, int watch);
/* Takes the next event out of `length` bytes read from a watcher, from `*offset` on; 0 at the end. */
int cfiles_event(const void *bytes, size_t length, size_t *offset, struct cfiles_event *event);

/* Nanoseconds since 1970. */
int64_t cfiles_now(void);
/* What an error number means. */
const char *cfiles_error(int number);

/* SHA-256. */
void *cfiles_digest(void);
void cfiles_digest_add(void *digest, const void *bytes, size_t length);
/* Ends and frees it; 32 bytes. Returns 0 if libcrypto had no memory. */
int cfiles_digest_end(void *digest, uint8_t *bytes);

#endif

#define _GNU_SOURCE
#include "CFaultyDisk.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECTOR = 512, BUCKETS = 1024 };

/// A sector that was written since its file's last sync, with what the disk surely holds of it.
typedef struct sector {
    struct sector *next;
    sqlite3_int64 number;
    unsigned char durable[SECTOR];
} sector;

/// What is not synced of one file.
typedef struct record {
    struct record *next;
    char *path;
    sector *sectors[BUCKETS];
    /// The file's size at its last sync.
    sqlite3_int64 durable_size;
} record;

struct faulty_disk {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    char *name;
    int fault;
    int countdown;
    int has_failed;
    int is_cut;
};

typedef struct disk_file {
    sqlite3_file base;
    faulty_disk *disk;
    /// NULL for files that have no name of their own.
    record *record;
    sqlite3_file real[];
} disk_file;

static record *records;

static record *record_of(const char *path) {
    for (record *found = records; found; found = found->next)
        if (strcmp(found->path, path) == 0) return found;
    record *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    made->path = strdup(path);
    made->durable_size = -1;
    made->next = records;
    records = made;
    return made;
}

static void clear(record *record) {
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
        while (record->sectors[bucket]) {
            sector *first = record->sectors[bucket];
            record->sectors[bucket] = first->next;
            free(first);
        }
    }
}

/// Whether the armed fault happens in this operation of one of its kinds.
static int happens(faulty_disk *disk, int kind) {
    if (disk->fault != kind) return 0;
    if (disk->countdown-- > 0) return 0;
    disk->fault = FAULTY_DISK_NONE;
    disk->has_failed = 1;
    return 1;
}

/// Remembers what the disk surely holds of a range that is about to change.
static int remember(disk_file *file, sqlite3_int64 offset, sqlite3_int64 count) {
    record *record = file->record;
    if (!record || count <= 0) return SQLITE_OK;
    for (sqlite3_int64 number = offset / SECTOR; number <= (offset + count - 1) / SECTOR; number++) {
        sector **bucket = &record->sectors[number % BUCKETS];
        sector *known = *bucket;
        while (known && known->number != number) known = known->next;
        if (known) continue;
        sector *made = calloc(1, sizeof *made);
        if (!made) return SQLITE_NOMEM;
        made->number = number;
        int rc = file->real->pMethods->xRead(file->real, made->durable, SECTOR, number * SECTOR);
        if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) {
            free(made);
            return rc;
        }
        made->next = *bucket;
        *bucket = made;
    }
    return SQLITE_OK;
}

static int disk_close(sqlite3_file *base) {
    disk_file *file = (disk_file *)base;
    return file->real->pMethods->xClose(file->real);
}

static int disk_read(sqlite3_file *base, void *bytes, int count, sqlite3_int64 offset) {
    disk_file *file = (disk_file *)base;
    if (happens(file->disk, FAULTY_DISK_READ)) return SQLITE_IOERR_READ;
    return file->real->pMethods->xRead(file->real, bytes, count, offset);
}

static int disk_write(sqlite3_file *base, const void *bytes, int count, sqlite3_int64 offset) {
    disk_file *file = (disk_file *)base;
    if (file->disk->is_cut) return SQLITE_IOERR_WRITE;
    if (happens(file->disk, FAULTY_DISK_WRITE)) return SQLITE_IOERR_WRITE;
    if (happens(file->disk, FAULTY_DISK_FULL)) return SQLITE_FULL;
    int rc = remember(file, offset, count);
    if (rc != SQLITE_OK) return rc;
    if (happens(file->disk, FAULTY_DISK_SHORT_WRITE)) {
        file->real->pMethods->xWrite(file->real, bytes, count / 2, offset);
        return SQLITE_IOERR_WRITE;
    }
    return file->real->pMethods->xWrite(file->real, bytes, count, offset);
}

static int disk_truncate(sqlite3_file *base, sqlite3_int64 size) {
    disk_file *file = (disk_file *)base;
    if (file->disk->is_cut) return SQLITE_IOERR_TRUNCATE;
    sqlite3_int64 now = 0;
    int rc = file->real->pMethods->xFileSize(file->real, &now);
    if (rc == SQLITE_OK) rc = remember(file, size, now - size);
    return rc == SQLITE_OK ? file->real->pMethods->xTruncate(file->real, size) : rc;
}

static int disk_sync(sqlite3_file *base, int flags) {
    disk_file *file = (disk_file *)base;
    if (file->disk->is_cut) return SQLITE_IOERR_FSYNC;
    if (happens(file->disk, FAULTY_DISK_SYNC)) return SQLITE_IOERR_FSYNC;
    // The real sync is left out: what it would keep is kept by the book below, and a thousand times as fast.
    (void)flags;
    if (file->record) {
        clear(file->record);
        return file->real->pMethods->xFileSize(file->real, &file->record->durable_size);
    }
    return SQLITE_OK;
}

static int disk_size(sqlite3_file *base, sqlite3_int64 *size) {
    disk_file *file = (disk_file *)base;
    return file->real->pMethods->xFileSize(file->real, size);
}

static int disk_lock(sqlite3_file *base, int level) {
    disk_file *file = (disk_file *)base;
    return file->real->pMethods->xLock(file->real, level);
}

static int disk_unlock(sqlite3_file *base, int level) {
    disk_file *file = (disk_file *)base;
    return file->real->pMethods->xUnlock(file->real, level);
}

static int disk_check_lock(sqlite3_file *base, int *is_held) {
    disk_file *file = (disk_file *)base;
    return file->real->pMethods->xCheckReservedLock(file->real, is_held);
}

static int disk_control(sqlite3_file *base, int operation, void *argument) {
    disk_file *file = (disk_file *)base;
    return file->real->pMethods->xFileControl(file->real, operation, argument);
}

static int disk_sector_size(sqlite3_file *base) {
    (void)base;
    return SECTOR;
}

static int disk_characteristics(sqlite3_file *base) {
    // No promises: neither atomic writes nor safe overwriting.
    (void)base;
    return 0;
}

static int disk_map_shared(sqlite3_file *base, int page, int size, int extend, void volatile **memory) {
    disk_file *file = (disk_file *)base;
    return file->real->pMethods->xShmMap(file->real, page, size, extend && !file->disk->is_cut, memory);
}

static int disk_lock_shared(sqlite3_file *base, int offset, int count, int flags) {
    disk_file *file = (disk_file *)base;
    return file->real->pMethods->xShmLock(file->real, offset, count, flags);
}

static void disk_barrier(sqlite3_file *base) {
    disk_file *file = (disk_file *)base;
    file->real->pMethods->xShmBarrier(file->real);
}

static int disk_unmap_shared(sqlite3_file *base, int remove) {
    disk_file *file = (disk_file *)base;
    return file->real->pMethods->xShmUnmap(file->real, remove && !file->disk->is_cut);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_check_lock,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector_size,
    .xDeviceCharacteristics = disk_characteristics,
    .xShmMap = disk_map_shared,
    .xShmLock = disk_lock_shared,
    .xShmBarrier = disk_barrier,
    .xShmUnmap = disk_unmap_shared,
};

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags) {
    disk_file *file = (disk_file *)base;
    faulty_disk *disk = vfs->pAppData;
    file->base.pMethods = NULL;
    file->disk = disk;
    file->record = name ? record_of(name) : NULL;
    if (disk->is_cut) return SQLITE_CANTOPEN;
    int rc = disk->real->xOpen(disk->real, name, file->real, flags, out_flags);
    if (rc != SQLITE_OK) return rc;
    if (file->record && file->record->durable_size < 0)
        file->real->pMethods->xFileSize(file->real, &file->record->durable_size);
    file->base.pMethods = &methods;
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync_folder) {
    faulty_disk *disk = vfs->pAppData;
    if (disk->is_cut) return SQLITE_IOERR_DELETE;
    record *record = record_of(name);
    if (record) {
        clear(record);
        record->durable_size = -1;
    }
    return disk->real->xDelete(disk->real, name, sync_folder);
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
    faulty_disk *disk = vfs->pAppData;
    return disk->real->xAccess(disk->real, name, flags, result);
}

static int disk_full_path(sqlite3_vfs *vfs, const char *name, int size, char *path) {
    faulty_disk *disk = vfs->pAppData;
    return disk->real->xFullPathname(disk->real, name, size, path);
}

faulty_disk *faulty_disk_make(const char *name) {
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    faulty_disk *disk = calloc(1, sizeof *disk);
    if (!real || !disk) return NULL;
    disk->real = real;
    disk->name = strdup(name);
    disk->vfs = *real;
    disk->vfs.pNext = NULL;
    disk->vfs.zName = disk->name;
    disk->vfs.pAppData = disk;
    disk->vfs.szOsFile = (int)sizeof(disk_file) + real->szOsFile;
    disk->vfs.xOpen = disk_open;
    disk->vfs.xDelete = disk_delete;
    disk->vfs.xAccess = disk_access;
    disk->vfs.xFullPathname = disk_full_path;
    sqlite3_vfs_register(&disk->vfs, 0);
    return disk;
}

void faulty_disk_arm(faulty_disk *disk, int fault, int after) {
    disk->fault = fault;
    disk->countdown = after;
    disk->has_failed = 0;
}

int faulty_disk_has_failed(const faulty_disk *disk) { return disk->has_failed; }

void faulty_disk_cut(faulty_disk *disk) { disk->is_cut = 1; }

void faulty_disk_remove(faulty_disk *disk) {
    sqlite3_vfs_unregister(&disk->vfs);
    free(disk->name);
    free(disk);
}

/// One step of the generator SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators).
static uint64_t random_bits(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int faulty_disk_power_cut(const char *prefix, uint64_t seed) {
    int lost = 0;
    for (record *record = records; record; record = record->next) {
        if (strncmp(record->path, prefix, strlen(prefix)) != 0 || record->durable_size < 0) continue;
        int fd = open(record->path, O_RDWR | O_CLOEXEC);
        if (fd < 0) continue;
        off_t size = lseek(fd, 0, SEEK_END);
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            for (sector *one = record->sectors[bucket]; one; one = one->next) {
                if (random_bits(&seed) & 1) continue;
                if (pwrite(fd, one->durable, SECTOR, one->number * SECTOR) != SECTOR) {
                    close(fd);
                    return -1;
                }
                lost++;
            }
        }
        // A file that grew has either size, or one between.
        off_t kept = size;
        if (size > record->durable_size) {
            uint64_t span = (uint64_t)(size - record->durable_size) / SECTOR + 1;
            kept = record->durable_size + (off_t)((random_bits(&seed) % span) * SECTOR);
        } else if (size < record->durable_size && (random_bits(&seed) & 1)) {
            kept = record->durable_size;
        }
        if (ftruncate(fd, kept) != 0) lost = -1;
        close(fd);
        clear(record);
        record->durable_size = -1;
        if (lost < 0) return lost;
    }
    return lost;
}

void faulty_disk_forget(const char *prefix) {
    record **place = &records;
    while (*place) {
        record *one = *place;
        if (strncmp(one->path, prefix, strlen(prefix)) != 0) {
            place = &one->next;
            continue;
        }
        *place = one->next;
        clear(one);
        free(one->path);
        free(one);
    }
}

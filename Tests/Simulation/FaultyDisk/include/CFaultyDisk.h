/// A disk for SQLite that fails when told to and that forgets, at a power cut, what was not synced.
///
/// It lies between SQLite and the real files as a VFS (https://www.sqlite.org/vfs.html). Each connection of a test gets
/// a disk of its own, so that one can be cut off while another goes on; what is not synced is remembered by file, since
/// files are shared. Nothing here is safe for more than one thread at a time.
#ifndef BATTEN_FAULTY_DISK_H
#define BATTEN_FAULTY_DISK_H

#include <stdint.h>

/// What a disk can do wrong once.
enum faulty_disk_fault {
    FAULTY_DISK_NONE = 0,
    /// A read fails.
    FAULTY_DISK_READ = 1,
    /// A write fails before anything was written.
    FAULTY_DISK_WRITE = 2,
    /// A write fails when half of it was written.
    FAULTY_DISK_SHORT_WRITE = 3,
    /// There is no room for a write.
    FAULTY_DISK_FULL = 4,
    /// A sync fails; what it should have kept may be lost.
    FAULTY_DISK_SYNC = 5,
};

typedef struct faulty_disk faulty_disk;

/// Registers a disk under a name that no other has; NULL without memory.
faulty_disk *_Nullable faulty_disk_make(const char *_Nonnull name);

/// Has the `after`-th operation of the fault's kind from now on fail (0: the next one), once.
void faulty_disk_arm(faulty_disk *_Nonnull disk, int fault, int after);

/// Whether the armed fault has happened.
int faulty_disk_has_failed(const faulty_disk *_Nonnull disk);

/// Cuts the disk off: from now on nothing reaches the files any more, as if the process had been killed.
void faulty_disk_cut(faulty_disk *_Nonnull disk);

/// Removes a disk. All its files are closed.
void faulty_disk_remove(faulty_disk *_Nonnull disk);

/// Cuts the power of all files whose path begins with `prefix`: of what was written since the last sync, each sector of
/// 512 bytes stays or goes as `seed` decides. All their connections are closed.
/// - Returns: how many sectors were lost, or -1 when a file could not be changed.
int faulty_disk_power_cut(const char *_Nonnull prefix, uint64_t seed);

/// Forgets what is remembered of files whose path begins with `prefix`.
void faulty_disk_forget(const char *_Nonnull prefix);

#endif

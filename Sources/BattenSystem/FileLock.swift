internal import Glibc

/// Locks on whole files that belong to an open descriptor: they end when it is closed, also by the process's death.
///
/// They are the kernel's open-file-description locks; a stopped process keeps its own.
public enum FileLock {
    // <bits/fcntl-linux.h>; Swift does not see them.
    private static let get: Int32 = 36
    private static let set: Int32 = 37
    private static let setAndWait: Int32 = 38

    /// Takes the lock for as long as the descriptor is open.
    ///
    /// - Returns: false when another descriptor has it.
    public static func take(_ file: borrowing Descriptor) throws(SystemError) -> Bool {
        var lock = whole()
        do throws(SystemError) {
            let number = file.rawValue
            try checked("lock a file") { unsafe fcntl(number, set, &lock) }
            return true
        } catch {
            if error.number == .wouldBlock || error.number == .accessDenied { return false }
            throw error
        }
    }

    /// Takes the lock for as long as the descriptor is open, waiting for whoever has it.
    public static func wait(_ file: borrowing Descriptor) throws(SystemError) {
        var lock = whole()
        let number = file.rawValue
        try checked("lock a file") { unsafe fcntl(number, setAndWait, &lock) }
    }

    /// Whether another descriptor has the lock; nothing is taken.
    public static func isHeld(_ file: borrowing Descriptor) throws(SystemError) -> Bool {
        var lock = whole()
        let number = file.rawValue
        try checked("look at a lock") { unsafe fcntl(number, get, &lock) }
        return lock.l_type != Int16(F_UNLCK)
    }

    private static func whole() -> flock {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 0
        lock.l_len = 0
        lock.l_pid = 0
        return lock
    }
}

extension FileSystem {
    /// Whether an open file is the one that a path names now.
    public static func isSame(_ file: borrowing Descriptor, _ path: String) throws(SystemError) -> Bool {
        var status = Glibc.stat()
        let number = file.rawValue
        try checked("stat an open file") { unsafe fstat(number, &status) }
        guard let named = try self.status(path) else { return false }
        return named.inode == UInt64(status.st_ino) && named.device == UInt64(status.st_dev)
    }

    /// Opens a file, made when absent, and takes its lock.
    ///
    /// When somebody removed the file in between, a new one is made: the lock is always that of the named file.
    /// - Returns: nil when another descriptor has the lock.
    public static func openLocked(_ path: String) throws(SystemError) -> Descriptor? {
        while true {
            let file = try open(path, .readWrite)
            guard try FileLock.take(file) else { return nil }
            if try isSame(file, path) { return file }
        }
    }
}

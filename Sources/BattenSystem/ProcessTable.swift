internal import Glibc

/// What the kernel tells of processes and the file locks they hold, read from `/proc`.
public enum ProcessTable {
    /// Id of this process.
    public static var current: Int32 { getpid() }

    /// Whether a process with this id exists, stopped ones and zombies included.
    public static func exists(_ pid: Int32) -> Bool {
        pid > 0 && (Glibc.kill(pid, 0) == 0 || errno == EPERM)
    }

    /// Whether a process with this id exists and has not ended; one whose end nobody has taken yet has.
    public static func isRunning(_ pid: Int32) -> Bool {
        guard let state = state(of: pid) else { return false }
        return state != UInt8(ascii: "Z") && state != UInt8(ascii: "X")
    }

    /// Kills a process: SIGKILL.
    public static func kill(_ pid: Int32) {
        guard pid > 0 else { return }
        _ = Glibc.kill(pid, SIGKILL)
    }

    /// How many threads a process has; 0 when it is gone.
    public static func threads(of pid: Int32) -> Int {
        ((try? FileSystem.list("/proc/\(pid)/task")) ?? []).count
    }

    /// Bytes of memory that a process holds; nil when it is gone.
    public static func residentBytes(of pid: Int32) -> Int64? {
        guard let bytes = try? FileSystem.read("/proc/\(pid)/statm") else { return nil }
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int64(fields[1]) else { return nil }
        let (size, overflow) = pages.multipliedReportingOverflow(by: Int64(sysconf(Int32(_SC_PAGESIZE))))
        return overflow ? nil : size
    }

    /// The letter of a process's state; nil when it is gone.
    private static func state(of pid: Int32) -> UInt8? {
        guard let bytes = try? FileSystem.read("/proc/\(pid)/stat"), let end = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        // 4711 (name) Z …
        return bytes.dropFirst(end - bytes.startIndex + 2).first
    }

    /// The command name of a process; nil when it is gone.
    public static func name(of pid: Int32) -> String? {
        guard let bytes = try? FileSystem.read("/proc/\(pid)/comm") else { return nil }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// The process that holds an exclusive record lock on a byte of a file.
    ///
    /// `/proc/locks` is read because opening and closing the file would drop the locks that this process itself holds
    /// on it.
    /// - Returns: nil when nobody does, or the kernel does not tell.
    public static func writeLockHolder(of path: String, byte: Int64) -> Int32? {
        guard let file = try? FileSystem.status(path), let table = try? FileSystem.read("/proc/locks") else {
            return nil
        }
        for line in table.split(separator: UInt8(ascii: "\n")) {
            // 1: POSIX  ADVISORY  WRITE 4711 fe:00:131 120 120
            let fields = String(decoding: line, as: UTF8.self).split(separator: " ")
            guard fields.count == 8, fields[1] == "POSIX", fields[3] == "WRITE", let pid = Int32(fields[4]),
                let inode = fields[5].split(separator: ":").last.flatMap({ UInt64($0) }), inode == file.inode,
                let first = Int64(fields[6]), first <= byte
            else { continue }
            if fields[7] == "EOF" || (Int64(fields[7]) ?? -1) >= byte { return pid }
        }
        return nil
    }
}

extension ProcessEnvironment {
    /// The size in bytes beyond which this process may not write a file; nil when there is no such limit.
    public static var fileSizeLimit: Int64? {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max
        else { return nil }
        return Int64(clamping: limit.rlim_cur)
    }
}

/// Waits without work.
public enum Pause {
    /// Sleeps for at least this long; signals do not shorten it.
    public static func sleep(microseconds: Int64) {
        guard microseconds > 0 else { return }
        var rest = timespec(tv_sec: Int(microseconds / 1_000_000), tv_nsec: Int(microseconds % 1_000_000) * 1_000)
        while true {
            var wanted = rest
            if unsafe nanosleep(&wanted, &rest) == 0 || errno != EINTR { return }
        }
    }
}

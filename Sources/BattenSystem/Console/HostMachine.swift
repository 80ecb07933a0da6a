internal import CLinux
internal import Glibc

/// What this machine and its kernel offer to this process.
public enum HostMachine {
    /// A path with links and `..` resolved; what it names must exist.
    public static func resolvedPath(_ path: String) throws(SystemError) -> String {
        guard let resolved = unsafe realpath(path, nil) else { throw SystemError("find \(path)", code: errno) }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// The kernel's name and release, for example `Linux 6.1.0-18-amd64 x86_64`.
    public static func kernel() -> String {
        var name = utsname()
        guard unsafe uname(&name) == 0 else { return "unknown" }
        let fields = [
            unsafe withUnsafeBytes(of: &name.sysname) { unsafe Array($0) },
            unsafe withUnsafeBytes(of: &name.release) { unsafe Array($0) },
            unsafe withUnsafeBytes(of: &name.machine) { unsafe Array($0) },
        ]
        return fields.map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }.joined(separator: " ")
    }

    /// Version of the C library, for example `2.36`.
    public static var cLibraryVersion: String {
        guard let text = unsafe linux_libc_version() else { return "" }
        return unsafe String(cString: text)
    }

    /// The machine's name on its network.
    public static func name() -> String {
        var name = utsname()
        guard unsafe uname(&name) == 0 else { return "unknown" }
        let bytes = unsafe withUnsafeBytes(of: &name.nodename) { unsafe Array($0) }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// How many files this process may have open: the limit now and the one it may raise itself to.
    public static func openFileLimit() throws(SystemError) -> (soft: UInt64, hard: UInt64) {
        var limit = rlimit()
        try checked("read the limit of open files") {
            unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return (UInt64(limit.rlim_cur), UInt64(limit.rlim_max))
    }

    /// Bytes that may still be written to the file system that holds a path.
    public static func freeBytes(at path: String) throws(SystemError) -> UInt64 {
        var bytes: UInt64 = 0
        try checked("measure the file system of \(path)") { unsafe linux_free_bytes(path, &bytes) }
        return bytes
    }

    /// Whether the kernel offers pidfd_open, which the shell plugin's guardian uses.
    public static func hasProcessDescriptors() -> Bool {
        linux_has_pidfd() != 0
    }

    /// Ends the process at once with an exit code, running nothing further.
    public static func exit(_ code: Int32) -> Never {
        _exit(code)
    }
}

internal import Glibc

/// A program that takes over the terminal until it ends, as an editor does.
public enum ForegroundProcess {
    /// Runs a command of the shell with this process's own streams, and waits for it.
    ///
    /// - Parameters:
    ///   - command: what `sh -c` is given.
    ///   - arguments: `$1` and so on in it.
    ///   - environment: its whole environment.
    /// - Throws: ``SystemError`` when it cannot be started.
    public static func run(
        _ command: String, arguments: [String], environment: [String: String]
    ) throws(SystemError) -> ProcessEnd {
        let words = ["sh", "-c", command, "sh"] + arguments
        let list = unsafe words.map { unsafe strdup($0) } + [nil]
        let variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer { unsafe (list + variables).forEach { unsafe free($0) } }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // Signals that this process handles or ignores are the program's own again.
        var standard = sigset_t()
        unsafe sigfillset(&standard)
        unsafe posix_spawnattr_setsigdefault(&attributes, &standard)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var pid: pid_t = 0
        let code = unsafe posix_spawn(&pid, "/bin/sh", nil, &attributes, list, variables)
        guard code == 0 else { throw SystemError("start '\(command)'", code: code) }
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { return .unknown }
        }
        return status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F)
    }
}

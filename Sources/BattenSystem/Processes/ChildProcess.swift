internal import CLinux
internal import Glibc

/// How a process ended.
public enum ProcessEnd: Sendable, Hashable {
    /// It left with a status.
    case exited(Int32)
    /// A signal ended it.
    case signalled(Int32)
    /// Somebody else took its status.
    case unknown

    /// The signal's name, such as `SIGSEGV`; nil when it was none.
    public var signalName: String? {
        guard case .signalled(let number) = self else { return nil }
        let names: [Int32: String] = [
            SIGSEGV: "SIGSEGV", SIGABRT: "SIGABRT", SIGILL: "SIGILL", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE",
            SIGTRAP: "SIGTRAP", SIGKILL: "SIGKILL", SIGTERM: "SIGTERM", SIGPIPE: "SIGPIPE", SIGXCPU: "SIGXCPU",
            SIGXFSZ: "SIGXFSZ", SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGSYS: "SIGSYS",
            SIGALRM: "SIGALRM", SIGUSR1: "SIGUSR1", SIGUSR2: "SIGUSR2",
        ]
        return names[number] ?? "signal \(number)"
    }
}

/// A process that this one started, in a session of its own, known by a descriptor and so never mixed up with another.
public final class ChildProcess: Sendable {
    /// Its process id, which is also the id of its session and process group.
    public let pid: Int32
    /// Becomes readable when the process has ended.
    public let pidfd: Descriptor

    private init(pid: Int32, pidfd: consuming Descriptor) {
        self.pid = pid
        self.pidfd = pidfd
    }

    /// Starts a program that gets exactly four descriptors: nothing to read, two for its output, and a socket as number 3.
    ///
    /// - Parameters:
    ///   - path: the program.
    ///   - arguments: without the program's own name.
    ///   - environment: all variables, `NAME=value`.
    ///   - output: becomes its standard output; stays the caller's here, as the others do.
    ///   - error: becomes its standard error.
    ///   - socket: becomes its descriptor 3.
    public static func spawn(
        _ path: String, arguments: [String], environment: [String], output: Int32, error: Int32, socket: Int32
    ) throws(SystemError) -> ChildProcess {
        let list = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        let variables = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer { unsafe (list + variables).forEach { unsafe free($0) } }
        var pid: Int32 = 0
        try checked("start \(path)") { unsafe linux_spawn(path, list, variables, output, error, socket, &pid) }
        let pidfd = linux_pidfd_open(pid)
        guard pidfd >= 0 else {
            let failure = SystemError.last("watch the process \(pid)")
            _ = Glibc.kill(pid, SIGKILL)
            _ = Self.reap(pid, waits: true)
            throw failure
        }
        return ChildProcess(pid: pid, pidfd: Descriptor(owning: pidfd))
    }

    /// Asks it to end: SIGTERM to the process alone.
    public func terminate() {
        _ = linux_pidfd_signal(pidfd.rawValue, SIGTERM)
    }

    /// Ends it at once: SIGKILL to the process alone.
    public func kill() {
        _ = linux_pidfd_signal(pidfd.rawValue, SIGKILL)
    }

    /// Ends every process of its session that is still there; to be called before ``reap(waits:)``, which gives the
    /// session's number free.
    ///
    /// - Returns: how many processes besides itself were found.
    @discardableResult
    public func killSession() -> Int {
        _ = Glibc.kill(-pid, SIGKILL)
        var found: Set<Int32> = []
        // A process may make another one while the table is read; each round looks for those of the one before.
        for _ in 0..<20 {
            let members = Self.members(ofSession: pid).filter { $0 != pid && !found.contains($0) }
            if members.isEmpty { break }
            for member in members {
                found.insert(member)
                _ = Glibc.kill(member, SIGKILL)
            }
        }
        return found.count
    }

    /// Takes the status of the ended process.
    ///
    /// - Parameter waits: whether to wait for its end.
    /// - Returns: nil when it has not ended.
    public func reap(waits: Bool = false) -> ProcessEnd? {
        Self.reap(pid, waits: waits)
    }

    /// Bytes of memory that it holds, from `/proc`; nil when it is gone.
    public var residentBytes: Int64? {
        ProcessTable.residentBytes(of: pid)
    }

    private static func reap(_ pid: Int32, waits: Bool) -> ProcessEnd? {
        var isSignal: Int32 = 0
        var status: Int32 = 0
        while true {
            switch unsafe linux_reap(pid, waits ? 1 : 0, &isSignal, &status) {
            case 0: return nil
            case 1: return isSignal != 0 ? .signalled(status) : .exited(status)
            default: if errno != EINTR { return .unknown }
            }
        }
    }

    /// Living processes of a session.
    static func members(ofSession session: Int32) -> [Int32] {
        guard let names = try? FileSystem.list("/proc") else { return [] }
        return names.compactMap { Int32($0) }.filter { pid in
            // The kernel answers for every process, also those that no folder right lets this one look into.
            getsid(pid) == session && ProcessTable.isRunning(pid)
        }
    }
}

/// What a process does about its own end.
public enum ProcessLife {
    /// Has this process and its session end when the process that started it does: SIGTERM arrives when the starting
    /// thread ends, and is answered by killing the session.
    ///
    /// - Parameter socket: the socket to that process; it is not handed on to programs that this one executes.
    public static func endWithParent(socket: Int32) throws(SystemError) {
        try checked("keep the socket from other programs") { fcntl(socket, F_SETFD, FD_CLOEXEC) }
        try checked("watch the parent process") { linux_end_with_parent_group() }
    }

    /// Ends this process and its whole session at once.
    public static func killOwnSession() -> Never {
        linux_kill_session()
        _exit(1)
    }

    /// The process that started this one.
    ///
    /// - Throws: ``SystemError`` when it is gone, or out of sight because it is in another name space.
    public static func parent() throws(SystemError) -> Descriptor {
        let number = linux_pidfd_open(getppid())
        guard number >= 0 else { throw .last("watch the parent process") }
        return Descriptor(owning: number)
    }

    /// Waits until a process has ended; for ever once its descriptor was closed here.
    public static func waitForEnd(of process: borrowing Descriptor) {
        wait(for: process.rawValue, POLLIN)
    }

    /// Whether the other end of a socket is gone.
    public static func hasHungUp(_ socket: Int32) -> Bool {
        var entry = pollfd(fd: socket, events: 0, revents: 0)
        return unsafe poll(&entry, 1, 0) > 0
    }

    /// Waits until the other end of a socket is gone; for ever once the socket was closed here.
    public static func waitForHangup(_ socket: Int32) {
        // Bits besides the implied ones would make data that waits to be read end the waiting.
        wait(for: socket, 0)
    }

    private static func wait(for descriptor: Int32, _ events: Int32) {
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0)
            let count = unsafe poll(&entry, 1, -1)
            if count > 0, Int32(entry.revents) & POLLNVAL == 0 { return }
            if count > 0 { pause() }
            if count < 0, errno != EINTR { return }
        }
    }

    /// Writes the cause and the stack of a crash to the standard error before this process ends of it; threads made
    /// from now on have room to do so after their own stack was used up.
    public static func reportCrashes() {
        linux_report_crashes()
    }
}

internal import CLinux
internal import Glibc

/// Signals that tell a program what its user wants.
public enum UserSignal: Sendable, Hashable {
    /// SIGINT: Ctrl-C.
    case interrupt
    /// SIGTERM.
    case terminate
    /// SIGHUP: the terminal is gone.
    case hangup
    /// SIGWINCH: the terminal has another size.
    case resized
}

/// Delivers signals to a thread of its own; to be started at most once in a process.
public enum SignalWatch {
    /// Starts delivering signals.
    ///
    /// - Parameter handler: called on the watching thread, one signal at a time, in the order they came.
    public static func start(_ handler: @escaping @Sendable (UserSignal) -> Void) throws(SystemError) {
        var readEnd: Int32 = -1
        var writeEnd: Int32 = -1
        try checked("make a pipe for signals") { unsafe linux_pipe(&readEnd, &writeEnd) }
        let descriptor = readEnd
        try Thread.detach(name: "signals", stackSize: 256 << 10) {
            var byte: UInt8 = 0
            while true {
                let count = unsafe read(descriptor, &byte, 1)
                if count < 0, errno == EINTR { continue }
                guard count == 1 else { return }
                switch Int32(byte) {
                case SIGINT: handler(.interrupt)
                case SIGTERM: handler(.terminate)
                case SIGHUP: handler(.hangup)
                case SIGWINCH: handler(.resized)
                default: break
                }
            }
        }
        try checked("handle signals") { linux_watch_signals(writeEnd) }
    }
}

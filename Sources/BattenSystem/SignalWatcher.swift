internal import Glibc

/// Receives signals on a thread of its own, as values instead of interruptions.
public enum SignalWatcher {
    /// A signal a program can be asked with.
    public enum Request: Int32, Sendable {
        /// Ctrl-C.
        case interrupt = 2
        /// An orderly end.
        case terminate = 15
        /// The terminal went away, or configuration is to be read again.
        case hangup = 1
    }

    /// Blocks the signals in the calling thread and all it starts later, and hands each to the handler.
    ///
    /// To be called once, before other threads are started: they inherit the mask.
    ///
    /// - Parameters:
    ///   - requests: the signals.
    ///   - handler: called on the watcher's thread, one signal at a time.
    /// - Throws: ``SystemError`` when the system has no room for another thread.
    public static func start(
        _ requests: [Request], handler: @escaping @Sendable (Request) -> Void
    ) throws(SystemError) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for request in requests { unsafe sigaddset(&set, request.rawValue) }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        try Thread.detach(name: "signals", stackSize: 256 << 10) {
            var set = sigset_t()
            unsafe sigemptyset(&set)
            for request in requests { unsafe sigaddset(&set, request.rawValue) }
            while true {
                var number: Int32 = 0
                guard unsafe sigwait(&set, &number) == 0 else { continue }
                if let request = Request(rawValue: number) { handler(request) }
            }
        }
    }

    /// Has writes to a closed pipe or socket fail with an error instead of ending the process.
    public static func ignoreBrokenPipes() {
        _ = signal(SIGPIPE, SIG_IGN)
    }
}

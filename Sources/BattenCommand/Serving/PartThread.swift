import BattenSystem

/// The thread of one part of a serving engine: started once, and waited for when the part is stopped.
final class PartThread: Sendable {
    private let thread = Monitor<Thread?>(nil)

    /// Starts the thread.
    func start(name: String, stackSize: Int = 1 << 20, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let started = try Thread.start(name: name, stackSize: stackSize, body)
        thread.withLock { $0 = started }
    }

    /// Waits for the end of the thread; the part was told to end before.
    func join() {
        let started = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        started?.join()
    }
}

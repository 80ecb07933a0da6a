internal import CLinux
internal import Glibc
internal import Synchronization

/// An operating system thread with a name and a stack of a stated size.
public struct Thread: Sendable {
    private let identity: pthread_t

    /// Starts a thread that somebody joins.
    ///
    /// - Parameters:
    ///   - name: shown by `ps -L` and debuggers; the first 15 bytes count.
    ///   - stackSize: bytes of stack besides the guard page.
    ///   - body: what the thread does; the thread ends with it.
    /// - Throws: ``SystemError`` when the system has no room for another thread.
    public static func start(
        name: String, stackSize: Int = 1 << 20, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) -> Thread {
        let identity = try launch(name: name, stackSize: stackSize, detached: false, body)
        return Thread(identity: identity)
    }

    /// Starts a thread that nobody joins.
    public static func detach(
        name: String, stackSize: Int = 1 << 20, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        _ = try launch(name: name, stackSize: stackSize, detached: true, body)
    }

    /// Waits until the thread has ended; to be called once.
    public func join() {
        _ = pthread_join(identity, nil)
    }

    /// Says that nobody will join the thread, so that its memory is freed when it ends; in place of ``join()``.
    public func release() {
        _ = pthread_detach(identity)
    }

    /// Lets other threads that wait for this processor go first.
    public static func yield() {
        _ = sched_yield()
    }

    /// Whether the caller runs on this thread.
    public var isCurrent: Bool {
        pthread_equal(pthread_self(), identity) != 0
    }

    private static func launch(
        name: String, stackSize: Int, detached: Bool, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) -> pthread_t {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, max(stackSize, 64 << 10))
        if detached { unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED)) }
        let start = unsafe Unmanaged.passRetained(ThreadStart(name: name, body: body))
        var identity = pthread_t()
        let code = unsafe pthread_create(&identity, &attributes, runThread, start.toOpaque())
        guard code == 0 else {
            unsafe start.release()
            throw SystemError("start the thread \(name)", code: code)
        }
        return identity
    }
}

/// What a new thread receives.
private final class ThreadStart: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    let start = unsafe Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
    var name = Array(start.name.utf8.prefix(15).map { CChar(bitPattern: $0) })
    name.append(0)
    _ = unsafe linux_set_thread_name(name)
    let crashStack = unsafe linux_begin_crash_stack()
    ProcessThreads.enter()
    start.body()
    ProcessThreads.leave()
    unsafe linux_end_crash_stack(crashStack)
    return nil
}

internal import CBattenABI

/// The host's event loop of one executor instance.
///
/// Everything but ``post(_:)`` is for the loop's own thread: `begin`, `cancel` and the callbacks themselves.
public struct Loop: Sendable {
    let host: Host
    private let id: UInt64

    /// What a descriptor is watched for, or found ready for.
    public struct Events: OptionSet, Sendable, Hashable {
        /// The bits of the C header.
        public let rawValue: UInt32

        /// Takes the bits of the C header.
        public init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        /// Reading will not block.
        public static let read = Events(rawValue: 1 << 0)
        /// Writing will not block.
        public static let write = Events(rawValue: 1 << 1)
        /// The other side has closed; only reported.
        public static let hangup = Events(rawValue: 1 << 2)
        /// The descriptor is in error; only reported.
        public static let error = Events(rawValue: 1 << 3)
    }

    /// Finds the loop of the calling thread; nil on a thread that is no loop's, and if the host has no loops.
    init?(host: Host) {
        guard let service = unsafe host.loop else { return nil }
        var id: UInt64 = 0
        guard unsafe service.pointee.current(host.table, &id) == .BATTEN_RC_OK else { return nil }
        self.host = host
        self.id = id
    }

    /// Calls a function whenever a descriptor is ready, until the watch is cancelled.
    ///
    /// The watch goes on also if nobody holds it. Cancel it before the descriptor is closed.
    ///
    /// - Parameters:
    ///   - descriptor: a descriptor that epoll takes: a pipe, a socket, an eventfd, a pidfd; no regular file.
    ///   - events: what to wait for.
    ///   - handler: called with what the descriptor is ready for.
    /// - Throws: ``Failure`` of class bug if the host refuses the descriptor.
    public func watch(
        _ descriptor: Int32, for events: Events, _ handler: @escaping (Events) -> Void
    ) throws(Failure) -> Watch {
        let watch = Watch(descriptor: descriptor, loop: self, handler: handler)
        try watch.start(events)
        return watch
    }

    /// Calls a function once at some time or soon after it.
    ///
    /// The timer goes on also if nobody holds it.
    public func timer(at time: MonotonicTime, _ handler: @escaping () -> Void) throws(Failure) -> LoopTimer {
        let timer = LoopTimer(loop: self, handler: handler)
        try timer.start(time)
        return timer
    }

    /// Calls a function once after some time.
    public func timer(after duration: Duration, _ handler: @escaping () -> Void) throws(Failure) -> LoopTimer {
        try timer(at: .now + duration, handler)
    }

    /// Calls a function on the loop's thread, in order of posting; from any thread.
    ///
    /// - Returns: false if the loop has ended; the function is then not called.
    @discardableResult
    public func post(_ work: @escaping @Sendable () -> Void) -> Bool {
        guard let service = unsafe host.loop else { return false }
        let user = unsafe Unmanaged.passRetained(Once(work)).toOpaque()
        guard unsafe service.pointee.post(host.table, id, { unsafe Once.run($0) }, user) == .BATTEN_RC_OK else {
            unsafe Unmanaged<Once>.fromOpaque(user).release()
            return false
        }
        return true
    }

    /// Calls a function on the loop's thread and waits until it has returned; from any thread but the loop's.
    ///
    /// It is for `close` and `stop`, behind which nothing may be watched or timed any more.
    ///
    /// - Parameter limit: how long to wait at most; a loop that is kept busy calls the function later.
    /// - Returns: false if the loop has ended; the function is then not called.
    @discardableResult
    public func finish(within limit: Duration = .seconds(10), _ work: @escaping @Sendable () -> Void) -> Bool {
        let end = MonotonicTime.now + limit
        let done = Completion()
        guard
            post({
                work()
                done.happen()
            })
        else { return false }
        done.wait(until: end)
        return true
    }
}

/// Something that happens once and can be waited for.
private final class Completion: @unchecked Sendable {
    // SAFETY: what may change is read and written inside the monitor.
    private let monitor = Monitor()
    private var hasHappened = false

    func happen() {
        monitor.locked {
            hasHappened = true
            monitor.wakeAll()
        }
    }

    func wait(until end: MonotonicTime) {
        monitor.locked {
            while !hasHappened, monitor.wait(until: end) {}
        }
    }
}

/// A function that C code calls once.
final class Once {
    private let work: () -> Void

    init(_ work: @escaping () -> Void) {
        self.work = work
    }

    static func run(_ user: UnsafeMutableRawPointer?) {
        guard let user = unsafe user else { return }
        unsafe Unmanaged<Once>.fromOpaque(user).takeRetainedValue().work()
    }
}

/// A descriptor that is watched; belongs to its loop's thread.
public final class Watch {
    /// The descriptor.
    public let descriptor: Int32
    private let loop: Loop
    private var handler: ((Loop.Events) -> Void)?
    private var isActive = false

    init(descriptor: Int32, loop: Loop, handler: @escaping (Loop.Events) -> Void) {
        self.descriptor = descriptor
        self.loop = loop
        self.handler = handler
    }

    func start(_ events: Loop.Events) throws(Failure) {
        guard let service = unsafe loop.host.loop else { return }
        let user = unsafe Unmanaged.passUnretained(self).toOpaque()
        let code = unsafe service.pointee.watch(
            loop.host.table, descriptor, events.rawValue,
            { user, _, events in
                guard let user = unsafe user else { return }
                let watch = unsafe Unmanaged<Watch>.fromOpaque(user).takeUnretainedValue()
                let handler = watch.handler
                handler?(Loop.Events(rawValue: events))
            }, user)
        guard code == .BATTEN_RC_OK else {
            throw Failure(
                .bug, code: "loop.watch",
                "the host's loop refused to watch descriptor \(descriptor) (code \(code.rawValue))")
        }
        // The loop holds the watch while it is active.
        if !isActive { _ = unsafe Unmanaged.passRetained(self) }
        isActive = true
    }

    /// Waits for other events from now on.
    ///
    /// - Throws: ``Failure`` of class bug if the host refuses.
    public func change(to events: Loop.Events) throws(Failure) {
        guard isActive else { return }
        try start(events)
    }

    /// Ends the watch; its function is dropped and not called again.
    ///
    /// Has no effect on one that has ended.
    public func cancel() {
        guard isActive, let service = unsafe loop.host.loop else { return }
        isActive = false
        handler = nil
        _ = unsafe service.pointee.unwatch(loop.host.table, descriptor)
        unsafe Unmanaged.passUnretained(self).release()
    }
}

/// A timer; belongs to its loop's thread.
public final class LoopTimer {
    private let loop: Loop
    private var handler: (() -> Void)?
    private var id: UInt64 = 0

    init(loop: Loop, handler: @escaping () -> Void) {
        self.loop = loop
        self.handler = handler
    }

    func start(_ time: MonotonicTime) throws(Failure) {
        guard let service = unsafe loop.host.loop else { return }
        let user = unsafe Unmanaged.passRetained(self).toOpaque()
        let code = unsafe service.pointee.timer(
            loop.host.table, time.nanoseconds,
            { user in
                guard let user = unsafe user else { return }
                unsafe Unmanaged<LoopTimer>.fromOpaque(user).takeRetainedValue().fire()
            }, user, &id)
        guard code == .BATTEN_RC_OK else {
            unsafe Unmanaged<LoopTimer>.fromOpaque(user).release()
            throw Failure(.bug, code: "loop.timer", "the host's loop refused a timer (code \(code.rawValue))")
        }
    }

    private func fire() {
        let handler = self.handler
        self.handler = nil
        handler?()
    }

    /// Ends the timer; its function is not called.
    ///
    /// Has no effect on one that was called or has ended.
    public func cancel() {
        guard handler != nil, let service = unsafe loop.host.loop else { return }
        handler = nil
        if unsafe service.pointee.untimer(loop.host.table, id) == .BATTEN_RC_OK {
            unsafe Unmanaged.passUnretained(self).release()
        }
    }
}

internal import CLinux
internal import Glibc
internal import Synchronization

/// Work that an event loop carries out on its thread.
///
/// A class, so that posting one costs no allocation.
public protocol LoopJob: AnyObject, Sendable {
    /// Called once for each posting, on the loop's thread.
    func run(on loop: EventLoop)
}

/// What a watched descriptor is ready for.
public struct LoopEvents: OptionSet, Sendable, Hashable {
    /// Bits, the same as the plugin ABI's.
    public let rawValue: UInt32
    /// Creates a set from its bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Reading gives bytes, a connection or the end.
    public static let read = LoopEvents(rawValue: 1)
    /// Writing takes bytes.
    public static let write = LoopEvents(rawValue: 2)
    /// The other side has gone; always reported.
    public static let hangup = LoopEvents(rawValue: 4)
    /// The descriptor has an error; always reported.
    public static let error = LoopEvents(rawValue: 8)
}

/// A thread that waits for jobs, descriptors and timers, and runs their callbacks one after another.
///
/// An idle loop sleeps in the kernel. ``post(_:)`` works from any thread; ``watch(_:for:_:)``, ``unwatch(_:)``,
/// ``setTimer(at:_:)`` and ``cancelTimer(_:)`` only on the loop's own thread.
public final class EventLoop: @unchecked Sendable {
    // SAFETY: `watches`, `timers`, `armed`, `spare` and `jobsLeft` belong to the loop's thread; the descriptors never change; what
    // several threads share is in `inbox`.
    private let epoll: Int32
    private let wakeup: Int32
    private let alarm: Int32
    private let inbox = Mutex(Inbox())
    /// Where the thread sleeps while it has nothing to watch: cheaper to be woken from than the kernel's queue.
    private let parking = Monitor(false)
    private var watches: [Int32: Watch] = [:]
    private var generation: UInt32 = 0
    private var timers = TimerQueue<() -> Void>()
    private var armed = Int64.max
    private var spare: [any LoopJob] = []
    /// How many of the jobs that were taken have not been begun.
    private var jobsLeft = 0

    /// Where the thread is while it has nothing to do.
    fileprivate enum Rest {
        case none
        /// In `epoll_wait`.
        case watching
        /// In ``parking``.
        case parked
    }

    private struct Inbox {
        var jobs: [any LoopJob] = []
        var rest = Rest.none
        var isClosed = false
        var thread: Thread?
    }

    private struct Watch {
        let generation: UInt32
        let callback: (Int32, LoopEvents) -> Void
    }

    /// Creates a loop; it does nothing until ``start(name:stackSize:)``.
    ///
    /// - Throws: ``SystemError`` when the process has no descriptors left.
    public init() throws(SystemError) {
        epoll = linux_epoll_create()
        wakeup = linux_eventfd()
        alarm = linux_timerfd()
        // Both are edge-triggered and thus need no reading.
        guard epoll >= 0, wakeup >= 0, alarm >= 0, control(LINUX_ADD, wakeup, [.read, .edge]),
            control(LINUX_ADD, alarm, [.read, .edge])
        else {
            let error = SystemError.last("make an event loop")
            for descriptor in [epoll, wakeup, alarm] where descriptor >= 0 { close(descriptor) }
            throw error
        }
    }

    deinit {
        for descriptor in [epoll, wakeup, alarm] { close(descriptor) }
    }

    /// Starts the loop's thread; to be called once.
    ///
    /// - Throws: ``SystemError`` when the system has no room for another thread.
    public func start(name: String, stackSize: Int = 1 << 20) throws(SystemError) {
        let thread = try Thread.start(name: name, stackSize: stackSize) { [self] in work() }
        inbox.withLock { $0.thread = thread }
    }

    /// Takes no more jobs, runs those already posted, and ends the thread.
    ///
    /// - Parameter joining: whether to wait for the thread; not possible from itself.
    public func stop(joining: Bool = true) {
        let (thread, wasOpen, rest) = inbox.withLock { state in
            defer { state.isClosed = true }
            return (state.thread, !state.isClosed, state.rest)
        }
        if wasOpen { wake(from: rest) }
        guard wasOpen, let thread else { return }
        if joining, !thread.isCurrent { thread.join() } else { thread.release() }
    }

    /// Whether the caller runs on this loop's thread.
    public var isCurrent: Bool {
        Self.current === self
    }

    /// The loop on whose thread the caller runs.
    public static var current: EventLoop? {
        guard let pointer = unsafe pthread_getspecific(currentKey) else { return nil }
        return unsafe Unmanaged<EventLoop>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Has a job run on the loop's thread, after all that were posted before.
    ///
    /// - Returns: false when the loop has been stopped; the job will not run.
    @discardableResult
    public func post(_ job: any LoopJob) -> Bool {
        let (accepted, rest) = inbox.withLock { state in
            guard !state.isClosed else { return (false, Rest.none) }
            state.jobs.append(job)
            defer { state.rest = .none }
            return (true, state.rest)
        }
        if let held = HeldWake.current {
            // One job may wait until its poster has nothing else to do; several are for several processors.
            let isFirst = !held.wasUsed && rest != .none
            held.release()
            held.wasUsed = true
            if isFirst {
                held.loop = self
                held.rest = rest
                return accepted
            }
        }
        wake(from: rest)
        return accepted
    }

    /// Runs a body in which the first job that the calling thread posts to a resting loop does not wake the loop until
    /// the thread posts another or calls ``wakeHeld()``.
    ///
    /// A thread that posts its job, and then has only to go to sleep, thus does not have it run beside itself, where it
    /// would find the thread still at work.
    public static func holdWakes(_ body: () -> Void) {
        let held = HeldWake()
        unsafe pthread_setspecific(HeldWake.key, Unmanaged.passUnretained(held).toOpaque())
        body()
        pthread_setspecific(HeldWake.key, nil)
        held.release()
    }

    /// Wakes the loop whose waking the calling thread has held back, if there is one.
    public static func wakeHeld() {
        guard let held = HeldWake.current else { return }
        held.release()
        held.wasUsed = false
    }

    /// Has a closure run on the loop's thread, after all that was posted before.
    @discardableResult
    public func post(_ body: @escaping @Sendable () -> Void) -> Bool {
        post(ClosureJob(body))
    }

    /// Watches a descriptor, level-triggered, until ``unwatch(_:)``; a second call for one descriptor replaces the first.
    ///
    /// - Parameters:
    ///   - descriptor: stays the caller's, who unwatches it before closing it.
    ///   - events: what to wait for; ``LoopEvents/hangup`` and ``LoopEvents/error`` are implied.
    ///   - callback: receives the descriptor and what it is ready for.
    /// - Throws: ``SystemError`` when the descriptor cannot be watched, such as a regular file.
    public func watch(
        _ descriptor: Int32, for events: LoopEvents, _ callback: @escaping (Int32, LoopEvents) -> Void
    ) throws(SystemError) {
        generation &+= 1
        let operation = watches[descriptor] == nil ? LINUX_ADD : LINUX_MODIFY
        guard control(operation, descriptor, events.intersection([.read, .write])) else {
            throw .last("watch descriptor \(descriptor)")
        }
        watches[descriptor] = Watch(generation: generation, callback: callback)
    }

    /// Ends the watching; the callback is not called again after this returns.
    ///
    /// - Returns: whether the descriptor was watched.
    @discardableResult
    public func unwatch(_ descriptor: Int32) -> Bool {
        guard watches.removeValue(forKey: descriptor) != nil else { return false }
        _ = control(LINUX_REMOVE, descriptor, [])
        return true
    }

    /// Has a closure called once, at an instant of ``MonotonicClock`` or soon after.
    ///
    /// - Returns: the timer's name for ``cancelTimer(_:)``, never 0.
    public func setTimer(at instant: Int64, _ callback: @escaping () -> Void) -> UInt64 {
        timers.insert(at: instant, callback)
    }

    /// Takes a timer back.
    ///
    /// - Returns: false when it has fired or was taken back before.
    @discardableResult
    public func cancelTimer(_ timer: UInt64) -> Bool {
        timers.remove(timer)
    }

    /// Whether the loop has nothing to do but what it is doing, and nothing to wait for; on the loop's thread.
    public var isFree: Bool {
        jobsLeft == 0 && watches.isEmpty && timers.next == nil && isDrained
    }

    /// Has the loop's thread do something else, as if it were not the loop's; what is posted meanwhile waits.
    public func lend(_ body: () -> Void) {
        pthread_setspecific(currentKey, nil)
        body()
        unsafe pthread_setspecific(currentKey, Unmanaged.passUnretained(self).toOpaque())
    }

    // MARK: The thread

    private func work() {
        unsafe pthread_setspecific(currentKey, Unmanaged.passUnretained(self).toOpaque())
        var ready = [linux_ready](repeating: linux_ready(), count: 256)
        while true {
            let closed = runJobs()
            // What the jobs have posted meanwhile follows at once, without a look at the descriptors in between.
            if !isDrained { _ = runJobs() }
            fireTimers()
            let resting = watches.isEmpty && timers.next == nil ? Rest.parked : Rest.watching
            let mayBlock = inbox.withLock { state in
                let isIdle = state.jobs.isEmpty && !state.isClosed
                state.rest = isIdle ? resting : .none
                return isIdle
            }
            if closed && !mayBlock && isDrained { break }
            if resting == .parked {
                // There is nothing to look for among the descriptors.
                if mayBlock { park() }
                continue
            }
            if mayBlock { arm() }
            let count = unsafe linux_epoll_wait(epoll, &ready, Int32(ready.count), mayBlock ? -1 : 0)
            if mayBlock { inbox.withLock { $0.rest = .none } }
            for index in 0..<max(0, Int(count)) { dispatch(ready[index]) }
        }
        pthread_setspecific(currentKey, nil)
    }

    private var isDrained: Bool {
        inbox.withLock { $0.jobs.isEmpty }
    }

    /// Runs what has been posted; answers whether the loop is closed.
    private func runJobs() -> Bool {
        let closed = inbox.withLock { state in
            swap(&state.jobs, &spare)
            return state.isClosed
        }
        jobsLeft = spare.count
        for job in spare {
            jobsLeft -= 1
            job.run(on: self)
        }
        spare.removeAll(keepingCapacity: spare.count <= 4096)
        return closed
    }

    private func fireTimers() {
        guard let next = timers.next, next <= MonotonicClock.now() else { return }
        let (now, last) = (MonotonicClock.now(), timers.lastID)
        while let callback = timers.removeDue(now, notAfter: last) { callback() }
    }

    private func dispatch(_ ready: linux_ready) {
        let descriptor = Int32(truncatingIfNeeded: ready.tag & 0xffff_ffff)
        if descriptor == wakeup { return }
        if descriptor == alarm { return armed = .max }
        guard let watch = watches[descriptor], watch.generation == UInt32(ready.tag >> 32) else { return }
        watch.callback(descriptor, LoopEvents(rawValue: UInt32(truncatingIfNeeded: ready.events)))
    }

    /// Sets the alarm to the earliest timer before the loop sleeps.
    private func arm() {
        let next = timers.next ?? .max
        guard next < armed else { return }
        armed = next
        _ = linux_timerfd_set(alarm, max(next, 1))
    }

    /// Sleeps until somebody wakes the thread; only with nothing to watch and no timer.
    private func park() {
        _ = parking.wait { isWoken -> Bool? in
            defer { isWoken = false }
            return isWoken ? true : nil
        }
    }

    fileprivate func wake(from rest: Rest) {
        switch rest {
        case .none: return
        case .parked: parking.signal { $0 = true }
        case .watching:
            var one: UInt64 = 1
            _ = unsafe write(wakeup, &one, 8)
        }
    }

    private func control(_ operation: Int, _ descriptor: Int32, _ events: LoopEvents) -> Bool {
        let isOwn = descriptor == wakeup || descriptor == alarm
        let tag = (isOwn ? 0 : UInt64(generation) << 32) | UInt64(UInt32(bitPattern: descriptor))
        return linux_epoll_control(epoll, Int32(operation), descriptor, events.rawValue, tag) == 0
    }
}

extension LoopEvents {
    /// Report changes instead of states.
    fileprivate static let edge = LoopEvents(rawValue: 16)
}

/// The thread-specific slot that holds the thread's loop.
private let currentKey: pthread_key_t = {
    var key = pthread_key_t()
    _ = unsafe pthread_key_create(&key, nil)
    return key
}()

/// A loop whose waking a thread has held back.
private final class HeldWake {
    var loop: EventLoop?
    var rest = EventLoop.Rest.none
    /// Whether the thread has posted something since it last had nothing to do.
    var wasUsed = false

    /// The thread-specific slot that holds the thread's own.
    static let key: pthread_key_t = {
        var key = pthread_key_t()
        _ = unsafe pthread_key_create(&key, nil)
        return key
    }()

    /// The calling thread's, if it holds wakes back.
    static var current: HeldWake? {
        guard let pointer = unsafe pthread_getspecific(key) else { return nil }
        return unsafe Unmanaged<HeldWake>.fromOpaque(pointer).takeUnretainedValue()
    }

    func release() {
        guard let loop else { return }
        self.loop = nil
        loop.wake(from: rest)
    }
}

private final class ClosureJob: LoopJob {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }

    func run(on loop: EventLoop) {
        body()
    }
}

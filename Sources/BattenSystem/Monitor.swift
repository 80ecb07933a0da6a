internal import Glibc

/// A value that threads share under a lock, and on whose changes they can wait.
///
/// Where nobody waits, `Synchronization.Mutex` is the lighter choice.
@safe public final class Monitor<State>: @unchecked Sendable {
    // SAFETY: `state` is touched only while `mutex` is held; the two C objects never move because they are allocated
    // once, and they are made for use by many threads.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    /// Creates the monitor around its first state.
    public init(_ initial: sending State) {
        state = initial
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Reads or changes the state without waking anyone.
    public func withLock<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Changes the state, then wakes one waiting thread, or all.
    public func signal<Result>(all: Bool = false, _ body: (inout State) throws -> Result) rethrows -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer {
            unsafe pthread_mutex_unlock(mutex)
            _ = unsafe all ? pthread_cond_broadcast(condition) : pthread_cond_signal(condition)
        }
        return try body(&state)
    }

    /// Waits until the body answers something, or until the deadline.
    ///
    /// - Parameters:
    ///   - deadline: nanoseconds of ``MonotonicClock``; nil waits for ever.
    ///   - body: looks at the state; nil means "not yet". It is asked again after every signal.
    /// - Returns: the body's answer, or nil when the deadline came first.
    public func wait<Result>(until deadline: Int64? = nil, _ body: (inout State) throws -> Result?) rethrows -> Result?
    {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = try body(&state) { return result }
            guard let deadline else {
                _ = unsafe pthread_cond_wait(condition, mutex)
                continue
            }
            var time = timespec(
                tv_sec: Int(max(deadline, 0) / 1_000_000_000), tv_nsec: Int(max(deadline, 0) % 1_000_000_000))
            if unsafe pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT { return try body(&state) }
        }
    }
}

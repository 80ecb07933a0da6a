internal import CLinux
internal import Glibc

/// A value that threads share under a lock, and on whose changes they can wait.
///
/// Where nobody waits, `Synchronization.Mutex` is the lighter choice.
@safe public final class Monitor<State>: @unchecked Sendable {
    // SAFETY: `state`, `sleepers` and the number at `turn` are touched only while `mutex` is held, but for the kernel,
    // which compares the number; both allocations never move, and they live as long as the object.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    /// Where threads sleep; its number changes whenever one of them is to be woken.
    ///
    /// Rationale: a `pthread_cond_t` hands the lock on in a way that costs each sleeper one more call of the kernel.
    private let turn: UnsafeMutablePointer<UInt32>
    private var sleepers = 0
    private var state: State

    /// Creates the monitor around its first state.
    public init(_ initial: sending State) {
        state = initial
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe turn = .allocate(capacity: 1)
        unsafe turn.initialize(to: 0)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
        unsafe turn.deallocate()
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
            let wakes = sleepers > 0
            if wakes { unsafe linux_advance(turn) }
            unsafe pthread_mutex_unlock(mutex)
            if wakes { unsafe linux_wake(turn, all ? 1 : 0) }
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
            if sleep(until: deadline) { return try body(&state) }
        }
    }

    /// Sleeps without the lock until a signal; true when the deadline came first.
    private func sleep(until deadline: Int64?) -> Bool {
        sleepers += 1
        let number = unsafe turn.pointee
        unsafe pthread_mutex_unlock(mutex)
        let isLate = unsafe linux_wait_while(turn, number, deadline.map { max($0, 0) } ?? -1) != 0
        unsafe pthread_mutex_lock(mutex)
        sleepers -= 1
        return isLate
    }
}

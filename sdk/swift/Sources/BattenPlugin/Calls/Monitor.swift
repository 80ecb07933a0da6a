internal import Glibc

/// A lock with a condition to wait for, where a thread has to sleep until another has something for it.
@safe
final class Monitor: @unchecked Sendable {
    // SAFETY: the C library's lock and condition are made for many threads; their places never move.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        unsafe pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(lock)
        unsafe condition.deallocate()
        unsafe lock.deallocate()
    }

    /// Carries out a function while no other thread is in one.
    func locked<Result>(_ body: () -> Result) -> Result {
        unsafe pthread_mutex_lock(lock)
        defer { unsafe pthread_mutex_unlock(lock) }
        return body()
    }

    /// Sleeps until it is woken, perhaps without reason; for the inside of ``locked(_:)``, which others enter meanwhile.
    func wait() {
        unsafe pthread_cond_wait(condition, lock)
    }

    /// Sleeps until it is woken, at most until some time; false if that has come.
    func wait(until time: MonotonicTime) -> Bool {
        let nanoseconds = max(0, time.nanoseconds)
        var end = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        return unsafe pthread_cond_timedwait(condition, lock, &end) == 0
    }

    /// Wakes one thread that waits.
    func wakeOne() {
        unsafe pthread_cond_signal(condition)
    }

    /// Wakes every thread that waits.
    func wakeAll() {
        unsafe pthread_cond_broadcast(condition)
    }
}

import CCurl
import Synchronization

/// A few threads for what would block an event loop: name lookups, syncing files, hashing what is on disk.
///
/// Threads start when there is work, at most `width` of them, and end with ``shutdown()``.
public final class WorkerPool: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var head = 0
        var idle = 0
        var threads: [pthread_t] = []
        var isClosed = false
    }

    private let width: Int
    private let state = Mutex(State())
    private let signal = Signal()

    /// Makes a pool without threads.
    public init(width: Int = 4) {
        self.width = width
    }

    /// Has a thread of the pool carry out a job; false after ``shutdown()``.
    @discardableResult
    public func run(_ job: @escaping @Sendable () -> Void) -> Bool {
        let accepted = state.withLock { state in
            guard !state.isClosed else { return false }
            state.jobs.append(job)
            if state.idle < state.jobs.count - state.head, state.threads.count < width {
                var thread = pthread_t()
                let context = Unmanaged.passRetained(self).toOpaque()
                if pthread_create(&thread, nil, workerThread, context) == 0 {
                    state.threads.append(thread)
                } else {
                    Unmanaged<WorkerPool>.fromOpaque(context).release()
                    if state.threads.isEmpty {
                        state.jobs.removeLast()
                        return false
                    }
                }
            }
            return true
        }
        if accepted { signal.raise() }
        return accepted
    }

    /// Drops the jobs that wait, lets those under way end, and joins all threads.
    public func shutdown() {
        let threads = state.withLock { state in
            state.isClosed = true
            state.jobs.removeAll()
            state.head = 0
            defer { state.threads.removeAll() }
            return state.threads
        }
        for _ in threads { signal.raise() }
        for thread in threads { pthread_join(thread, nil) }
    }

    /// Carries out jobs until the pool is closed.
    fileprivate func work() {
        while true {
            let next: (@Sendable () -> Void)?? = state.withLock { state in
                if state.head < state.jobs.count {
                    let job = state.jobs[state.head]
                    state.head += 1
                    if state.head == state.jobs.count {
                        state.jobs.removeAll(keepingCapacity: true)
                        state.head = 0
                    }
                    return .some(job)
                }
                if state.isClosed { return nil }
                state.idle += 1
                return .some(nil)
            }
            guard let next else { return }
            if let job = next {
                job()
            } else {
                signal.wait()
                state.withLock { $0.idle -= 1 }
            }
        }
    }
}

/// The body of a worker thread.
private func workerThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<WorkerPool>.fromOpaque(context).takeRetainedValue().work()
    return nil
}

/// A counting semaphore.
final class Signal: Sendable {
    // SAFETY: allocated once and freed when nobody can use it any more; sem_post and sem_wait are for all threads.
    private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func raise() {
        sem_post(semaphore)
    }

    func wait() {
        while sem_wait(semaphore) != 0 {}
    }
}

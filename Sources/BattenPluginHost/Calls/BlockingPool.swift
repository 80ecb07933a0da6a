import BattenSystem

/// Work that may block a thread.
protocol PoolJob: AnyObject, Sendable {
    /// Called once, on a thread of the pool.
    func runOnPool()
}

/// Threads for blocking calls: as many as there is work, up to a limit; idle ones end after a while.
final class BlockingPool: Sendable {
    fileprivate struct State {
        var queue: [any PoolJob] = []
        var head = 0
        var threads = 0
        var idle = 0
        /// Threads inside calls that were given up; they do not count against the limit.
        var stuck = 0
        var isClosed = false
        /// Whether somebody waits until no thread is at work.
        var isAwaited = false

        var waiting: Int { queue.count - head }

        mutating func pop() -> (any PoolJob)? {
            guard head < queue.count else { return nil }
            let job = queue[head]
            head += 1
            if head == queue.count {
                queue.removeAll(keepingCapacity: head <= 4096)
                head = 0
            } else if head >= 1024, head * 2 > queue.count {
                queue.removeFirst(head)
                head = 0
            }
            return job
        }
    }

    /// What ends a thread's wait.
    private enum Found {
        case job(any PoolJob)
        case closed
    }

    private let monitor = Monitor(State())
    private let limit: Int
    private let idleTime: Duration

    init(limit: Int, idleTime: Duration) {
        self.limit = limit
        self.idleTime = idleTime
    }

    /// Has a job run on a thread of the pool.
    ///
    /// - Throws: ``SystemError`` when there is no thread and none can be made.
    func submit(_ job: any PoolJob) throws(SystemError) {
        let grow = monitor.signal { state in
            state.queue.append(job)
            return state.needsThread(limit)
        }
        if grow { try addThread(for: job) }
    }

    /// A thread of the pool is inside a call that was given up.
    func markStuck() {
        let grow = monitor.withLock { state in
            state.stuck += 1
            return state.waiting > 0 && state.needsThread(limit)
        }
        if grow { try? addThread(for: nil) }
    }

    /// Such a thread is back.
    func unmarkStuck() {
        monitor.withLock { $0.stuck -= 1 }
    }

    /// Waits until no thread is inside a job.
    ///
    /// A call that has ended may not have returned yet; those that were given up are not waited for.
    ///
    /// - Parameter deadline: when to wait no longer, on the monotonic clock.
    func drain(until deadline: Int64) {
        _ = monitor.wait(until: deadline) { state in
            state.isAwaited = true
            return state.waiting == 0 && state.threads - state.idle <= state.stuck ? true : nil
        }
    }

    /// How many threads there are.
    var threadCount: Int { monitor.withLock { $0.threads } }

    /// Lets all idle threads end, and the others after their job.
    func close() {
        monitor.signal(all: true) { $0.isClosed = true }
    }

    private func addThread(for job: (any PoolJob)?) throws(SystemError) {
        do throws(SystemError) {
            try Thread.detach(name: "batten-pool", stackSize: 1 << 20) { [self] in work() }
        } catch {
            // Other threads will come to the job; only without any it has nobody.
            let isAlone = monitor.withLock { state in
                state.threads -= 1
                guard state.threads == state.stuck, let job else { return false }
                state.queue.removeAll { $0 === job }
                return true
            }
            if isAlone { throw error }
        }
    }

    private func work() {
        while let job = next() { job.runOnPool() }
    }

    private func next() -> (any PoolJob)? {
        let isAwaited = monitor.withLock { state in
            state.idle += 1
            return state.isAwaited
        }
        if isAwaited { monitor.signal(all: true) { _ in } }
        while true {
            let until = MonotonicClock.adding(idleTime, to: MonotonicClock.now())
            let found: Found? = monitor.wait(until: until) { state in
                if let job = state.pop() {
                    state.idle -= 1
                    return .job(job)
                }
                return state.isClosed ? .closed : nil
            }
            if case .job(let job) = found { return job }
            let ends = monitor.withLock { state in
                guard state.waiting == 0 else { return false }
                state.idle -= 1
                state.threads -= 1
                return true
            }
            if ends { return nil }
        }
    }
}

extension BlockingPool.State {
    /// Whether one more thread is due; it is then counted.
    fileprivate mutating func needsThread(_ limit: Int) -> Bool {
        guard idle < waiting, threads - stuck < limit else { return false }
        threads += 1
        return true
    }
}

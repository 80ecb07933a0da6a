internal import Glibc

/// The threads on which the tasks of a plugin's async executors run.
///
/// They are the plugin's own and not those of the process, so that they can be joined when the plugin stops, and a task
/// that blocks hinders nobody else. There are none before the first task.
@safe
final class TaskPool: TaskExecutor, @unchecked Sendable {
    // SAFETY: everything that changes is touched inside the monitor alone.
    private let monitor = Monitor()
    private var jobs: [UnownedJob] = []
    private var first = 0
    private var idle = 0
    private var threads: [pthread_t] = []
    private var working = 0
    private var isClosed = false
    private let limit: Int

    /// - Parameter limit: how many threads there are at most; by default as many as processors, from 2 to 8.
    init(limit: Int = min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 2), 8)) {
        self.limit = limit
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isTaken = monitor.locked { () -> Bool in
            guard !isClosed else { return false }
            if idle <= jobs.count - first, threads.count < limit { addThread() }
            guard !threads.isEmpty else { return false }
            jobs.append(job)
            monitor.wakeOne()
            return true
        }
        // Without a thread of its own the pool works on the caller's.
        if !isTaken { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    private func addThread() {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, 1 << 20)
        var thread = pthread_t()
        let pool = unsafe Unmanaged.passRetained(self)
        let code = unsafe pthread_create(
            &thread, &attributes,
            { pool in
                guard let pool = unsafe pool else { return nil }
                unsafe Unmanaged<TaskPool>.fromOpaque(pool).takeRetainedValue().work()
                return nil
            }, pool.toOpaque())
        if code == 0 {
            threads.append(thread)
            working += 1
        } else {
            unsafe pool.release()
        }
    }

    private func work() {
        while let job = next() { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        monitor.locked {
            working -= 1
            monitor.wakeAll()
        }
    }

    private func next() -> UnownedJob? {
        monitor.locked {
            while first == jobs.count {
                if isClosed { return nil }
                idle += 1
                monitor.wait()
                idle -= 1
            }
            defer {
                first += 1
                if first == jobs.count {
                    jobs.removeAll(keepingCapacity: first < 1024)
                    first = 0
                } else if first > 1024, first > jobs.count / 2 {
                    jobs.removeFirst(first)
                    first = 0
                }
            }
            return jobs[first]
        }
    }

    /// Ends the threads when they have nothing left to do.
    ///
    /// - Parameter deadline: when those that still work are left to themselves.
    func stop(deadline: MonotonicTime) {
        let (threads, haveEnded) = monitor.locked { () -> ([pthread_t], Bool) in
            isClosed = true
            monitor.wakeAll()
            while working > 0, monitor.wait(until: deadline) {}
            defer { self.threads = [] }
            return (self.threads, working == 0)
        }
        for thread in threads {
            if haveEnded {
                pthread_join(thread, nil)
            } else {
                pthread_detach(thread)
            }
        }
    }
}

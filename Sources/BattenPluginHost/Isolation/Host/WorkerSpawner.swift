import BattenSystem

/// The one thread that starts worker processes and takes their ends.
///
/// Processes are told when the thread that started them ends, and take that for the end of the host: so it lives as long
/// as this process.
final class WorkerSpawner: Sendable {
    static let shared = WorkerSpawner()

    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var hasThread = false
    }

    private let monitor = Monitor(State())

    private init() {}

    /// Has a closure run on the thread, after all that came before.
    ///
    /// - Throws: ``SystemError`` when there is no thread and none can be made.
    func run(_ job: @escaping @Sendable () -> Void) throws(SystemError) {
        let needsThread = monitor.signal { state in
            state.jobs.append(job)
            defer { state.hasThread = true }
            return !state.hasThread
        }
        guard needsThread else { return }
        do throws(SystemError) {
            try Thread.detach(name: "batten-spawner", stackSize: 512 << 10) { [self] in work() }
        } catch {
            monitor.withLock { state in
                state.hasThread = false
                state.jobs.removeAll()
            }
            throw error
        }
    }

    private func work() {
        while true {
            let jobs = monitor.wait { state -> [@Sendable () -> Void]? in
                guard !state.jobs.isEmpty else { return nil }
                defer { state.jobs = [] }
                return state.jobs
            }
            for job in jobs ?? [] { job() }
        }
    }
}

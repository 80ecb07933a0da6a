import BattenSystem

/// Keeps the history of a store within its policy while an engine serves it.
///
/// A thread of its own works when a run has ended, once a minute at most and a few milliseconds at a time; while no run
/// ends it sleeps.
final class Housekeeper: Sendable {
    private struct State {
        var isAsked = true
        var isStopping = false
    }

    /// Between two sweeps, and between two parts of one, in nanoseconds.
    private static let interval: Int64 = 60_000_000_000
    private static let pause: Int64 = 250_000_000

    private let runtime: EngineRuntime
    private let state = Monitor(State())
    private let thread = PartThread()

    init(runtime: EngineRuntime) {
        self.runtime = runtime
    }

    /// Starts with a look at what others have left.
    func start() throws(SystemError) {
        try thread.start(name: "upkeep") { [self] in work() }
    }

    /// Says that a run has ended; returns at once.
    func runEnded() {
        if state.withLock({ $0.isAsked }) { return }
        state.signal { $0.isAsked = true }
    }

    /// Ends it; what is under way is a few milliseconds.
    func stop() {
        state.signal { $0.isStopping = true }
        thread.join()
    }

    private func work() {
        while state.wait({ $0.isStopping ? false : $0.isAsked ? true : nil }) == true {
            let isComplete = runtime.tidy(within: .milliseconds(6))
            if isComplete == true { state.withLock { $0.isAsked = false } }
            let end = MonotonicClock.now() + (isComplete == false ? Self.pause : Self.interval)
            let _: Bool? = state.wait(until: end) { $0.isStopping ? true : nil }
        }
    }
}

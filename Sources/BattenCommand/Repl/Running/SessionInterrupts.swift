import BattenCore
import BattenSystem
import Synchronization

/// Turns Ctrl-C into a cancel of the stage that is waited for, and into a call of its own where none is.
final class SessionInterrupts: Sendable {
    private struct State {
        /// How to cancel what is waited for; nil while nothing is.
        var cancel: (@Sendable (RunControl) -> Void)?
        var count = 0
        var isGone = false
    }
    private let state = Mutex(State())
    private let idle: @Sendable (UserSignal) -> Void

    /// - Parameter idle: called for a signal that comes while nothing is waited for, and for each new window size.
    init(idle: @escaping @Sendable (UserSignal) -> Void) { self.idle = idle }

    /// Starts listening.
    func watch() throws(SystemError) {
        try SignalWatch.start { [self] signal in
            switch signal {
            case .resized: idle(signal)
            case .interrupt: take(signal)
            case .terminate, .hangup:
                state.withLock { $0.isGone = true }
                take(signal)
            }
        }
    }

    /// Whether the program was asked to end, or its terminal is gone.
    var isGone: Bool { state.withLock { $0.isGone } }

    /// How often Ctrl-C came since something is waited for.
    var count: Int { state.withLock { $0.count } }

    /// Has Ctrl-C cancel something for as long as a body runs; the second one kills.
    func during<Value, Failure: Error>(
        _ cancel: @escaping @Sendable (RunControl) -> Void, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        state.withLock { state in
            state.cancel = cancel
            state.count = 0
        }
        defer { state.withLock { $0.cancel = nil } }
        return try body()
    }

    private func take(_ signal: UserSignal) {
        let (cancel, count) = state.withLock { state in
            state.count += 1
            return (state.cancel, state.count)
        }
        if let cancel { cancel(count > 1 ? .cancelNow : .cancel) } else { idle(signal) }
    }
}

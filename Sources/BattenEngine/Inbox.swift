import BattenCore
import BattenSystem
import Synchronization

/// One thing that reached the engine from another thread.
enum InboxMessage: Sendable {
    case submit(RunSubmission, id: String, seed: UInt64, reply: Reply<String>)
    case adopt(RecoveredRun, plan: Plan, epoch: Int64, reply: Reply<String>)
    case control(run: String, RunControl)
    case storeChanged
    case log(tag: UInt64, stream: String, text: String, at: Timestamp)
    case progress(tag: UInt64, fraction: Double?, note: String)
    case stream(tag: UInt64, text: String)
    case usage(tag: UInt64, metric: String, subject: String, amount: Int64, at: Timestamp)
    case checkpoint(tag: UInt64, state: [UInt8])
    case finished(tag: UInt64, outcome: StageOutcome)
    case watch(run: String, RunWatch)
    /// Start nothing more, and answer once no call is in flight.
    case drain(reply: Reply<Void>)
    /// Have the calls in flight stop, and answer once none is left.
    case stopCalls(reply: Reply<Void>)
    /// Give back every attempt that has not ended, and answer once that is on disk.
    case giveBack(reply: Reply<Void>)
    case stop
}

/// Where other threads leave messages for the engine; it is also how the engine sleeps.
///
/// The engine takes everything that has gathered at once: what arrives during a commit shares the next one.
final class Inbox: Sendable {
    private struct State {
        var messages: [InboxMessage] = []
        /// Whether the engine's thread rests, awake for a moment or asleep.
        var isResting = false
        /// Whether another thread works in the engine's place.
        var isLent = false
        /// When the engine's thread wakes by itself, on the monotonic clock; `.max` is never.
        var wakesAt = Int64.max
        /// Whether the engine's thread waits to work again.
        var isLate = false
        var streamedBytes = 0

        /// Whether whoever leaves something has to wake the engine's thread; who works in its place does so at the end.
        mutating func mustWake() -> Bool {
            guard isResting, !isLent else { return false }
            isResting = false
            return true
        }

        /// Has the engine's thread rest until something is left or the deadline comes.
        mutating func rest(until deadline: Int64?) {
            isResting = true
            wakesAt = deadline ?? .max
        }

        /// Has the engine's thread work on what has gathered.
        mutating func take(_ spare: inout [InboxMessage]) -> Bool {
            swap(&messages, &spare)
            isResting = false
            isLate = false
            streamedBytes = 0
            return true
        }
    }
    /// Streamed text that may wait before executors are told to pause.
    private static let streamBound = 4 << 20

    private let state = Monitor(State())
    /// Grows with every message, so that a short wait needs no lock.
    private let arrivals = Atomic<UInt64>(0)
    /// How long to look for a message before sleeping, in nanoseconds: what waking up would cost.
    private static let patience: Int64 = 15_000

    /// Leaves a message.
    func put(_ message: InboxMessage) {
        let wakes = state.withLock { state in
            state.messages.append(message)
            return state.mustWake()
        }
        arrivals.add(1, ordering: .releasing)
        if wakes { state.signal { _ in } }
    }

    /// Lets the calling thread work in the engine's place, while the engine's own rests and nothing waits for it.
    ///
    /// - Returns: false when the engine is at work; otherwise ``giveBack(wakingAt:)`` follows.
    func borrow() -> Bool {
        let isLent = state.withLock { state in
            guard state.isResting, !state.isLent, state.messages.isEmpty else { return false }
            state.isLent = true
            return true
        }
        if isLent { arrivals.add(1, ordering: .releasing) }
        return isLent
    }

    /// Gives the work back to the engine's thread, which goes on resting unless there is something to do.
    ///
    /// - Parameter deadline: when there is something to do without a message; nil is never.
    func giveBack(wakingAt deadline: Int64?) {
        let wakes = state.withLock { state in
            state.isLent = false
            guard state.isLate || !state.messages.isEmpty || deadline ?? .max < state.wakesAt else { return false }
            return state.mustWake()
        }
        if wakes { state.signal { _ in } }
    }

    /// Looks for a message for a moment, while one is likely: quick executors answer before a thread could sleep.
    ///
    /// The executor's thread may be waiting for this very processor, so others are let go first.
    ///
    /// - Returns: whether the engine's thread has rested.
    private func linger(until deadline: Int64?) -> Bool {
        let seen = arrivals.load(ordering: .acquiring)
        let rests = state.withLock { state in
            if state.messages.isEmpty { state.rest(until: deadline) }
            return state.isResting
        }
        guard rests else { return false }
        let end = MonotonicClock.now() + Self.patience
        while arrivals.load(ordering: .acquiring) == seen, MonotonicClock.now() < end { Thread.yield() }
        return true
    }

    /// Leaves streamed text.
    ///
    /// - Returns: false when much of it waits already; it is taken all the same.
    func putStream(tag: UInt64, text: String) -> Bool {
        let (wakes, roomy) = state.withLock { state in
            state.messages.append(.stream(tag: tag, text: text))
            state.streamedBytes += text.utf8.count
            return (state.mustWake(), state.streamedBytes < Self.streamBound)
        }
        if wakes { state.signal { _ in } }
        return roomy
    }

    /// Takes everything that has gathered into `messages`, whose storage is reused; waits when there is nothing, and
    /// while another thread works in the engine's place.
    ///
    /// - Parameters:
    ///   - deadline: when to return with nothing, on the monotonic clock; nil waits for ever.
    ///   - lingers: whether a message is likely to come in a moment.
    func take(into messages: inout [InboxMessage], until deadline: Int64?, lingers: Bool = false) {
        var spare = messages
        messages = []
        spare.removeAll(keepingCapacity: true)
        var hasRested = lingers && linger(until: deadline)
        let found: Bool? = state.wait(until: deadline) { state in
            // What wakes the thread before its time need not be a message.
            let isWoken = hasRested && !state.isResting
            if !state.isLent, isWoken || !state.messages.isEmpty { return state.take(&spare) }
            hasRested = true
            state.rest(until: deadline)
            return nil
        }
        if found == nil {
            let _: Bool? = state.wait { state in
                if !state.isLent { return state.take(&spare) }
                state.isLate = true
                return nil
            }
        }
        messages = spare
    }
}

/// An answer that one thread waits for and the engine gives once.
final class Reply<Value: Sendable>: Sendable {
    private let state = Monitor<Result<Value, EngineError>?>(nil)

    /// Gives the answer.
    func give(_ result: Result<Value, EngineError>) {
        state.signal(all: true) { $0 = $0 ?? result }
    }

    /// Waits for the answer.
    ///
    /// - Parameter deadline: when to give up, on the monotonic clock; nil is never.
    func wait(until deadline: Int64? = nil) -> Result<Value, EngineError> {
        state.wait(until: deadline) { $0 }
            ?? .failure(EngineError(.stopped, "the engine gave no answer", help: "run the command again"))
    }
}

/// Follows one run for a thread that waits for its end.
final class RunWatch: Sendable {
    private let state = Monitor<Result<RunEnding, EngineError>?>(nil)

    /// Says where the run stands; nil says that it moves.
    func set(_ ending: Result<RunEnding, EngineError>?) {
        // A run that goes on moving wakes nobody.
        if case nil = ending, state.withLock({ if case nil = $0 { true } else { false } }) { return }
        state.signal(all: true) { $0 = ending }
    }

    /// Waits until the run has ended or waits for somebody.
    ///
    /// - Parameter staying: whether to go on waiting while the run waits for somebody.
    func wait(staying: Bool) -> Result<RunEnding, EngineError> {
        let result: Result<RunEnding, EngineError>? = state.wait { ending in
            if staying, case .success(.awaiting) = ending { return nil }
            return ending
        }
        return result
            ?? .failure(EngineError(.stopped, "the run is no longer followed", help: "look with batten status"))
    }
}

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
    case hold(tag: UInt64, QuotaRequest, answer: @Sendable (QuotaAnswer) -> Void)
    case settle(tag: UInt64, lease: UInt64, used: Int64, at: Timestamp)
    case release(tag: UInt64, lease: UInt64)
    case checkpoint(tag: UInt64, state: [UInt8])
    case finished(tag: UInt64, outcome: StageOutcome)
    case watch(run: String, RunWatch)
    /// Start nothing more, and answer once no call is in flight.
    case drain(reply: Reply<Void>)
    /// Have the calls in flight stop, and answer once none is left.
    case stopCalls(reply: Reply<Void>)
    /// Give back every attempt that has not ended, and answer once that is on disk.
    case giveBack(reply: Reply<Void>)
    /// Answer: the engine's thread is at work.
    case ping(reply: Reply<Void>)
    /// Take over those settings that can change while runs go on.
    case change(EngineSettings)
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
        /// When there is something to do without a message, on the monotonic clock; `.max` is never.
        var due = Int64.max
        /// When the engine's thread wakes by itself.
        var wakesAt = Int64.max
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
            due = deadline ?? .max
            wakesAt = due
        }

        /// Has the engine's thread work on what has gathered.
        mutating func take(_ spare: inout [InboxMessage]) {
            swap(&messages, &spare)
            isResting = false
            streamedBytes = 0
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
            state.due = deadline ?? .max
            // A thread that is only to sleep less long goes on resting.
            return state.messages.isEmpty ? state.due < state.wakesAt : state.mustWake()
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
        // What was begun last runs from here on: what comes of it finds the work to be lent.
        EventLoop.wakeHeld()
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
        if !lingers { EventLoop.wakeHeld() }
        var until = deadline ?? .max
        var isTaken = false
        while !isTaken {
            let look: Look? = state.wait(until: until == .max ? nil : until) { state in
                // What wakes the thread before its time need not be a message.
                let isWoken = hasRested && !state.isResting
                if !state.isLent, isWoken || !state.messages.isEmpty {
                    state.take(&spare)
                    return .taken
                }
                if !hasRested { state.rest(until: deadline) }
                hasRested = true
                state.wakesAt = until
                if state.due >= until { return nil }
                until = state.due
                return .sooner
            }
            switch look {
            case .taken: isTaken = true
            case .sooner: break
            case nil:
                let now = MonotonicClock.now()
                isTaken = state.withLock { state in
                    // Who works in the thread's place says at the end when there is something to do.
                    if state.isLent { state.due = .max }
                    until = state.due
                    guard until <= now else { return false }
                    state.take(&spare)
                    return true
                }
            }
        }
        messages = spare
    }

    /// What the engine's thread sees when it looks whether there is something to do.
    private enum Look {
        case taken
        /// It has to wake sooner than it meant to.
        case sooner
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

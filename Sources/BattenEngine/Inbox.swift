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
        var isAsleep = false
        var streamedBytes = 0
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
            defer { state.isAsleep = false }
            return state.isAsleep
        }
        arrivals.add(1, ordering: .releasing)
        if wakes { state.signal { _ in } }
    }

    /// Looks for a message for a moment, while one is likely: quick executors answer before a thread could sleep.
    ///
    /// The executor's thread may be waiting for this very processor, so others are let go first.
    func linger() {
        let seen = arrivals.load(ordering: .acquiring)
        guard state.withLock({ $0.messages.isEmpty }) else { return }
        let end = MonotonicClock.now() + Self.patience
        while arrivals.load(ordering: .acquiring) == seen, MonotonicClock.now() < end { Thread.yield() }
    }

    /// Leaves streamed text.
    ///
    /// - Returns: false when much of it waits already; it is taken all the same.
    func putStream(tag: UInt64, text: String) -> Bool {
        let (wakes, roomy) = state.withLock { state in
            state.messages.append(.stream(tag: tag, text: text))
            state.streamedBytes += text.utf8.count
            defer { state.isAsleep = false }
            return (state.isAsleep, state.streamedBytes < Self.streamBound)
        }
        if wakes { state.signal { _ in } }
        return roomy
    }

    /// Takes everything that has gathered into `messages`, whose storage is reused; waits when there is nothing.
    ///
    /// - Parameter deadline: when to return with nothing, on the monotonic clock; nil waits for ever.
    func take(into messages: inout [InboxMessage], until deadline: Int64?) {
        var spare = messages
        messages = []
        spare.removeAll(keepingCapacity: true)
        let found: Bool? = state.wait(until: deadline) { state in
            guard !state.messages.isEmpty else {
                state.isAsleep = true
                return nil
            }
            swap(&state.messages, &spare)
            state.isAsleep = false
            state.streamedBytes = 0
            return true
        }
        if found == nil { spare.removeAll(keepingCapacity: true) }
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

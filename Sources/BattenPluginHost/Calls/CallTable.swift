import BattenCore
import Synchronization

/// All calls that plugins may still complete, named by slot and generation.
///
/// It decides, under one lock, which of several events ends a call: a completion, a refusal, a cancel before the
/// plugin saw it, or the end of the grace time. Exactly one of them gets the call to deliver its outcome.
final class CallTable: Sendable {
    fileprivate struct Slot {
        var generation: UInt32 = 1
        var call: ActiveCall?
    }

    fileprivate struct State {
        var slots: [Slot] = []
        var free: [UInt32] = []
        var live = 0
        var abandoned: [UInt64: ActiveCall] = [:]
        var statistics = HostStatistics()
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Names a call and takes it in; 0 when the host takes no more calls.
    func insert(_ call: ActiveCall) -> UInt64 {
        state.withLock { state in
            guard !state.isClosed else { return 0 }
            let index: UInt32
            if let last = state.free.popLast() {
                index = last
            } else {
                index = UInt32(state.slots.count)
                state.slots.append(Slot())
            }
            let token = UInt64(state.slots[Int(index)].generation) << 32 | UInt64(index + 1)
            call.assign(token: token)
            state.slots[Int(index)].call = call
            state.live += 1
            return token
        }
    }

    /// The call of a token, unless it has ended.
    func find(_ token: UInt64) -> ActiveCall? {
        state.withLock { $0.find(token) }
    }

    /// Whether a call has had a token.
    func hasGiven(_ token: UInt64) -> Bool {
        state.withLock { state in
            let index = Int(truncatingIfNeeded: token & 0xffff_ffff) - 1
            guard state.slots.indices.contains(index), token >> 32 > 0 else { return false }
            let slot = state.slots[index]
            return slot.call == nil ? token >> 32 < slot.generation : token >> 32 <= slot.generation
        }
    }

    /// Lets the plugin see a call; false when it has ended while it waited.
    func enter(_ call: ActiveCall, beginning: Bool) -> Bool {
        state.withLock { _ in
            guard call.phase == .waiting else { return false }
            call.phase = beginning ? .beginning : .working
            return true
        }
    }

    /// Answers of ``complete(_:with:)``.
    enum Completion {
        /// The caller delivers the outcome.
        case deliver
        /// The outcome is delivered when `begin` has returned.
        case kept
        /// The call was over; it had been given up, and its memory is free now.
        case wasAbandoned(ActiveCall)
        /// The call was over.
        case stale
    }

    /// Ends a call by the plugin's word.
    func complete(_ token: UInt64, with end: CallEnd) -> Completion {
        state.withLock { state in
            if let call = state.find(token), call.phase != .waiting {
                state.remove(call)
                state.statistics.completed += 1
                guard call.phase == .beginning else {
                    call.phase = .ended
                    return .deliver
                }
                call.phase = .completedEarly
                call.early = end
                return .kept
            }
            state.statistics.stale += 1
            guard let call = state.abandoned[token] else { return .stale }
            if call.instance.executor.descriptor.isAsynchronous { state.abandoned[token] = nil }
            return .wasAbandoned(call)
        }
    }

    /// Answers of ``beginReturned(_:accepted:)``.
    enum Begun {
        case goesOn
        /// It was completed inside; the caller delivers. It may have been the last live call.
        case deliver(CallEnd, isLast: Bool)
        /// It did not start; the caller says so.
        case refused
        /// It had been given up meanwhile.
        case wasAbandoned
    }

    /// Notes that `begin` has returned.
    func beginReturned(_ call: ActiveCall, accepted: Bool) -> Begun {
        state.withLock { state in
            switch call.phase {
            case .completedEarly:
                call.phase = .ended
                return .deliver(call.early ?? .outcome(StageOutcome(.permanent)), isLast: state.live == 0)
            case .abandoned:
                if !accepted { state.abandoned[call.token] = nil }
                return accepted ? .goesOn : .wasAbandoned
            case .beginning where accepted:
                call.phase = .working
                return .goesOn
            case .beginning:
                state.remove(call)
                call.phase = .ended
                return .refused
            case .waiting, .working, .ended:
                return .goesOn
            }
        }
    }

    /// Answers of ``runReturned(_:)``.
    enum Returned {
        case completed
        /// The plugin forgot to complete it; the caller says so.
        case incomplete
        /// It had been given up, and its thread is back.
        case wasAbandoned
    }

    /// Notes that `run` has returned.
    func runReturned(_ call: ActiveCall) -> Returned {
        state.withLock { state in
            switch call.phase {
            case .working:
                state.remove(call)
                call.phase = .ended
                return .incomplete
            case .abandoned:
                state.abandoned[call.token] = nil
                return .wasAbandoned
            case .waiting, .beginning, .completedEarly, .ended:
                return .completed
            }
        }
    }

    /// Answers of ``requestStop(_:why:)``.
    enum StopRequest {
        /// The plugin has not seen the call; the caller ends it.
        case end(ActiveCall)
        /// The plugin is to be asked.
        case ask(ActiveCall)
        case nothing
    }

    /// Notes that a call shall stop; the first reason stays.
    func requestStop(_ token: UInt64, why: UInt32) -> StopRequest {
        state.withLock { state in
            guard let call = state.find(token) else { return .nothing }
            guard call.stop.compareExchange(expected: 0, desired: why, ordering: .relaxed).exchanged else {
                return .nothing
            }
            guard call.phase == .waiting else { return .ask(call) }
            state.remove(call)
            call.phase = .ended
            return .end(call)
        }
    }

    /// Gives a call up; nil when it has ended.
    func abandon(_ token: UInt64) -> ActiveCall? {
        state.withLock { state in
            guard let call = state.find(token), call.phase != .waiting else { return nil }
            state.remove(call)
            call.phase = .abandoned
            state.abandoned[token] = call
            state.statistics.abandoned += 1
            return call
        }
    }

    /// Ends a call that the plugin has not seen; false when it has ended already.
    func withdraw(_ call: ActiveCall) -> Bool {
        state.withLock { state in
            guard call.phase == .waiting, state.find(call.token) === call else { return false }
            state.remove(call)
            call.phase = .ended
            return true
        }
    }

    /// Takes no more calls; the tokens of those that are live.
    func close() -> [UInt64] {
        state.withLock { state in
            state.isClosed = true
            return state.slots.compactMap { $0.call?.token }
        }
    }

    /// How many calls are live.
    var count: Int { state.withLock { $0.live } }

    /// What has been counted so far.
    var statistics: HostStatistics {
        state.withLock { state in
            var result = state.statistics
            result.live = state.live
            result.outstanding = state.abandoned.count
            return result
        }
    }
}

extension CallTable.State {
    fileprivate func find(_ token: UInt64) -> ActiveCall? {
        let index = Int(truncatingIfNeeded: token & 0xffff_ffff) - 1
        guard slots.indices.contains(index), slots[index].generation == UInt32(token >> 32) else { return nil }
        return slots[index].call
    }

    fileprivate mutating func remove(_ call: ActiveCall) {
        let index = Int(truncatingIfNeeded: call.token & 0xffff_ffff) - 1
        slots[index].call = nil
        // The topmost bit tells the tokens of isolated calls from these.
        slots[index].generation = (slots[index].generation &+ 1) & 0x7fff_ffff
        if slots[index].generation == 0 { slots[index].generation = 1 }
        free.append(UInt32(index))
        live -= 1
    }
}

/// What a host has counted since it began.
public struct HostStatistics: Sendable, Hashable {
    /// Calls whose outcome has not been delivered.
    public var live = 0
    /// Calls that plugins completed.
    public var completed = 0
    /// Completions that came late or twice.
    public var stale = 0
    /// Calls that were given up.
    public var abandoned = 0
    /// Given-up calls that the plugins have not ended yet.
    public var outstanding = 0
}

import BattenCore
import Synchronization

/// Reservations of live calls, and questions for them that have no answer yet: each ends with its call at the latest.
final class Leases: Sendable {
    /// Where the reservation that a call asks for comes from.
    struct Source: Sendable {
        let token: UInt64
        let tag: UInt64
        let sink: any CallSink

        init(_ call: ActiveCall) {
            token = call.token
            tag = call.tag
            sink = call.reports
        }

        init(token: UInt64, tag: UInt64, sink: any CallSink) {
            self.token = token
            self.tag = tag
            self.sink = sink
        }
    }

    /// What becomes of a settlement.
    enum Settlement: Hashable {
        case settled
        /// It is settled, with more than was held.
        case exceeded(by: Int64)
        /// The reservation was settled before, in a call that still lives.
        case again
        /// There is none of this name, or it is somebody else's.
        case over
    }

    private struct Held {
        let source: Source
        let lease: UInt64
        let amount: Int64
        var isSettled = false
    }

    /// What a call has.
    private struct Ends {
        var leases: [UInt64] = []
        /// Told when the call is to stop, or has ended.
        var waiting: [UInt64: @Sendable () -> Void] = [:]
    }

    private struct State {
        var last: UInt64 = 0
        var lastQuestion: UInt64 = 0
        var held: [UInt64: Held] = [:]
        var byToken: [UInt64: Ends] = [:]
    }

    private let state = Mutex(State())

    // MARK: Questions

    /// Notes that a call waits for an answer.
    ///
    /// - Parameter stopped: is called, at most once and instead of an answer, when the call is asked to stop or ends.
    /// - Returns: the question's name, for ``answered(_:token:)``.
    func asks(_ token: UInt64, stopped: @escaping @Sendable () -> Void) -> UInt64 {
        state.withLock { state in
            state.lastQuestion += 1
            state.byToken[token, default: Ends()].waiting[state.lastQuestion] = stopped
            return state.lastQuestion
        }
    }

    /// Takes a question that has an answer; false when its call was told otherwise before.
    func answered(_ question: UInt64, token: UInt64) -> Bool {
        state.withLock { $0.byToken[token]?.waiting.removeValue(forKey: question) != nil }
    }

    /// Has nobody wait any more in a call that is asked to stop.
    func stop(_ token: UInt64) {
        let waiting = state.withLock { state -> [@Sendable () -> Void] in
            guard let waiting = state.byToken[token]?.waiting, !waiting.isEmpty else { return [] }
            state.byToken[token]?.waiting = [:]
            return Array(waiting.values)
        }
        for tell in waiting { tell() }
    }

    // MARK: Reservations

    /// Names a reservation of a call.
    func add(_ lease: UInt64, _ amount: Int64, _ source: Source) -> UInt64 {
        state.withLock { state in
            state.last += 1
            state.held[state.last] = Held(source: source, lease: lease, amount: amount)
            state.byToken[source.token, default: Ends()].leases.append(state.last)
            return state.last
        }
    }

    /// Whether a reservation has had this name.
    func hasGiven(_ name: UInt64) -> Bool { state.withLock { name > 0 && name <= $0.last } }

    /// The call that a reservation is of, while it lives.
    func owner(of name: UInt64) -> Source? { state.withLock { $0.held[name]?.source } }

    /// Settles a reservation, if it is of a call of the asker's.
    func settle(_ name: UInt64, used: Int64, isOwner: (_ token: UInt64) -> Bool) -> Settlement {
        guard let found = state.withLock({ $0.held[name] }), isOwner(found.source.token) else { return .over }
        let isFirst = state.withLock { state in
            guard state.held[name]?.isSettled == false else { return false }
            state.held[name]?.isSettled = true
            return true
        }
        guard isFirst else { return .again }
        found.source.sink.settle(lease: found.lease, used: used, tag: found.source.tag)
        return used > found.amount ? .exceeded(by: used - found.amount) : .settled
    }

    /// Gives a reservation back, if it is of a call of the asker's.
    func release(_ name: UInt64, isOwner: (_ token: UInt64) -> Bool) {
        guard let found = state.withLock({ $0.held[name] }), isOwner(found.source.token) else { return }
        let isOpen = state.withLock { state in
            guard let held = state.held.removeValue(forKey: name) else { return false }
            state.byToken[found.source.token]?.leases.removeAll { $0 == name }
            return !held.isSettled
        }
        if isOpen { found.source.sink.release(lease: found.lease, tag: found.source.tag) }
    }

    /// Gives back what an ended call has not settled, and has none of its questions wait.
    func end(_ token: UInt64) {
        let (left, waiting) = state.withLock { state -> ([Held], [@Sendable () -> Void]) in
            guard !state.byToken.isEmpty, let ends = state.byToken.removeValue(forKey: token) else { return ([], []) }
            let held = ends.leases.compactMap { state.held.removeValue(forKey: $0) }
            return (held.filter { !$0.isSettled }, Array(ends.waiting.values))
        }
        for held in left { held.source.sink.release(lease: held.lease, tag: held.source.tag) }
        for tell in waiting { tell() }
    }
}

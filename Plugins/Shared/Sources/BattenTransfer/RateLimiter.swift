public import BattenPlugin
import Synchronization

/// Keeps the calls of all runs of one process inside the providers' limits.
///
/// There is a lane for each provider. Its configured limits hold for every span of sixty seconds: what went out in the
/// last minute, with the bound of what has not come back yet, never is more than the limit. Those that wait go in the
/// order they came. A model whose provider said that nothing is left is passed over until it has said there will be.
/// Nothing of it outlives the process: after a restart the minute begins anew, and other processes count for
/// themselves.
public final class RateLimiter: Sendable {
    /// What a provider may be asked in a minute.
    public struct Limits: Sendable, Hashable {
        /// Requests; nil is no limit.
        public var requests: Int64?
        /// Tokens; nil is no limit.
        public var tokens: Int64?

        /// Creates limits.
        public init(requests: Int64? = nil, tokens: Int64? = nil) {
            self.requests = requests
            self.tokens = tokens
        }
    }

    /// What a call that waits is told.
    public enum Signal: Sendable, Hashable {
        /// Its turn has come.
        case go
        /// Somebody has to look again at this time of the monotonic clock, and this call was chosen.
        case lookAgain(at: Int64)
    }

    private struct Entry {
        var id: UInt64
        var at: Int64
        var tokens: Int64
    }

    private struct Waiter {
        var id: UInt64
        var model: String
        var tokens: Int64
        var tell: @Sendable (Signal) -> Void
    }

    private struct Lane {
        var limits: Limits
        var entries: [Entry] = []
        var waiting: [Waiter] = []
        var closedUntil: [String: Int64] = [:]
    }

    private struct State {
        var lanes: [String: Lane] = [:]
        var last: UInt64 = 0
    }

    /// The span of time for which limits hold, in nanoseconds.
    public static let window: Int64 = 60_000_000_000
    private let state = Mutex(State())
    private let clock: @Sendable () -> Int64

    /// Makes a limiter.
    ///
    /// - Parameter clock: nanoseconds of a clock that is never set.
    public init(clock: @escaping @Sendable () -> Int64 = { MonotonicTime.now.nanoseconds }) {
        self.clock = clock
    }

    /// Asks for a turn.
    ///
    /// - Parameters:
    ///   - tokens: bound of what the call will use.
    ///   - tell: called from any thread, also before this returns; must return at once.
    /// - Returns: the name of the turn, for ``settle(_:in:tokens:)`` and ``leave(_:in:)``.
    public func enter(
        _ lane: String, model: String, limits: Limits, tokens: Int64, tell: @escaping @Sendable (Signal) -> Void
    ) -> UInt64 {
        let (id, told) = state.withLock { state in
            state.last += 1
            var found = state.lanes[lane] ?? Lane(limits: limits)
            found.limits = limits
            found.waiting.append(Waiter(id: state.last, model: model, tokens: tokens, tell: tell))
            let told = Self.pump(&found, clock())
            state.lanes[lane] = found
            return (state.last, told)
        }
        for one in told { one() }
        return id
    }

    /// Lets go whose turn has come.
    public func lookAgain(_ lane: String) { change(lane) { _ in } }

    /// Says what a call that went out has used; nil when it never reached the provider.
    public func settle(_ id: UInt64, in lane: String, tokens: Int64?) {
        change(lane) { lane in
            guard let place = lane.entries.firstIndex(where: { $0.id == id }) else { return }
            if let tokens { lane.entries[place].tokens = tokens } else { lane.entries.remove(at: place) }
        }
    }

    /// Takes a call back that has not gone out.
    public func leave(_ id: UInt64, in lane: String) {
        change(lane) { lane in lane.waiting.removeAll { $0.id == id } }
    }

    /// Holds the calls to a model for some nanoseconds: its provider said that nothing is left.
    public func close(_ lane: String, model: String, for delay: Int64) {
        let until = clock().addingReportingOverflow(delay).partialValue
        change(lane) { lane in lane.closedUntil[model] = max(lane.closedUntil[model] ?? 0, until) }
    }

    /// How long a model is closed from now on, in nanoseconds; 0 if it is open.
    public func closedTime(_ lane: String, model: String) -> Int64 {
        state.withLock { max(0, ($0.lanes[lane]?.closedUntil[model] ?? 0) - clock()) }
    }

    private func change(_ name: String, _ body: (inout Lane) -> Void) {
        let told = state.withLock { state -> [@Sendable () -> Void] in
            guard var lane = state.lanes[name] else {
                var lane = Lane(limits: Limits())
                body(&lane)
                if !lane.closedUntil.isEmpty { state.lanes[name] = lane }
                return []
            }
            body(&lane)
            let told = Self.pump(&lane, clock())
            state.lanes[name] = lane
            return told
        }
        for one in told { one() }
    }

    /// Lets those go that can, in order; whoever is first of the others looks again when that may change.
    private static func pump(_ lane: inout Lane, _ now: Int64) -> [@Sendable () -> Void] {
        var told: [@Sendable () -> Void] = []
        let isCounted = lane.limits.requests != nil || lane.limits.tokens != nil
        lane.entries.removeAll { $0.at <= now - window }
        lane.closedUntil = lane.closedUntil.filter { $0.value > now }
        var left: [Waiter] = []
        var next: (at: Int64, tell: @Sendable (Signal) -> Void)?
        var isFull = false
        for waiter in lane.waiting {
            var at = lane.closedUntil[waiter.model]
            if at == nil, !isFull, isCounted, let full = timeOfRoom(lane, waiter.tokens, now) {
                at = full
                // Nobody overtakes: what is small would keep what is large from ever going.
                isFull = true
            } else if at == nil, isFull {
                left.append(waiter)
                continue
            }
            guard let at else {
                if isCounted { lane.entries.append(Entry(id: waiter.id, at: now, tokens: waiter.tokens)) }
                told.append({ [tell = waiter.tell] in tell(.go) })
                continue
            }
            left.append(waiter)
            if at < next?.at ?? .max { next = (at, waiter.tell) }
        }
        lane.waiting = left
        if let next { told.append({ next.tell(.lookAgain(at: next.at)) }) }
        return told
    }

    /// When there will be room for a call if nothing is given back before; nil if there is now.
    private static func timeOfRoom(_ lane: Lane, _ tokens: Int64, _ now: Int64) -> Int64? {
        var requests = Int64(lane.entries.count)
        var used = lane.entries.reduce(Int64(0)) { $0 + $1.tokens }
        func fits() -> Bool {
            if let limit = lane.limits.requests, requests >= limit { return false }
            if let limit = lane.limits.tokens, used > 0, used + tokens > limit { return false }
            return true
        }
        if fits() { return nil }
        for entry in lane.entries {
            requests -= 1
            used -= entry.tokens
            if fits() { return entry.at + window }
        }
        return now + window
    }
}

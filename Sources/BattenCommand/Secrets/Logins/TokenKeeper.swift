import BattenCore
import BattenSystem

/// Renews the logins that an engine's runs use before they end, on a thread of its own; there is none until one is used.
final class TokenKeeper: Sendable {
    private struct State {
        /// Logins that were asked for.
        var names: Set<String> = []
        /// When a login that could not be renewed is tried again, and how often it was tried.
        var failures: [String: (at: Int64, count: Int)] = [:]
        var hasNews = false
        var isClosed = false
        var thread: Thread?
    }

    private let vault: SecretVault
    private let logins: Logins
    private let tell: @Sendable (String) -> Void
    private let changed: @Sendable () -> Void
    private let state = Monitor(State())

    /// - Parameters:
    ///   - tell: is told why a login could not be renewed.
    ///   - changed: called after one was renewed that had ended.
    init(
        vault: SecretVault, logins: Logins, tell: @escaping @Sendable (String) -> Void,
        changed: @escaping @Sendable () -> Void
    ) {
        self.vault = vault
        self.logins = logins
        self.tell = tell
        self.changed = changed
    }

    /// The value of a secret; of a login its access token, nil once that has ended.
    ///
    /// It returns at once, from any thread.
    func value(_ name: String) -> String? {
        guard let grant = vault.grant(name) else { return vault.value(name) }
        let now = Self.now()
        let isGood = grant.isGood(at: now)
        state.signal { state in
            guard !state.isClosed else { return }
            if state.names.insert(name).inserted || !isGood { state.hasNews = true }
            if state.thread == nil {
                state.thread = try? Thread.start(name: "logins", stackSize: 256 << 10) { [self] in work() }
            }
        }
        return isGood ? grant.accessToken : nil
    }

    /// Ends the thread; a renewal under way comes to its end first.
    func close() {
        let thread = state.signal(all: true) { state in
            state.isClosed = true
            return state.thread
        }
        thread?.join()
    }

    private static func now() -> Timestamp { Timestamp(nanoseconds: WallClock.now()) }

    private func work() {
        while true {
            let names = state.withLock { state in
                state.hasNews = false
                return state.isClosed ? nil : state.names.sorted()
            }
            guard let names else { return }
            // The wall clock may be set, or stand still in a sleep of the machine.
            var next = MonotonicClock.adding(.seconds(60), to: MonotonicClock.now())
            for name in names { next = min(next, look(after: name)) }
            let isOver = state.wait(until: next) { state in state.isClosed || state.hasNews ? true : nil }
            if isOver == true, state.withLock({ $0.isClosed }) { return }
        }
    }

    /// Renews a login that is due; gives when to look again.
    private func look(after name: String) -> Int64 {
        let monotonic = MonotonicClock.now()
        guard let grant = vault.grant(name), let due = grant.renewAt else { return .max }
        let wait = due - Self.now()
        guard wait <= .zero else { return MonotonicClock.adding(wait, to: monotonic) }
        if let failure = state.withLock({ $0.failures[name] }), failure.at > monotonic { return failure.at }
        let hadEnded = !grant.isGood(at: Self.now())
        do throws(CommandFailure) {
            try logins.renew(name, now: Self.now)
            state.withLock { $0.failures[name] = nil }
            if hadEnded { changed() }
            // Whatever the server says of a token's life, it is not asked without pause.
            return MonotonicClock.adding(.seconds(1), to: MonotonicClock.now())
        } catch {
            let again = state.withLock { state -> Int64 in
                let count = min((state.failures[name]?.count ?? 0) + 1, 6)
                let at = MonotonicClock.adding(.seconds(5 << (count - 1)), to: MonotonicClock.now())
                state.failures[name] = (at, count)
                return at
            }
            tell("\(error.message): \(error.help)")
            return again
        }
    }
}

import BattenCore
import Synchronization

/// Reservations of live calls: each ends with its call at the latest.
final class Leases: Sendable {
    private struct State {
        var last: UInt64 = 0
        var owners: [UInt64: (token: UInt64, lease: UInt64)] = [:]
        var byToken: [UInt64: [UInt64]] = [:]
    }

    private let state = Mutex(State())
    private let services: any CallServices

    init(services: any CallServices) {
        self.services = services
    }

    /// Names a reservation of a call.
    func add(_ lease: UInt64, token: UInt64) -> UInt64 {
        state.withLock { state in
            state.last += 1
            state.owners[state.last] = (token, lease)
            state.byToken[token, default: []].append(state.last)
            return state.last
        }
    }

    /// Whether a reservation has had this name.
    func hasGiven(_ name: UInt64) -> Bool { state.withLock { name > 0 && name <= $0.last } }

    /// Settles a reservation; false when it is over, or of a call that is not the asker's.
    func settle(_ name: UInt64, used: Int64, isOwner: (_ token: UInt64) -> Bool = { _ in true }) -> Bool {
        guard let found = take(name, isOwner) else { return false }
        services.settle(lease: found, used: used)
        return true
    }

    /// Gives a reservation back, if it is of a call of the asker's.
    func release(_ name: UInt64, isOwner: (_ token: UInt64) -> Bool) {
        if let found = take(name, isOwner) { services.release(lease: found) }
    }

    private func take(_ name: UInt64, _ isOwner: (UInt64) -> Bool) -> UInt64? {
        guard let token = state.withLock({ $0.owners[name]?.token }), isOwner(token) else { return nil }
        return state.withLock { state in
            guard let owner = state.owners.removeValue(forKey: name) else { return nil }
            state.byToken[owner.token]?.removeAll { $0 == name }
            return owner.lease
        }
    }

    /// Gives back what an ended call has not settled.
    func end(_ token: UInt64) {
        let left = state.withLock { state -> [UInt64] in
            guard !state.byToken.isEmpty, let names = state.byToken.removeValue(forKey: token) else { return [] }
            return names.compactMap { state.owners.removeValue(forKey: $0)?.lease }
        }
        for lease in left { services.release(lease: lease) }
    }
}

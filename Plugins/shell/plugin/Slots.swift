internal import BattenPlugin
internal import Synchronization

/// Bounds how many processes run at once, over all instances; who comes first is served first.
final class Slots: Sendable {
    /// Somebody who waits for a place.
    private struct Waiter {
        let ticket: UInt64
        let loop: Loop
        let grant: @Sendable () -> Void
    }

    private struct State {
        var free: Int
        var nextTicket: UInt64 = 1
        var waiters: [Waiter] = []
        var head = 0
    }

    private let state: Mutex<State>

    init(count: Int) {
        state = Mutex(State(free: count))
    }

    /// Takes a place, or waits for one.
    ///
    /// - Parameters:
    ///   - loop: where `grant` is called.
    ///   - grant: called once with a place taken, if there is none now.
    /// - Returns: nil with a place taken; otherwise the ticket for ``leave(_:)``.
    func take(on loop: Loop, _ grant: @escaping @Sendable () -> Void) -> UInt64? {
        state.withLock { state in
            if state.free > 0 {
                state.free -= 1
                return nil
            }
            let ticket = state.nextTicket
            state.nextTicket += 1
            state.waiters.append(Waiter(ticket: ticket, loop: loop, grant: grant))
            return ticket
        }
    }

    /// Gives up waiting.
    ///
    /// - Returns: false if the place was given already: `grant` comes, and the place must be given back.
    func leave(_ ticket: UInt64) -> Bool {
        state.withLock { state in
            guard let place = state.waiters[state.head...].firstIndex(where: { $0.ticket == ticket }) else {
                return false
            }
            state.waiters.remove(at: place)
            return true
        }
    }

    /// Gives a place back.
    func give() {
        while true {
            let next = state.withLock { state -> Waiter? in
                guard state.head < state.waiters.count else {
                    state.free += 1
                    return nil
                }
                let waiter = state.waiters[state.head]
                state.head += 1
                if state.head == state.waiters.count || state.head > 1024 {
                    state.waiters.removeFirst(state.head)
                    state.head = 0
                }
                return waiter
            }
            guard let next else { return }
            // A loop that has ended takes nothing any more: the place goes on to the next one.
            if next.loop.post(next.grant) { return }
        }
    }
}

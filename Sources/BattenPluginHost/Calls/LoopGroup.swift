import BattenSystem
import Synchronization

/// The event loops that asynchronous executors share, started when the first one is needed.
final class LoopGroup: Sendable {
    fileprivate struct State {
        var loops: [EventLoop] = []
        var handedOut = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// A group of one loop that somebody else has started, and stops.
    init(only loop: EventLoop) {
        limit = 0
        state.withLock { $0.loops = [loop] }
    }

    /// The loop for the next instance, in turn.
    ///
    /// - Throws: ``SystemError`` when a loop or its thread cannot be made.
    func next() throws(SystemError) -> EventLoop {
        try state.withLock { state throws(SystemError) in
            defer { state.handedOut += 1 }
            if state.loops.count < limit, state.handedOut >= state.loops.count {
                let loop = try EventLoop()
                // As deep as the engine's, which may work on it.
                try loop.start(name: "batten-loop-\(state.loops.count + 1)", stackSize: 4 << 20)
                state.loops.append(loop)
                return loop
            }
            return state.loops[state.handedOut % state.loops.count]
        }
    }

    /// The place of a loop among them; nil when it is none of them.
    func index(of loop: EventLoop) -> Int? {
        state.withLock { $0.loops.firstIndex { $0 === loop } }
    }

    /// The loop that a plugin names by place + 1.
    func loop(named name: UInt64) -> EventLoop? {
        state.withLock { state in
            guard name >= 1, name <= UInt64(state.loops.count) else { return nil }
            return state.loops[Int(name) - 1]
        }
    }

    /// Waits until every loop has returned from what it is doing now.
    ///
    /// - Parameter deadline: when to wait no longer, on the monotonic clock.
    func drain(until deadline: Int64) {
        let loops = state.withLock { $0.loops }
        let left = Monitor(loops.count)
        for loop in loops where !loop.post({ left.signal { $0 -= 1 } }) { left.signal { $0 -= 1 } }
        _ = left.wait(until: deadline) { $0 == 0 ? true : nil }
    }

    /// Ends all loops without waiting for their threads, which a plugin may hold up.
    func close() {
        guard limit > 0 else { return }
        for loop in state.withLock({ $0.loops }) { loop.stop(joining: false) }
    }
}

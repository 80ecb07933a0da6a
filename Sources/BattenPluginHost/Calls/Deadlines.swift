import BattenSystem

/// Instants at which calls are looked at again: their deadlines, and the ends of their grace times.
///
/// A thread of its own waits for the earliest, so that no plugin that blocks a loop can hold it up. Entries of ended
/// calls are dropped when they surface, or all at once when they are the majority.
final class Deadlines: Sendable {
    /// What is due.
    struct Entry: Sendable {
        let instant: Int64
        let token: UInt64
        let isGrace: Bool
    }

    fileprivate struct State {
        var heap: [Entry] = []
        var wakesAt = Int64.max
        var sweepAt = 1024
        var hasThread = false
        var isClosed = false
    }

    /// What the thread does next.
    private enum Step {
        case end
        case act(Entry)
        case wait(Int64?)
    }

    private let monitor = Monitor(State())
    private let isLive: @Sendable (UInt64) -> Bool

    /// Creates it without a thread; the first entry starts one.
    ///
    /// - Parameter isLive: whether a token still names a call.
    init(isLive: @escaping @Sendable (UInt64) -> Bool) {
        self.isLive = isLive
    }

    /// Adds an entry.
    ///
    /// - Parameters:
    ///   - entry: what to come back to, and when.
    ///   - due: called on the thread for each entry that is due; that of the first call stays.
    /// - Throws: ``SystemError`` when the thread cannot be started.
    func add(_ entry: Entry, due: @escaping @Sendable (Entry) -> Void) throws(SystemError) {
        let (needsThread, needsWake) = monitor.withLock { state in
            if state.heap.count >= state.sweepAt { sweep(&state) }
            state.heap.append(entry)
            state.siftUp(state.heap.count - 1)
            defer { state.hasThread = true }
            return (!state.hasThread, entry.instant < state.wakesAt)
        }
        if needsThread {
            do throws(SystemError) {
                try Thread.detach(name: "batten-deadlines", stackSize: 256 << 10) { [self] in work(due) }
            } catch {
                monitor.withLock { $0.hasThread = false }
                throw error
            }
        } else if needsWake {
            monitor.signal { _ in }
        }
    }

    /// Ends the thread.
    func close() {
        monitor.signal(all: true) { $0.isClosed = true }
    }

    private func sweep(_ state: inout State) {
        state.heap.removeAll { !isLive($0.token) }
        state.heap.sort { $0.instant < $1.instant }
        state.sweepAt = max(1024, 2 * state.heap.count)
    }

    private func work(_ due: (Entry) -> Void) {
        while true {
            let step = monitor.withLock { state -> Step in
                if state.isClosed { return .end }
                guard let first = state.heap.first, first.instant <= MonotonicClock.now() else {
                    state.wakesAt = state.heap.first?.instant ?? .max
                    return .wait(state.heap.first?.instant)
                }
                state.wakesAt = .min
                state.removeFirst()
                return .act(first)
            }
            switch step {
            case .end: return
            case .act(let entry): due(entry)
            case .wait(let instant):
                _ = monitor.wait(until: instant) { state in
                    state.isClosed || state.heap.first?.instant != instant ? true : nil
                }
            }
        }
    }
}

extension Deadlines.State {
    fileprivate mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        siftDown(0)
    }

    fileprivate mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].instant < heap[parent].instant else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].instant < heap[least].instant {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

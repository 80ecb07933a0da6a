/// Payloads in the order of their instants: a binary heap whose removed entries are dropped when they surface.
///
/// Instants are nanoseconds of any one clock.
public struct TimerQueue<Payload> {
    private struct Entry {
        let instant: Int64
        let id: UInt64

        /// Earlier instants first; equal ones in the order of their making.
        func precedes(_ other: Entry) -> Bool {
            instant != other.instant ? instant < other.instant : id < other.id
        }
    }

    private var heap: [Entry] = []
    private var payloads: [UInt64: Payload] = [:]
    /// The name of the timer that was made last.
    private(set) var lastID: UInt64 = 0

    /// Creates an empty queue.
    public init() {}

    /// The earliest instant of a live timer.
    public var next: Int64? {
        mutating get {
            while let first = heap.first, payloads[first.id] == nil { removeFirst() }
            return heap.first?.instant
        }
    }

    /// How many timers are live.
    public var count: Int { payloads.count }

    /// Adds a timer and names it.
    public mutating func insert(at instant: Int64, _ payload: Payload) -> UInt64 {
        lastID += 1
        payloads[lastID] = payload
        heap.append(Entry(instant: instant, id: lastID))
        siftUp(heap.count - 1)
        return lastID
    }

    /// Removes a timer; false when it is gone already.
    @discardableResult
    public mutating func remove(_ id: UInt64) -> Bool {
        guard payloads.removeValue(forKey: id) != nil else { return false }
        if heap.count > 64, heap.count > 2 * payloads.count { compact() }
        return true
    }

    /// Takes out the earliest timer if it is due and its name is not after `last`; a timer made by a timer's callback
    /// thus waits for the next turn.
    public mutating func removeDue(_ now: Int64, notAfter last: UInt64 = .max) -> Payload? {
        guard let next, next <= now, let first = heap.first, first.id <= last else { return nil }
        removeFirst()
        return payloads.removeValue(forKey: first.id)
    }

    private mutating func compact() {
        let live = payloads
        heap.removeAll { live[$0.id] == nil }
        heap.sort { $0.precedes($1) }
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        siftDown(0)
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].precedes(heap[least])
            {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

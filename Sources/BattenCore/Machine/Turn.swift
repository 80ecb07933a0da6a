/// When a ready stage gets its turn: the one with the least value goes first.
///
/// It is the instant at which the stage became ready, moved back by its priority. So a higher priority goes first, what
/// waits moves up against whatever comes later, and no stage is overtaken for ever: the order of two stages never
/// changes while they wait.
public struct Turn: Sendable, Hashable, Comparable {
    /// How much waiting counts as much as one step of priority.
    public static let step = Duration.seconds(10)
    /// The priorities that there are; beyond them the bound counts.
    public static let priorities = -1_000_000...1_000_000

    /// The moved instant, in nanoseconds since 1970: how turns are compared, over processes too.
    public let nanoseconds: Int64

    /// A turn that was written down.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The turn of a stage.
    ///
    /// - Parameters:
    ///   - since: when it became ready.
    ///   - priority: its priority; 0 is that of a stage that names none.
    public init(since: Timestamp, priority: Int) {
        let bounded = Int64(min(max(priority, Self.priorities.lowerBound), Self.priorities.upperBound))
        let moved = since.nanoseconds.subtractingReportingOverflow(bounded * Self.step.saturatedNanoseconds)
        nanoseconds = moved.overflow ? (bounded > 0 ? .min : .max) : moved.partialValue
    }

    /// Whether one stage goes before another.
    public static func < (one: Turn, other: Turn) -> Bool { one.nanoseconds < other.nanoseconds }
}

/// The ready stage of a run that is next among those that use the same slots.
public struct SlotHead: Sendable, Hashable {
    /// Which slots it uses.
    public let pool: StagePool
    /// When it gets its turn.
    public let turn: Turn

    /// Creates a head.
    public init(pool: StagePool, turn: Turn) {
        self.pool = pool
        self.turn = turn
    }
}

/// The runs of an engine whose stages wait for slots: a line for each kind of slot, in the order of their turns.
struct SlotLine: Sendable {
    /// Stages that all can start when one can.
    struct Kind: Sendable, Hashable {
        let pool: StagePool
        /// The workflow, where its name makes a difference; else empty.
        let workflow: String
    }

    struct Entry: Sendable, Hashable, Comparable {
        let turn: Turn
        let run: Int

        static func < (one: Entry, other: Entry) -> Bool { (one.turn, one.run) < (other.turn, other.run) }
    }

    /// The lines that are not empty.
    private(set) var lines: [(kind: Kind, entries: [Entry])] = []

    var isEmpty: Bool { lines.isEmpty }

    mutating func enter(_ entry: Entry, _ kind: Kind) {
        guard let line = lines.firstIndex(where: { $0.kind == kind }) else {
            lines.append((kind, [entry]))
            return
        }
        // What comes now has nearly always the last turn.
        if let last = lines[line].entries.last, last < entry {
            lines[line].entries.append(entry)
        } else {
            lines[line].entries.insert(entry, at: place(of: entry, line))
        }
    }

    mutating func leave(_ entry: Entry, _ kind: Kind) {
        guard let line = lines.firstIndex(where: { $0.kind == kind }) else { return }
        let place = place(of: entry, line)
        guard lines[line].entries.indices.contains(place), lines[line].entries[place] == entry else { return }
        lines[line].entries.remove(at: place)
        if lines[line].entries.isEmpty { lines.remove(at: line) }
    }

    /// Where an entry stands, or would.
    private func place(of entry: Entry, _ line: Int) -> Int {
        var low = 0
        var high = lines[line].entries.count
        while low < high {
            let middle = (low + high) / 2
            if lines[line].entries[middle] < entry { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

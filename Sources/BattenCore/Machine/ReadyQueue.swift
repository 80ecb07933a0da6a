/// Ready stages that wait for their turn: a line for each kind of slot, so that a full one does not hold up another.
struct ReadyQueue: Sendable, Hashable {
    private struct Entry: Sendable, Hashable {
        let turn: Turn
        let order: Int
        let stage: Int

        func isBefore(_ other: Entry) -> Bool { (turn, order) < (other.turn, other.order) }
    }

    private struct Line: Sendable, Hashable {
        let pool: StagePool
        var entries: [Entry] = []
        var start = 0
    }

    private var lines: [Line] = []
    private var lastOrder = 0

    /// Whether nothing waits.
    var isEmpty: Bool { lines.allSatisfy { $0.start == $0.entries.count } }

    /// The first stage of each line with its turn, the one whose turn comes first in front.
    var heads: [(stage: Int, turn: Turn)] {
        var heads: [Entry] = []
        for line in lines where line.start < line.entries.count { heads.append(line.entries[line.start]) }
        if heads.count > 1 { heads.sort { $0.isBefore($1) } }
        return heads.map { ($0.stage, $0.turn) }
    }

    /// All stages in line.
    var stages: [Int] { lines.flatMap { line in line.entries[line.start...].map(\.stage) } }

    /// Lines a stage up.
    mutating func append(_ stage: Int, pool: StagePool, turn: Turn) {
        lastOrder += 1
        let entry = Entry(turn: turn, order: lastOrder, stage: stage)
        guard let place = lines.firstIndex(where: { $0.pool == pool }) else {
            lines.append(Line(pool: pool, entries: [entry]))
            return
        }
        // What comes now has nearly always the last turn.
        guard let last = lines[place].entries.last, entry.isBefore(last) else {
            return lines[place].entries.append(entry)
        }
        var low = lines[place].start
        var high = lines[place].entries.count
        while low < high {
            let middle = (low + high) / 2
            if lines[place].entries[middle].isBefore(entry) { low = middle + 1 } else { high = middle }
        }
        lines[place].entries.insert(entry, at: low)
    }

    /// Forgets the stages at the front of the lines that no longer wait.
    mutating func advance(stillWaits: (Int, StagePool) -> Bool) {
        for place in lines.indices {
            while lines[place].start < lines[place].entries.count,
                !stillWaits(lines[place].entries[lines[place].start].stage, lines[place].pool)
            {
                lines[place].start += 1
            }
            if lines[place].start == lines[place].entries.count, lines[place].start > 0 {
                lines[place].entries.removeAll(keepingCapacity: true)
                lines[place].start = 0
            }
        }
    }
}

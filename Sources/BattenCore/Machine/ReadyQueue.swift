/// Ready stages that wait for their turn: a line for each kind of slot, so that a full one does not hold up another.
struct ReadyQueue: Sendable, Hashable {
    private struct Entry: Sendable, Hashable {
        let order: Int
        let stage: Int
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

    /// The first stage of each line, the one that came first of all in front.
    var heads: [Int] {
        var heads: [Entry] = []
        for line in lines where line.start < line.entries.count { heads.append(line.entries[line.start]) }
        if heads.count > 1 { heads.sort { $0.order < $1.order } }
        return heads.map(\.stage)
    }

    /// All stages in line.
    var stages: [Int] { lines.flatMap { line in line.entries[line.start...].map(\.stage) } }

    /// Lines a stage up.
    mutating func append(_ stage: Int, pool: StagePool) {
        lastOrder += 1
        let entry = Entry(order: lastOrder, stage: stage)
        if let place = lines.firstIndex(where: { $0.pool == pool }) {
            lines[place].entries.append(entry)
        } else {
            lines.append(Line(pool: pool, entries: [entry]))
        }
    }

    /// Forgets the stages at the front of the lines that no longer wait.
    mutating func advance(stillWaits: (Int) -> Bool) {
        for place in lines.indices {
            while lines[place].start < lines[place].entries.count,
                !stillWaits(lines[place].entries[lines[place].start].stage)
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

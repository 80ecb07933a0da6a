import BattenCore

/// How far the items of a stage with `for_each` or `matrix` are.
struct ItemCounts: Sendable, Hashable {
    private var statuses: [StageStatus] = []
    private var counts: [StageStatus: Int] = [:]

    /// Items in all.
    var total: Int { statuses.count }

    /// Items that have ended.
    var decided: Int { counts.reduce(0) { $0 + ($1.key.isTerminal ? $1.value : 0) } }

    /// Items that failed or timed out.
    var failed: Int { self[.failed] + self[.timedOut] }

    /// Items in a state.
    subscript(status: StageStatus) -> Int { counts[status] ?? 0 }

    /// Takes in the state of an item.
    mutating func set(_ status: StageStatus, of item: Int) {
        guard item >= 0 else { return }
        // Rows come in the order of the items.
        while statuses.count <= item {
            statuses.append(.pending)
            counts[.pending, default: 0] += 1
        }
        counts[statuses[item], default: 0] -= 1
        statuses[item] = status
        counts[status, default: 0] += 1
    }

    /// The counts as words: how many have ended, and the states that deserve a word.
    var text: String {
        var parts = ["\(NumberText.grouped(Int64(decided)))/\(NumberText.grouped(Int64(total))) items"]
        if failed > 0 { parts.append("\(NumberText.grouped(Int64(failed))) failed") }
        for status in [StageStatus.running, .retrying, .waiting, .cancelled, .skipped] where self[status] > 0 {
            parts.append("\(NumberText.grouped(Int64(self[status]))) \(StatusText.word(status))")
        }
        return parts.joined(separator: ", ")
    }

    /// The counts as data.
    var json: JSONValue {
        var counts: JSONObject = ["total": .int(Int64(total))]
        for status in StageStatus.allCases { counts[status.rawValue] = .int(Int64(self[status])) }
        return .object(counts)
    }
}

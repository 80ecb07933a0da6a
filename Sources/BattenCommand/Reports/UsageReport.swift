import BattenCore
import BattenStore

/// What was used, group by group: as a table with bars, as data and as comma-separated values.
struct UsageReport: Sendable {
    /// What was used in one group.
    struct Row: Sendable, Hashable {
        /// What the group has in common, one for each grouping; nil where it is not known.
        var keys: [String?]
        /// Tokens, and what they cost.
        var tokens = UsageTotals()
        /// Everything that was counted, by metric.
        var metrics: [String: Int64] = [:]

        mutating func add(_ sum: UsageSum) {
            let (amount, overflow) = metrics[sum.metric, default: 0].addingReportingOverflow(sum.amount)
            metrics[sum.metric] = overflow ? .max : amount
            tokens.add(sum)
        }
    }

    /// What it is added up by.
    let groups: [UsageGrouping]
    /// Which usage is meant.
    let filter: UsageFilter
    /// The groups: days in their order, others by what they cost.
    private(set) var rows: [Row] = []
    /// The sum of all groups, also of those that are not shown.
    private(set) var total = Row(keys: [])
    /// How many groups are shown at most.
    private(set) var limit = Int.max
    /// Groups that are not shown.
    private(set) var leftOff = 0

    init(groups: [UsageGrouping], filter: UsageFilter) {
        self.groups = groups
        self.filter = filter
    }

    /// Takes in what the store has added up.
    mutating func add(_ sums: [UsageSum]) {
        var places: [[String?]: Int] = [:]
        for sum in sums {
            let place = places[sum.keys] ?? rows.count
            if place == rows.count {
                places[sum.keys] = place
                rows.append(Row(keys: sum.keys))
            }
            rows[place].add(sum)
            total.add(sum)
        }
        rows.sort(by: isBefore)
    }

    /// The same with the first groups only.
    func limited(to limit: Int) -> UsageReport {
        var report = self
        report.limit = limit
        report.leftOff = max(0, rows.count - limit)
        report.rows = Array(rows.prefix(limit))
        return report
    }

    private func isBefore(_ left: Row, _ right: Row) -> Bool {
        for (place, group) in groups.enumerated() where group == .day {
            let (a, b) = (left.keys[place] ?? "", right.keys[place] ?? "")
            if a != b { return a < b }
        }
        let (a, b) = (left.tokens, right.tokens)
        if a.cost ?? 0 != b.cost ?? 0 { return a.cost ?? 0 > b.cost ?? 0 }
        if a.tokens != b.tokens { return a.tokens > b.tokens }
        return left.keys.map { $0 ?? "" }.lexicographicallyPrecedes(right.keys.map { $0 ?? "" })
    }

    // MARK: Data

    /// The report as data.
    var json: JSONValue {
        .object([
            "by": .array(groups.map { .string($0.rawValue) }), "since": RunReport.instant(filter.since),
            "until": RunReport.instant(filter.until), "items": .array(rows.map(json)), "total": json(total),
            "left_off": .int(Int64(leftOff)),
        ])
    }

    private func json(_ row: Row) -> JSONValue {
        var object = JSONObject()
        for (group, key) in zip(groups, row.keys) { object[group.rawValue] = key.map { .string($0) } ?? .null }
        object["tokens"] = .int(row.tokens.tokens)
        object["cost_usd"] = NumberText.data(dollars: row.cost)
        object["unpriced_tokens"] = .int(row.tokens.unpricedTokens)
        var metrics = JSONObject()
        for (name, amount) in row.metrics.sorted(by: { $0.key < $1.key }) { metrics[name] = .int(amount) }
        object["metrics"] = .object(metrics)
        return .object(object)
    }

    /// Metrics in a fixed order: those of models first.
    private var metrics: [String] {
        let known = [
            "requests", "input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens",
            "reasoning_tokens",
        ]
        return known.filter { total.metrics[$0] != nil } + total.metrics.keys.filter { !known.contains($0) }.sorted()
    }

    /// The report as comma-separated values with a line of names (RFC 4180).
    var csv: String {
        let metrics = metrics
        var lines = [groups.map(\.rawValue) + ["tokens", "cost_usd", "unpriced_tokens"] + metrics]
        for row in rows {
            let cost = row.cost == nil ? "" : JSONWriter.string(NumberText.data(dollars: row.cost))
            lines.append(
                row.keys.map { $0 ?? "" } + [String(row.tokens.tokens), cost, String(row.tokens.unpricedTokens)]
                    + metrics.map { row.metrics[$0].map(String.init) ?? "" })
        }
        return lines.map { $0.map(Self.quoted).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func quoted(_ field: String) -> String {
        let needsQuotes = field.unicodeScalars.contains { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }
        return needsQuotes ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
    }

    // MARK: Text

    /// The report as a table with a bar for each group.
    func text(_ profile: TextProfile) -> String {
        let others = metrics.filter { !Self.shown.contains($0) }
        var columns = groups.map { group -> TextTable.Column in
            let title = group.rawValue.uppercased()
            return group == .day || group == .run ? .fixed(title) : .flexible(title)
        }
        columns += [.fixed("INPUT", right: true), .fixed("OUTPUT", right: true), .fixed("COST", right: true)]
        if !others.isEmpty { columns.append(.flexible("ALSO", least: 12)) }
        columns.append(.fixed("SHARE"))
        var table = TextTable(columns)
        let byCost = total.cost ?? 0 > 0
        let whole = byCost ? total.cost ?? 0 : Double(total.tokens.tokens)
        for row in rows {
            let part = byCost ? row.cost ?? 0 : Double(row.tokens.tokens)
            table.add(cells(row, keys: row.keys.map { $0 ?? "–" }, others) + [Self.bar(whole > 0 ? part / whole : 0)])
        }
        if rows.count + leftOff > 1 {
            table.add(cells(total, keys: ["all"] + Array(repeating: "", count: groups.count - 1), others) + [""])
        }
        return table.render(profile)
    }

    private static let shown: Set<String> = ["tokens", "input_tokens", "output_tokens"]

    private func cells(_ row: Row, keys: [String], _ others: [String]) -> [String] {
        func amount(_ metric: String) -> String { row.metrics[metric].map { NumberText.grouped($0) } ?? "" }
        let cost = row.cost.map { NumberText.dollars($0) } ?? (row.tokens.tokens > 0 ? "unknown" : "")
        let output = amount("output_tokens").isEmpty ? amount("tokens") : amount("output_tokens")
        var cells = keys + [amount("input_tokens"), output, cost]
        if !others.isEmpty {
            cells.append(
                others.filter { row.metrics[$0] ?? 0 != 0 }.map { metric in
                    let words = metric.replacing("_", with: " ")
                    return
                        "\(amount(metric)) \(row.metrics[metric] == 1 && words.last == "s" ? words.dropLast() : words[...])"
                }.joined(separator: ", "))
        }
        return cells
    }

    private static func bar(_ share: Double) -> String {
        // What was booked at a price beyond all numbers has no share.
        guard share.isFinite, abs(share) < 1e6 else { return "" }
        let cells = 10
        let full = min(max(Int((share * Double(cells)).rounded()), 0), cells)
        let percent = Int((share * 100).rounded())
        return String(repeating: "█", count: full) + String(repeating: "░", count: cells - full) + " \(percent)%"
    }
}

extension UsageTotals {
    /// Adds what the store has added up.
    mutating func add(_ sum: UsageSum) {
        if let cost = sum.cost { add(metric: sum.metric, amount: sum.amount - sum.unpriced, cost: cost) }
        add(metric: sum.metric, amount: sum.unpriced, cost: nil)
    }
}

extension UsageReport.Row {
    /// US dollars of all that has a price; nil when nothing has one.
    var cost: Double? { tokens.cost }
}

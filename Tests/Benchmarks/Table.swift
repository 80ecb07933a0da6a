import Glibc

/// One measured figure, held against a limit of the same run.
struct Figure {
    /// What was measured.
    let name: String
    /// The figure with its unit.
    let value: String
    /// What it is held against, with its unit; empty when it stands alone.
    let limit: String
    /// Figure and limit as one number, where more is worse or better as the rule says.
    let ratio: Double?
    /// The rule in words, for example `≥ 0.70`.
    let rule: String
    /// Whether the rule holds; nil when there is none.
    let holds: Bool?

    /// A figure that must be at least a share of its limit, or at least a number.
    static func atLeast(_ bound: Double, _ ratio: Double, name: String, value: String, limit: String = "") -> Figure {
        Figure(name: name, value: value, limit: limit, ratio: ratio, rule: "≥ \(short(bound))", holds: ratio >= bound)
    }

    /// A figure that must be at most a multiple of its limit, or at most a number.
    static func atMost(_ bound: Double, _ ratio: Double, name: String, value: String, limit: String = "") -> Figure {
        Figure(name: name, value: value, limit: limit, ratio: ratio, rule: "≤ \(short(bound))", holds: ratio <= bound)
    }

    /// A figure without a rule.
    static func plain(_ name: String, _ value: String) -> Figure {
        Figure(name: name, value: value, limit: "", ratio: nil, rule: "", holds: nil)
    }

    /// A number with two or three meaningful digits.
    static func short(_ number: Double) -> String {
        guard number.isFinite, number < 1e15 else { return "∞" }
        if number >= 100 { return String(Int(number.rounded())) }
        let scale: Double = number >= 10 ? 10 : 100
        let scaled = (number * scale).rounded() / scale
        return scaled == scaled.rounded() ? String(Int(scaled)) : String(scaled)
    }
}

/// Prints figures as they come, in columns.
enum Table {
    static func printHeader() {
        row("figure", "value", "held against", "ratio", "rule", "")
        row(String(repeating: "-", count: 46), "--------------", "------------------------", "-------", "--------", "")
    }

    /// Rules that did not hold so far.
    nonisolated(unsafe) private(set) static var missed = 0  // SAFETY: only the main thread prints.

    static func show(_ figure: Figure) {
        if figure.holds == false { missed += 1 }
        row(
            figure.name, figure.value, figure.limit, figure.ratio.map(Figure.short) ?? "", figure.rule,
            figure.holds.map { $0 ? "ok" : "MISSED" } ?? "")
    }

    private static func row(_ cells: String...) {
        let widths = [46, 14, 24, 7, 8, 6]
        var line = ""
        for (cell, width) in zip(cells, widths) {
            line += cell + String(repeating: " ", count: max(1, width + 1 - cell.count))
        }
        print(line)
        fflush(nil)
    }
}

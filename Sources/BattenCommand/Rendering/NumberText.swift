import BattenCore

/// Numbers as people read them; data has them as they are.
enum NumberText {
    /// A number with its thousands apart.
    static func grouped(_ number: Int64) -> String {
        var digits = Array(String(number.magnitude))
        var place = digits.count - 3
        while place > 0 {
            digits.insert(",", at: place)
            place -= 3
        }
        return (number < 0 ? "-" : "") + String(digits)
    }

    /// An amount of money as data: US dollars to a billionth, which leaves out what sums of fractions add.
    static func data(dollars: Double?) -> JSONValue {
        guard let dollars else { return .null }
        let rounded = (dollars * 1e9).rounded() / 1e9
        return .double(rounded.isFinite ? rounded : dollars)
    }

    /// An amount of money, the more digits the smaller it is: `$12.34`, `$0.0123`, `$0.000150`.
    static func dollars(_ amount: Double) -> String {
        let size = abs(amount)
        guard size.isFinite, size < 1e12 else { return "$\(amount)" }
        let sign = amount < 0 ? "-" : ""
        if size > 0, size < 0.000_000_5 { return sign + "<$0.000001" }
        let digits = size >= 1 || size == 0 ? 2 : size >= 0.01 ? 4 : 6
        var scale: Int64 = 1
        for _ in 0..<digits { scale *= 10 }
        let units = Int64((size * Double(scale)).rounded())
        let fraction = String(units % scale)
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return "\(sign)$\(grouped(units / scale)).\(zeros)\(fraction)"
    }
}

/// What was used, in words.
enum UsageText {
    /// Tokens, their cost, and how many of them have no known price; nothing for nothing.
    static func parts(_ usage: UsageTotals) -> [String] {
        var parts: [String] = []
        if usage.tokens > 0 { parts.append("\(NumberText.grouped(usage.tokens)) tokens") }
        if let cost = usage.cost {
            parts.append(NumberText.dollars(cost))
            if usage.unpricedTokens > 0 { parts.append("\(NumberText.grouped(usage.unpricedTokens)) unpriced") }
        }
        return parts
    }
}

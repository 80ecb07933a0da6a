/// Lengths of time as people write them: `500ms`, `30s`, `10m`, `2h`, `1d`, `1h30m`.
public enum DurationText {
    /// Reads a length of time.
    ///
    /// Returns nanoseconds, or nil if the text is none or longer than 292 years.
    public static func parse(_ text: String) -> Int64? {
        var rest = text.utf8[...]
        var total: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0 >= 48 && $0 <= 57 }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0 >= 97 && $0 <= 122 }
            rest = rest.dropFirst(unit.count)
            guard let amount = Int64(String(decoding: digits, as: UTF8.self)),
                let scale = scales[String(decoding: unit, as: UTF8.self)]
            else { return nil }
            let (part, tooLong) = amount.multipliedReportingOverflow(by: scale)
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !tooLong, !overflow else { return nil }
            total = sum
        }
        return total
    }

    private static let scales: [String: Int64] = [
        "ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
        "d": 86_400_000_000_000,
    ]
}

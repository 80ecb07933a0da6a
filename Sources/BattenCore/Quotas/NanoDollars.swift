/// Money as whole billionths of a US dollar: sums of it are exact.
public enum NanoDollars {
    /// Billionths in a dollar.
    public static let perDollar: Int64 = 1_000_000_000

    /// An amount in billionths, rounded to the nearest; the largest that can be held beyond that.
    ///
    /// - Parameter dollars: what is no number counts as nothing.
    public static func rounded(_ dollars: Double) -> Int64 {
        let scaled = (dollars * Double(perDollar)).rounded()
        if scaled.isNaN { return 0 }
        return Int64(exactly: scaled) ?? (scaled < 0 ? .min : .max)
    }

    /// The amount in dollars, for people and data.
    public static func dollars(_ nanos: Int64) -> Double { Double(nanos) / Double(perDollar) }

    /// Reads an amount as it is written, such as `0.20`, without going over a binary fraction.
    ///
    /// - Returns: nil for what is no decimal number from 0 with at most nine digits behind the point.
    public static func parse(_ text: String) -> Int64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, whole.utf8.allSatisfy({ (48...57).contains($0) }),
            let dollars = Int64(whole)
        else { return nil }
        var nanos: Int64 = 0
        if parts.count == 2 {
            let digits = parts[1]
            guard (1...9).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
                let fraction = Int64(String(digits) + String(repeating: "0", count: 9 - digits.utf8.count))
            else { return nil }
            nanos = fraction
        }
        let (scaled, over) = dollars.multipliedReportingOverflow(by: perDollar)
        let (sum, overSum) = scaled.addingReportingOverflow(nanos)
        return over || overSum ? nil : sum
    }
}

/// What reports of usage add up to: tokens, and what is known of their cost.
public struct UsageTotals: Sendable, Hashable {
    /// Tokens that went in and came out.
    public private(set) var tokens: Int64 = 0
    /// US dollars, of all that has a price; nil while nothing had one.
    public private(set) var cost: Double?
    /// Tokens that no price is known for.
    public private(set) var unpricedTokens: Int64 = 0

    /// Totals of nothing.
    public init() {}

    /// Adds a report; sums stay at the largest number they can hold.
    ///
    /// - Parameter cost: US dollars; nil when no price is known.
    public mutating func add(metric: String, amount: Int64, cost: Double?) {
        if let cost { self.cost = (self.cost ?? 0) + cost }
        guard Self.isTokens(metric) else { return }
        tokens = tokens.addingClamped(amount)
        if cost == nil { unpricedTokens = unpricedTokens.addingClamped(amount) }
    }

    /// Adds other totals.
    public mutating func add(_ other: UsageTotals) {
        if let cost = other.cost { self.cost = (self.cost ?? 0) + cost }
        tokens = tokens.addingClamped(other.tokens)
        unpricedTokens = unpricedTokens.addingClamped(other.unpricedTokens)
    }

    /// Whether a metric counts tokens that add up to the total; those counted among others do not.
    public static func isTokens(_ metric: String) -> Bool {
        metric == "tokens" || metric == "input_tokens" || metric == "output_tokens"
    }

    /// Whether a metric counts tokens, those among others too.
    public static func countsTokens(_ metric: String) -> Bool { metric == "tokens" || metric.hasSuffix("_tokens") }
}

extension Int64 {
    fileprivate func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

/// A limit on what is used.
public struct QuotaRule: Sendable, Hashable {
    /// What happens to a stage for which there is no room.
    public enum OnExceed: String, Sendable, Hashable, CaseIterable {
        /// It waits until there is.
        case wait
        /// It ends with the class `quota`.
        case fail
        /// It starts, and the run's log says so once.
        case warn
    }

    /// The row's key; 0 before it has one.
    public var key: Int64
    /// Its name; that of a budget says whose it is.
    public var name: String
    /// What is counted: `requests`, `tokens`, `input_tokens`, `output_tokens`, `cost_usd`, `stage_runs`, `runs`,
    /// `bytes`, or whatever a plugin counts.
    public var metric: String
    /// The most there may be; money is in billionths of a dollar.
    public var limit: Int64
    /// In which time.
    public var window: QuotaWindow
    /// Which uses count.
    public var scope: QuotaScope
    /// What happens when it is used up.
    public var onExceed: OnExceed
    /// The stage that a budget is of; nil is the whole run, or a quota.
    public var stage: String?

    /// Creates a rule.
    public init(
        key: Int64 = 0, name: String, metric: String, limit: Int64, window: QuotaWindow,
        scope: QuotaScope = QuotaScope(), onExceed: OnExceed = .wait, stage: String? = nil
    ) {
        self.key = key
        self.name = name
        self.metric = metric
        self.limit = limit
        self.window = window
        self.scope = scope
        self.onExceed = onExceed
        self.stage = stage
    }

    /// Whether it is a budget: the bound of one run.
    public var isBudget: Bool { window == .run }

    /// Its name with what it is, for people.
    public var title: String { isBudget ? "the \(name)" : "the quota '\(name)'" }

    /// How much of it a report of usage takes.
    ///
    /// - Parameter cost: US dollars; nil when no price is known.
    /// - Returns: nil when the report is of something else.
    public func amount(metric reported: String, amount: Int64, cost: Double?) -> Int64? {
        if metric == QuotaMetric.cost { return cost.map { NanoDollars.rounded($0) } }
        if metric == reported { return amount }
        return metric == QuotaMetric.tokens && UsageTotals.isTokens(reported) ? amount : nil
    }

    /// An amount of its metric for people, such as `1,200 tokens` or `$0.20`.
    public func text(_ amount: Int64) -> String { QuotaMetric.text(amount, of: metric) }
}

/// What quotas count.
public enum QuotaMetric {
    /// Requests that are made.
    public static let requests = "requests"
    /// Tokens that go in and come out.
    public static let tokens = "tokens"
    /// Money.
    public static let cost = "cost_usd"
    /// Attempts that are started.
    public static let stageRuns = "stage_runs"
    /// Runs that start.
    public static let runs = "runs"
    /// The metrics that the product itself knows.
    public static let known = [
        "requests", "tokens", "input_tokens", "output_tokens", "cost_usd", "stage_runs", "runs", "bytes",
    ]

    /// The metrics that no call counts: they follow from its start, or from what it uses and what that costs.
    public static let derived: Set<String> = [cost, stageRuns, runs]

    /// Whether a text can be the name of a metric.
    public static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 100
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 || $0 == 46 }
    }

    /// An amount for people.
    public static func text(_ amount: Int64, of metric: String) -> String {
        if metric == cost { return dollars(amount) }
        let unit = metric.replacing("_", with: " ")
        return "\(grouped(amount)) \(amount == 1 && unit.hasSuffix("s") ? String(unit.dropLast()) : unit)"
    }

    private static func dollars(_ nanos: Int64) -> String {
        let whole = nanos.magnitude / UInt64(NanoDollars.perDollar)
        let rest = nanos.magnitude % UInt64(NanoDollars.perDollar)
        var digits = String(rest)
        digits = String(repeating: "0", count: 9 - digits.utf8.count) + digits
        while digits.hasSuffix("0"), digits.utf8.count > 2 { digits.removeLast() }
        return "\(nanos < 0 ? "-" : "")$\(whole).\(digits)"
    }

    private static func grouped(_ amount: Int64) -> String {
        var text = ""
        for (place, digit) in String(amount.magnitude).reversed().enumerated() {
            if place > 0, place % 3 == 0 { text = "," + text }
            text = String(digit) + text
        }
        return (amount < 0 ? "-" : "") + text
    }
}

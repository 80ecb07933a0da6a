/// What a model costs, in US dollars.
///
/// A model may be dearer for long requests: from some number of input tokens on, all of the request has other rates.
public struct ModelPrice: Sendable, Hashable {
    /// Prices of single tokens; nil where none is known.
    public struct Rates: Sendable, Hashable {
        /// A token that goes in.
        public var input: Double?
        /// A token that comes out.
        public var output: Double?
        /// A token that goes in and was found in the provider's cache; nil when it costs what others do.
        public var cachedInput: Double?
        /// A token that goes in and is put into the provider's cache; nil when it costs what others do.
        public var cacheWrite: Double?
        /// A token that a model thinks with before it answers; nil when it costs what others do.
        public var reasoning: Double?

        /// Creates rates.
        public init(
            input: Double? = nil, output: Double? = nil, cachedInput: Double? = nil, cacheWrite: Double? = nil,
            reasoning: Double? = nil
        ) {
            self.input = input
            self.output = output
            self.cachedInput = cachedInput
            self.cacheWrite = cacheWrite
            self.reasoning = reasoning
        }
    }

    /// Rates that hold for requests of more than some input tokens.
    public struct Tier: Sendable, Hashable {
        /// Input tokens beyond which they hold.
        public var above: Int64
        /// The rates.
        public var rates: Rates

        /// Creates a tier.
        public init(above: Int64, rates: Rates) {
            self.above = above
            self.rates = rates
        }
    }

    /// Rates of a request of ordinary length.
    public var rates: Rates
    /// Rates of longer ones, by length.
    public var tiers: [Tier]
    /// A request itself.
    public var request: Double
    /// The most tokens that an answer can have; nil when that is not known.
    public var maxOutputTokens: Int64?

    /// Creates a price.
    public init(rates: Rates, tiers: [Tier] = [], request: Double = 0, maxOutputTokens: Int64? = nil) {
        self.rates = rates
        self.tiers = tiers.sorted { $0.above < $1.above }
        self.request = request
        self.maxOutputTokens = maxOutputTokens
    }

    /// What an amount costs.
    ///
    /// Cached, written and reasoning tokens are counted among the others: for them it is the difference to what those
    /// cost, so that the sum over all reports of a request is its cost.
    /// - Parameters:
    ///   - metric: what was counted: `requests`, `input_tokens`, `cached_input_tokens`, `cache_write_input_tokens`,
    ///     `output_tokens` or `reasoning_tokens`.
    ///   - inputTokens: all that went into the request.
    /// - Returns: US dollars; nil when nothing is known about this metric.
    public func cost(of metric: String, amount: Int64, inputTokens: Int64) -> Double? {
        let rates = tiers.last { $0.above < inputTokens }?.rates ?? rates
        let one: Double? =
            switch metric {
            case "requests": request
            case "input_tokens": rates.input
            case "output_tokens": rates.output
            case "cached_input_tokens": rates.input.map { (rates.cachedInput ?? $0) - $0 }
            case "cache_write_input_tokens": rates.input.map { (rates.cacheWrite ?? $0) - $0 }
            case "reasoning_tokens": rates.output.map { (rates.reasoning ?? $0) - $0 }
            default: nil
            }
        return one.map { $0 * Double(amount) }
    }
}

/// Prices the reports of one call as they come, request by request.
public struct CallPricing: Sendable, Hashable {
    /// Input tokens of the last request, by what was asked.
    private var inputTokens: [String: Int64] = [:]
    private var sum = 0.0
    private var hasTokens = false
    private var isUnpriced = false

    /// What the call has cost so far, in US dollars; nil when it has reported no tokens, or some have no known price.
    public var total: Double? { hasTokens && !isUnpriced ? (sum * 1e9).rounded() / 1e9 : nil }

    /// A call that has reported nothing.
    public init() {}

    /// What a report costs.
    ///
    /// - Parameter price: that of the subject; nil when none is known.
    /// - Returns: US dollars; nil when it is not known.
    public mutating func cost(metric: String, subject: String, amount: Int64, price: ModelPrice?) -> Double? {
        if metric == "input_tokens" { inputTokens[subject] = amount }
        let cost = price?.cost(of: metric, amount: amount, inputTokens: inputTokens[subject] ?? 0)
        if metric == "input_tokens" || metric == "output_tokens" {
            hasTokens = true
            if cost == nil { isUnpriced = true }
        }
        sum += cost ?? 0
        return cost
    }
}

/// What an executor declares about the most that a call of it uses: how a limit is known to hold before the call.
///
/// It is the member `x-batten-usage` of the executor's input schema.
public struct UsageBound: Sendable, Hashable {
    /// The keyword.
    public static let keyword = "x-batten-usage"

    /// Requests that a call makes.
    public var requests: Int64
    /// Members of the input that name what is used, such as the model; the first that is there counts.
    public var subject: [[String]]
    /// Member of the plugin's configuration that names it when none of them is there.
    public var subjectSetting: String?
    /// Members of the input whose bytes are at least as many as the tokens that go in; empty is none.
    public var inputMembers: [String]
    /// Tokens that go in besides.
    public var inputExtra: Int64
    /// Members of the input that bound the tokens that come out; the first that is there counts.
    public var outputMembers: [[String]]
    /// The most tokens that come out where neither the input nor the price list says; nil when none do.
    public var outputDefault: Int64?

    /// Reads the declaration of an input schema; nil when there is none.
    public init?(schema: JSONValue) {
        guard let entry = schema[Self.keyword], case .object = entry else { return nil }
        func path(_ value: JSONValue) -> [String]? {
            value.stringValue.map { $0.split(separator: ".").map(String.init) }
        }
        requests = max(0, entry["requests"]?.intValue ?? 0)
        subject = entry["subject"]?["input"]?.arrayValue?.compactMap(path) ?? []
        subjectSetting = entry["subject"]?["config"]?.stringValue
        inputMembers = entry["input_tokens"]?["bytes"]?.arrayValue?.compactMap(\.stringValue) ?? []
        inputExtra = max(0, entry["input_tokens"]?["plus"]?.intValue ?? 0)
        outputMembers = entry["output_tokens"]?["input"]?.arrayValue?.compactMap(path) ?? []
        outputDefault = entry["output_tokens"]?["default"]?.intValue.map { max(1, $0) }
    }

    /// The member of the input in which the host puts the bound on the output when its author has not.
    public var outputMember: String? { outputMembers.first(where: { $0.count == 1 })?.first }

    /// What a call uses at most.
    ///
    /// - Parameters:
    ///   - input: the executor's input, with every expression evaluated.
    ///   - config: the plugin's configuration.
    ///   - prices: what models cost, and the most they answer.
    public func amounts(input: JSONValue, config: JSONValue, prices: any PriceList) -> QuotaAmounts {
        let name = subject.lazy.compactMap { Self.find($0, in: input)?.stringValue }.first { !$0.isEmpty }
        let subject = name ?? subjectSetting.flatMap { config[$0]?.stringValue } ?? ""
        var amounts = QuotaAmounts(subject: subject)
        amounts.others[QuotaMetric.requests] = requests
        if !inputMembers.isEmpty {
            var bytes: Int64 = inputExtra
            for member in inputMembers {
                guard let value = input[member], !value.isNull else { continue }
                bytes = bytes.addingSaturated(Int64(JSONWriter.bytes(value).count))
            }
            amounts.inputTokens = bytes
        }
        amounts.price = subject.isEmpty ? nil : prices.price(of: subject)
        guard let standard = outputDefault else { return amounts }
        if let asked = outputMembers.lazy.compactMap({ Self.find($0, in: input)?.intValue }).first {
            amounts.outputTokens = max(0, asked)
        } else {
            amounts.outputTokens = amounts.price?.maxOutputTokens.map { max(1, $0) } ?? standard
            amounts.isOutputOpen = true
        }
        return amounts
    }

    private static func find(_ path: [String], in value: JSONValue) -> JSONValue? {
        var value = value
        for name in path {
            guard let next = value[name], !next.isNull else { return nil }
            value = next
        }
        return value
    }
}

/// What a call or a reservation takes at most, by metric.
public struct QuotaAmounts: Sendable, Hashable {
    /// What is used, such as `openai/gpt-4o-mini`.
    public var subject: String
    /// Tokens that go in.
    public var inputTokens: Int64?
    /// Tokens that come out.
    public var outputTokens: Int64?
    /// Whether the tokens that come out may be bounded further, because nobody has asked for a number.
    public var isOutputOpen = false
    /// What the tokens that come out are never bounded below.
    public var leastOutputTokens: Int64 = 1
    /// Other metrics by name.
    public var others: [String: Int64] = [:]
    /// What the subject costs; nil when it is not known.
    public var price: ModelPrice?

    /// Nothing of a subject.
    public init(subject: String) { self.subject = subject }

    /// An amount of one metric, as a plugin reserves it.
    public init(metric: String, subject: String, amount: Int64, price: ModelPrice?) {
        self.subject = subject
        self.price = price
        switch metric {
        case "input_tokens": inputTokens = amount
        case "output_tokens": outputTokens = amount
        default: others[metric] = amount
        }
    }

    /// What a further request of a call takes at most.
    public init(_ bound: RequestBound, subject: String, price: ModelPrice?) {
        self.subject = subject
        self.price = price
        others[QuotaMetric.requests] = bound.requests
        inputTokens = bound.inputTokens
        outputTokens = bound.outputTokens
        leastOutputTokens = max(1, bound.leastOutputTokens)
        isOutputOpen = bound.leastOutputTokens < bound.outputTokens
    }

    /// Whether it takes anything that has a price.
    public var isPriced: Bool {
        (inputTokens ?? 0) > 0 || (outputTokens ?? 0) > 0 || (others[QuotaMetric.tokens] ?? 0) > 0
    }

    /// What it takes of a metric at most.
    ///
    /// - Returns: nil when nothing is said about the metric, or no price is known.
    public func amount(of metric: String) -> Int64? {
        switch metric {
        case "input_tokens": return inputTokens
        case "output_tokens": return outputTokens
        case QuotaMetric.tokens:
            if inputTokens == nil, outputTokens == nil { return others[metric] }
            return (inputTokens ?? 0).addingSaturated(outputTokens ?? 0).addingSaturated(others[metric] ?? 0)
        case QuotaMetric.cost:
            if let given = others[metric] { return given }
            guard isPriced || price != nil else { return nil }
            return cost(output: outputTokens ?? 0)
        default: return others[metric]
        }
    }

    /// What it costs at most, in billionths of a dollar; nil when no price is known.
    private func cost(output: Int64) -> Int64? {
        guard let price else { return nil }
        let input = inputTokens ?? 0
        var most: Int64 = 0
        for rates in price.ratesUp(to: input.addingSaturated(others[QuotaMetric.tokens] ?? 0)) {
            guard let inRate = rates.input ?? (input == 0 ? 0 : nil),
                let outRate = rates.output ?? (output == 0 ? 0 : nil)
            else { return nil }
            let dearestIn = max(inRate, rates.cacheWrite ?? inRate, rates.cachedInput ?? inRate)
            let dearestOut = max(outRate, rates.reasoning ?? outRate)
            var dollars = Double(input) * dearestIn + Double(output) * dearestOut
            if let tokens = others[QuotaMetric.tokens] {
                dollars += Double(tokens) * max(dearestIn, dearestOut)
            }
            dollars += Double(others[QuotaMetric.requests] ?? 0) * price.request
            // A billionth above, for each part that is rounded when it is booked.
            most = max(most, NanoDollars.rounded(dollars).addingSaturated(4))
        }
        return most
    }

    /// The most tokens that may come out for an amount of a metric not to pass a bound.
    ///
    /// - Returns: nil when the metric does not grow with the output; 0 when no output fits.
    func output(within bound: Int64, of metric: String) -> Int64? {
        guard let wanted = outputTokens else { return nil }
        switch metric {
        case "output_tokens": return max(0, min(wanted, bound))
        case QuotaMetric.tokens: return max(0, min(wanted, bound.subtractingSaturated(inputTokens ?? 0)))
        case QuotaMetric.cost:
            var (low, high) = (Int64(0), wanted)
            guard let least = cost(output: 0) else { return nil }
            if least > bound { return 0 }
            while low < high {
                let middle = low + (high - low + 1) / 2
                if let price = cost(output: middle), price <= bound { low = middle } else { high = middle - 1 }
            }
            return low
        default: return nil
        }
    }
}

extension ModelPrice {
    /// The rates that hold for requests of up to so many input tokens.
    func ratesUp(to inputTokens: Int64) -> [Rates] { [rates] + tiers.filter { $0.above < inputTokens }.map(\.rates) }
}

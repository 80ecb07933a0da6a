/// Prices of models, as a file gives them: an object with a member for each model.
///
/// It is the form that the LiteLLM project publishes as `model_prices_and_context_window.json`; of each model only what
/// is needed here is read. See `docs/prices.md`.
public struct PriceMap: Sendable {
    private let models: JSONObject

    /// Reads a map.
    ///
    /// - Throws: ``PriceError`` when it is no object, or a model has a price that is none: negative, no number, or
    ///   more than anything costs.
    public init(_ value: JSONValue) throws(PriceError) {
        guard let models = value.objectValue else {
            throw PriceError(message: "the prices are \(value.typeName), not an object of models")
        }
        self.models = models
        for (name, entry) in models where name != Self.sample {
            guard let entry = entry.objectValue else {
                throw PriceError(message: "the model '\(name)' is \(entry.typeName), not an object")
            }
            for (field, value) in entry where Self.isRead(field) {
                guard let price = value.doubleValue, (0...Self.dearest).contains(price) else {
                    throw PriceError(
                        message: "the model '\(name)' has the \(field) \(JSONWriter.string(value)), "
                            + "which is no number of dollars from 0 to a million")
                }
            }
        }
    }

    /// Models it has prices of.
    public var count: Int { models.count - (models[Self.sample] == nil ? 0 : 1) }

    /// Finds the price of what a plugin counted usage of.
    ///
    /// - Parameter subject: the provider and the model, such as `openai/gpt-4o-mini`. The map may name it so, or by the
    ///   model alone when it says that the model is that provider's.
    /// - Returns: nil when the map does not have it.
    public func price(of subject: String) -> ModelPrice? {
        if let entry = models[subject]?.objectValue, subject != Self.sample { return Self.price(entry) }
        guard let slash = subject.firstIndex(of: "/") else { return nil }
        let model = String(subject[subject.index(after: slash)...])
        guard model != Self.sample, let entry = models[model]?.objectValue,
            entry["litellm_provider"]?.stringValue == String(subject[..<slash])
        else { return nil }
        return Self.price(entry)
    }

    // MARK: Reading

    /// The highest price: sums of what costs more would soon be no numbers.
    private static let dearest = 1e6
    /// The entry that explains the form.
    private static let sample = "sample_spec"
    private static let perRequest = "input_cost_per_request"

    /// A field that holds the price of a token.
    private enum TokenField: String {
        case input = "input_cost_per_token"
        case output = "output_cost_per_token"
        case cachedInput = "cache_read_input_token_cost"
        case cacheWrite = "cache_creation_input_token_cost"
        case reasoning = "output_cost_per_reasoning_token"

        func set(_ price: Double, in rates: inout ModelPrice.Rates) {
            switch self {
            case .input: rates.input = price
            case .output: rates.output = price
            case .cachedInput: rates.cachedInput = price
            case .cacheWrite: rates.cacheWrite = price
            case .reasoning: rates.reasoning = price
            }
        }
    }

    /// What a field is the price of, and the input tokens beyond which it holds, as in
    /// `input_cost_per_token_above_200k_tokens`; nil for one that is not read.
    private static func tokenField(_ name: String) -> (field: TokenField, above: Int64?)? {
        if let field = TokenField(rawValue: name) { return (field, nil) }
        let unit = "k_tokens"
        guard name.hasSuffix(unit), let place = name.firstRange(of: "_above_"),
            let field = TokenField(rawValue: String(name[..<place.lowerBound])),
            let thousands = Int64(name[place.upperBound...].dropLast(unit.count)),
            (1...1_000_000_000).contains(thousands)
        else { return nil }
        return (field, thousands * 1_000)
    }

    private static func isRead(_ field: String) -> Bool { field == perRequest || tokenField(field) != nil }

    private static func price(_ entry: JSONObject) -> ModelPrice? {
        var base = ModelPrice.Rates()
        var above: [Int64: [(TokenField, Double)]] = [:]
        for (name, value) in entry {
            guard let (field, limit) = tokenField(name), let price = value.doubleValue else { continue }
            if let limit { above[limit, default: []].append((field, price)) } else { field.set(price, in: &base) }
        }
        guard base.input != nil || base.output != nil || entry[perRequest] != nil else { return nil }
        var tiers: [ModelPrice.Tier] = []
        for (limit, prices) in above {
            // What a tier does not name stays as it was.
            var tier = ModelPrice.Tier(above: limit, rates: base)
            for (field, price) in prices { field.set(price, in: &tier.rates) }
            tiers.append(tier)
        }
        return ModelPrice(
            rates: base, tiers: tiers, request: entry[perRequest]?.doubleValue ?? 0,
            maxOutputTokens: entry["max_output_tokens"]?.intValue)
    }
}

/// Why prices cannot be used.
public struct PriceError: Error, Sendable, Hashable {
    /// What is wrong, and with which model.
    public var message: String

    /// Creates an error.
    public init(message: String) { self.message = message }
}

/// Knows what models cost.
public protocol PriceList: Sendable {
    /// The price of what a plugin counted usage of.
    ///
    /// - Parameter subject: the provider and the model, such as `openai/gpt-4o-mini`.
    /// - Returns: nil when no price is known; nothing is guessed.
    func price(of subject: String) -> ModelPrice?
}

/// Knows no price.
public struct NoPrices: PriceList {
    /// Creates a list without entries.
    public init() {}

    /// Nothing has a price.
    public func price(of subject: String) -> ModelPrice? { nil }
}

// Stands in until Secrets/ declares the real type; whoever adds it deletes this file.

/// Hides the values of secrets.
public struct SecretMasker: Sendable {
    /// Masks a stream of text.
    public struct Stream: Sendable {
        /// Takes a piece and gives what can be shown.
        public mutating func append(_ text: String) -> String { text }
        /// Gives what was held back.
        public mutating func finish() -> String { "" }
    }
    /// Creates a masker.
    public init(secrets: [String]) {}
    /// Whether there is nothing to hide.
    public var isEmpty: Bool { true }
    /// Starts a stream.
    public func makeStream() -> Stream { Stream() }
    /// Masks a text.
    public func mask(_ text: String) -> String { text }
    /// Masks a value.
    public func mask(_ value: JSONValue) -> JSONValue { value }
}

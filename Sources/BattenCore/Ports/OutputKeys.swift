/// The keys under which secrets in kept values are sealed.
///
/// Both functions may be called from any thread, and may read and write the store.
public protocol OutputKeys: Sendable {
    /// The key for what is sealed now; nil when there is none and none can be made.
    func sealing() -> SecretKey?

    /// The key of an id; nil when it is not here.
    func key(_ id: String) -> SecretKey?
}

/// No keys: whatever holds a secret is kept masked, and cannot be had back.
public struct NoOutputKeys: OutputKeys {
    /// Creates them.
    public init() {}

    /// There is none.
    public func sealing() -> SecretKey? { nil }

    /// There is none.
    public func key(_ id: String) -> SecretKey? { nil }
}

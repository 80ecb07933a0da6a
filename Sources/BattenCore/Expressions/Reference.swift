/// One place of an expression that reads from a namespace.
public struct Reference: Sendable, Hashable {
    /// What is read.
    public let namespace: ExpressionNamespace
    /// The way from the namespace's name on, the name itself first; ends where steps are known only in a run.
    public let path: [PathPart]
    /// The bytes of each part of the path, without dots and brackets.
    public let partRanges: [Range<Int>]
    /// For each part of the path, whether null or a missing key gives null there (`?.`).
    public let nullSafeParts: [Bool]
    /// The bytes of the whole access.
    public let range: Range<Int>
    /// Whether a missing key is caught further out, by `??`, `default` or `coalesce`.
    public let isGuarded: Bool

    /// Whether any part of the path is null-safe.
    public var nullSafe: Bool { nullSafeParts.contains(true) }

    /// The stage and what is read of it, when the reference is to `stages.<id>…`.
    public var stageID: String? { namespace == .stages && path.count > 1 ? path[1].key : nil }
}

/// One call of a function.
public struct FunctionUse: Sendable, Hashable {
    /// The name as written, known or not.
    public let name: String
    /// The bytes of the name.
    public let range: Range<Int>
}

/// Why a JSON value is not a JSON Schema that can be checked against.
public struct SchemaError: Error, Sendable, Hashable {
    /// What is wrong, as a sentence without a final stop.
    public let message: String
    /// The way to the fault from the schema's root.
    public let path: [PathPart]
    /// What to do about it, when that is known.
    public let help: String?

    /// Makes an error.
    public init(message: String, path: [PathPart], help: String? = nil) {
        self.message = message
        self.path = path
        self.help = help
    }
}

extension SchemaError: CustomStringConvertible {
    /// Place, message and help in one line.
    public var description: String {
        (path.isEmpty ? "" : "\(path.pathText): ") + message + (help.map { " (\($0))" } ?? "")
    }
}

/// One way in which a value does not fit a schema.
public struct SchemaViolation: Sendable, Hashable {
    /// The way to the value from the root; for a key that must not be there, the key included.
    public let path: [PathPart]
    /// The keyword that is not satisfied, like `maximum`.
    public let keyword: String
    /// What is wrong and what would be right, as a sentence without a final stop and without the path.
    public let message: String

    /// Makes a violation.
    public init(path: [PathPart], keyword: String, message: String) {
        self.path = path
        self.keyword = keyword
        self.message = message
    }
}

extension SchemaViolation: CustomStringConvertible {
    /// Path and message in one line.
    public var description: String { path.isEmpty ? message : "\(path.pathText): \(message)" }
}

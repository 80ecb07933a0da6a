/// Why an expression cannot be read or has no value, and where in it.
public struct ExpressionError: Error, Sendable, Hashable {
    /// The kind of fault; the raw value is the word the conformance table uses.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The text is not an expression.
        case syntax
        /// The text, its nesting, the work or the result is beyond the bounds.
        case limit
        /// A name is no namespace.
        case unknownName = "unknown_name"
        /// There is no function of this name.
        case unknownFunction = "unknown_function"
        /// A function has too few or too many arguments.
        case arity
        /// A value has a type that does not fit.
        case type
        /// A key or index is not there, or the value that should have it is null.
        case missingKey = "missing_key"
        /// An integer leaves 64 bits, or a number its range.
        case overflow
        /// A division by zero.
        case divisionByZero = "division_by_zero"
        /// An argument has the right type and a value that does not do.
        case argument
        /// A namespace or function that is not defined where the expression stands.
        case unavailable
        /// Null inside a longer text.
        case nullInText = "null_in_text"
    }

    /// The kind of fault.
    public let code: Code
    /// What is wrong, as a sentence without a final stop.
    public let message: String
    /// Where: bytes of the expression's or template's UTF-8 text.
    public var range: Range<Int>
    /// What to do about it, when that is known.
    public let help: String?
    /// Where the template stands in its JSON value; empty for a single expression or template.
    public var location: [PathPart]

    /// Makes an error.
    public init(
        code: Code, message: String, range: Range<Int>, help: String? = nil, location: [PathPart] = []
    ) {
        self.code = code
        self.message = message
        self.range = range
        self.help = help
        self.location = location
    }
}

extension ExpressionError: CustomStringConvertible {
    /// Message, place and help in one line.
    public var description: String {
        let place = location.isEmpty ? "" : "\(location.pathText): "
        let remedy = help.map { " (\($0))" } ?? ""
        return place + message + remedy
    }
}

/// Why a text is not the JSON that was asked for, and where.
public struct JSONError: Error, Sendable, Hashable {
    /// The kind of fault.
    public enum Code: Sendable, Hashable {
        /// The text is not JSON.
        case syntax
        /// The text is not UTF-8, or escapes half a surrogate pair.
        case encoding
        /// The text is nested deeper than allowed.
        case depth
        /// The text is larger than allowed.
        case size
        /// An object has a key twice.
        case duplicateKey
        /// There was not enough memory.
        case memory
    }

    /// The kind of fault.
    public let code: Code
    /// What is wrong, as a sentence without a final stop.
    public let message: String
    /// Where: bytes from the start of the text.
    public let offset: Int

    /// Makes an error.
    public init(code: Code, message: String, offset: Int) {
        self.code = code
        self.message = message
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    /// The message with the place.
    public var description: String { "not valid JSON at byte \(offset): \(message)" }
}

/// What a reader of JSON accepts.
public struct JSONLimits: Sendable, Hashable {
    /// What happens when an object has a key twice.
    public enum DuplicateKeys: Sendable, Hashable {
        /// It is an error.
        case refuse
        /// The last value is taken.
        case lastWins
    }

    /// The deepest nesting that can be asked for; deeper values could exhaust a thread's stack.
    public static let greatestDepth = 1_024

    /// 512 levels, 1 GiB, duplicate keys refused.
    public static let standard = JSONLimits()

    /// How many arrays and objects may be open at once.
    public var depth: Int
    /// How many bytes the text may have.
    public var bytes: Int
    /// What happens when an object has a key twice.
    public var duplicateKeys: DuplicateKeys

    /// Makes limits; a depth above `greatestDepth` is cut to it.
    public init(depth: Int = 512, bytes: Int = 1 << 30, duplicateKeys: DuplicateKeys = .refuse) {
        self.depth = depth
        self.bytes = bytes
        self.duplicateKeys = duplicateKeys
    }
}

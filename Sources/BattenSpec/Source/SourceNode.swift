public import BattenCore

/// One value of an authored document with the place it was written at; the same for YAML and JSON.
public struct SourceNode: Sendable {
    /// How a scalar was written, which decides how places inside its text map to the file.
    public enum Style: Sendable, Hashable {
        /// YAML without quotes, or a JSON number or word.
        case plain
        /// YAML in single quotes.
        case singleQuoted
        /// YAML or JSON in double quotes.
        case doubleQuoted
        /// A YAML block that keeps its lines.
        case literal
        /// A YAML block whose lines are joined.
        case folded
        /// Text that does not stand in the file as it is.
        case derived
        /// Something that could not be read, which was told; null stands in its place.
        case broken
    }

    /// One key with its value.
    public struct Member: Sendable {
        /// The key.
        public let key: String
        /// Where the key is.
        public let keyRange: Range<Int>
        /// The value.
        public let value: SourceNode

        /// Creates a member.
        public init(key: String, keyRange: Range<Int>, value: SourceNode) {
            self.key = key
            self.keyRange = keyRange
            self.value = value
        }
    }

    /// What a node holds.
    public enum Content: Sendable {
        /// Null, a boolean, a number or a string.
        case scalar(JSONValue, Style)
        /// Elements in order.
        case sequence([SourceNode])
        /// Members in order, each key once.
        case mapping([Member])
    }

    /// What the node holds.
    public let content: Content
    /// Byte range in the file, quotes and brackets included.
    public let range: Range<Int>

    /// Creates a node.
    public init(_ content: Content, range: Range<Int>) {
        self.content = content
        self.range = range
    }

    /// The members, when the node is a mapping.
    public var members: [Member]? {
        if case .mapping(let members) = content { return members }
        return nil
    }

    /// The elements, when the node is a sequence.
    public var elements: [SourceNode]? {
        if case .sequence(let elements) = content { return elements }
        return nil
    }

    /// The scalar, when the node is one.
    public var scalar: JSONValue? {
        if case .scalar(let value, _) = content { return value }
        return nil
    }

    /// The text, when the node is a string.
    public var string: String? {
        if case .scalar(.string(let text), _) = content { return text }
        return nil
    }

    /// Whether the node is null.
    public var isNull: Bool {
        if case .scalar(.null, _) = content { return true }
        return false
    }

    /// The value of a key, when the node is a mapping that has it.
    public subscript(key: String) -> SourceNode? { member(key)?.value }

    /// The member of a key, when the node is a mapping that has it.
    public func member(_ key: String) -> Member? {
        guard case .mapping(let members) = content else { return nil }
        // Comparing lengths first is much cheaper than comparing texts.
        let length = key.utf8.count
        for place in members.indices where members[place].key.utf8.count == length && members[place].key == key {
            return members[place]
        }
        return nil
    }

    /// Whether the node stands for something that could not be read.
    var isBroken: Bool {
        if case .scalar(_, .broken) = content { return true }
        return false
    }

    /// The value without places.
    public var value: JSONValue {
        switch content {
        case .scalar(let value, _): return value
        case .sequence(let elements): return .array(elements.map(\.value))
        case .mapping(let members):
            var object = JSONObject()
            object.reserveCapacity(members.count)
            for member in members { object.updateValue(member.value.value, forKey: member.key) }
            return .object(object)
        }
    }

    /// What the node is, in words for messages.
    public var described: String {
        switch content {
        case .mapping: return "a mapping"
        case .sequence: return "a list"
        case .scalar(let value, _):
            switch value {
            case .null: return "null"
            case .bool(let flag): return flag ? "true" : "false"
            case .string(let text): return "the text '\(shortened(text))'"
            default: return "the number \(value)"
            }
        }
    }
}

/// A text cut to what fits a message.
func shortened(_ text: String, to limit: Int = 40) -> String {
    text.unicodeScalars.count > limit ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))) + "…" : text
}

/// A JSON value that remembers where each of its parts was written.
public struct JSONNode: Sendable {
    /// One key and value of an object.
    public struct Member: Sendable {
        /// The key.
        public let key: String
        /// Where the key is, quotes included: bytes from the start of the text.
        public let keyRange: Range<Int>
        /// The value.
        public let value: JSONNode

        /// Makes a member.
        public init(key: String, keyRange: Range<Int>, value: JSONNode) {
            self.key = key
            self.keyRange = keyRange
            self.value = value
        }
    }

    /// What a node holds.
    public enum Content: Sendable {
        /// Null, a boolean, a number or a string.
        case scalar(JSONValue)
        /// The elements in order.
        case array([JSONNode])
        /// The members in order, each key once.
        case object([Member])
    }

    /// What the node holds.
    public let content: Content
    /// Where the value is, quotes and brackets included: bytes from the start of the text.
    public let range: Range<Int>

    /// Makes a node.
    public init(content: Content, range: Range<Int>) {
        self.content = content
        self.range = range
    }

    /// The value without positions.
    public var value: JSONValue {
        switch content {
        case .scalar(let value): return value
        case .array(let elements): return .array(elements.map(\.value))
        case .object(let members): return .object(JSONObject(members.lazy.map { ($0.key, $0.value.value) }))
        }
    }
}

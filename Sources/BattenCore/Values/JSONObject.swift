/// The members of a JSON object in the order they were written.
///
/// Small objects are searched; an index is built only above a few keys. Equality and hashing ignore the order. Keys
/// are the same only when their UTF-8 bytes are.
public struct JSONObject: Sendable {
    /// One key with its value.
    struct Member: Sendable {
        var key: String
        var value: JSONValue
    }

    /// A key that is hashed and compared by its bytes.
    struct ByteKey: Sendable, Hashable {
        let text: String

        static func == (left: ByteKey, right: ByteKey) -> Bool { left.text.hasSameBytes(as: right.text) }

        func hash(into hasher: inout Hasher) { hasher.combine(text) }
    }

    /// Objects up to this many members are searched one by one.
    static let searchLimit = 8

    private(set) var members: [Member] = []
    private var index: [ByteKey: Int]?

    /// Makes an empty object.
    public init() {}

    /// Makes an object from pairs; of equal keys the last value wins, at the first one's place.
    public init(_ pairs: some Sequence<(String, JSONValue)>) {
        members.reserveCapacity(pairs.underestimatedCount)
        for (key, value) in pairs { updateValue(value, forKey: key) }
    }

    /// How many members there are.
    public var count: Int { members.count }

    /// Whether there are no members.
    public var isEmpty: Bool { members.isEmpty }

    /// The keys in order.
    public var keys: [String] { members.map(\.key) }

    /// The values in order.
    public var values: [JSONValue] { members.map(\.value) }

    /// The value of a key; setting nil removes the member, setting another value keeps its place.
    public subscript(key: String) -> JSONValue? {
        get {
            guard let position = position(of: key) else { return nil }
            return members[position].value
        }
        set {
            if let newValue { updateValue(newValue, forKey: key) } else { removeValue(forKey: key) }
        }
    }

    /// Sets the value of a key, keeping its place, or appends the member.
    ///
    /// - Returns: the value it had before.
    @discardableResult
    public mutating func updateValue(_ value: JSONValue, forKey key: String) -> JSONValue? {
        if let position = position(of: key) {
            let old = members[position].value
            members[position].value = value
            return old
        }
        append(value, forKey: key)
        return nil
    }

    /// Removes a member.
    ///
    /// - Returns: the value it had.
    @discardableResult
    public mutating func removeValue(forKey key: String) -> JSONValue? {
        guard let position = position(of: key) else { return nil }
        let removed = members.remove(at: position)
        index = nil
        if members.count > Self.searchLimit { buildIndex() }
        return removed.value
    }

    /// Makes room for this many members.
    public mutating func reserveCapacity(_ capacity: Int) {
        members.reserveCapacity(capacity)
    }

    /// Appends a member whose key is not there yet.
    private mutating func append(_ value: JSONValue, forKey key: String) {
        members.append(Member(key: key, value: value))
        if index != nil {
            index?[ByteKey(text: key)] = members.count - 1
        } else if members.count > Self.searchLimit {
            buildIndex()
        }
    }

    private mutating func buildIndex() {
        var built: [ByteKey: Int] = [:]
        built.reserveCapacity(members.count)
        for (position, member) in members.enumerated() { built[ByteKey(text: member.key)] = position }
        index = built
    }

    /// The place of a key among the members.
    func position(of key: String) -> Int? {
        if let index { return index[ByteKey(text: key)] }
        for position in members.indices where members[position].key.hasSameBytes(as: key) { return position }
        return nil
    }
}

extension JSONObject: Sequence {
    /// Goes through the members in order.
    public struct Iterator: IteratorProtocol {
        private var base: IndexingIterator<[Member]>

        init(_ members: [Member]) { base = members.makeIterator() }

        /// The next member.
        public mutating func next() -> (key: String, value: JSONValue)? {
            guard let member = base.next() else { return nil }
            return (member.key, member.value)
        }
    }

    /// Starts at the first member.
    public func makeIterator() -> Iterator { Iterator(members) }

    /// How many members there are, exactly.
    public var underestimatedCount: Int { members.count }
}

extension JSONObject: Hashable {
    /// Whether both hold the same keys with the same values, in any order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.count == right.count else { return false }
        for (position, member) in left.members.enumerated() {
            let other = right.members[position]
            if other.key.hasSameBytes(as: member.key) {
                guard other.value == member.value else { return false }
            } else {
                guard let found = right[member.key], found == member.value else { return false }
            }
        }
        return true
    }

    /// Feeds the members into a hasher whatever their order.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in members {
            var single = Hasher()
            single.combine(member.key)
            single.combine(member.value)
            sum &+= single.finalize()
        }
        hasher.combine(count)
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Makes an object from a literal; of equal keys the last wins.
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

/// The members of a JSON object in order, each name once.
public struct JSONObject: Sendable {
    /// One member.
    public typealias Member = (name: String, value: JSON)

    private var members: [Member] = []
    /// Positions by name; kept only when there are so many members that looking through them is slow.
    private var positions: [String: Int] = [:]
    private static let indexedFrom = 12

    /// Makes an object without members.
    public init() {}

    /// Makes an object of members; of a name that occurs twice the last value stays, at the first one's place.
    public init(_ members: some Sequence<Member>) {
        for member in members { self[member.name] = member.value }
    }

    /// How many members there are.
    public var count: Int { members.count }

    /// Whether there is no member.
    public var isEmpty: Bool { members.isEmpty }

    /// The names in order.
    public var names: [String] { members.map(\.name) }

    /// The value of a member.
    ///
    /// Setting nil removes it; a new name goes to the end.
    public subscript(name: String) -> JSON? {
        get {
            position(of: name).map { members[$0].value }
        }
        set {
            switch (position(of: name), newValue) {
            case (let position?, let value?):
                members[position].value = value
            case (let position?, nil):
                members.remove(at: position)
                reindex()
            case (nil, let value?):
                members.append((name, value))
                if members.count == Self.indexedFrom {
                    reindex()
                } else if members.count > Self.indexedFrom {
                    positions[name] = members.count - 1
                }
            case (nil, nil):
                break
            }
        }
    }

    private func position(of name: String) -> Int? {
        members.count < Self.indexedFrom ? members.firstIndex { $0.name == name } : positions[name]
    }

    private mutating func reindex() {
        positions.removeAll(keepingCapacity: true)
        guard members.count >= Self.indexedFrom else { return }
        for (index, member) in members.enumerated() { positions[member.name] = index }
    }
}

extension JSONObject: Sequence {
    /// Walks the members in order.
    public func makeIterator() -> IndexingIterator<[Member]> {
        members.makeIterator()
    }
}

extension JSONObject: Hashable {
    /// Whether both have the same members, in whatever order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0.name] == $0.value }
    }

    /// Mixes the members in, in a way that does not depend on their order.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in members {
            var one = Hasher()
            one.combine(member.name)
            one.combine(member.value)
            sum &+= one.finalize()
        }
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Makes an object; of a name that occurs twice the last value stays.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements.map { (name: $0.0, value: $0.1) })
    }
}

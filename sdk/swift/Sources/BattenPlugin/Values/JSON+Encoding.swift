extension JSON {
    /// Makes a JSON value of an `Encodable` one.
    ///
    /// - Throws: `EncodingError` if a number is not finite or the value encodes nothing.
    public init(encoding value: some Encodable) throws {
        if let same = value as? JSON {
            self = same
            return
        }
        let encoder = ValueEncoder(codingPath: [])
        try value.encode(to: encoder)
        self = encoder.place.value
    }
}

extension JSON: Encodable {
    /// Encodes the value as it is; works with the encoder of this module and any other.
    public func encode(to encoder: any Encoder) throws {
        if let encoder = encoder as? ValueEncoder {
            encoder.place.content = .value(self)
            return
        }
        switch self {
        case .object(let members):
            var keyed = encoder.container(keyedBy: Name.self)
            for member in members { try keyed.encode(member.value, forKey: Name(stringValue: member.name)) }
        case .array(let elements):
            var list = encoder.unkeyedContainer()
            for element in elements { try list.encode(element) }
        default:
            var single = encoder.singleValueContainer()
            switch self {
            case .bool(let value): try single.encode(value)
            case .integer(let value): try single.encode(value)
            case .number(let value): try single.encode(value)
            case .string(let value): try single.encode(value)
            default: try single.encodeNil()
            }
        }
    }
}

/// Where an encoder puts what it is given.
private final class Place {
    enum Content {
        case value(JSON)
        case list
        case members
    }

    var content: Content = .value(.object([:]))
    private(set) var elements: [Place] = []
    private var members: [(name: String, place: Place)] = []

    var value: JSON {
        switch content {
        case .value(let value): value
        case .list: .array(elements.map(\.value))
        case .members: .object(JSONObject(members.map { (name: $0.name, value: $0.place.value) }))
        }
    }

    func add() -> Place {
        let place = Place()
        content = .list
        elements.append(place)
        return place
    }

    func add(_ name: String) -> Place {
        let place = Place()
        content = .members
        members.append((name, place))
        return place
    }
}

/// Encodes one value; also its own container for single values.
private struct ValueEncoder: Encoder, SingleValueEncodingContainer {
    let place: Place
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(place: Place = Place(), codingPath: [any CodingKey]) {
        self.place = place
        self.codingPath = codingPath
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        place.content = .members
        return KeyedEncodingContainer(MembersEncoder(place: place, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        place.content = .list
        return ElementsEncoder(place: place, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() { place.content = .value(.null) }
    func encode(_ value: Bool) { place.content = .value(.bool(value)) }
    func encode(_ value: String) { place.content = .value(.string(value)) }

    func encode(_ value: Double) throws {
        guard value.isFinite else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: codingPath, debugDescription: "JSON has no number for \(value)"))
        }
        place.content = .value(.number(value))
    }

    func encode(_ value: Float) throws { try encode(Double(value)) }

    private func whole(_ value: some FixedWidthInteger) {
        place.content = .value(Int64(exactly: value).map(JSON.integer) ?? .number(Double(value)))
    }

    func encode(_ value: Int) { whole(value) }
    func encode(_ value: Int8) { whole(value) }
    func encode(_ value: Int16) { whole(value) }
    func encode(_ value: Int32) { whole(value) }
    func encode(_ value: Int64) { whole(value) }
    func encode(_ value: UInt) { whole(value) }
    func encode(_ value: UInt8) { whole(value) }
    func encode(_ value: UInt16) { whole(value) }
    func encode(_ value: UInt32) { whole(value) }
    func encode(_ value: UInt64) { whole(value) }

    func encode(_ value: some Encodable) throws {
        if let same = value as? JSON {
            place.content = .value(same)
        } else {
            try value.encode(to: self)
        }
    }
}

/// Encodes the members of an object.
private struct MembersEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let place: Place
    let codingPath: [any CodingKey]

    private func member(_ key: Key) -> ValueEncoder {
        ValueEncoder(place: place.add(key.stringValue), codingPath: codingPath + [key])
    }

    func encodeNil(forKey key: Key) { member(key).encodeNil() }
    func encode(_ value: Bool, forKey key: Key) { member(key).encode(value) }
    func encode(_ value: String, forKey key: Key) { member(key).encode(value) }
    func encode(_ value: Double, forKey key: Key) throws { try member(key).encode(value) }
    func encode(_ value: Float, forKey key: Key) throws { try member(key).encode(value) }
    func encode(_ value: Int, forKey key: Key) { member(key).encode(value) }
    func encode(_ value: Int8, forKey key: Key) { member(key).encode(value) }
    func encode(_ value: Int16, forKey key: Key) { member(key).encode(value) }
    func encode(_ value: Int32, forKey key: Key) { member(key).encode(value) }
    func encode(_ value: Int64, forKey key: Key) { member(key).encode(value) }
    func encode(_ value: UInt, forKey key: Key) { member(key).encode(value) }
    func encode(_ value: UInt8, forKey key: Key) { member(key).encode(value) }
    func encode(_ value: UInt16, forKey key: Key) { member(key).encode(value) }
    func encode(_ value: UInt32, forKey key: Key) { member(key).encode(value) }
    func encode(_ value: UInt64, forKey key: Key) { member(key).encode(value) }
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { try member(key).encode(value) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        member(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { member(key).unkeyedContainer() }

    func superEncoder() -> any Encoder {
        ValueEncoder(place: place.add("super"), codingPath: codingPath)
    }

    func superEncoder(forKey key: Key) -> any Encoder { member(key) }
}

/// Encodes the elements of a list.
private struct ElementsEncoder: UnkeyedEncodingContainer {
    let place: Place
    let codingPath: [any CodingKey]

    var count: Int { place.elements.count }

    private func element() -> ValueEncoder {
        ValueEncoder(place: place.add(), codingPath: codingPath + [Name(intValue: count - 1)])
    }

    func encodeNil() { element().encodeNil() }
    func encode<Value: Encodable>(_ value: Value) throws { try element().encode(value) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        element().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { element().unkeyedContainer() }

    func superEncoder() -> any Encoder { element() }
}

internal import BattenPlugin
internal import BattenSignature

/// A value on its way into or out of a call: JSON, and what JSON cannot hold.
indirect enum Value: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// An integer above the largest `Int64`.
    case unsigned(UInt64)
    case real(Double)
    /// A character of one byte.
    case char(UInt8)
    /// Text as it stands in the arguments.
    case string(String)
    /// Bytes of a buffer or of a C string.
    case bytes([UInt8], TextForm)
    /// A pointer that only later calls of the same list can use.
    case pointer(UInt, tag: String?)
    case list([Value])
    case object([(name: String, value: Value)])
    /// What an earlier call of the list gave.
    case use(String)

    /// How deep lists and objects of an argument may be nested; more than any type is.
    private static let deepest = 64

    /// Reads an argument; nil if it is nested deeper than any type is.
    init?(_ json: JSON, room: Int = Value.deepest) {
        guard room > 0 else { return nil }
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .real(value)
        case .string(let text): self = .string(text)
        case .array(let elements):
            var values: [Value] = []
            for element in elements {
                guard let value = Value(element, room: room - 1) else { return nil }
                values.append(value)
            }
            self = .list(values)
        case .object(let members):
            if members.count == 1, let path = members["use"]?.string {
                self = .use(path)
            } else {
                var values: [(name: String, value: Value)] = []
                for member in members {
                    guard let value = Value(member.value, room: room - 1) else { return nil }
                    values.append((member.name, value))
                }
                self = .object(values)
            }
        }
    }

    /// Whether an earlier call's value is part of it.
    var needsEarlier: Bool {
        switch self {
        case .use: true
        case .list(let elements): elements.contains { $0.needsEarlier }
        case .object(let members): members.contains { $0.value.needsEarlier }
        default: false
        }
    }

    /// What a person calls it.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .unsigned: "an integer"
        case .real: "a number"
        case .char: "a character"
        case .string: "a string"
        case .bytes: "bytes"
        case .pointer: "a pointer"
        case .list: "a list"
        case .object: "an object"
        case .use: "a value of an earlier call"
        }
    }

    /// The value as an output.
    var json: JSON {
        switch self {
        case .null, .use: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .unsigned(let value): Int64(exactly: value).map(JSON.integer) ?? .string(String(value))
        case .real(let value):
            if value.isFinite { .number(value) } else { .string(value.isNaN ? "nan" : value > 0 ? "inf" : "-inf") }
        case .char(let byte): .string(String(Character(Unicode.Scalar(byte))))
        case .string(let text): .string(text)
        case .bytes(let bytes, let form): .string(form.write(bytes))
        case .pointer(let address, let tag): address == 0 ? .null : .string(tag.map { "\($0) *" } ?? "pointer")
        case .list(let elements): .array(elements.map(\.json))
        case .object(let members): .object(JSONObject(members.map { (name: $0.name, value: $0.value.json) }))
        }
    }

    /// The number of a whole number; nil for everything else.
    var count: Int? {
        switch self {
        case .integer(let value): Int(exactly: value)
        case .unsigned(let value): Int(exactly: value)
        case .real(let value): Int(exactly: value)
        case .string(let text): Int(text)
        default: nil
        }
    }

    /// Follows a path of names and positions into structs and lists.
    func at(_ path: some Sequence<Substring>) -> Value? {
        var value = self
        for step in path {
            switch value {
            case .object(let members):
                guard let member = members.first(where: { $0.name == step }) else { return nil }
                value = member.value
            case .list(let elements):
                guard let index = Int(step), elements.indices.contains(index) else { return nil }
                value = elements[index]
            default:
                return nil
            }
        }
        return value
    }
}

/// Header fields in the order they came, with names compared without regard to case.
public struct HeaderList: Sendable, Equatable {
    /// One field.
    public struct Field: Sendable, Equatable {
        /// As written by the sender.
        public var name: String
        /// Without the blanks around it.
        public var value: String

        /// Makes a field.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// All fields, in order.
    public private(set) var fields: [Field] = []

    /// Makes an empty list.
    public init() {}

    /// Makes a list of name and value pairs.
    public init(_ pairs: [(String, String)]) {
        fields = pairs.map { Field(name: $0.0, value: $0.1) }
    }

    /// Returns the first value of a name.
    public subscript(name: String) -> String? {
        fields.first { sameName($0.name, name) }?.value
    }

    /// Returns all values of a name, in order.
    public func all(_ name: String) -> [String] {
        fields.filter { sameName($0.name, name) }.map(\.value)
    }

    /// Tells whether a name occurs.
    public func contains(_ name: String) -> Bool {
        fields.contains { sameName($0.name, name) }
    }

    /// Appends a field.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Removes all fields of a name and appends one.
    public mutating func set(_ name: String, _ value: String) {
        remove(name)
        add(name, value)
    }

    /// Removes all fields of a name.
    public mutating func remove(_ name: String) {
        fields.removeAll { sameName($0.name, name) }
    }

    /// Removes all fields.
    public mutating func removeAll() {
        fields.removeAll(keepingCapacity: true)
    }

    /// Tells whether a text can be a field's name: one or more of the token characters of RFC 9110.
    public static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default:
                    "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// Tells whether a text can be a field's value: no line breaks, no NUL.
    public static func isValue(_ text: String) -> Bool {
        !text.utf8.contains { $0 == 10 || $0 == 13 || $0 == 0 }
    }
}

/// Tells whether two ASCII names are equal but for case.
func sameName(_ left: String, _ right: String) -> Bool {
    let one = left.utf8
    let two = right.utf8
    guard one.count == two.count else { return false }
    return zip(one, two).allSatisfy { lowered($0) == lowered($1) }
}

/// The lower case of an ASCII letter; other bytes as they are.
func lowered(_ byte: UInt8) -> UInt8 {
    byte >= 65 && byte <= 90 ? byte + 32 : byte
}

/// The type of a C value, as far as a call can pass it.
public indirect enum CType: Sendable, Hashable {
    /// Nothing; only as a result.
    case void
    /// An integer.
    case integer(CInteger)
    /// `_Bool`.
    case bool
    /// `char`: one byte that stands for a character.
    case char
    /// `float`.
    case float
    /// `double`.
    case double
    /// A pointer to text that ends in NUL.
    case string(TextForm, Ownership)
    /// A pointer to something unknown, with the name of what it points to if one was given.
    case pointer(String?)
    /// A struct.
    case structure(CStructure)
    /// An array inside a struct.
    case array(CType, Int)
    /// A `char` array inside a struct, as text that ends in NUL or at its end.
    case text(Int, TextForm)
    /// A byte array inside a struct.
    case bytes(Int, TextForm)
}

/// An integer type.
public struct CInteger: Sendable, Hashable {
    /// Size in bytes: 1, 2, 4 or 8.
    public let size: Int
    /// Whether it has negative values.
    public let isSigned: Bool

    /// Makes one.
    public init(size: Int, isSigned: Bool) {
        self.size = size
        self.isSigned = isSigned
    }

    /// `int`.
    public static let int = CInteger(size: MemoryLayout<CInt>.size, isSigned: true)
    /// `size_t`.
    public static let size = CInteger(size: MemoryLayout<Int>.size, isSigned: false)

    /// The smallest value.
    public var minimum: Int64 { isSigned ? Int64.min >> (64 - 8 * Int64(size)) : 0 }
    /// The largest value.
    public var maximum: UInt64 { UInt64.max >> (64 - 8 * UInt64(size) + (isSigned ? 1 : 0)) }
    /// The name of the type in a signature, such as `uint32`.
    public var name: String { "\(isSigned ? "" : "u")int\(8 * size)" }
}

/// How bytes are written in JSON.
public enum TextForm: String, Sendable, Hashable, CaseIterable {
    /// As UTF-8.
    case text
    /// As base64.
    case base64
    /// As hexadecimal digits.
    case hex
}

/// Who frees the text that a function gives back.
public enum Ownership: Sendable, Hashable {
    /// Nobody here: it stays the library's.
    case borrowed
    /// The caller, with this function of the library, or with `free` of libc.
    case freed(by: String)
}

/// A struct with the layout that the C compiler gives it.
public struct CStructure: Sendable, Hashable {
    /// One member.
    public struct Field: Sendable, Hashable {
        /// Its name, if the signature says one.
        public let name: String?
        /// Its type.
        public let type: CType
        /// Where it begins, in bytes.
        public let offset: Int
    }

    /// The members in order, at least one.
    public let fields: [Field]
    /// Size in bytes, with padding.
    public let size: Int
    /// Alignment in bytes.
    public let alignment: Int
    /// How deep structs are nested in it, itself included.
    public let depth: Int

    /// Lays out members one after the other; nil if the size is beyond ``CType/largestSize``.
    public init?(_ members: [(name: String?, type: CType)]) {
        var fields: [Field] = []
        var end = 0
        var widest = 1
        for member in members {
            let alignment = member.type.alignment
            let offset = (end + alignment - 1) / alignment * alignment
            fields.append(Field(name: member.name, type: member.type, offset: offset))
            end = offset + member.type.size
            widest = max(widest, alignment)
            guard end <= CType.largestSize else { return nil }
        }
        self.fields = fields
        size = (end + widest - 1) / widest * widest
        alignment = widest
        depth = 1 + (members.map(\.type.depth).max() ?? 0)
    }

    /// Whether every member has a name, so that values are objects; otherwise they are lists.
    public var isNamed: Bool { fields.allSatisfy { $0.name != nil } }
}

extension CType {
    /// The largest value that can be passed, in bytes.
    public static let largestSize = 65536

    /// Size in bytes; 0 for `void`.
    public var size: Int {
        switch self {
        case .void: 0
        case .integer(let integer): integer.size
        case .bool, .char: 1
        case .float: 4
        case .double: 8
        case .string, .pointer: MemoryLayout<Int>.size
        case .structure(let structure): structure.size
        case .array(let element, let count): element.size * count
        case .text(let count, _), .bytes(let count, _): count
        }
    }

    /// Alignment in bytes.
    public var alignment: Int {
        switch self {
        case .structure(let structure): structure.alignment
        case .array(let element, _): element.alignment
        case .text, .bytes, .void: 1
        default: size
        }
    }

    /// How deep structs are nested in it.
    var depth: Int {
        switch self {
        case .structure(let structure): structure.depth
        case .array(let element, _): element.depth
        default: 0
        }
    }

    /// What the type becomes as a variable argument.
    public var promoted: CType {
        switch self {
        case .float: .double
        case .bool, .char: .integer(.int)
        case .integer(let integer) where integer.size < CInteger.int.size: .integer(.int)
        default: self
        }
    }
}

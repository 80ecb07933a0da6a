/// The types JSON Schema knows, as a set.
struct SchemaTypes: OptionSet, Sendable, Hashable {
    let rawValue: UInt8

    static let null = SchemaTypes(rawValue: 1)
    static let boolean = SchemaTypes(rawValue: 2)
    static let integer = SchemaTypes(rawValue: 4)
    static let number = SchemaTypes(rawValue: 8)
    static let string = SchemaTypes(rawValue: 16)
    static let array = SchemaTypes(rawValue: 32)
    static let object = SchemaTypes(rawValue: 64)

    static let named: [(name: String, type: SchemaTypes)] = [
        ("string", .string), ("integer", .integer), ("number", .number), ("boolean", .boolean), ("array", .array),
        ("object", .object), ("null", .null),
    ]

    /// The names of the types in the set.
    var names: [String] { Self.named.filter { contains($0.type) }.map(\.name) }

    /// Whether a value is of one of the types; a number without fraction is an integer.
    func accept(_ value: JSONValue) -> Bool {
        switch value {
        case .null: contains(.null)
        case .bool: contains(.boolean)
        case .int: !isDisjoint(with: [.integer, .number])
        case .double(let number): contains(.number) || (contains(.integer) && number == number.rounded())
        case .string: contains(.string)
        case .array: contains(.array)
        case .object: contains(.object)
        }
    }
}

/// A regular expression of a schema with its text.
struct SchemaPattern: Sendable {
    let text: String
    let compiled: SearchPattern
}

/// One schema or subschema, its subschemas named by their index in the document; an object, because it is large.
///
// SAFETY: written by the compiler while it alone has the document, and only read from then on.
final class SchemaNode: @unchecked Sendable {
    /// The schema as it was written.
    var source: JSONValue
    /// `false`: nothing fits.
    var isNever = false

    var reference: Int?
    var types: SchemaTypes?
    var enumeration: [JSONValue]?
    var constant: JSONValue?

    var minimum: JSONValue?
    var maximum: JSONValue?
    var exclusiveMinimum: JSONValue?
    var exclusiveMaximum: JSONValue?
    var multipleOf: JSONValue?

    var minLength: Int?
    var maxLength: Int?
    var pattern: SchemaPattern?

    var prefixItems: [Int] = []
    var items: Int?
    var contains: Int?
    var minContains: Int?
    var maxContains: Int?
    var minItems: Int?
    var maxItems: Int?
    var uniqueItems = false

    /// In the order written.
    var propertyNames: [String] = []
    var properties: [String: Int] = [:]
    var patternProperties: [(pattern: SchemaPattern, node: Int)] = []
    var additionalProperties: Int?
    var names: Int?
    var required: [String] = []
    var minProperties: Int?
    var maxProperties: Int?
    var dependentRequired: [(key: String, needed: [String])] = []
    var dependentSchemas: [(key: String, node: Int)] = []

    var allOf: [Int] = []
    var anyOf: [Int] = []
    var oneOf: [Int] = []
    var not: Int?
    var condition: Int?
    var then: Int?
    var otherwise: Int?

    /// Whether the node asserts nothing, so that every value fits.
    var acceptsAnything = true

    init(source: JSONValue) { self.source = source }

    /// Subschemas that are checked against the same value.
    var sameValue: [Int] {
        [reference, not, condition, then, otherwise].compactMap { $0 } + allOf + anyOf + oneOf
            + dependentSchemas.map(\.node)
    }
}

/// All schemas of one document.
final class SchemaDocument: Sendable {
    let nodes: [SchemaNode]

    init(nodes: [SchemaNode]) { self.nodes = nodes }
}

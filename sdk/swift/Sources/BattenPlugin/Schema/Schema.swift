/// A JSON Schema (2020-12), written as JSON text or built with the functions of this type.
///
///     static let inputSchema = Schema.object([
///         .required("name", .string("Whom to greet.", examples: ["Ada"])),
///         .optional("times", .integer("How often.", minimum: 1, default: 1)),
///     ])
public struct Schema: Sendable, Hashable {
    /// The schema as a value.
    public var json: JSON

    /// Takes a schema as a value.
    public init(_ json: JSON) {
        self.json = json
    }

    /// Reads a schema from JSON text; text that is no JSON becomes a schema that accepts nothing and says why.
    public init(text: String) {
        do throws(JSONError) {
            json = try JSON(parsing: text)
        } catch {
            json = ["not": [:], "description": .string("the plugin's schema is not JSON: \(error)")]
        }
    }

    /// Accepts anything.
    public static let any = Schema([:])

    /// A copy with a short title.
    public func titled(_ title: String) -> Schema { with("title", .string(title)) }

    /// A copy whose values are code of a language, which must not be put together from pieces of text.
    public func code(_ language: String) -> Schema { with("x-batten-code", .string(language)) }

    /// A copy whose values may differ between equal calls: times, generated ids.
    public func volatile() -> Schema { with("x-batten-volatile", true) }

    /// A copy that also accepts `null`.
    public func nullable() -> Schema {
        guard let type = json["type"]?.string else { return self }
        let nullable = with("type", [.string(type), "null"])
        guard let choices = json["enum"]?.array else { return nullable }
        return nullable.with("enum", .array(choices + [.null]))
    }

    /// A copy with one more keyword.
    public func with(_ keyword: String, _ value: JSON) -> Schema {
        var members = json.object ?? [:]
        members[keyword] = value
        return Schema(.object(members))
    }
}

extension Schema: ExpressibleByStringLiteral {
    /// Reads a schema from JSON text.
    public init(stringLiteral value: String) {
        self.init(text: value)
    }
}

extension Schema {
    /// One member of an object schema.
    public struct Property: Sendable {
        let name: String
        let schema: Schema
        let isRequired: Bool

        /// A member that must be there.
        public static func required(_ name: String, _ schema: Schema) -> Property {
            Property(name: name, schema: schema, isRequired: true)
        }

        /// A member that may be left out.
        public static func optional(_ name: String, _ schema: Schema) -> Property {
            Property(name: name, schema: schema, isRequired: false)
        }
    }

    private static func typed(
        _ type: String, _ description: String, examples: [JSON], default: JSON?, _ more: [(String, JSON?)] = []
    ) -> Schema {
        var members: JSONObject = ["type": .string(type)]
        if !description.isEmpty { members["description"] = .string(description) }
        for (name, value) in more {
            if let value { members[name] = value }
        }
        if let `default` { members["default"] = `default` }
        if !examples.isEmpty { members["examples"] = .array(examples) }
        return Schema(.object(members))
    }

    /// Text.
    public static func string(
        _ description: String = "", pattern: String? = nil, minLength: Int64? = nil, examples: [JSON] = [],
        default: JSON? = nil
    ) -> Schema {
        typed(
            "string", description, examples: examples, default: `default`,
            [("pattern", pattern.map(JSON.string)), ("minLength", minLength.map(JSON.integer))])
    }

    /// A number without fraction.
    public static func integer(
        _ description: String = "", minimum: Int64? = nil, maximum: Int64? = nil, examples: [JSON] = [],
        default: JSON? = nil
    ) -> Schema {
        typed(
            "integer", description, examples: examples, default: `default`,
            [("minimum", minimum.map(JSON.integer)), ("maximum", maximum.map(JSON.integer))])
    }

    /// Any number.
    public static func number(
        _ description: String = "", minimum: Double? = nil, maximum: Double? = nil, examples: [JSON] = [],
        default: JSON? = nil
    ) -> Schema {
        typed(
            "number", description, examples: examples, default: `default`,
            [("minimum", minimum.map(JSON.number)), ("maximum", maximum.map(JSON.number))])
    }

    /// True or false.
    public static func boolean(_ description: String = "", default: JSON? = nil) -> Schema {
        typed("boolean", description, examples: [], default: `default`)
    }

    /// One of some texts.
    public static func choice(_ description: String = "", of values: [String], default: JSON? = nil) -> Schema {
        typed(
            "string", description, examples: [], default: `default`, [("enum", .array(values.map(JSON.string)))])
    }

    /// A list of values that are alike.
    public static func list(
        of items: Schema, _ description: String = "", minItems: Int64? = nil, maxItems: Int64? = nil,
        examples: [JSON] = [], default: JSON? = nil
    ) -> Schema {
        typed(
            "array", description, examples: examples, default: `default`,
            [
                ("items", items.json), ("minItems", minItems.map(JSON.integer)),
                ("maxItems", maxItems.map(JSON.integer)),
            ])
    }

    /// An object of named members.
    ///
    /// - Parameter open: whether other members may occur.
    public static func object(
        _ properties: [Property], _ description: String = "", open: Bool = false, examples: [JSON] = [],
        default: JSON? = nil
    ) -> Schema {
        let required = properties.filter(\.isRequired).map { JSON.string($0.name) }
        return typed(
            "object", description, examples: examples, default: `default`,
            [
                ("properties", .object(JSONObject(properties.map { (name: $0.name, value: $0.schema.json) }))),
                ("required", required.isEmpty ? nil : .array(required)),
                ("additionalProperties", open ? nil : false),
            ])
    }

    /// An object whose member names are free and whose values are alike.
    public static func map(
        of values: Schema, _ description: String = "", examples: [JSON] = [], default: JSON? = nil
    ) -> Schema {
        typed(
            "object", description, examples: examples, default: `default`, [("additionalProperties", values.json)])
    }

    /// Any value, described.
    public static func anything(_ description: String = "", examples: [JSON] = []) -> Schema {
        var members: JSONObject = [:]
        if !description.isEmpty { members["description"] = .string(description) }
        if !examples.isEmpty { members["examples"] = .array(examples) }
        return Schema(.object(members))
    }

    /// A value that fits at least one of several schemas.
    public static func anyOf(_ schemas: [Schema], _ description: String = "") -> Schema {
        var members: JSONObject = ["anyOf": .array(schemas.map(\.json))]
        if !description.isEmpty { members["description"] = .string(description) }
        return Schema(.object(members))
    }
}

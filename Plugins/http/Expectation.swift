import BattenPlugin

/// The field `expect`: which responses count as success.
struct Expectation: Decodable {
    /// Ranges of statuses; nil accepts everything below 400.
    var statuses: [ClosedRange<Int>]?
    /// What the body must look like.
    var schema: BodySchema?

    private enum Key: String, CodingKey {
        case status, schema
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        if let status = try fields.decodeIfPresent(JSON.self, forKey: .status) {
            statuses = try (status.array ?? [status]).map(Self.range)
        }
        if let schema = try fields.decodeIfPresent(JSON.self, forKey: .schema) {
            self.schema = try BodySchema(schema, field: "expect.schema")
        }
    }

    /// Reads `200`, `"200"`, `"2xx"` or `"200-299"`.
    private static func range(_ value: JSON) throws(Failure) -> ClosedRange<Int> {
        let text = value.string ?? value.text
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        if text.count == 3, text.lowercased().hasSuffix("xx"), let hundred = Int(text.prefix(1)),
            (1...5).contains(hundred)
        {
            return hundred * 100...hundred * 100 + 99
        }
        if let low = parts.first ?? nil, let high = parts.last ?? nil, parts.count <= 2, low <= high,
            (100...599).contains(low), (100...599).contains(high)
        {
            return low...high
        }
        throw .badInput(
            field: "expect.status", "holds \(value.text); must be a status such as 200, a range such as 200-204, or 2xx"
        )
    }

    func accepts(_ status: Int) -> Bool {
        statuses.map { $0.contains { $0.contains(status) } } ?? (status < 400)
    }
}

/// The part of JSON Schema that bodies are checked against: type, required, properties, additionalProperties (a
/// boolean), items, enum, const, minimum, maximum, minLength, maxLength, minItems, maxItems.
indirect enum BodySchema {
    /// Accepts anything.
    case any
    /// Accepts nothing.
    case never
    case rules(JSONObject, properties: [(String, BodySchema)], items: BodySchema?)

    private static let annotations: Set<String> = [
        "$schema", "$id", "$comment", "title", "description", "default", "examples", "format", "deprecated",
    ]
    private static let checked: Set<String> = [
        "type", "required", "properties", "additionalProperties", "items", "enum", "const", "minimum", "maximum",
        "minLength", "maxLength", "minItems", "maxItems",
    ]

    /// Reads a schema.
    ///
    /// - Throws: ``Failure`` that names the keyword which is not checked here.
    init(_ json: JSON, field: String) throws(Failure) {
        if let bool = json.bool {
            self = bool ? .any : .never
            return
        }
        guard let members = json.object else {
            throw .badInput(field: field, "must be a JSON Schema: an object or a boolean")
        }
        for name in members.names where !Self.annotations.contains(name) && !Self.checked.contains(name) {
            throw .badInput(
                field: "\(field).\(name)",
                "is not a keyword that bodies can be checked with; these are: "
                    + Self.checked.sorted().joined(separator: ", "))
        }
        if let extra = members["additionalProperties"], extra.bool == nil {
            throw .badInput(field: "\(field).additionalProperties", "must be true or false here")
        }
        var properties: [(String, BodySchema)] = []
        for member in members["properties"]?.object ?? [:] {
            properties.append(
                (member.name, try BodySchema(member.value, field: "\(field).properties.\(member.name)")))
        }
        var items: BodySchema?
        if let value = members["items"] { items = try BodySchema(value, field: "\(field).items") }
        self = .rules(members, properties: properties, items: items)
    }

    /// Says what is wrong with a value; nil if nothing is.
    func problem(_ value: JSON, at path: String = "the body") -> String? {
        switch self {
        case .any: nil
        case .never: "\(path) must not be there"
        case .rules(let rules, let properties, let items):
            Self.valueProblem(value, rules, path) ?? Self.objectProblem(value, rules, properties, path)
                ?? Self.listProblem(value, rules, items, path)
        }
    }

    private static func valueProblem(_ value: JSON, _ rules: JSONObject, _ path: String) -> String? {
        if let type = rules["type"] {
            let names = (type.array ?? [type]).compactMap(\.string)
            if !names.contains(where: { matches(value, $0) }) {
                return "\(path) must be \(names.joined(separator: " or ")), is \(value.kind)"
            }
        }
        if let constant = rules["const"], constant != value { return "\(path) must be \(constant.text)" }
        if let choices = rules["enum"]?.array, !choices.contains(value) {
            return "\(path) must be one of \(choices.map(\.text).joined(separator: ", "))"
        }
        if let number = value.number {
            if let least = rules["minimum"]?.number, number < least { return "\(path) is less than \(least)" }
            if let most = rules["maximum"]?.number, number > most { return "\(path) is more than \(most)" }
        }
        if let text = value.string {
            let length = Int64(text.unicodeScalars.count)
            if let least = rules["minLength"]?.integer, length < least {
                return "\(path) has fewer than \(least) characters"
            }
            if let most = rules["maxLength"]?.integer, length > most {
                return "\(path) has more than \(most) characters"
            }
        }
        return nil
    }

    private static func objectProblem(
        _ value: JSON, _ rules: JSONObject, _ properties: [(String, BodySchema)], _ path: String
    ) -> String? {
        guard let members = value.object else { return nil }
        for name in (rules["required"]?.array ?? []).compactMap(\.string) where members[name] == nil {
            return "\(path) lacks '\(name)'"
        }
        for (name, schema) in properties {
            if let member = members[name], let problem = schema.problem(member, at: "\(path).\(name)") {
                return problem
            }
        }
        if rules["additionalProperties"]?.bool == false {
            let known = Set(properties.map(\.0))
            if let name = members.names.first(where: { !known.contains($0) }) { return "\(path) has '\(name)' besides" }
        }
        return nil
    }

    private static func listProblem(
        _ value: JSON, _ rules: JSONObject, _ items: BodySchema?, _ path: String
    ) -> String? {
        guard let elements = value.array else { return nil }
        let count = Int64(elements.count)
        if let least = rules["minItems"]?.integer, count < least { return "\(path) has fewer than \(least) elements" }
        if let most = rules["maxItems"]?.integer, count > most { return "\(path) has more than \(most) elements" }
        guard let items else { return nil }
        for (index, element) in elements.enumerated() {
            if let problem = items.problem(element, at: "\(path)[\(index)]") { return problem }
        }
        return nil
    }

    private static func matches(_ value: JSON, _ type: String) -> Bool {
        switch type {
        case "null": value.isNull
        case "boolean": value.bool != nil
        case "integer": value.integer != nil
        case "number": value.number != nil
        case "string": value.string != nil
        case "array": value.array != nil
        case "object": value.object != nil
        default: false
        }
    }
}

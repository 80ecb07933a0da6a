// What a schema says without a value: for static checks, completions and documentation.
extension JSONSchema {
    /// A property with its schema.
    public struct Property: Sendable {
        /// The key.
        public let name: String
        /// What its value has to fit.
        public let schema: JSONSchema
    }

    /// A place in a value whose schema carries an `x-…` keyword.
    public struct MarkedField: Sendable, Hashable {
        /// The way to the place; `any` stands for every element or every other key.
        public let path: [PathPart]
        /// The keyword's argument.
        public let value: JSONValue
    }

    /// This schema and those that apply to the same value in any case: `$ref` and `allOf`, in order.
    private var applied: [JSONSchema] {
        if node.reference == nil, node.allOf.isEmpty { return [self] }
        var found: [JSONSchema] = []
        var seen: Set<Int> = []
        var waiting = [index]
        while let next = waiting.popLast() {
            guard seen.insert(next).inserted else { continue }
            let node = document.nodes[next]
            found.append(JSONSchema(document: document, index: next))
            waiting.append(contentsOf: node.allOf.reversed())
            if let reference = node.reference { waiting.append(reference) }
        }
        return found
    }

    /// The names of the types a value can have, in JSON Schema's words; empty when the schema does not say.
    public var declaredTypes: [String] {
        for schema in applied {
            let node = schema.node
            if let types = node.types { return types.names }
            if let constant = node.constant { return [constant.typeName] }
            if let values = node.enumeration {
                var names: [String] = []
                for name in values.map(\.typeName) where !names.contains(name) { names.append(name) }
                return names
            }
            let alternatives = node.anyOf.isEmpty ? node.oneOf : node.anyOf
            if !alternatives.isEmpty {
                let each = alternatives.map { JSONSchema(document: document, index: $0).declaredTypes }
                if each.contains([]) { continue }
                var names: [String] = []
                for name in each.joined() where !names.contains(name) { names.append(name) }
                return names
            }
        }
        return []
    }

    /// The properties written by name, in order, each once.
    public var declaredProperties: [Property] {
        var found: [Property] = []
        var seen: Set<String> = []
        for schema in applied {
            for name in schema.node.propertyNames where seen.insert(name).inserted {
                if let index = schema.node.properties[name] {
                    found.append(Property(name: name, schema: JSONSchema(document: document, index: index)))
                }
            }
        }
        return found
    }

    /// The keys that must be there.
    public var required: [String] {
        var found: [String] = []
        for schema in applied {
            for name in schema.node.required where !found.contains(name) { found.append(name) }
        }
        return found
    }

    /// Whether keys may be there that are not written by name.
    public var allowsAdditionalProperties: Bool {
        !applied.contains { schema in
            guard let additional = schema.node.additionalProperties else { return false }
            return document.nodes[additional].isNever && schema.node.patternProperties.isEmpty
        }
    }

    /// The values allowed by `enum` or `const`; nil when any are.
    public var allowedValues: [JSONValue]? {
        for schema in applied {
            if let values = schema.node.enumeration { return values }
            if let constant = schema.node.constant { return [constant] }
        }
        return nil
    }

    /// The schema of a place in the value; nil when the schema says nothing of it.
    ///
    /// A step `any` stands for every element of a list or every key not written by name. Where alternatives
    /// (`anyOf`, `oneOf`, `then`, `else`) hold the place, the first that does is taken.
    public func property(at path: [PathPart]) -> JSONSchema? {
        var current = self
        for part in path {
            guard let next = current.step(part, 0) else { return nil }
            current = next
        }
        return current
    }

    private func step(_ part: PathPart, _ depth: Int) -> JSONSchema? {
        guard depth < 16 else { return nil }
        if let index = direct(part) { return JSONSchema(document: document, index: index) }
        let applied = applied
        for schema in applied.dropFirst() {
            if let index = schema.direct(part) { return JSONSchema(document: document, index: index) }
        }
        for schema in applied {
            let node = schema.node
            let branches = node.anyOf + node.oneOf + [node.then, node.otherwise].compactMap { $0 }
            for branch in branches + node.dependentSchemas.map(\.node) {
                if let found = JSONSchema(document: document, index: branch).step(part, depth + 1) { return found }
            }
        }
        return nil
    }

    private func direct(_ part: PathPart) -> Int? {
        let node = node
        switch part {
        case .key(let key):
            if let index = node.properties[key] { return index }
            if let match = node.patternProperties.first(where: { $0.pattern.compiled.matches(key) }) {
                return match.node
            }
            guard let additional = node.additionalProperties, !document.nodes[additional].isNever else { return nil }
            return additional
        case .index(let position):
            return node.prefixItems.indices.contains(position) ? node.prefixItems[position] : node.items
        case .any: return node.items ?? node.additionalProperties ?? node.patternProperties.first?.node
        }
    }

    // MARK: Marks

    /// Places that hold code: those marked `x-batten-code`, with the language.
    public var codeFields: [MarkedField] { fields(marked: "x-batten-code") }

    /// Places whose values differ from one run to the next: those marked `x-batten-volatile: true`.
    public var volatileFields: [[PathPart]] {
        fields(marked: "x-batten-volatile").filter { $0.value == .bool(true) }.map(\.path)
    }

    /// A value without what differs from one run to the next: marked members are removed, marked elements become null.
    public func withoutVolatile(_ value: JSONValue) -> JSONValue {
        volatileFields.reduce(value) { Self.removing($1[...], from: $0) }
    }

    private static func removing(_ path: ArraySlice<PathPart>, from value: JSONValue) -> JSONValue {
        guard let part = path.first else { return .null }
        let rest = path.dropFirst()
        if let elements = value.arrayValue {
            if part.key != nil { return value }
            return .array(
                elements.enumerated().map { index, element in
                    part == .any || part == .index(index) ? removing(rest, from: element) : element
                })
        }
        guard let members = value.objectValue else { return value }
        var kept = JSONObject()
        for (name, member) in members {
            guard part == .any || part == .key(name) else {
                kept[name] = member
                continue
            }
            if !rest.isEmpty { kept[name] = removing(rest, from: member) }
        }
        return .object(kept)
    }

    /// All places whose schema carries a keyword; a schema that holds itself is followed once on each way.
    public func fields(marked keyword: String) -> [MarkedField] {
        var found: [MarkedField] = []
        var left = 10_000
        collect(keyword, at: [], on: [], &found, &left)
        return found
    }

    private func collect(
        _ keyword: String, at path: [PathPart], on way: Set<Int>, _ found: inout [MarkedField], _ left: inout Int
    ) {
        left -= 1
        guard !way.contains(index), left > 0 else { return }
        let way = way.union([index])
        let node = node
        if let value = node.source[keyword] {
            let field = MarkedField(path: path, value: value)
            if !found.contains(field) { found.append(field) }
        }
        func visit(_ index: Int, _ part: PathPart?) {
            let next = part.map { path + [$0] } ?? path
            JSONSchema(document: document, index: index).collect(keyword, at: next, on: way, &found, &left)
        }
        for index in node.sameValue { visit(index, nil) }
        for name in node.propertyNames {
            if let index = node.properties[name] { visit(index, .key(name)) }
        }
        for (position, index) in node.prefixItems.enumerated() { visit(index, .index(position)) }
        for index in [node.items, node.additionalProperties].compactMap({ $0 }) { visit(index, .any) }
        for (_, index) in node.patternProperties { visit(index, .any) }
    }
}

/// Reads a JSON Schema (2020-12) into nodes.
struct SchemaCompiler {
    /// How deep subschemas may stand in one another, and how many of them may be checked for one value in a chain.
    static let greatestDepth = 128
    static let greatestCount = 100_000

    private let root: JSONValue
    private(set) var nodes: [SchemaNode] = []
    /// Nodes by the JSON pointer of their place.
    private var known: [String: Int] = [:]
    private var anchors: [String: Int] = [:]
    private var pending: [(node: Int, target: String, path: [PathPart])] = []

    init(_ root: JSONValue) { self.root = root }

    /// Compiles the whole document; node 0 is the root.
    mutating func compile() throws(SchemaError) -> SchemaDocument {
        _ = try node(root, at: [])
        while let next = pending.popLast() {
            nodes[next.node].reference = try resolve(next.target, at: next.path)
        }
        try refuseLoops()
        return SchemaDocument(nodes: nodes)
    }

    // MARK: Schemas

    mutating func node(_ value: JSONValue, at path: [PathPart]) throws(SchemaError) -> Int {
        let pointer = Self.pointer(path)
        if let done = known[pointer] { return done }
        guard path.count <= 2 * Self.greatestDepth, nodes.count < Self.greatestCount else {
            throw SchemaError(message: "the schema is too large or nested too deeply", path: path)
        }
        let index = nodes.count
        known[pointer] = index
        nodes.append(SchemaNode(source: value))
        switch value {
        case .bool(let accepts): nodes[index].isNever = !accepts
        case .object(let object):
            var node = SchemaNode(source: value)
            for (keyword, argument) in object {
                try read(keyword, argument, into: &node, object, at: path, index: index)
            }
            nodes[index] = node
        default:
            throw SchemaError(
                message: "a schema is an object or a boolean, here is \(value.nameWithArticle)", path: path)
        }
        if nodes[index].isNever { nodes[index].acceptsAnything = false }
        return index
    }

    private mutating func read(
        _ keyword: String, _ argument: JSONValue, into node: inout SchemaNode, _ object: JSONObject,
        at path: [PathPart], index: Int
    ) throws(SchemaError) {
        let place = path + [.key(keyword)]
        switch keyword {
        case "$ref":
            pending.append((index, try string(argument, place), place))
        case "$anchor": anchors[try string(argument, place)] = index
        case "$defs", "definitions":
            for (name, schema) in try self.object(argument, place) {
                _ = try self.node(schema, at: place + [.key(name)])
            }
            return
        case "$id":
            guard path.isEmpty else {
                throw SchemaError(
                    message: "a subschema with an '$id' of its own is not supported", path: place,
                    help: "refer to it by '#/$defs/…'")
            }
            return
        case "$dynamicRef", "$recursiveRef", "unevaluatedProperties", "unevaluatedItems":
            throw SchemaError(
                message: "the keyword '\(keyword)' is not supported", path: place,
                help: keyword.hasPrefix("unevaluated")
                    ? "list all properties in one place and use 'additionalProperties'" : "use '$ref'")
        case "dependencies", "additionalItems":
            throw SchemaError(
                message: "the keyword '\(keyword)' is of an older JSON Schema", path: place,
                help: keyword == "dependencies"
                    ? "2020-12 has 'dependentRequired' and 'dependentSchemas'" : "2020-12 has 'prefixItems' and 'items'"
            )
        case "type": node.types = try types(argument, place)
        case "enum": node.enumeration = try array(argument, place)
        case "const": node.constant = argument
        case "minimum": node.minimum = try number(argument, place)
        case "maximum": node.maximum = try number(argument, place)
        case "exclusiveMinimum": node.exclusiveMinimum = try number(argument, place)
        case "exclusiveMaximum": node.exclusiveMaximum = try number(argument, place)
        case "multipleOf":
            node.multipleOf = try number(argument, place)
            guard argument.doubleValue ?? 0 > 0 else {
                throw SchemaError(message: "'multipleOf' is greater than 0", path: place)
            }
        case "minLength": node.minLength = try count(argument, place)
        case "maxLength": node.maxLength = try count(argument, place)
        case "pattern": node.pattern = try pattern(try string(argument, place), place)
        case "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "prefixItems", "items",
            "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems":
            try readApplicator(keyword, argument, into: &node, object, at: place)
        case "properties", "patternProperties", "additionalProperties", "propertyNames", "required", "minProperties",
            "maxProperties", "dependentRequired":
            try readObjectKeyword(keyword, argument, into: &node, at: place)
        default: return
        }
        if keyword != "$anchor" { node.acceptsAnything = false }
    }

    private mutating func readApplicator(
        _ keyword: String, _ argument: JSONValue, into node: inout SchemaNode, _ object: JSONObject,
        at place: [PathPart]
    ) throws(SchemaError) {
        switch keyword {
        case "allOf": node.allOf = try schemas(argument, place)
        case "anyOf": node.anyOf = try schemas(argument, place)
        case "oneOf": node.oneOf = try schemas(argument, place)
        case "not": node.not = try self.node(argument, at: place)
        case "if": node.condition = try self.node(argument, at: place)
        case "then": if object["if"] != nil { node.then = try self.node(argument, at: place) }
        case "else": if object["if"] != nil { node.otherwise = try self.node(argument, at: place) }
        case "dependentSchemas":
            for (key, schema) in try self.object(argument, place) {
                node.dependentSchemas.append((key, try self.node(schema, at: place + [.key(key)])))
            }
        case "prefixItems": node.prefixItems = try schemas(argument, place)
        case "items":
            if case .array = argument {
                throw SchemaError(
                    message: "'items' is one schema for all elements", path: place,
                    help: "schemas by position are written as 'prefixItems'")
            }
            node.items = try self.node(argument, at: place)
        case "contains": node.contains = try self.node(argument, at: place)
        case "minContains": node.minContains = try count(argument, place)
        case "maxContains": node.maxContains = try count(argument, place)
        case "minItems": node.minItems = try count(argument, place)
        case "maxItems": node.maxItems = try count(argument, place)
        default:
            guard let unique = argument.boolValue else { throw wrong("a boolean", argument, place) }
            node.uniqueItems = unique
        }
    }

    private mutating func readObjectKeyword(
        _ keyword: String, _ argument: JSONValue, into node: inout SchemaNode, at place: [PathPart]
    ) throws(SchemaError) {
        switch keyword {
        case "properties":
            for (key, schema) in try object(argument, place) {
                node.propertyNames.append(key)
                node.properties[key] = try self.node(schema, at: place + [.key(key)])
            }
        case "patternProperties":
            for (key, schema) in try object(argument, place) {
                let inner = place + [.key(key)]
                node.patternProperties.append((try pattern(key, inner), try self.node(schema, at: inner)))
            }
        case "additionalProperties": node.additionalProperties = try self.node(argument, at: place)
        case "propertyNames": node.names = try self.node(argument, at: place)
        case "required": node.required = try strings(argument, place)
        case "minProperties": node.minProperties = try count(argument, place)
        case "maxProperties": node.maxProperties = try count(argument, place)
        default:
            for (key, needed) in try object(argument, place) {
                node.dependentRequired.append((key, try strings(needed, place + [.key(key)])))
            }
        }
    }

    // MARK: References

    private static func pointer(_ path: [PathPart]) -> String {
        path.map { part in
            switch part {
            case .key(let key):
                "/" + key.pieces(between: "~").joined(separator: "~0").pieces(between: "/").joined(separator: "~1")
            case .index(let index): "/\(index)"
            case .any: "/*"
            }
        }.joined()
    }

    /// The node a reference inside the document leads to.
    private mutating func resolve(_ target: String, at path: [PathPart]) throws(SchemaError) -> Int {
        let own = root["$id"]?.stringValue.map { $0.hasSuffix("#") ? String($0.dropLast()) : $0 } ?? ""
        let local = !own.isEmpty && target.hasPrefix(own) ? String(target.dropFirst(own.count)) : target
        guard local.hasPrefix("#") || (local.isEmpty && !own.isEmpty) else {
            throw SchemaError(
                message: "'\(target)' is not inside this schema", path: path,
                help: "copy that schema under '$defs' and refer to '#/$defs/…'")
        }
        let fragment = String(local.dropFirst())
        if fragment.isEmpty { return 0 }
        guard let decoded = fragment.percentDecoded else {
            throw SchemaError(message: "'\(target)' is no JSON pointer", path: path)
        }
        guard decoded.hasPrefix("/") else {
            if let anchored = anchors[decoded] { return anchored }
            throw SchemaError(
                message: "there is no '$anchor' named '\(decoded)'", path: path,
                help: Spelling.nearest(to: decoded, in: anchors.keys.sorted()).map { "did you mean '#\($0)'?" })
        }
        var value = root
        var place: [PathPart] = []
        for piece in decoded.pieces(between: "/").dropFirst() {
            let key = piece.pieces(between: "~1").joined(separator: "/").pieces(between: "~0").joined(separator: "~")
            if let member = value[key] {
                value = member
                place.append(.key(key))
            } else if let index = Int(key), let element = value[index] {
                value = element
                place.append(.index(index))
            } else {
                throw SchemaError(
                    message: "'\(target)' leads nowhere: there is no '\(key)'", path: path,
                    help: Spelling.nearest(to: key, in: value.objectValue?.keys ?? []).map { "did you mean '\($0)'?" })
            }
        }
        return try node(value, at: place)
    }

    /// Refuses schemas that apply to the same value again and again, and chains that are too long.
    private func refuseLoops() throws(SchemaError) {
        var state = [UInt8](repeating: 0, count: nodes.count)
        // One entry for each node on the way: the node, and what of its subschemas is still to be visited.
        for start in nodes.indices where state[start] == 0 {
            var way: [(node: Int, rest: ArraySlice<Int>)] = [(start, nodes[start].sameValue[...])]
            state[start] = 1
            while let last = way.indices.last {
                guard let next = way[last].rest.popFirst() else {
                    state[way[last].node] = 2
                    way.removeLast()
                    continue
                }
                if state[next] == 1 {
                    throw SchemaError(
                        message: "the schema refers to itself without going into the value", path: path(of: next))
                }
                if state[next] == 0 {
                    state[next] = 1
                    way.append((next, nodes[next].sameValue[...]))
                }
            }
        }
    }

    private func path(of node: Int) -> [PathPart] {
        guard let pointer = known.first(where: { $0.value == node })?.key else { return [] }
        return pointer.pieces(between: "/").dropFirst().map { .key($0) }
    }
}

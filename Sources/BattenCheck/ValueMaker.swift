import BattenCore

/// Makes values that fit a JSON Schema, by chance from a seed.
struct ValueMaker {
    private var state: UInt64
    /// Whether texts and numbers are the odd ones that find mistakes.
    let isHostile: Bool

    init(seed: UInt64, isHostile: Bool) {
        state = seed
        self.isHostile = isHostile
    }

    /// A number below a bound, which is at least 1.
    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(max(1, bound)))
    }

    /// A value that fits; nil when none was found.
    mutating func value(for schema: JSONSchema) -> JSONValue? {
        for attempt in 0..<200 {
            let made = make(schema.source, root: schema.source, depth: 0, isPlain: attempt > 100)
            if schema.validate(made).isEmpty { return made }
        }
        return nil
    }

    private mutating func make(_ schema: JSONValue, root: JSONValue, depth: Int, isPlain: Bool) -> JSONValue {
        guard let object = schema.objectValue, depth < 12 else { return .object([:]) }
        if let constant = object["const"] { return constant }
        if let values = object["enum"]?.arrayValue, !values.isEmpty { return values[below(values.count)] }
        if let examples = object["examples"]?.arrayValue, !examples.isEmpty, isPlain || below(2) == 0 {
            return examples[below(examples.count)]
        }
        if let standard = object["default"], isPlain || below(3) == 0 { return standard }
        if let reference = object["$ref"]?.stringValue, let target = resolve(reference, root) {
            return make(target, root: root, depth: depth + 1, isPlain: isPlain)
        }
        for word in ["oneOf", "anyOf"] {
            guard let choices = object[word]?.arrayValue, !choices.isEmpty else { continue }
            var merged = object
            merged[word] = nil
            for (key, value) in choices[below(choices.count)].objectValue ?? [:] {
                if key == "properties", var known = merged[key]?.objectValue, let more = value.objectValue {
                    for (name, schema) in more { known[name] = schema }
                    merged[key] = .object(known)
                } else if key == "required", let known = merged[key]?.arrayValue, let more = value.arrayValue {
                    merged[key] = .array(known + more)
                } else {
                    merged[key] = value
                }
            }
            return make(.object(merged), root: root, depth: depth + 1, isPlain: isPlain)
        }
        let types = object["type"]?.arrayValue?.compactMap(\.stringValue) ?? object["type"]?.stringValue.map { [$0] }
        let type =
            types.map { $0.isEmpty ? "null" : $0[below($0.count)] } ?? (object["properties"] == nil ? "any" : "object")
        switch type {
        case "object": return makeObject(object, root: root, depth: depth, isPlain: isPlain)
        case "array":
            let least = Int(clamping: object["minItems"]?.intValue ?? 0)
            let most = Int(clamping: object["maxItems"]?.intValue ?? Int64(least + 3))
            let count = min(least, 64) + below(max(1, min(most, least + 3) - least + 1))
            let items = object["items"] ?? .object([:])
            return .array((0..<min(count, 64)).map { _ in make(items, root: root, depth: depth + 1, isPlain: isPlain) })
        case "string": return .string(text(object, isPlain: isPlain))
        case "integer": return .int(integer(object, isPlain: isPlain))
        case "number":
            if isHostile, !isPlain, below(3) == 0 { return .double([1e308, -1e308, 2.5e-308, 0.1, -0.0][below(5)]) }
            return .double(Double(integer(object, isPlain: isPlain)) + (isPlain ? 0 : 0.5))
        case "boolean": return .bool(below(2) == 0)
        case "null": return .null
        default: return [.string("text"), .int(1), .bool(true), .null, .object([:])][below(5)]
        }
    }

    private mutating func makeObject(
        _ schema: JSONObject, root: JSONValue, depth: Int, isPlain: Bool
    ) -> JSONValue {
        let required = (schema["required"]?.arrayValue ?? []).compactMap(\.stringValue)
        let properties = schema["properties"]?.objectValue ?? [:]
        var result = JSONObject()
        for (name, property) in properties where required.contains(name) || (!isPlain && below(3) == 0) {
            result[name] = make(property, root: root, depth: depth + 1, isPlain: isPlain)
        }
        for name in required where result[name] == nil {
            result[name] = make(
                schema["additionalProperties"] ?? .object([:]), root: root, depth: depth + 1, isPlain: isPlain)
        }
        return .object(result)
    }

    private func resolve(_ reference: String, _ root: JSONValue) -> JSONValue? {
        guard reference.hasPrefix("#/") else { return reference == "#" ? root : nil }
        var value = root
        for part in reference.dropFirst(2).split(separator: "/") {
            guard let next = value[String(part)] else { return nil }
            value = next
        }
        return value
    }

    private static let plainTexts = [
        "a", "text", "http://127.0.0.1:9/x", "1", "x@example.org", "2026-01-02T03:04:05Z", "10s", ".", "1.2.3", "/tmp",
        "true", "GET", "libm.so.6", "cos", "double (double)",
    ]
    private static let oddTexts = [
        "", " ", "\u{0}", "\u{FEFF}x", "ä\u{308}", "\u{1F469}\u{200D}\u{1F680}", "%s%n%x", "../../etc/passwd", "'; --",
        "\"\\\n\r\t", "${{ x }}", "-1", "1e999", "NaN", "null", "\u{202E}", "\u{7F}", "-- -rf", "C:\\", "//", "{", "]",
    ]

    private mutating func text(_ schema: JSONObject, isPlain: Bool) -> String {
        let least = Int(clamping: schema["minLength"]?.intValue ?? 0)
        let most = Int(clamping: schema["maxLength"]?.intValue ?? 100_000)
        var text = Self.plainTexts[below(Self.plainTexts.count)]
        if isHostile, !isPlain {
            text = Self.oddTexts[below(Self.oddTexts.count)]
            if below(12) == 0 { text = String(repeating: "long ", count: min(most, 60_000) / 5) }
        }
        while text.unicodeScalars.count < min(least, 10_000) { text += "x" }
        if text.unicodeScalars.count > most { text = String(text.unicodeScalars.prefix(most).map(Character.init)) }
        return text
    }

    private mutating func integer(_ schema: JSONObject, isPlain: Bool) -> Int64 {
        let least = schema["minimum"]?.intValue ?? schema["exclusiveMinimum"]?.intValue.map { $0 &+ 1 }
        let most = schema["maximum"]?.intValue ?? schema["exclusiveMaximum"]?.intValue.map { $0 &- 1 }
        if isHostile, !isPlain {
            let odd: [Int64] = [0, -1, 1, .max, .min, 1 << 53, 1 << 31, -(1 << 31), least ?? 7, most ?? 7]
            return odd[below(odd.count)]
        }
        let low = least ?? min(0, most ?? 0)
        return low
            &+ Int64(below(Int(clamping: min(10, (most ?? .max).subtractingReportingOverflow(low).partialValue))))
    }
}

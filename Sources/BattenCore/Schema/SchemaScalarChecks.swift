// Checks of numbers, texts and objects, and how values are shown.
extension SchemaValidator {
    mutating func checkNumber(_ value: JSONValue, _ node: SchemaNode) {
        if let least = node.minimum, value.order(to: least).map({ $0 < 0 }) ?? false {
            report("minimum", "\(Self.shown(value)) is less than \(Self.shown(least)), the least allowed")
        }
        if let most = node.maximum, value.order(to: most).map({ $0 > 0 }) ?? false {
            report("maximum", "\(Self.shown(value)) is more than \(Self.shown(most)), the most allowed")
        }
        if let bound = node.exclusiveMinimum, value.order(to: bound).map({ $0 <= 0 }) ?? false {
            report("exclusiveMinimum", "\(Self.shown(value)) should be more than \(Self.shown(bound))")
        }
        if let bound = node.exclusiveMaximum, value.order(to: bound).map({ $0 >= 0 }) ?? false {
            report("exclusiveMaximum", "\(Self.shown(value)) should be less than \(Self.shown(bound))")
        }
        if let unit = node.multipleOf, !Self.isMultiple(value, of: unit) {
            report("multipleOf", "\(Self.shown(value)) is no multiple of \(Self.shown(unit))")
        }
    }

    /// Integers exactly; doubles as far as their digits carry.
    private static func isMultiple(_ value: JSONValue, of unit: JSONValue) -> Bool {
        if let a = value.intValue, let b = unit.intValue { return b == -1 || b == 1 || a % b == 0 }
        guard let a = value.doubleValue, let b = unit.doubleValue else { return true }
        let quotient = a / b
        guard quotient.isFinite else { return false }
        return abs(quotient - quotient.rounded()) <= 1e-9 * max(1, min(abs(quotient), 1e5))
    }

    mutating func checkText(_ text: String, _ node: SchemaNode) {
        if node.minLength != nil || node.maxLength != nil {
            let length = text.unicodeScalars.count
            if let least = node.minLength, length < least {
                report(
                    "minLength",
                    length == 0 && least == 1
                        ? "the text is empty"
                        : "\(Self.shown(.string(text))) has \(Self.counted(length, "character")), it needs at least \(least)"
                )
            }
            if let most = node.maxLength, length > most {
                report(
                    "maxLength",
                    "\(Self.shown(.string(text))) has \(Self.counted(length, "character")), at most \(most) are allowed"
                )
            }
        }
        if let pattern = node.pattern, !pattern.compiled.matches(text) {
            report("pattern", "\(Self.shown(.string(text))) does not match the pattern \(pattern.text)")
        }
    }

    mutating func checkObject(_ object: JSONObject, _ node: SchemaNode) {
        for key in node.required where object[key] == nil {
            let schema = node.properties[key].map { document.nodes[$0] }
            let hint = schema?.source["description"]?.stringValue ?? schema?.types.map(Self.wanted)
            report("required", "'\(key)' is missing" + (hint.map { " (\($0))" } ?? ""))
        }
        if let least = node.minProperties, object.count < least {
            report(
                "minProperties", "the object has \(Self.counted(object.count, "member")), it needs at least \(least)")
        }
        if let most = node.maxProperties, object.count > most {
            report(
                "maxProperties", "the object has \(Self.counted(object.count, "member")), at most \(most) are allowed")
        }
        for (key, needed) in node.dependentRequired where object[key] != nil {
            for other in needed where object[other] == nil {
                report("dependentRequired", "'\(other)' is missing, it goes with '\(key)'")
            }
        }
        for (key, schema) in node.dependentSchemas where object[key] != nil { check(.object(object), schema) }
        for (key, value) in object { checkMember(key, value, node) }
    }

    private mutating func checkMember(_ key: String, _ value: JSONValue, _ node: SchemaNode) {
        if let names = node.names {
            at(.key(key)) { validator in
                if !validator.fits(.string(key), names) {
                    validator.report("propertyNames", "'\(key)' is not a name that is allowed here")
                }
            }
        }
        var isDeclared = false
        if let schema = node.properties[key] {
            isDeclared = true
            at(.key(key)) { $0.check(value, schema) }
        }
        for (pattern, schema) in node.patternProperties where pattern.compiled.matches(key) {
            isDeclared = true
            at(.key(key)) { $0.check(value, schema) }
        }
        guard !isDeclared, let additional = node.additionalProperties else { return }
        at(.key(key)) { validator in
            guard validator.document.nodes[additional].isNever else {
                validator.check(value, additional)
                return
            }
            let near = Spelling.nearest(to: key, in: node.propertyNames)
            let known = node.propertyNames.isEmpty ? "" : ", it is not one of: " + Self.listed(node.propertyNames)
            validator.report(
                "additionalProperties",
                "'\(key)' is not known here" + (near.map { "; did you mean '\($0)'?" } ?? known))
        }
    }

    // MARK: Words

    /// A value as it is named in a message: compact JSON, cut when it is long.
    static func shown(_ value: JSONValue) -> String {
        switch value {
        case .array(let elements) where elements.count > 4: return "the list"
        case .object(let object) where object.count > 4: return "the object"
        default: break
        }
        let text = JSONWriter.string(value)
        return text.utf8.count > 80 ? String(text.prefix(60)) + "…" : text
    }

    static func wanted(_ types: SchemaTypes) -> String {
        let names = types.names.map { name in
            switch name {
            case "array": "a list"
            case "null": "null"
            case "integer", "object": "an \(name)"
            default: "a \(name)"
            }
        }
        guard let last = names.last, names.count > 1 else { return names.first ?? "nothing" }
        return names.dropLast().joined(separator: ", ") + " or " + last
    }

    static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    static func listed(_ names: [String]) -> String {
        names.prefix(16).joined(separator: ", ") + (names.count > 16 ? ", …" : "")
    }
}

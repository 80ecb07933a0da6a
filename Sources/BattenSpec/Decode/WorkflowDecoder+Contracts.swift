import BattenCore

/// Parameters, environment, inputs and outputs.
extension WorkflowDecoder {
    mutating func parameters(_ member: SourceNode.Member?) -> [ParameterDefinition] {
        nodes.named(member, of: "a workflow").compactMap { entry in
            checkName(entry, kind: "parameter")
            return parameter(entry)
        }
    }

    private mutating func parameter(_ entry: SourceNode.Member) -> ParameterDefinition? {
        let owner = "the parameter '\(shortened(entry.key))'"
        guard let members = entry.value.members else {
            nodes.wrongType(
                entry.value, owner, wanted: "a mapping with its type",
                help: "write \(entry.key): {type: string, default: …}")
            return nil
        }
        guard let typeMember = entry.value.member("type") else {
            nodes.missing(
                "type", of: owner, at: entry.keyRange, help: "types: \(Self.typeNames.joined(separator: ", "))")
            return nil
        }
        guard let type = nodes.choice(typeMember, of: owner, as: ValueType.self) else { return nil }
        var constraints = JSONObject()
        let known = LanguageFields.parameter + LanguageFields.parameterConstraints
        for member in members where !LanguageFields.parameter.contains(member.key) {
            guard known.contains(member.key) else {
                nodes.unknownField(member, of: owner, known: known)
                continue
            }
            if member.key == "required", member.value.scalar?.boolValue != nil {
                nodes.problems.add(
                    .unknownField, "\(owner) has no field 'required'", at: member.keyRange,
                    help: "a parameter without 'default' is required, one with 'default' is not")
                continue
            }
            constraints[member.key] = member.value.value
        }
        let parameter = ParameterDefinition(
            name: entry.key, type: type, defaultValue: entry.value["default"]?.value,
            description: nodes.text(entry.value.member("description"), of: owner), constraints: constraints)
        return parameter
    }

    static let typeNames = ValueType.allCases.map(\.rawValue)

    mutating func environment(_ member: SourceNode.Member?, of owner: String) -> [EnvironmentEntry] {
        nodes.named(member, of: owner).compactMap { entry in
            if !LanguageName.isVariable(entry.key) {
                nodes.problems.add(
                    .badName, "'\(shortened(entry.key))' cannot name an environment variable", at: entry.keyRange,
                    help: "use letters, digits and '_', beginning with a letter or '_'")
            }
            guard entry.value.members != nil else {
                return nodes.written(entry, of: "'env' of \(owner)").map {
                    EnvironmentEntry(name: entry.key, source: .text($0))
                }
            }
            let owner = "the variable '\(entry.key)'"
            guard nodes.fields(entry.value, of: owner, known: LanguageFields.hostVariable) else { return nil }
            guard let host = entry.value.member("from_host") else {
                nodes.missing(
                    "from_host", of: owner, at: entry.keyRange, help: "write \(entry.key): {from_host: \(entry.key)}")
                return nil
            }
            guard let name = nodes.text(host, of: owner) else { return nil }
            if !LanguageName.isVariable(name) {
                nodes.problems.add(
                    .badName, "'\(shortened(name))' cannot name an environment variable", at: host.value.range,
                    help: "use letters, digits and '_', beginning with a letter or '_'")
            }
            let fallback = entry.value.member("default").flatMap { nodes.written($0, of: owner) }
            return EnvironmentEntry(name: entry.key, source: .fromHost(name: name, default: fallback))
        }
    }

    mutating func inputs(_ member: SourceNode.Member?, of owner: String) -> [InputDefinition] {
        nodes.named(member, of: owner).compactMap { entry in
            checkName(entry, kind: "input")
            let owner = "the input '\(shortened(entry.key))' of \(owner)"
            guard entry.value.members != nil else { return InputDefinition(name: entry.key, value: entry.value.value) }
            guard nodes.fields(entry.value, of: owner, known: LanguageFields.input) else { return nil }
            return InputDefinition(
                name: entry.key, type: nodes.choice(entry.value.member("type"), of: owner, as: ValueType.self),
                required: nodes.bool(entry.value.member("required"), of: owner) ?? true,
                value: entry.value["value"]?.value)
        }
    }

    mutating func outputs(
        _ member: SourceNode.Member?, of owner: String, needsType: Bool, needsValue: Bool = false
    ) -> [OutputDefinition] {
        nodes.named(member, of: owner).compactMap { entry in
            checkName(entry, kind: "output")
            let owner = "the output '\(shortened(entry.key))' of \(owner)"
            guard entry.value.members != nil else {
                if needsType {
                    nodes.missing(
                        "type", of: owner, at: entry.keyRange,
                        help:
                            "write \(entry.key): {type: …, value: …}; types: \(Self.typeNames.joined(separator: ", "))")
                }
                return OutputDefinition(name: entry.key, value: entry.value.value)
            }
            guard nodes.fields(entry.value, of: owner, known: LanguageFields.output) else { return nil }
            if needsType, entry.value.member("type") == nil {
                nodes.missing(
                    "type", of: owner, at: entry.keyRange, help: "types: \(Self.typeNames.joined(separator: ", "))")
            }
            if needsValue, entry.value.member("value") == nil {
                nodes.missing("value", of: owner, at: entry.keyRange)
            }
            return OutputDefinition(
                name: entry.key, type: nodes.choice(entry.value.member("type"), of: owner, as: ValueType.self),
                value: entry.value["value"]?.value,
                description: nodes.text(entry.value.member("description"), of: owner))
        }
    }
}

import BattenCore

/// Which fields hold expressions.
extension StaticChecks {
    /// Fields of a stage whose values may hold expressions and have no type of their own.
    private static let otherFields: [(String, ExpressionSite.Field)] = [
        ("matrix", .matrix), ("cache", .cache), ("context", .context), ("handoff", .handoff),
        ("working_directory", .workingDirectory),
    ]
    /// Fields of a stage that hold a body.
    private static let bodyFields: [(String, ExpressionSite.Field)] = [
        ("fallback", .fallback), ("compensate", .compensate),
    ]

    mutating func checkWorkflowExpressions() {
        let root = workflow.root
        var seen: [String] = []
        for node in [root["env"], root["defaults"]?["env"]] {
            checkEnvironment(node, ExpressionSite(field: .workflowEnvironment, place: nil), &seen)
        }
        let group = root["concurrency"]
        if let group = group?["group"] ?? group, group.string != nil {
            checkExpressions(group, ExpressionSite(field: .group, place: nil))
        }
        for (key, field) in [("context", ExpressionSite.Field.context), ("agents", .agents)] {
            guard let node = root[key] else { continue }
            checkExpressions(node, ExpressionSite(field: field, place: nil, environment: names.environment))
        }
        for agent in root["agents"]?.members ?? [] { checkTools(agent.value["tools"]) }
    }

    /// The workflow's outputs, which can read every stage.
    mutating func checkOutputs() {
        let site = ExpressionSite(field: .workflowOutputs, place: nil, environment: workflow.definition.env.map(\.name))
        checkContract(workflow.root["outputs"], workflow.definition.outputs.map { ($0.name, $0.type) }, site)
    }

    mutating func checkStageExpressions(_ place: Int) {
        let stage = index.stages[place]
        let node = stage.node
        var visible = names.environment
        checkEnvironment(node["env"], ExpressionSite(field: .environment, place: place), &visible)
        func site(_ field: ExpressionSite.Field) -> ExpressionSite {
            ExpressionSite(field: field, place: place, environment: visible)
        }
        checkCondition(place, site(.condition))
        checkExpressions(stage.with, site(.with))
        if let inputs = node["inputs"] {
            checkContract(inputs, stage.definition.inputs.map { ($0.name, $0.type) }, site(.inputs))
        }
        if let outputs = node["outputs"] {
            checkContract(outputs, stage.definition.outputs.map { ($0.name, $0.type) }, site(.outputs))
        }
        if let forEach = node["for_each"] { checkExpressions(forEach, site(.forEach), wanted: .array) }
        for (key, field) in Self.otherFields {
            if let value = node[key] { checkExpressions(value, site(field)) }
        }
        for (key, field) in Self.bodyFields {
            guard let body = node[key] else { continue }
            var visible = visible
            checkEnvironment(body["env"], ExpressionSite(field: field, place: place), &visible)
            let (with, _) = WorkflowDecoder.bodyInput(body)
            checkExpressions(with, ExpressionSite(field: field, place: place, environment: visible))
        }
    }

    /// Checks variables in order: each can read those before it.
    private mutating func checkEnvironment(_ node: SourceNode?, _ site: ExpressionSite, _ visible: inout [String]) {
        for entry in node?.members ?? [] {
            var site = site
            site.environment = visible
            if entry.value.members == nil { checkExpressions(entry.value, site) }
            visible.append(entry.key)
        }
    }

    /// Checks the values of typed inputs or outputs against their types.
    private mutating func checkContract(
        _ node: SourceNode?, _ declared: [(name: String, type: ValueType?)], _ site: ExpressionSite
    ) {
        for entry in node?.members ?? [] {
            let value = entry.value.members == nil ? entry.value : entry.value["value"]
            let type = declared.first { $0.name == entry.key }?.type
            guard let value else { continue }
            checkExpressions(value, site, wanted: type)
            guard let type, !Self.holdsExpression(value), !type.accepts(value.value) else { continue }
            problems.add(
                .typeMismatch, "'\(shortened(entry.key))' is declared as \(type.rawValue)",
                at: source.firstBytes(of: value.range),
                label: "this is \(value.described)")
        }
    }

    /// Whether an expression stands anywhere in a value.
    static func holdsExpression(_ node: SourceNode) -> Bool {
        switch node.content {
        case .scalar(.string(let text), _): return text.holdsExpression
        case .scalar: return false
        case .sequence(let elements): return elements.contains(where: holdsExpression)
        case .mapping(let members): return members.contains { holdsExpression($0.value) }
        }
    }
}

extension String {
    /// Whether `${{` stands in the text, `$${{` not counted.
    var holdsExpression: Bool {
        var before: (UInt8, UInt8, UInt8) = (0, 0, 0)
        for byte in utf8 {
            if byte == 0x7B, before.2 == 0x7B, before.1 == 0x24, before.0 != 0x24 { return true }
            before = (before.1, before.2, byte)
        }
        return false
    }
}

import BattenCore

/// Stages that run other workflows.
extension StaticChecks {
    /// Finds the workflows that stages name, and checks those that are written inside stages.
    mutating func findChildren() {
        for place in index.stages.indices {
            let stage = index.stages[place]
            if stage.definition.uses == "workflow" { findChild(BodyPlace(place), stage.child, stage.with) }
            for (field, body) in [("fallback", stage.definition.fallback), ("compensate", stage.definition.compensate)]
            {
                guard let body, body.uses == "workflow", let node = stage.node[field] else { continue }
                let (with, _) = WorkflowDecoder.bodyInput(node)
                findChild(BodyPlace(place, field), stage.bodyChildren[field], with)
            }
        }
    }

    private mutating func findChild(_ place: BodyPlace, _ inner: DecodedWorkflow?, _ with: SourceNode) {
        if let inner {
            // What the reference finds is in the stage already: it was found when a run was accepted.
            _ = Self.run(inner, source: source, catalog: catalog, children: finder, &problems, &children[place])
        } else if let found = find(with) {
            children[place] = found
        }
    }

    private mutating func find(_ with: SourceNode) -> WorkflowDefinition? {
        for (field, make) in [("name", ChildReference.name), ("path", ChildReference.path)] {
            guard let node = with[field], let text = node.string, !text.isEmpty else { continue }
            guard !text.holdsExpression else {
                problems.add(
                    .computedName, "a child workflow is named, not computed", at: source.firstBytes(of: node.range),
                    help: "write the '\(field)' itself; stages with conditions can choose between workflows")
                return nil
            }
            guard let finder else { return nil }
            switch finder(make(text)) {
            case .found(let definition): return definition
            case .unusable(let message, let help):
                problems.add(.badChild, message, at: node.range, help: help)
                return nil
            }
        }
        return nil
    }

    /// Holds the parameters of a child against its declarations.
    mutating func checkChild(_ with: SourceNode, _ usesRange: Range<Int>, _ place: BodyPlace) {
        let stage = index.stages[place.stage]
        let inner = place.field.map { stage.bodyChildren[$0] } ?? stage.child
        if with["name"] == nil, with["path"] == nil, inner == nil {
            let whose = place.field.map { "'\($0)' of " } ?? ""
            problems.add(
                .missingField, "\(whose)stage '\(shortened(stage.definition.id))' does not say which workflow it runs",
                at: usesRange, help: "write 'name' or 'path' under 'with'")
        }
        guard let child = children[place] else { return }
        let given = with["parameters"]
        // A mapping that is computed is held against the declarations when the stage starts.
        if let given, given.members == nil { return }
        for parameter in child.parameters where parameter.defaultValue == nil && given?[parameter.name] == nil {
            problems.add(
                .badInput, "workflow '\(child.name)' needs the parameter '\(parameter.name)'",
                at: with.member("parameters")?.keyRange ?? usesRange, help: parameter.description)
        }
        for member in given?.members ?? [] { check(member, child) }
    }

    private mutating func check(_ member: SourceNode.Member, _ child: WorkflowDefinition) {
        guard let parameter = child.parameters.first(where: { $0.name == member.key }) else {
            problems.add(
                .unknownParameter, "workflow '\(child.name)' has no parameter '\(shortened(member.key))'",
                at: member.keyRange, help: problems.suggestion(for: member.key, among: child.parameters.map(\.name)))
            return
        }
        let place = source.firstBytes(of: member.value.range)
        if let type = inputTypes[member.value.range.lowerBound] {
            guard !type.canBe(parameter.type) else { return }
            problems.add(
                .typeMismatch, "parameter '\(parameter.name)' of '\(child.name)' takes \(article(parameter.type))",
                at: place, label: "the expression gives \(article(type))")
        } else if !Self.holdsExpression(member.value), let refusal = parameter.refusal(of: member.value.value) {
            problems.add(.badParameter, "\(refusal) (workflow '\(child.name)')", at: place)
        }
    }
}

import BattenCore

/// What expressions read: every name must exist and be known where it is read.
extension StaticChecks {
    private static let runMembers = ["id", "attempt", "started_at", "trigger", "workdir", "scheduled_for", "event"]
    private static let workflowMembers = ["name", "version"]
    private static let stageMembers = ["outputs", "status", "error", "items", "summary"]

    mutating func checkReference(_ reference: Reference, _ node: SourceNode, _ site: ExpressionSite) {
        switch reference.namespace {
        case .parameters:
            member(reference, node, among: names.parameterNames, .unknownParameter) {
                "the workflow has no parameter '\($0)'"
            }
        case .inputs: inputs(reference, node, site)
        case .stages: stages(reference, node, site)
        case .env:
            guard site.allowsEnvironment else { return misplaced(reference, node, site) }
            member(reference, node, among: site.environment, .unknownMember) {
                "no environment variable '\($0)' is declared here"
            }
        case .secrets: secrets(reference, node, site)
        case .run:
            member(reference, node, among: Self.runMembers, .unknownMember) { "'run' has no '\($0)'" }
        case .workflow:
            member(reference, node, among: Self.workflowMembers, .unknownMember) { "'workflow' has no '\($0)'" }
        case .context: context(reference, node, site)
        case .item, .index, .matrix: item(reference, node, site)
        case .result:
            guard site.allowsResult else {
                return misplaced(reference, node, site, help: "'result' is what a stage's own 'outputs' read")
            }
        }
    }

    // MARK: Namespaces

    private mutating func inputs(_ reference: Reference, _ node: SourceNode, _ site: ExpressionSite) {
        guard site.allowsInputs, let place = site.place else {
            return misplaced(reference, node, site, help: "'inputs' are what a stage's own 'with' and 'outputs' read")
        }
        let declared = index.stages[place].definition.inputs.map(\.name)
        member(reference, node, among: declared, .unknownMember) { "this stage has no input '\($0)'" }
    }

    private mutating func context(_ reference: Reference, _ node: SourceNode, _ site: ExpressionSite) {
        var known = names.context
        if let place = site.place, let own = index.stages[place].definition.context?.objectValue {
            known.formUnion(own.keys)
        }
        member(reference, node, among: known.sorted(), .unknownMember) { "no context '\($0)' is declared" }
    }

    private mutating func item(_ reference: Reference, _ node: SourceNode, _ site: ExpressionSite) {
        let name = reference.namespace
        let stage = site.place.map { index.stages[$0] }
        let isMatrix = name == .matrix
        let isDefined =
            isMatrix
            ? stage?.definition.matrix != nil
            : stage?.definition.forEach != nil || name == .index && stage?.definition.matrix != nil
        guard site.allowsItem, isDefined else {
            let field = isMatrix ? "matrix" : "for_each"
            return misplaced(reference, node, site, help: "'\(name.rawValue)' is defined in stages with '\(field)'")
        }
        guard isMatrix, let matrix = stage?.definition.matrix else { return }
        var known = matrix.keys.filter { $0 != "include" && $0 != "exclude" }
        for cell in matrix["include"]?.arrayValue ?? [] { known += cell.objectValue?.keys ?? [] }
        member(reference, node, among: known, .unknownMember) { "'matrix' has no '\($0)'" }
    }

    private mutating func secrets(_ reference: Reference, _ node: SourceNode, _ site: ExpressionSite) {
        let range = source.range(of: reference.range, in: node)
        let uses = site.place.flatMap { index.stages[$0].definition.uses(in: site.field) } ?? ""
        let isKept = uses == "set" || uses == "workflow"
        let key = reference.path.count > 1 ? reference.path[1].key : nil
        if let key { usedSecrets.insert(key) }
        guard site.allowsSecrets, !isKept else {
            problems.add(
                .misplacedSecret, "a secret cannot be read in \(isKept ? "a '\(uses)' stage" : site.words)", at: range,
                help: "secrets go to executors alone: read them in 'with' or 'env' of the stage that needs them")
            return
        }
        guard let key else {
            problems.add(
                .computedName, "a secret is read by its name", at: range, help: "write secrets.NAME")
            return
        }
        guard !names.secrets.contains(key) else { return }
        problems.add(
            .undeclaredSecret, "the secret '\(shortened(key))' is not declared",
            at: source.range(of: reference.partRanges[1], in: node), label: "not listed under 'secrets'",
            help: problems.suggestion(for: key, among: names.secretNames) ?? "add it at the top: secrets: [\(key)]")
    }

    // MARK: Stages

    private mutating func stages(_ reference: Reference, _ node: SourceNode, _ site: ExpressionSite) {
        guard site.allowsStages else { return misplaced(reference, node, site) }
        guard let id = reference.stageID else {
            problems.add(
                .computedName, "a stage is read by its name", at: source.range(of: reference.range, in: node),
                help: "write stages.<id>.outputs.<name>")
            return
        }
        let idRange = source.range(of: reference.partRanges[1], in: node)
        guard let target = index.places[id] else {
            problems.add(
                .unknownStage, "there is no stage '\(shortened(id))'", at: idRange, label: "no stage has this id",
                help: problems.suggestion(for: id, among: index.stages.lazy.map(\.definition.id)))
            return
        }
        askUpstream(target, id, idRange, site)
        guard reference.path.count > 2 else { return }
        guard let member = reference.path[2].key, Self.stageMembers.contains(member) else {
            let written = reference.path[2].key
            let known = shape(of: target).types
            let isOutput = written.map { known[$0] != nil } ?? false
            problems.add(
                .unknownMember, "a stage has no '\(written.map { shortened($0) } ?? "[…]")'",
                at: source.range(of: reference.partRanges[2], in: node),
                label: "must be 'outputs', 'status' or 'error'",
                help: isOutput
                    ? "write stages.\(id).outputs.\(written ?? "")"
                    : written.flatMap { problems.suggestion(for: $0, among: Self.stageMembers) })
            return
        }
        stageMember(member, reference, node, site, target)
    }

    private mutating func stageMember(
        _ member: String, _ reference: Reference, _ node: SourceNode, _ site: ExpressionSite, _ target: Int
    ) {
        let stage = index.stages[target]
        let range = source.range(of: reference.partRanges[2], in: node)
        switch member {
        case "status":
            questions.statusReads.insert([site.place ?? -1, target])
        case "items" where stage.definition.forEach == nil && stage.definition.matrix == nil:
            problems.add(
                .unknownMember, "'\(stage.definition.id)' has no items", at: range,
                help: "only stages with 'for_each' or 'matrix' have them")
        case "summary" where stage.definition.handoff == nil:
            problems.add(
                .unknownMember, "'\(stage.definition.id)' has no summary", at: range,
                help: "give it one: handoff: {summary: {agent: …, prompt: …}}")
        case "outputs" where reference.path.count > 3:
            guard let name = reference.path[3].key else { return }
            output(name, reference, node, site, target)
        default: break
        }
    }

    private mutating func output(
        _ name: String, _ reference: Reference, _ node: SourceNode, _ site: ExpressionSite, _ target: Int
    ) {
        let range = source.range(of: reference.partRanges[3], in: node)
        let shape = shape(of: target)
        let id = index.stages[target].definition.id
        guard shape.isOpen || shape.types[name] != nil else {
            let reader = site.place.map { "stage '\(index.stages[$0].definition.id)'" } ?? site.words
            let known =
                shape.names.isEmpty
                ? "it has no outputs" : "'\(shortened(name))' is not one of: \(shape.names.joined(separator: ", "))"
            problems.add(
                .unknownOutput, "\(reader) reads an output that '\(id)' does not declare", at: range, label: known,
                help: problems.suggestion(for: name, among: shape.names))
            return
        }
        if !reference.nullSafeParts[3], !reference.isGuarded {
            questions.completed.append(
                GraphQuestions.Question(from: site.place ?? -1, to: target, range: range))
        }
    }

    private mutating func askUpstream(_ target: Int, _ id: String, _ range: Range<Int>, _ site: ExpressionSite) {
        guard let place = site.place else {
            if !index.isMain(target) {
                problems.add(
                    .notUpstream, "'\(id)' runs after \(site.words) can read it", at: range,
                    help: "read stages of the main part")
            }
            return
        }
        if place == target {
            guard site.field != .compensate else { return }
            problems.add(
                .notUpstream, "'\(id)' cannot read itself", at: range,
                help: site.field == .outputs ? "the executor's result is 'result'" : "a stage reads what ran before it")
            return
        }
        if index.isMain(target), !index.isMain(place) { return }
        if index.dependencies[place].contains(target) { return }
        questions.upstream.append(GraphQuestions.Question(from: place, to: target, range: range))
    }

    // MARK: Words

    private mutating func member(
        _ reference: Reference, _ node: SourceNode, among known: [String], _ code: DiagnosticCode,
        _ message: (String) -> String
    ) {
        guard reference.path.count > 1, let key = reference.path[1].key, !known.contains(key) else { return }
        let range = source.range(of: reference.partRanges[1], in: node)
        let list =
            known.isEmpty
            ? "" : "must be one of: \(known.prefix(12).joined(separator: ", "))\(known.count > 12 ? ", …" : "")"
        problems.add(
            code, message(shortened(key)), at: range, label: list, help: problems.suggestion(for: key, among: known))
    }

    private mutating func misplaced(
        _ reference: Reference, _ node: SourceNode, _ site: ExpressionSite, help: String? = nil
    ) {
        problems.add(
            .misplacedNamespace, "'\(reference.namespace.rawValue)' is not known in \(site.words)",
            at: source.range(of: reference.partRanges[0], in: node), help: help)
    }
}

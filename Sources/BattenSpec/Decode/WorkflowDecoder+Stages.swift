import BattenCore

/// Stages and their bodies.
extension WorkflowDecoder {
    mutating func stages(_ member: SourceNode.Member?, of owner: String) -> [DecodedStage] {
        if let member, member.value.members != nil {
            nodes.wrongType(
                member.value, "'\(member.key)' of \(owner)", wanted: "a list",
                help: "begin each stage with '- id: …'")
            return []
        }
        return nodes.list(member, of: owner).compactMap { stage($0) }
    }

    mutating func hooks(_ member: SourceNode.Member?) -> [(event: String, stages: [DecodedStage])] {
        nodes.named(member, of: "a workflow").compactMap { entry in
            guard LanguageFields.hooks.contains(entry.key) else {
                nodes.unknownField(entry, of: "'hooks'", known: LanguageFields.hooks)
                return nil
            }
            return (entry.key, stages(entry, of: "'hooks'"))
        }
    }

    private mutating func stage(_ node: SourceNode) -> DecodedStage? {
        guard node.members != nil else {
            nodes.wrongType(node, "a stage", wanted: "a mapping of fields", help: "write '- id: …' and 'uses: …'")
            return nil
        }
        let idMember = node.member("id")
        let id = idMember?.value.string ?? ""
        let owner = id.isEmpty ? "a stage" : "stage '\(shortened(id))'"
        let idRange = idMember?.value.range ?? node.members?.first?.keyRange ?? node.range
        checkID(node, idMember, owner)
        _ = nodes.fields(node, of: owner, known: LanguageFields.stage)
        let action = action(node, of: owner)
        var stage = StageDefinition(id: id, uses: action.uses)
        stage.with = action.with.value.objectValue ?? JSONObject()
        texts(node, owner, &stage)
        bounds(node, owner, &stage)
        fanOut(node, owner, &stage)
        var bodyChildren: [String: DecodedWorkflow] = [:]
        stage.fallback = body(node.member("fallback"), of: owner, &bodyChildren)
        stage.compensate = body(node.member("compensate"), of: owner, &bodyChildren)
        stage.ui = node["ui"]?.value
        let child = child(node.member("definition"), uses: action.uses, of: owner)
        stage.child = child?.definition
        return DecodedStage(
            definition: stage, node: node, with: action.with, isInputKnown: isInputKnown(node),
            usesRange: action.range, idRange: idRange, child: child, bodyChildren: bodyChildren)
    }

    /// The workflow that is written inside a `workflow` stage.
    private mutating func child(
        _ member: SourceNode.Member?, uses: String, of owner: String
    ) -> DecodedWorkflow? {
        guard let member else { return nil }
        guard uses == "workflow" else {
            nodes.problems.add(
                .missingPartner, "'definition' of \(owner) needs 'uses: workflow'", at: member.keyRange)
            return nil
        }
        return decode(member.value)
    }

    /// Whether `with` is a mapping, or left out and not misspelt.
    private func isInputKnown(_ node: SourceNode) -> Bool {
        if node["uses"] != nil, node["agent"] ?? node["prompt"] != nil { return false }
        if let with = node["with"] { return with.members != nil }
        return node.members?.allSatisfy { LanguageFields.stage.contains($0.key) } ?? false
    }

    private mutating func checkID(_ node: SourceNode, _ member: SourceNode.Member?, _ owner: String) {
        guard let member else {
            nodes.missing("id", of: "a stage", at: node.members?.first?.keyRange ?? node.range)
            return
        }
        guard let id = nodes.text(member, of: "a stage") else { return }
        if !LanguageName.isIdentifier(id) {
            nodes.problems.add(
                .badName, "'\(shortened(id))' cannot name a stage", at: member.value.range,
                help: "use letters, digits, '_' and '-', beginning with a letter or '_'")
        }
    }

    private mutating func texts(_ node: SourceNode, _ owner: String, _ stage: inout StageDefinition) {
        stage.name = nodes.text(node.member("name"), of: owner)
        stage.description = nodes.text(node.member("description"), of: owner)
        stage.dependsOn = dependencies(node.member("depends_on"), of: owner)
        stage.condition = condition(node.member("if"), of: owner)
        stage.env = environment(node.member("env"), of: owner)
        stage.inputs = inputs(node.member("inputs"), of: owner)
        let isSet = stage.uses == "set"
        stage.outputs = outputs(node.member("outputs"), of: owner, needsType: !isSet)
        stage.context = context(node.member("context"), of: owner)
        stage.handoff = handoff(node.member("handoff"), of: owner)
        stage.workingDirectory = nodes.text(node.member("working_directory"), of: owner, allowsEmpty: false)
        if isSet { checkSet(node, owner, stage) }
    }

    /// A `set` stage gives what stands in its `with`, or what its `outputs` say.
    private mutating func checkSet(_ node: SourceNode, _ owner: String, _ stage: StageDefinition) {
        if stage.with.isEmpty, node.member("outputs") == nil {
            nodes.missing(
                "outputs", of: owner, at: node.member("uses")?.value.range ?? node.range,
                help: "write outputs: {name: \"${{ … }}\"}")
        }
        for output in stage.outputs where output.value == nil && stage.with[output.name] == nil {
            let place = node["outputs"]?.member(output.name)?.keyRange ?? node.range
            nodes.missing("value", of: "the output '\(shortened(output.name))' of \(owner)", at: place)
        }
    }

    private mutating func bounds(_ node: SourceNode, _ owner: String, _ stage: inout StageDefinition) {
        stage.timeout = nodes.duration(node.member("timeout"), of: owner)
        stage.deadline = nodes.duration(node.member("deadline"), of: owner)
        stage.retry = retry(node.member("retry"), of: owner)
        stage.onFailure = nodes.choice(node.member("on_failure"), of: owner, as: OnFailure.self)
        stage.isolation = nodes.choice(node.member("isolation"), of: owner, as: Isolation.self)
        stage.onLost = nodes.choice(node.member("on_lost"), of: owner, as: OnLost.self)
        stage.priority = nodes.integer(node.member("priority"), of: owner, in: -1_000_000...1_000_000).map(Int.init)
        stage.budget = budget(node.member("budget"), of: owner)
        stage.parallel = nodes.bool(node.member("parallel"), of: owner)
        if let cache = node.member("cache"),
            nodes.fields(cache.value, of: "'cache' of \(owner)", known: LanguageFields.cache)
        {
            if cache.value.member("key") == nil { nodes.missing("key", of: "'cache' of \(owner)", at: cache.keyRange) }
            _ = nodes.text(cache.value.member("key"), of: "'cache' of \(owner)", allowsEmpty: false)
            _ = nodes.duration(cache.value.member("ttl"), of: "'cache' of \(owner)")
            stage.cache = cache.value.value.objectValue
        }
    }

    private mutating func dependencies(_ member: SourceNode.Member?, of owner: String) -> [String] {
        var seen: Set<String> = []
        return nodes.texts(member, of: owner, acceptsOne: true).compactMap { text, range in
            guard seen.insert(text).inserted else {
                nodes.problems.add(
                    .duplicateName, "\(owner) names the dependency '\(shortened(text))' twice", at: range,
                    help: "keep one of them")
                return nil
            }
            return text
        }
    }

    /// A condition as text; `true` and `false` without quotes are conditions too.
    private mutating func condition(_ member: SourceNode.Member?, of owner: String) -> String? {
        guard let member else { return nil }
        if let flag = member.value.scalar?.boolValue { return flag ? "true" : "false" }
        guard let text = nodes.text(member, of: owner, allowsEmpty: false) else { return nil }
        return text
    }

    /// What a stage or body does: `uses` with `with`, or `agent` with `prompt`.
    private mutating func action(
        _ node: SourceNode, of owner: String
    ) -> (uses: String, with: SourceNode, range: Range<Int>) {
        let written = node.member("with")
        var with = SourceNode(.mapping([]), range: node.members?.first?.keyRange ?? node.range)
        if let written {
            if written.value.members != nil {
                with = written.value
            } else {
                nodes.wrongType(written.value, "'with' of \(owner)", wanted: "a mapping of fields")
            }
        }
        let agent = node.member("agent")
        let prompt = node.member("prompt")
        guard let short = agent ?? prompt else {
            guard let uses = node.member("uses") else {
                nodes.missing(
                    "uses", of: owner, at: node.members?.first?.keyRange ?? node.range,
                    help: "name an executor as <plugin>.<executor>, or one of: "
                        + LanguageFields.engineKinds.joined(separator: ", "))
                return ("", with, node.range)
            }
            return (nodes.text(uses, of: owner) ?? "", with, uses.value.range)
        }
        if let uses = node.member("uses") {
            nodes.problems.add(
                .conflictingFields, "\(owner) has both 'uses' and '\(short.key)'", at: short.keyRange,
                help: uses.value.string?.hasPrefix("llm.") == true
                    ? "put '\(short.key)' under 'with'"
                    : "'agent' with 'prompt' is short for 'uses: llm.chat'; keep one of the two forms")
            return (uses.value.string ?? "", with, uses.value.range)
        }
        if agent == nil {
            nodes.missing("agent", of: owner, at: short.keyRange, help: "'prompt' on a stage needs an agent")
        }
        if prompt == nil { nodes.missing("prompt", of: owner, at: short.keyRange, help: "say what the agent is to do") }
        var members = with.members ?? []
        for field in [agent, prompt].compactMap({ $0 }) {
            if members.contains(where: { $0.key == field.key }) {
                nodes.problems.add(
                    .conflictingFields, "\(owner) has '\(field.key)' on the stage and under 'with'", at: field.keyRange,
                    help: "keep one of them")
            } else {
                members.append(field)
            }
        }
        return ("llm.chat", SourceNode(.mapping(members), range: short.keyRange), short.keyRange)
    }

    private mutating func body(
        _ member: SourceNode.Member?, of owner: String, _ children: inout [String: DecodedWorkflow]
    ) -> StageBody? {
        guard let member else { return nil }
        let owner = "'\(member.key)' of \(owner)"
        guard nodes.fields(member.value, of: owner, known: LanguageFields.body) else { return nil }
        let action = action(member.value, of: owner)
        let child = child(member.value.member("definition"), uses: action.uses, of: owner)
        children[member.key] = child
        var body = StageBody(
            uses: action.uses, with: action.with.value.objectValue ?? JSONObject(),
            env: environment(member.value.member("env"), of: owner),
            timeout: nodes.duration(member.value.member("timeout"), of: owner),
            retry: retry(member.value.member("retry"), of: owner))
        body.child = child?.definition
        return body
    }

    /// The input of a body as nodes: `with`, and `agent` and `prompt` where they stand for it.
    static func bodyInput(_ node: SourceNode) -> (with: SourceNode, range: Range<Int>) {
        var members = node["with"]?.members ?? []
        let short = [node.member("agent"), node.member("prompt")].compactMap { $0 }
        members += short
        let range = node.member("uses")?.value.range ?? short.first?.keyRange ?? node.range
        return (SourceNode(.mapping(members), range: range), range)
    }
}

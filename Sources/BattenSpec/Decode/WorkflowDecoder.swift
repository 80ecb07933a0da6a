import BattenCore

/// Turns nodes into a workflow definition, telling everything that does not fit.
struct WorkflowDecoder {
    var nodes: NodeDecoder
    let limits: ReadLimits

    init(_ source: SourceText, limits: ReadLimits, problems: DiagnosticList) {
        nodes = NodeDecoder(source, problems: problems)
        self.limits = limits
    }

    /// Decodes the root; nil when it is no mapping.
    mutating func decode(_ root: SourceNode) -> DecodedWorkflow? {
        let owner = "a workflow"
        guard root.members != nil else {
            nodes.wrongType(root, "a workflow", wanted: "a mapping of fields", help: "begin with 'name:' and 'stages:'")
            return nil
        }
        _ = nodes.fields(root, of: owner, known: LanguageFields.workflow)
        var definition = WorkflowDefinition(name: name(root))
        if let member = root.member("version"), let text = nodes.written(member, of: owner) {
            if text.isEmpty {
                nodes.problems.add(.outOfRange, "'version' of \(owner) is empty", at: member.value.range)
            } else {
                definition.version = text
            }
        }
        definition.description = nodes.text(root.member("description"), of: owner)
        definition.tags = names(root.member("tags"), of: owner, kind: "tag")
        definition.parameters = parameters(root.member("parameters"))
        definition.env = environment(root.member("env"), of: owner)
        definition.secrets = secrets(root.member("secrets"))
        definition.agents = agents(root.member("agents"))
        definition.budget = budget(root.member("budget"), of: owner)
        definition.maxParallel = nodes.integer(root.member("max_parallel"), of: owner, in: 1...1_000_000).map(Int.init)
        definition.timeout = nodes.duration(root.member("timeout"), of: owner)
        definition.concurrency = concurrency(root.member("concurrency"))
        definition.defaults = defaults(root.member("defaults"))
        definition.outputs = outputs(root.member("outputs"), of: owner, needsType: false, needsValue: true)
        definition.schedule = schedules(root.member("schedule"))
        definition.triggers = triggers(root.member("on"), of: definition.name)
        definition.context = context(root.member("context"), of: owner)
        var decoded = DecodedWorkflow(definition: definition, root: root)
        if let member = root.member("stages") {
            decoded.stages = stages(member, of: owner)
            if decoded.stages.isEmpty, member.value.elements?.isEmpty == true {
                nodes.missing("stages", of: owner, at: member.keyRange, help: "a workflow has at least one stage")
            }
        } else {
            nodes.missing("stages", of: owner, at: root.members?.first?.keyRange ?? root.range)
        }
        decoded.finally = stages(root.member("finally"), of: owner)
        decoded.hooks = hooks(root.member("hooks"))
        checkCount(decoded)
        decoded.definition.stages = decoded.stages.map(\.definition)
        decoded.definition.finally = decoded.finally.map(\.definition)
        decoded.definition.hooks = decoded.hooks.map { hook in
            HookDefinition(event: hook.event, stages: hook.stages.map(\.definition))
        }
        return decoded
    }

    private mutating func name(_ root: SourceNode) -> String {
        guard let member = root.member("name") else {
            nodes.missing("name", of: "a workflow", at: root.members?.first?.keyRange ?? root.range)
            return ""
        }
        guard let name = nodes.text(member, of: "a workflow") else { return "" }
        if !LanguageName.isWorkflowName(name) {
            let better = LanguageName.workflowName(from: name).map { ", as '\($0)'" } ?? ""
            nodes.problems.add(
                .badName, "'\(shortened(name))' cannot name a workflow", at: member.value.range,
                help: "use 1 to 64 lower-case letters, digits, '_' and '-', beginning with a letter or digit\(better)")
        }
        return name
    }

    private mutating func checkCount(_ decoded: DecodedWorkflow) {
        let count = decoded.stages.count + decoded.finally.count + decoded.hooks.reduce(0) { $0 + $1.stages.count }
        guard count > limits.stages else { return }
        nodes.problems.add(
            .tooManyStages, "this workflow has \(count) stages; at most \(limits.stages) are read",
            at: decoded.root.member("stages")?.keyRange ?? 0..<0,
            help: "use 'for_each' for many stages of one kind, or child workflows")
    }

    // MARK: Small parts

    /// A list of names, each once.
    mutating func names(_ member: SourceNode.Member?, of owner: String, kind: String) -> [String] {
        var seen: Set<String> = []
        return nodes.texts(member, of: owner).compactMap { text, range in
            guard !text.isEmpty else {
                nodes.problems.add(.badName, "a \(kind) is empty", at: range)
                return nil
            }
            guard seen.insert(text).inserted else {
                nodes.problems.add(
                    .duplicateName, "the \(kind) '\(shortened(text))' is written twice", at: range,
                    help: "keep one of them")
                return nil
            }
            return text
        }
    }

    private mutating func secrets(_ member: SourceNode.Member?) -> [String] {
        if let member, member.value.members != nil {
            nodes.problems.add(
                .wrongType, "'secrets' lists names; values never stand in the file", at: member.keyRange,
                help: "write secrets: [NAME] and set the value with 'batten secret set NAME' or BATTEN_SECRET_NAME")
            return []
        }
        for element in member?.value.elements ?? [] {
            if let text = element.string, !text.isEmpty, !LanguageName.isVariable(text) {
                nodes.problems.add(
                    .badName, "'\(shortened(text))' cannot name a secret", at: element.range,
                    help: "use letters, digits and '_', beginning with a letter or '_'")
            }
        }
        return names(member, of: "a workflow", kind: "secret")
    }

    private mutating func agents(_ member: SourceNode.Member?) -> [AgentDefinition] {
        nodes.named(member, of: "a workflow").compactMap { agent in
            if agent.key.isEmpty { nodes.problems.add(.badName, "an agent's name is empty", at: agent.keyRange) }
            guard case .object(let fields) = agent.value.value else {
                nodes.wrongType(agent.value, "the agent '\(agent.key)'", wanted: "a mapping of fields")
                return nil
            }
            for field in ["model", "system"] {
                _ = nodes.text(agent.value.member(field), of: "the agent '\(agent.key)'")
            }
            if let temperature = agent.value.member("temperature") {
                _ = nodes.number(temperature, of: "the agent '\(agent.key)'", atLeast: 0)
            }
            return AgentDefinition(name: agent.key, fields: fields)
        }
    }

    mutating func checkName(_ member: SourceNode.Member, kind: String) {
        guard !LanguageName.isIdentifier(member.key) else { return }
        nodes.problems.add(
            .badName,
            "'\(shortened(member.key))' cannot name \(kind.first.map("aeio".contains) == true ? "an" : "a") \(kind)",
            at: member.keyRange, help: "use letters, digits, '_' and '-', beginning with a letter or '_'")
    }

    mutating func budget(_ member: SourceNode.Member?, of owner: String) -> BudgetDefinition? {
        guard let member else { return nil }
        let owner = "'budget' of \(owner)"
        guard nodes.fields(member.value, of: owner, known: LanguageFields.budget) else { return nil }
        let budget = BudgetDefinition(
            tokens: nodes.integer(member.value.member("tokens"), of: owner, in: 1...Int64.max),
            costUSD: nodes.number(member.value.member("cost_usd"), of: owner, atLeast: 0))
        if member.value.members?.isEmpty == true {
            nodes.missing("tokens' or 'cost_usd", of: owner, at: member.keyRange)
        }
        return budget
    }

    private mutating func concurrency(_ member: SourceNode.Member?) -> ConcurrencyDefinition? {
        guard let member else { return nil }
        if let group = member.value.string { return ConcurrencyDefinition(group: group) }
        let owner = "'concurrency'"
        guard nodes.fields(member.value, of: owner, known: LanguageFields.concurrency) else { return nil }
        guard let group = member.value.member("group") else {
            nodes.missing("group", of: owner, at: member.keyRange)
            return nil
        }
        let policy = nodes.choice(
            member.value.member("on_conflict"), of: owner, as: ConcurrencyDefinition.OnConflict.self)
        return nodes.text(group, of: owner, allowsEmpty: false).map {
            ConcurrencyDefinition(group: $0, onConflict: policy ?? .queue)
        }
    }

    private mutating func defaults(_ member: SourceNode.Member?) -> StageDefaults {
        var defaults = StageDefaults()
        guard let member, nodes.fields(member.value, of: "'defaults'", known: LanguageFields.defaults) else {
            return defaults
        }
        let owner = "'defaults'"
        defaults.timeout = nodes.duration(member.value.member("timeout"), of: owner)
        defaults.retry = retry(member.value.member("retry"), of: owner)
        defaults.onFailure = nodes.choice(member.value.member("on_failure"), of: owner, as: OnFailure.self)
        defaults.env = environment(member.value.member("env"), of: owner)
        return defaults
    }

    mutating func retry(_ member: SourceNode.Member?, of owner: String) -> RetryDefinition? {
        guard let member else { return nil }
        let owner = "'retry' of \(owner)"
        guard nodes.fields(member.value, of: owner, known: LanguageFields.retry) else { return nil }
        let node = member.value
        var retry = RetryDefinition()
        retry.maxAttempts = nodes.integer(node.member("max_attempts"), of: owner, in: 1...1_000_000).map(Int.init)
        retry.backoff = nodes.choice(node.member("backoff"), of: owner, as: Backoff.self)
        retry.initial = nodes.duration(node.member("initial"), of: owner, allowsZero: true)
        retry.factor = nodes.number(node.member("factor"), of: owner, atLeast: 1)
        retry.max = nodes.duration(node.member("max"), of: owner, allowsZero: true)
        retry.jitter = nodes.choice(node.member("jitter"), of: owner, as: Jitter.self)
        if let on = node.member("on") {
            var seen: Set<String> = []
            retry.on = nodes.texts(on, of: owner).compactMap { text, range in
                let what = "'on' of \(owner)"
                guard let word = nodes.word(text, at: range, what: what, among: LanguageFields.retryable) else {
                    return nil
                }
                if !seen.insert(word).inserted {
                    nodes.problems.add(.duplicateName, "\(what) names '\(word)' twice", at: range)
                }
                return OutcomeClass(rawValue: word)
            }
        }
        return retry
    }
}

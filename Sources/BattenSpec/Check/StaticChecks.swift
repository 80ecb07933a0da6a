import BattenCore

/// Everything that can be known to be wrong before anything runs.
struct StaticChecks {
    let workflow: DecodedWorkflow
    let source: SourceText
    let catalog: (any ExecutorCatalog)?
    /// Finds the workflows that stages name; nil leaves them out.
    let finder: ChildFinder?
    let index: StageIndex
    var problems: DiagnosticList
    /// The workflow's declarations by name.
    let names: DeclaredNames
    /// Secrets that some expression reads.
    var usedSecrets: Set<String> = []
    /// Questions about the graph, asked when all expressions were seen.
    var questions = GraphQuestions()
    /// Lookups by executor type, each asked once.
    var executors: [String: ExecutorLookup] = [:]
    /// Output names and types by place, worked out when first asked.
    var shapes: [Int: OutputShape] = [:]
    /// Output names and types of stages that give what their executor gives, by executor type.
    var executorShapes: [String: OutputShape] = [:]
    /// Types of the current stage's expressions in inputs, by the place of their text; a known one or nil.
    var inputTypes: [Int: ValueType] = [:]
    /// Fields that hold code, by executor type.
    var codeFieldsByExecutor: [String: [JSONSchema.MarkedField]] = [:]
    /// Every text with expressions, parsed once.
    var parsed = ParsedTexts()
    /// Parsed conditions by place.
    var conditions: [Int: Expression] = [:]
    /// Workflows that stages run as children, by the stage's place and the field that holds the body, if one does.
    var children: [BodyPlace: WorkflowDefinition] = [:]
    /// Compiled schemas of the engine's own kinds.
    var kindSchemas: [String: JSONSchema] = [:]

    /// Checks a decoded workflow and adds what is wrong.
    ///
    /// - Parameters:
    ///   - children: finds the workflows that stages name.
    ///   - complete: receives the definition with its children.
    /// - Returns: the texts that were parsed on the way.
    static func run(
        _ workflow: DecodedWorkflow, source: SourceText, catalog: (any ExecutorCatalog)?, children: ChildFinder?,
        _ problems: inout DiagnosticList, _ complete: inout WorkflowDefinition?
    ) -> ParsedTexts {
        let index = StageIndex(workflow, &problems)
        var checks = StaticChecks(
            workflow: workflow, source: source, catalog: catalog, finder: children, index: index, problems: problems,
            names: DeclaredNames(workflow.definition))
        checks.parsed = ParsedTexts(stages: index.stages.count)
        checks.run()
        problems = checks.problems
        complete = checks.complete()
        return checks.parsed
    }

    /// The definition with the workflows that its stages run.
    private func complete() -> WorkflowDefinition {
        guard !children.isEmpty else { return workflow.definition }
        return workflow.definition.mapStages { stage in
            guard let place = index.places[stage.id] else { return stage }
            var stage = stage
            if let child = children[BodyPlace(place)] { stage.child = child }
            if let child = children[BodyPlace(place, "fallback")] { stage.fallback?.child = child }
            if let child = children[BodyPlace(place, "compensate")] { stage.compensate?.child = child }
            return stage
        }
    }

    private mutating func run() {
        checkParameters()
        findChildren()
        checkWorkflowExpressions()
        for place in index.stages.indices { checkStage(place) }
        checkOutputs()
        checkReachability()
        answerQuestions()
        checkUnusedSecrets()
    }

    private mutating func checkStage(_ place: Int) {
        let stage = index.stages[place]
        checkExecutor(stage.definition.uses, at: stage.usesRange)
        checkIsolation(stage.definition, stage.node)
        checkPart(place)
        inputTypes.removeAll(keepingCapacity: true)
        checkStageExpressions(place)
        if checkAgent(stage.with, uses: stage.definition.uses), stage.isInputKnown {
            let body = StageBody(uses: stage.definition.uses, with: stage.definition.with)
            checkInput(stage.with, body, usesRange: stage.usesRange, place: BodyPlace(place))
        }
        for field in ["fallback", "compensate"] {
            guard let body = field == "fallback" ? stage.definition.fallback : stage.definition.compensate,
                let node = stage.node[field]
            else { continue }
            let (with, range) = WorkflowDecoder.bodyInput(node)
            checkExecutor(body.uses, at: range)
            if checkAgent(with, uses: body.uses) {
                checkInput(with, body, usesRange: range, place: BodyPlace(place, field))
            }
        }
    }

    private mutating func checkUnusedSecrets() {
        for case .found(let info) in executors.values { usedSecrets.formUnion(info.declaredSecrets) }
        for element in workflow.root["secrets"]?.elements ?? [] {
            guard let name = element.string, !usedSecrets.contains(name) else { continue }
            problems.add(
                .unusedSecret, "the secret '\(shortened(name))' is declared and never read", at: element.range,
                help: "read it as ${{ secrets.\(name) }} in 'with' or 'env', or leave it out")
        }
    }

    /// An agent that a language-model stage names must be described.
    ///
    /// - Returns: whether the input can be checked with what the agent adds.
    private mutating func checkAgent(_ with: SourceNode, uses: String) -> Bool {
        guard uses.hasPrefix("llm."), let agent = with["agent"], let name = agent.string else { return true }
        guard !name.holdsExpression else {
            problems.add(
                .computedName, "an agent is named, not computed", at: source.firstBytes(of: agent.range),
                help: "write the name of one of the 'agents'")
            return false
        }
        let known = workflow.definition.agents.map(\.name)
        guard !known.contains(name) else { return true }
        problems.add(
            .unknownAgent, "no agent '\(shortened(name))' is described", at: agent.range,
            help: problems.suggestion(for: name, among: known)
                ?? "describe it at the top: agents: {\(name): {model: …, system: …}}")
        return false
    }
}

/// A stage, or one of its other bodies.
struct BodyPlace: Hashable {
    /// The stage's place.
    let stage: Int
    /// The field that holds the body: `fallback` or `compensate`; nil for the stage itself.
    let field: String?

    init(_ stage: Int, _ field: String? = nil) {
        self.stage = stage
        self.field = field
    }
}

/// What the workflow declares, for lookups by name.
struct DeclaredNames {
    let parameters: [String: ValueType]
    let parameterNames: [String]
    let secrets: Set<String>
    let secretNames: [String]
    /// Environment of the workflow and of `defaults`.
    let environment: [String]
    let context: Set<String>

    init(_ definition: WorkflowDefinition) {
        parameterNames = definition.parameters.map(\.name)
        var parameters: [String: ValueType] = [:]
        for parameter in definition.parameters { parameters[parameter.name] = parameter.type }
        self.parameters = parameters
        secretNames = definition.secrets
        secrets = Set(definition.secrets)
        environment = definition.env.map(\.name) + definition.defaults.env.map(\.name)
        context = Set(definition.context?.objectValue?.keys ?? [])
    }
}

/// Compiles the parts of a definition; what many stages share is compiled once.
struct PlanCompiler {
    let definition: WorkflowDefinition
    let catalog: any ExecutorCatalog
    let texts: TemplateCompiler
    private let children: ChildPlanner
    /// The workflow's environment.
    let workflowEnvironment: [PlannedEnvironmentEntry]
    /// The workflow's environment with that of `defaults` after it.
    private let sharedEnvironment: [PlannedEnvironmentEntry]
    private var executors: [String: ExecutorLookup] = [:]
    private var noInput: TemplateValue?

    init(
        _ definition: WorkflowDefinition, _ catalog: any ExecutorCatalog, _ parsed: ParsedTexts,
        _ children: ChildPlanner
    ) throws(PlanError) {
        self.children = children
        self.definition = definition
        self.catalog = catalog
        texts = TemplateCompiler(parsed: parsed)
        workflowEnvironment = try texts.environment(definition.env, stage: nil)
        sharedEnvironment = workflowEnvironment + (try texts.environment(definition.defaults.env, stage: nil))
    }

    mutating func stage(
        _ stage: StageDefinition, at index: Int, isFinally: Bool, dependencies: [Int], dependents: [Int], level: Int
    ) throws(PlanError) -> PlannedStage {
        var condition: Expression?
        if let text = stage.condition { condition = try texts.condition(text, stage.id) }
        var workingDirectory: Template?
        if let text = stage.workingDirectory {
            workingDirectory = try texts.template(text, "working_directory", stage.id)
        }
        var inputs: [PlannedInput] = []
        for input in stage.inputs {
            let value = try input.value.map { value throws(PlanError) in
                try texts.value(value, "inputs.\(input.name)", stage.id)
            }
            inputs.append(PlannedInput(definition: input, value: value))
        }
        let tools = try tools(stage)
        var main = StageBody(uses: stage.uses, with: stage.with)
        if !tools.planned.isEmpty { main.with["tools"] = .array(tools.offers) }
        let entries = Planner.context(of: stage, in: definition)
        if stage.uses == "llm.chat", !entries.isEmpty, main.with["context"] == nil {
            main.with["context"] = .array(entries)
        }
        let child = try stage.uses == "workflow" ? children.plan(stage.child, of: stage.id, catalog) : nil
        return PlannedStage(
            index: index, definition: stage, kind: try child == nil ? kind(stage.uses, stage.id) : .workflow,
            isFinally: isFinally,
            dependencies: dependencies, dependents: dependents, level: level, condition: condition,
            requiresSuccess: condition.map { !$0.usesStatusFunction } ?? false,
            startsWhenHalted: condition?.startsWhenHalted ?? false,
            startsWhenCancelled: condition.map { $0.uses(.cancelled) || $0.uses(.always) } ?? false,
            with: try input(main, "with", stage.id), env: try environment(stage.env, stage.id), inputs: inputs,
            outputs: try texts.outputs(stage.outputs, stage.id),
            timeout: stage.timeout ?? definition.defaults.timeout ?? PlanLimits.timeout, deadline: stage.deadline,
            retry: .planned(stage.retry, defaults: definition.defaults.retry),
            onFailure: stage.onFailure ?? definition.defaults.onFailure ?? .halt,
            fallback: try stage.fallback.map { other throws(PlanError) in try body(other, "fallback", stage.id) },
            workingDirectory: workingDirectory, isExclusive: stage.parallel == false, fanOut: try fanOut(stage),
            priority: stage.priority ?? 0,
            cache: try stage.cache.map { rule throws(PlanError) in try cache(rule, stage.id) },
            child: child,
            compensate: try stage.compensate.map { other throws(PlanError) in try body(other, "compensate", stage.id) },
            tools: tools.planned, handoff: try handoff(stage), context: try context(stage.context, stage.id))
    }

    private func fanOut(_ stage: StageDefinition) throws(PlanError) -> PlannedFanOut? {
        let source: TemplateValue
        if let list = stage.forEach {
            source = try texts.value(list, "for_each", stage.id)
        } else if let matrix = stage.matrix {
            source = try texts.value(.object(matrix), "matrix", stage.id)
        } else {
            return nil
        }
        return PlannedFanOut(
            source: source, isMatrix: stage.forEach == nil, maxParallel: stage.maxParallel,
            failFast: stage.failFast ?? true)
    }

    private func cache(_ rule: JSONObject, _ stage: String) throws(PlanError) -> PlannedCache {
        PlannedCache(
            key: try texts.template(rule["key"]?.stringValue ?? "", "cache.key", stage),
            ttl: rule["ttl"]?.stringValue.flatMap { try? DurationText.parse($0) })
    }

    mutating func body(
        _ body: StageBody, _ field: String, _ stage: String
    ) throws(PlanError) -> PlannedBody {
        let child = try body.uses == "workflow" ? children.plan(body.child, of: stage, catalog) : nil
        return PlannedBody(
            kind: try child == nil ? kind(body.uses, stage) : .workflow, uses: body.uses,
            with: try input(body, "\(field).with", stage),
            env: try environment(body.env, stage),
            timeout: body.timeout ?? definition.defaults.timeout ?? PlanLimits.timeout,
            retry: .planned(body.retry, defaults: definition.defaults.retry), child: child)
    }

    private mutating func input(_ body: StageBody, _ field: String, _ stage: String) throws(PlanError) -> TemplateValue
    {
        if body.with.isEmpty, let noInput { return noInput }
        let input = Planner.effectiveInput(of: body, agents: definition.agents)
        let compiled = try texts.value(.object(input), field, stage)
        if body.with.isEmpty { noInput = compiled }
        return compiled
    }

    mutating func kind(_ uses: String, _ stage: String) throws(PlanError) -> StageKind {
        switch uses {
        case "set": return .set
        case "sleep": return .sleep
        case "gate": return .gate
        case "signal": return .signal
        case "workflow": return .unsupported(uses)
        default: break
        }
        let lookup: ExecutorLookup
        if let known = executors[uses] {
            lookup = known
        } else {
            lookup = catalog.executor(uses)
            executors[uses] = lookup
        }
        switch lookup {
        case .found(let info): return .executor(info)
        case .unknownPlugin(let id, let searched):
            throw PlanError(
                .unknownExecutor, stage: stage, "stage '\(stage)' uses '\(uses)', and there is no plugin '\(id)'",
                help: searched.isEmpty
                    ? "'batten plugin list' shows the plugins found" : "searched \(searched.joined(separator: ", "))")
        case .unknownExecutor(let plugin, let offers):
            throw PlanError(
                .unknownExecutor, stage: stage,
                "stage '\(stage)' uses '\(uses)', which plugin '\(plugin)' does not offer",
                help: "it offers \(offers.joined(separator: ", "))")
        case .refused(let code, let message, let help):
            throw PlanError(
                .refusedPlugin, stage: stage,
                "stage '\(stage)' uses '\(uses)', whose plugin was refused: "
                    + (code.isEmpty ? message : "\(message) (\(code))"), help: help)
        }
    }

    func runOutputs() throws(PlanError) -> [PlannedOutput] { try texts.outputs(definition.outputs, nil) }

    func concurrency() throws(PlanError) -> PlannedConcurrency? {
        guard let rule = definition.concurrency else { return nil }
        return PlannedConcurrency(
            group: try texts.template(rule.group, "concurrency.group", nil), onConflict: rule.onConflict)
    }

    private func environment(
        _ entries: [EnvironmentEntry], _ stage: String
    ) throws(PlanError) -> [PlannedEnvironmentEntry] {
        entries.isEmpty ? sharedEnvironment : sharedEnvironment + (try texts.environment(entries, stage: stage))
    }
}

extension RetryPolicy {
    /// The rule of a stage: its own fields over those of `defaults` over the standard ones.
    ///
    /// Where either writes `retry` and neither names classes, a plain failure is tried again too.
    static func planned(_ own: RetryDefinition?, defaults: RetryDefinition?) -> RetryPolicy {
        guard own != nil || defaults != nil else { return .standard }
        let standard = RetryPolicy.standard
        return RetryPolicy(
            maxAttempts: Swift.max(1, own?.maxAttempts ?? defaults?.maxAttempts ?? standard.maxAttempts),
            backoff: own?.backoff ?? defaults?.backoff ?? standard.backoff,
            initial: own?.initial ?? defaults?.initial ?? standard.initial,
            factor: Swift.max(1, own?.factor ?? defaults?.factor ?? standard.factor),
            max: own?.max ?? defaults?.max ?? standard.max,
            jitter: own?.jitter ?? defaults?.jitter ?? standard.jitter,
            on: (own?.on ?? defaults?.on).map { Set($0) } ?? standard.on.union([.failed]), isWritten: true)
    }
}

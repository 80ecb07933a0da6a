/// Makes a plan of a definition: executors found, templates compiled, defaults applied, order decided.
public enum Planner {
    /// Plans a workflow.
    ///
    /// - Parameters:
    ///   - definition: what its author means; checked before, or made by a program.
    ///   - catalog: tells which executors exist.
    ///   - snapshot: canonical JSON text of the definition, what a run will be locked to.
    ///   - parsed: texts of the definition that were parsed when it was checked.
    ///   - children: plans the workflows that its stages run as children.
    /// - Throws: `PlanError` when the definition has no plan. Kinds of stages that cannot run yet are no error here:
    ///   they are listed in ``Plan/unsupported``.
    public static func plan(
        _ definition: WorkflowDefinition, catalog: any ExecutorCatalog, snapshot: [UInt8],
        parsed: ParsedTexts = ParsedTexts(), children: ChildPlanner = ChildPlanner()
    ) throws(PlanError) -> Plan {
        let count = definition.stages.count + definition.finally.count
        guard count <= PlanLimits.stages else {
            throw PlanError(
                .size, "the workflow has \(count) stages; \(PlanLimits.stages) are possible",
                help: "split it into several workflows")
        }
        let main = try StageGraph(definition.stages, isFinally: false)
        let finally = try StageGraph(
            definition.finally, isFinally: true,
            mainIDs: definition.finally.isEmpty ? [] : Set(definition.stages.lazy.map(\.id)))
        var compiler = try PlanCompiler(definition, catalog, parsed, children)
        var stages: [PlannedStage] = []
        stages.reserveCapacity(count)
        for place in definition.stages.indices {
            stages.append(
                try compiler.stage(
                    definition.stages[place], at: place, isFinally: false, dependencies: main.dependencies[place],
                    dependents: main.dependents[place], level: main.levels[place]))
        }
        let start = stages.count
        for place in definition.finally.indices {
            stages.append(
                try compiler.stage(
                    definition.finally[place], at: start + place, isFinally: true,
                    dependencies: finally.dependencies[place].map { $0 + start },
                    dependents: finally.dependents[place].map { $0 + start }, level: finally.levels[place]))
        }
        var hookStages: [PlannedStage] = []
        var hooks: [HookEvent: Range<Int>] = [:]
        for hook in definition.hooks {
            guard let event = HookEvent(rawValue: hook.event), !hook.stages.isEmpty else { continue }
            let graph = try StageGraph(hook.stages, isFinally: true)
            let first = stages.count + hookStages.count
            for place in hook.stages.indices {
                hookStages.append(
                    try compiler.stage(
                        hook.stages[place], at: first + place, isFinally: true,
                        dependencies: graph.dependencies[place].map { $0 + first },
                        dependents: graph.dependents[place].map { $0 + first }, level: graph.levels[place]))
            }
            hooks[event] = first - stages.count..<hookStages.count
        }
        var levels = [[Int]](repeating: [], count: (main.levels.max() ?? -1) + 1)
        for (place, level) in main.levels.enumerated() { levels[level].append(place) }
        return Plan(
            definition: definition, snapshot: snapshot, hash: SHA256.hex(snapshot), stages: stages,
            finallyStart: start, levels: levels, env: compiler.workflowEnvironment,
            outputs: try compiler.runOutputs(),
            unsupported: UnsupportedFeature.all(in: definition)
                + UnsupportedFeature.all(inChildrenOf: stages + hookStages),
            concurrency: try compiler.concurrency(), hookStages: hookStages, hooks: hooks,
            context: try compiler.context(definition.context, nil))
    }

    /// The input of a stage with the fields of its agent filled in.
    ///
    /// Where `with.agent` of a language-model stage names one of the workflow's agents, the agent's fields take its
    /// place; what the stage writes itself wins.
    public static func effectiveInput(of body: StageBody, agents: [AgentDefinition]) -> JSONObject {
        guard body.uses.hasPrefix("llm."), let name = body.with["agent"]?.stringValue,
            let agent = agents.first(where: { $0.name == name })
        else { return body.with }
        var input = body.with
        input["agent"] = nil
        for (key, value) in agent.fields where input[key] == nil { input[key] = value }
        return input
    }
}

extension UnsupportedFeature {
    /// A stage and all that depend on it.
    private static func reached(from target: String, in stages: [StageDefinition]) -> Set<String> {
        var reached: Set<String> = [target]
        var isGrowing = true
        while isGrowing {
            isGrowing = false
            for stage in stages where !reached.contains(stage.id) && stage.dependsOn.contains(where: reached.contains) {
                reached.insert(stage.id)
                isGrowing = true
            }
        }
        return reached
    }

    /// What a gate cannot go back over: stages that are spread over items, and children that may run beside it.
    private static func obstacles(
        from gate: String, to target: String, in definition: WorkflowDefinition
    ) -> [String] {
        let stages = definition.stages + definition.finally
        let again = reached(from: target, in: stages)
        var found: [String] = []
        if stages.contains(where: { again.contains($0.id) && ($0.forEach != nil || $0.matrix != nil) }) {
            found.append("rewind_to before for_each or matrix")
        }
        let behind = reached(from: gate, in: stages)
        let runsBeside = stages.contains { stage in
            (stage.uses == "workflow" || stage.fallback?.uses == "workflow") && again.contains(stage.id)
                && !behind.contains(stage.id) && !reached(from: stage.id, in: stages).contains(gate)
        }
        if runsBeside { found.append("rewind_to before a workflow that the gate does not wait for") }
        return found
    }

    /// Everything a definition asks for that cannot be run yet, in source order.
    static func all(in definition: WorkflowDefinition) -> [UnsupportedFeature] {
        var found: [UnsupportedFeature] = []
        func note(_ isUsed: Bool, _ feature: String, _ stage: String? = nil) {
            if isUsed { found.append(UnsupportedFeature(feature: feature, stage: stage)) }
        }
        let parts = [definition.stages, definition.finally] + definition.hooks.map(\.stages)
        func look(at stage: StageDefinition) {
            note(stage.uses == "workflow" && stage.child == nil, stage.uses, stage.id)
            for body in [stage.fallback, stage.compensate].compactMap({ $0 }) {
                note(body.uses == "workflow" && body.child == nil, body.uses, stage.id)
            }
            for body in [(stage.uses, stage.with)] + (stage.fallback.map { [($0.uses, $0.with)] } ?? []) {
                guard body.0 == "gate", let target = body.1["rewind_to"]?.stringValue else { continue }
                for obstacle in obstacles(from: stage.id, to: target, in: definition) { note(true, obstacle, stage.id) }
            }
            note(stage.cache != nil && !stage.uses.contains("."), "cache: \(stage.uses)", stage.id)
            note(
                stage.handoff != nil && (stage.forEach != nil || stage.matrix != nil), "handoff with for_each", stage.id
            )
        }
        for part in parts {
            for place in part.indices { look(at: part[place]) }
        }
        return found
    }

    /// What the children of a workflow's stages ask for, each under the names of the stages that lead to it.
    static func all(inChildrenOf stages: [PlannedStage]) -> [UnsupportedFeature] {
        stages.flatMap { stage in
            [stage.child, stage.fallback?.child, stage.compensate?.child].compactMap { $0 }.flatMap { child in
                child.unsupported.map { feature in
                    UnsupportedFeature(
                        feature: feature.feature, stage: feature.stage.map { "\(stage.id)/\($0)" } ?? stage.id)
                }
            }
        }
    }
}

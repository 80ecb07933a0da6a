public import BattenCore

/// Writes workflow definitions out again: fields in the language's order, only what was written.
///
/// What it writes is read back by ``WorkflowReader`` as the same definition.
public enum WorkflowWriter {
    /// The definition as data, in canonical order.
    public static func json(_ definition: WorkflowDefinition) -> JSONValue {
        var out = JSONObject()
        out["name"] = .string(definition.name)
        if definition.version != "1.0.0" { out["version"] = .string(definition.version) }
        out["description"] = definition.description.map { .string($0) }
        if !definition.tags.isEmpty { out["tags"] = .array(definition.tags.map { .string($0) }) }
        out["parameters"] = named(definition.parameters, \.name, parameter)
        out["env"] = environment(definition.env)
        if !definition.secrets.isEmpty { out["secrets"] = .array(definition.secrets.map { .string($0) }) }
        out["agents"] = named(definition.agents, \.name) { .object($0.fields) }
        out["budget"] = definition.budget.map(budget)
        out["max_parallel"] = definition.maxParallel.map { .int(Int64($0)) }
        out["timeout"] = duration(definition.timeout)
        out["concurrency"] = definition.concurrency.map { rule in
            ["group": .string(rule.group), "on_conflict": .string(rule.onConflict.rawValue)]
        }
        if !definition.defaults.isEmpty { out["defaults"] = defaults(definition.defaults) }
        out["outputs"] = outputs(definition.outputs)
        if !definition.schedule.isEmpty { out["schedule"] = .array(definition.schedule.map { .object($0) }) }
        out["context"] = definition.context
        out["stages"] = .array(definition.stages.map(stage))
        if !definition.finally.isEmpty { out["finally"] = .array(definition.finally.map(stage)) }
        out["hooks"] = named(definition.hooks, \.event) { .array($0.stages.map(stage)) }
        return .object(out)
    }

    /// The definition as canonical JSON text without spaces: what a run is locked to.
    public static func canonical(_ definition: WorkflowDefinition) -> [UInt8] {
        JSONWriter.bytes(json(definition))
    }

    /// The definition as JSON for people, ending with a line feed.
    public static func jsonText(_ definition: WorkflowDefinition) -> String {
        JSONWriter.string(json(definition), style: .pretty) + "\n"
    }

    /// The definition as YAML, ending with a line feed.
    public static func yaml(_ definition: WorkflowDefinition) -> String {
        YAMLWriter.string(json(definition))
    }

    // MARK: Parts

    private static func parameter(_ parameter: ParameterDefinition) -> JSONValue {
        var out: JSONObject = ["type": .string(parameter.type.rawValue)]
        for (key, value) in parameter.constraints { out[key] = value }
        out["default"] = parameter.defaultValue
        out["description"] = parameter.description.map { .string($0) }
        return .object(out)
    }

    private static func environment(_ entries: [EnvironmentEntry]) -> JSONValue? {
        named(entries, \.name) { entry in
            switch entry.source {
            case .text(let text): return .string(text)
            case .fromHost(let name, let fallback):
                var out: JSONObject = ["from_host": .string(name)]
                out["default"] = fallback.map { .string($0) }
                return .object(out)
            }
        }
    }

    private static func budget(_ budget: BudgetDefinition) -> JSONValue {
        var out = JSONObject()
        out["tokens"] = budget.tokens.map { .int($0) }
        out["cost_usd"] = budget.costUSD.map { .double($0) }
        return .object(out)
    }

    private static func defaults(_ defaults: StageDefaults) -> JSONValue {
        var out = JSONObject()
        out["timeout"] = duration(defaults.timeout)
        out["retry"] = defaults.retry.map(retry)
        out["on_failure"] = defaults.onFailure.map { .string($0.rawValue) }
        out["env"] = environment(defaults.env)
        return .object(out)
    }

    private static func retry(_ retry: RetryDefinition) -> JSONValue {
        var out = JSONObject()
        out["max_attempts"] = retry.maxAttempts.map { .int(Int64($0)) }
        out["backoff"] = retry.backoff.map { .string($0.rawValue) }
        out["initial"] = duration(retry.initial)
        out["factor"] = retry.factor.map { .double($0) }
        out["max"] = duration(retry.max)
        out["jitter"] = retry.jitter.map { .string($0.rawValue) }
        out["on"] = retry.on.map { .array($0.map { .string($0.rawValue) }) }
        return .object(out)
    }

    private static func outputs(_ outputs: [OutputDefinition]) -> JSONValue? {
        named(outputs, \.name) { output in
            if output.type == nil, output.description == nil, let value = output.value, value.objectValue == nil,
                !value.isNull
            {
                return value
            }
            var out = JSONObject()
            out["type"] = output.type.map { .string($0.rawValue) }
            out["value"] = output.value
            out["description"] = output.description.map { .string($0) }
            return .object(out)
        }
    }

    private static func inputs(_ inputs: [InputDefinition]) -> JSONValue? {
        named(inputs, \.name) { input in
            var out = JSONObject()
            out["type"] = input.type.map { .string($0.rawValue) }
            if !input.required { out["required"] = false }
            out["value"] = input.value
            return .object(out)
        }
    }

    private static func body(_ body: StageBody) -> JSONValue {
        var out: JSONObject = ["uses": .string(body.uses)]
        if !body.with.isEmpty { out["with"] = .object(body.with) }
        out["env"] = environment(body.env)
        out["timeout"] = duration(body.timeout)
        out["retry"] = body.retry.map(retry)
        return .object(out)
    }

    private static func stage(_ stage: StageDefinition) -> JSONValue {
        var out: JSONObject = ["id": .string(stage.id)]
        out["name"] = stage.name.map { .string($0) }
        out["description"] = stage.description.map { .string($0) }
        if !stage.dependsOn.isEmpty { out["depends_on"] = .array(stage.dependsOn.map { .string($0) }) }
        out["if"] = stage.condition.map { .string($0) }
        out["for_each"] = stage.forEach
        out["matrix"] = stage.matrix.map { .object($0) }
        out["max_parallel"] = stage.maxParallel.map { .int(Int64($0)) }
        out["fail_fast"] = stage.failFast.map { .bool($0) }
        out["uses"] = .string(stage.uses)
        if !stage.with.isEmpty { out["with"] = .object(stage.with) }
        out["env"] = environment(stage.env)
        out["inputs"] = inputs(stage.inputs)
        out["outputs"] = outputs(stage.outputs)
        out["timeout"] = duration(stage.timeout)
        out["deadline"] = duration(stage.deadline)
        out["retry"] = stage.retry.map(retry)
        out["on_failure"] = stage.onFailure.map { .string($0.rawValue) }
        out["on_lost"] = stage.onLost.map { .string($0.rawValue) }
        out["fallback"] = stage.fallback.map(body)
        out["compensate"] = stage.compensate.map(body)
        out["cache"] = stage.cache.map { .object($0) }
        out["isolation"] = stage.isolation.map { .string($0.rawValue) }
        out["priority"] = stage.priority.map { .int(Int64($0)) }
        out["budget"] = stage.budget.map(budget)
        out["context"] = stage.context
        out["handoff"] = stage.handoff.map { .object($0) }
        out["working_directory"] = stage.workingDirectory.map { .string($0) }
        out["parallel"] = stage.parallel.map { .bool($0) }
        out["ui"] = stage.ui
        return .object(out)
    }

    private static func duration(_ duration: Duration?) -> JSONValue? {
        duration.map { .string(DurationText.format($0)) }
    }

    private static func named<Element>(
        _ elements: [Element], _ name: (Element) -> String, _ value: (Element) -> JSONValue
    ) -> JSONValue? {
        guard !elements.isEmpty else { return nil }
        return .object(JSONObject(elements.map { (name($0), value($0)) }))
    }
}

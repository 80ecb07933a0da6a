public import BattenCore

/// Writes workflow definitions out again: fields in the language's order, only what was written.
///
/// What it writes is read back by ``WorkflowReader`` as the same definition.
public enum WorkflowWriter {
    /// The definition as data, in canonical order.
    public static func json(_ definition: WorkflowDefinition) -> JSONValue {
        var out = head(definition)
        out["stages"] = .array(definition.stages.map { .object(stage($0)) })
        if !definition.finally.isEmpty { out["finally"] = .array(definition.finally.map { .object(stage($0)) }) }
        out["hooks"] = hooks(definition)
        return .object(out)
    }

    /// The definition as canonical JSON text without spaces: what a run is locked to.
    ///
    /// It is ``json(_:)`` in compact style; stages are written one by one, so that the tree of all is never built.
    public static func canonical(_ definition: WorkflowDefinition) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(256 * (definition.stages.count + definition.finally.count + 1))
        JSONWriter.append(.object(head(definition)), to: &output)
        // The name is always there, so that a comma belongs before what follows in place of the closing brace.
        output.removeLast()
        append("stages", definition.stages, to: &output)
        if !definition.finally.isEmpty { append("finally", definition.finally, to: &output) }
        if let hooks = hooks(definition) {
            output.append(contentsOf: ",\"hooks\":".utf8)
            JSONWriter.append(hooks, to: &output)
        }
        output.append(UInt8(ascii: "}"))
        return output
    }

    private static func append(_ key: String, _ stages: [StageDefinition], to output: inout [UInt8]) {
        output.append(contentsOf: ",\"\(key)\":[".utf8)
        for place in stages.indices {
            if place > 0 { output.append(UInt8(ascii: ",")) }
            JSONWriter.append(.object(stage(stages[place])), to: &output)
        }
        output.append(UInt8(ascii: "]"))
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

    /// All that stands before the stages.
    private static func head(_ definition: WorkflowDefinition) -> JSONObject {
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
        if !definition.triggers.isEmpty { out["on"] = .array(definition.triggers.map { .object($0) }) }
        out["context"] = definition.context
        return out
    }

    private static func hooks(_ definition: WorkflowDefinition) -> JSONValue? {
        named(definition.hooks, \.event) { hook in .array(hook.stages.map { .object(stage($0)) }) }
    }

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
        out["definition"] = body.child.map(json)
        out["env"] = environment(body.env)
        out["timeout"] = duration(body.timeout)
        out["retry"] = body.retry.map(retry)
        return .object(out)
    }

    private static func stage(_ stage: StageDefinition) -> JSONObject {
        var out: JSONObject = ["id": .string(stage.id)]
        out.put(stage.name.map { .string($0) }, "name")
        out.put(stage.description.map { .string($0) }, "description")
        if !stage.dependsOn.isEmpty { out["depends_on"] = .array(stage.dependsOn.map { .string($0) }) }
        out.put(stage.condition.map { .string($0) }, "if")
        out.put(stage.forEach, "for_each")
        out.put(stage.matrix.map { .object($0) }, "matrix")
        out.put(stage.maxParallel.map { .int(Int64($0)) }, "max_parallel")
        out.put(stage.failFast.map { .bool($0) }, "fail_fast")
        out["uses"] = .string(stage.uses)
        if !stage.with.isEmpty { out["with"] = .object(stage.with) }
        out.put(stage.child.map(json), "definition")
        out.put(environment(stage.env), "env")
        out.put(inputs(stage.inputs), "inputs")
        out.put(outputs(stage.outputs), "outputs")
        out.put(duration(stage.timeout), "timeout")
        out.put(duration(stage.deadline), "deadline")
        out.put(stage.retry.map(retry), "retry")
        out.put(stage.onFailure.map { .string($0.rawValue) }, "on_failure")
        out.put(stage.onLost.map { .string($0.rawValue) }, "on_lost")
        out.put(stage.fallback.map(body), "fallback")
        out.put(stage.compensate.map(body), "compensate")
        out.put(stage.cache.map { .object($0) }, "cache")
        out.put(stage.isolation.map { .string($0.rawValue) }, "isolation")
        out.put(stage.priority.map { .int(Int64($0)) }, "priority")
        out.put(stage.budget.map(budget), "budget")
        out.put(stage.context, "context")
        out.put(stage.handoff.map { .object($0) }, "handoff")
        out.put(stage.workingDirectory.map { .string($0) }, "working_directory")
        out.put(stage.parallel.map { .bool($0) }, "parallel")
        out.put(stage.ui, "ui")
        return out
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

extension JSONObject {
    /// Sets a member that is written, and leaves out one that is not.
    fileprivate mutating func put(_ value: JSONValue?, _ key: String) {
        if let value { updateValue(value, forKey: key) }
    }
}

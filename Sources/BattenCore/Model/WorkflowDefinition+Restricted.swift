extension WorkflowDefinition {
    /// The workflow cut down to some stages and all they depend on.
    ///
    /// Stages of `finally` and hooks, and outputs of the run stay, except those that read a stage which is not there any more.
    /// - Parameter wanted: ids of main stages.
    public func restricted(to wanted: Set<String>) -> WorkflowDefinition {
        var byID: [String: StageDefinition] = [:]
        for stage in stages { byID[stage.id] = stage }
        var kept: Set<String> = []
        var open = Array(wanted)
        while let id = open.popLast() {
            guard let stage = byID[id], kept.insert(id).inserted else { continue }
            open += stage.dependsOn
        }
        let gone = Set(byID.keys).subtracting(kept)
        var part = self
        part.stages = stages.filter { kept.contains($0.id) }
        part.finally = finally.filter { !Self.reads(gone, in: [.object($0.with), $0.condition.map { .string($0) }]) }
        part.hooks = hooks.map { hook in
            var hook = hook
            hook.stages.removeAll { Self.reads(gone, in: [.object($0.with), $0.condition.map { .string($0) }]) }
            return hook
        }
        part.outputs = outputs.filter { !Self.reads(gone, in: [$0.value]) }
        return part
    }

    /// Whether any of the values holds an expression that reads one of the stages.
    private static func reads(_ stages: Set<String>, in values: [JSONValue?]) -> Bool {
        values.contains { value in
            guard let value, let template = try? TemplateValue.compile(value) else { return false }
            return template.references.contains { $0.stageID.map(stages.contains) ?? false }
        }
    }
}

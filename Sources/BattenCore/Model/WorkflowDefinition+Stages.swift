extension WorkflowDefinition {
    /// All stages: the main ones, those of `finally`, and those of hooks.
    public var allStages: [StageDefinition] { stages + finally + hooks.flatMap(\.stages) }

    /// The id of a stage that is named as it is shown: a stage of a hook may have its event before it
    /// (`on_failure:tell`); every other name is an id.
    public func stageID(named name: String) -> String {
        guard let colon = name.firstIndex(of: ":") else { return name }
        let id = String(name[name.index(after: colon)...])
        let hook = hooks.first { $0.event == name[..<colon] }
        return hook?.stages.contains { $0.id == id } == true ? id : name
    }

    /// The workflow with each of its stages replaced.
    ///
    /// - Parameter replace: gives what stands for a stage.
    public func mapStages(_ replace: (StageDefinition) -> StageDefinition) -> WorkflowDefinition {
        var definition = self
        definition.stages = stages.map(replace)
        definition.finally = finally.map(replace)
        definition.hooks = hooks.map { HookDefinition(event: $0.event, stages: $0.stages.map(replace)) }
        return definition
    }
}

extension StageDefinition {
    /// The workflows that the stage or one of its other bodies runs.
    public var children: [WorkflowDefinition] { [child, fallback?.child, compensate?.child].compactMap { $0 } }
}

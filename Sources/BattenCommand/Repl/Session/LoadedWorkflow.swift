import BattenCore

/// A workflow that is carried out stage by stage.
struct LoadedWorkflow: Sendable {
    /// A place to stop at.
    struct Breakpoint: Sendable {
        /// Condition as an expression of the session; nil stops always.
        var condition: String?
    }

    /// The workflow.
    let definition: WorkflowDefinition
    /// Ids of its stages in an order in which they can run, those of `finally` last.
    let order: [String]
    /// Stages that were carried out, given or skipped.
    var done: Set<String> = []
    /// Where to stop, by stage id.
    var breakpoints: [String: Breakpoint] = [:]
    /// Outputs that stages are given instead of being carried out.
    var mocks: [String: JSONObject] = [:]

    /// - Parameter order: ids in an order in which they can run.
    init(_ definition: WorkflowDefinition, order: [String]) {
        self.definition = definition
        self.order = order
    }

    /// The stage that is next; nil when all are done.
    var next: StageDefinition? {
        guard let id = order.first(where: { !done.contains($0) }) else { return nil }
        return stage(id)
    }

    /// A stage by id.
    func stage(_ id: String) -> StageDefinition? {
        definition.stages.first { $0.id == id } ?? definition.finally.first { $0.id == id }
    }
}

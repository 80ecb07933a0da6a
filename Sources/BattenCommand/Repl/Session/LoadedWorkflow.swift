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
    /// Ids of its stages in an order in which they can run: `on_start` first, `finally` and `on_success` last.
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
        let hooks = Self.steppedHooks.flatMap { Self.hooks($0, of: definition) }
        return (definition.stages + definition.finally + hooks).first { $0.id == id }
    }

    /// Whether a stage follows what becomes of the workflow.
    func isHook(_ id: String) -> Bool {
        !definition.stages.contains { $0.id == id } && !definition.finally.contains { $0.id == id }
    }

    /// Hooks that come in a workflow that is carried out stage by stage.
    static let steppedHooks = ["on_start", "on_success"]

    /// The stages of a hook, in an order in which they can run: as they are written, those that others wait for first.
    static func hooks(_ event: String, of definition: WorkflowDefinition) -> [StageDefinition] {
        var left = definition.hooks.filter { $0.event == event }.flatMap(\.stages)
        var order: [StageDefinition] = []
        while let place = left.firstIndex(where: { stage in
            stage.dependsOn.allSatisfy { id in !left.contains { $0.id == id } }
        }) {
            order.append(left.remove(at: place))
        }
        return order + left
    }
}

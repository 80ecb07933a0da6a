/// Plans the workflows that stages run as children.
public struct ChildPlanner: Sendable {
    /// How deep children go: a run that somebody started is at depth 0.
    public static let maximumDepth = 16

    private let depth: Int
    private let write: @Sendable (WorkflowDefinition) -> [UInt8]

    /// Creates a planner.
    ///
    /// - Parameter write: gives the canonical JSON text of a child's definition, what its run will be locked to.
    public init(write: @escaping @Sendable (WorkflowDefinition) -> [UInt8] = { Array("\($0)".utf8) }) {
        self.init(depth: 0, write: write)
    }

    private init(depth: Int, write: @escaping @Sendable (WorkflowDefinition) -> [UInt8]) {
        self.depth = depth
        self.write = write
    }

    /// The plan of the child of a stage or of one of its bodies; nil when its definition was not found yet.
    func plan(
        _ child: WorkflowDefinition?, of stage: String, _ catalog: any ExecutorCatalog
    ) throws(PlanError) -> Plan? {
        guard let definition = child else { return nil }
        guard depth < Self.maximumDepth else {
            throw PlanError(
                .size, stage: stage,
                "stage '\(stage)' starts a child \(depth + 1) levels deep; \(Self.maximumDepth) are possible",
                help: "put stages of the inner workflows into the outer ones")
        }
        return try Planner.plan(
            definition, catalog: catalog, snapshot: write(definition),
            children: ChildPlanner(depth: depth + 1, write: write))
    }
}

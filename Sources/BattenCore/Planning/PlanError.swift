/// Why no plan can be made of a definition.
///
/// Definitions that passed the static checks do not get here; those built by programs may.
public struct PlanError: Error, Sendable, Hashable {
    /// What kind of trouble it is.
    public enum Code: String, Sendable, Hashable {
        /// Two stages have one id.
        case duplicateStage = "duplicate_stage"
        /// `depends_on` names a stage that does not exist or cannot be waited for.
        case unknownDependency = "unknown_dependency"
        /// Stages wait for one another.
        case cycle
        /// `uses` names no executor.
        case unknownExecutor = "unknown_executor"
        /// A plugin was found and refused.
        case refusedPlugin = "refused_plugin"
        /// A condition or template cannot be parsed.
        case expression
        /// What a model may have called cannot be.
        case tools
        /// There are too many stages, or none.
        case size
    }
    /// What kind of trouble it is.
    public let code: Code
    /// Stage it is about; nil for the workflow itself.
    public let stage: String?
    /// What happened and where.
    public let message: String
    /// What to do next.
    public let help: String
    /// For a cycle its stages in order, the first one again at the end.
    public let path: [String]

    init(_ code: Code, stage: String? = nil, _ message: String, help: String, path: [String] = []) {
        self.code = code
        self.stage = stage
        self.message = message
        self.help = help
        self.path = path
    }
}

/// Bounds of plans.
public enum PlanLimits {
    /// Stages of one workflow, those of `finally` included.
    public static let stages = 50_000
    /// Bound on one attempt where none is written.
    public static let timeout: Duration = .seconds(7_200)
}

/// One stage as its author wrote it.
public struct StageDefinition: Sendable, Hashable {
    /// Identifier, `[A-Za-z_][A-Za-z0-9_-]*`, unique in its workflow.
    public var id: String
    /// Name for people.
    public var name: String?
    /// What the stage is for.
    public var description: String?
    /// Executor, `<plugin>.<executor>` or one of the engine's own.
    public var uses: String
    /// The executor's input; strings may hold expressions.
    public var with: JSONObject
    /// Stages that must be decided before this one, in source order.
    public var dependsOn: [String]
    /// Condition as written, with or without `${{ }}`.
    public var condition: String?
    /// Environment of the stage, over the workflow's.
    public var env: [EnvironmentEntry]
    /// Typed inputs.
    public var inputs: [InputDefinition]
    /// Typed outputs.
    public var outputs: [OutputDefinition]
    /// Bound on one attempt.
    public var timeout: Duration?
    /// Bound on all attempts and waits together.
    public var deadline: Duration?
    /// Retry fields as written.
    public var retry: RetryDefinition?
    /// What a final failure does to the run.
    public var onFailure: OnFailure?
    /// A stage body tried when the attempts are exhausted.
    public var fallback: StageBody?
    /// An undo, run in reverse order when the run fails or is cancelled.
    public var compensate: StageBody?
    /// A list to run the stage over: an expression or a literal list.
    public var forEach: JSONValue?
    /// A cross product to run the stage over, with `include` and `exclude`; as written.
    public var matrix: JSONObject?
    /// Items at once, with `for_each` or `matrix`.
    public var maxParallel: Int?
    /// Whether the first failed item stops new ones.
    public var failFast: Bool?
    /// Reuse of earlier results: `key`, `ttl`; as written.
    public var cache: JSONObject?
    /// Where the executor runs.
    public var isolation: Isolation?
    /// Order among stages that wait for a slot; higher goes first.
    public var priority: Int?
    /// Bound on tokens and money of this stage.
    public var budget: BudgetDefinition?
    /// Texts given to a language model; as written.
    public var context: JSONValue?
    /// A condensed form of the outputs for later stages; as written.
    public var handoff: JSONObject?
    /// What happens when an attempt is lost with the engine or its worker.
    public var onLost: OnLost?
    /// Folder in which the executor's processes run; may hold expressions.
    public var workingDirectory: String?
    /// Whether other stages of the run may run beside this one; false comes from the `steps:` shape.
    public var parallel: Bool?
    /// Free-form data for editors, kept as it is.
    public var ui: JSONValue?

    /// Creates a stage that says nothing but what it uses.
    public init(id: String, uses: String, with: JSONObject = [:], dependsOn: [String] = []) {
        self.id = id
        self.uses = uses
        self.with = with
        self.dependsOn = dependsOn
        self.env = []
        self.inputs = []
        self.outputs = []
    }
}

/// The body of a `fallback` or `compensate`: a stage without an identity or dependencies of its own.
public struct StageBody: Sendable, Hashable {
    /// Executor.
    public var uses: String
    /// The executor's input; strings may hold expressions.
    public var with: JSONObject
    /// Environment, over the workflow's.
    public var env: [EnvironmentEntry]
    /// Bound on one attempt.
    public var timeout: Duration?
    /// Retry fields as written.
    public var retry: RetryDefinition?

    /// Creates a body.
    public init(
        uses: String, with: JSONObject = [:], env: [EnvironmentEntry] = [], timeout: Duration? = nil,
        retry: RetryDefinition? = nil
    ) {
        self.uses = uses
        self.with = with
        self.env = env
        self.timeout = timeout
        self.retry = retry
    }
}

/// What a stage's final failure does to the run.
public enum OnFailure: String, Sendable, Hashable, CaseIterable {
    case halt
    case `continue`
    case skipDependents = "skip_dependents"
}

/// Where an executor runs.
public enum Isolation: String, Sendable, Hashable, CaseIterable {
    case inherit
    case inProcess = "in_process"
    case process
}

/// What happens when an attempt is lost with the engine or its worker.
public enum OnLost: String, Sendable, Hashable, CaseIterable {
    case retry, fail, gate
}

/// One stage as its author wrote it.
public struct StageDefinition: Sendable, Hashable {
    /// Identifier, `[A-Za-z_][A-Za-z0-9_-]*`, unique in its workflow.
    public var id: String
    /// Name for people.
    public var name: String? {
        get { rare[\.name] }
        set { rare[\.name] = newValue }
    }
    /// What the stage is for.
    public var description: String? {
        get { rare[\.description] }
        set { rare[\.description] = newValue }
    }
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
    public var deadline: Duration? {
        get { rare[\.deadline] }
        set { rare[\.deadline] = newValue }
    }
    /// Retry fields as written.
    public var retry: RetryDefinition?
    /// What a final failure does to the run.
    public var onFailure: OnFailure?
    /// The workflow that a `workflow` stage runs as a child: written in the stage, or found when the file was read.
    public var child: WorkflowDefinition? {
        get { rare[\.child] }
        set { rare[\.child] = newValue }
    }
    /// A stage body tried when the attempts are exhausted.
    public var fallback: StageBody? {
        get { rare[\.fallback] }
        set { rare[\.fallback] = newValue }
    }
    /// An undo, run in reverse order when the run fails or is cancelled.
    public var compensate: StageBody? {
        get { rare[\.compensate] }
        set { rare[\.compensate] = newValue }
    }
    /// A list to run the stage over: an expression or a literal list.
    public var forEach: JSONValue? {
        get { rare[\.forEach] }
        set { rare[\.forEach] = newValue }
    }
    /// A cross product to run the stage over, with `include` and `exclude`; as written.
    public var matrix: JSONObject? {
        get { rare[\.matrix] }
        set { rare[\.matrix] = newValue }
    }
    /// Items at once, with `for_each` or `matrix`.
    public var maxParallel: Int? {
        get { rare[\.maxParallel] }
        set { rare[\.maxParallel] = newValue }
    }
    /// Whether the first failed item stops new ones.
    public var failFast: Bool? {
        get { rare[\.failFast] }
        set { rare[\.failFast] = newValue }
    }
    /// Reuse of earlier results: `key`, `ttl`; as written.
    public var cache: JSONObject? {
        get { rare[\.cache] }
        set { rare[\.cache] = newValue }
    }
    /// Where the executor runs.
    public var isolation: Isolation? {
        get { rare[\.isolation] }
        set { rare[\.isolation] = newValue }
    }
    /// Order among stages that wait for a slot; higher goes first.
    public var priority: Int? {
        get { rare[\.priority] }
        set { rare[\.priority] = newValue }
    }
    /// Bound on tokens and money of this stage.
    public var budget: BudgetDefinition? {
        get { rare[\.budget] }
        set { rare[\.budget] = newValue }
    }
    /// Texts given to a language model; as written.
    public var context: JSONValue? {
        get { rare[\.context] }
        set { rare[\.context] = newValue }
    }
    /// A condensed form of the outputs for later stages; as written.
    public var handoff: JSONObject? {
        get { rare[\.handoff] }
        set { rare[\.handoff] = newValue }
    }
    /// What happens when an attempt is lost with the engine or its worker.
    public var onLost: OnLost? {
        get { rare[\.onLost] }
        set { rare[\.onLost] = newValue }
    }
    /// Folder in which the executor's processes run; may hold expressions.
    public var workingDirectory: String? {
        get { rare[\.workingDirectory] }
        set { rare[\.workingDirectory] = newValue }
    }
    /// Whether other stages of the run may run beside this one; false comes from the `steps:` shape.
    public var parallel: Bool? {
        get { rare[\.parallel] }
        set { rare[\.parallel] = newValue }
    }
    /// Free-form data for editors, kept as it is.
    public var ui: JSONValue? {
        get { rare[\.ui] }
        set { rare[\.ui] = newValue }
    }

    /// The fields that few stages have.
    private var rare = RareStageFields()

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
    /// The workflow that a `workflow` body runs as a child: written in it, or found when the file was read.
    public var child: WorkflowDefinition?

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

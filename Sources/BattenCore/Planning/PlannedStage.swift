/// What carries a stage out.
public enum StageKind: Sendable {
    /// A plugin's executor.
    case executor(ExecutorInfo)
    /// Outputs from expressions alone; decided by the machine itself.
    case set
    /// A durable wait.
    case sleep
    /// A question to people.
    case gate
    /// A wait for something from outside.
    case signal
    /// A run of another workflow.
    case workflow
    /// A kind of the engine's own that is parsed and refused before the run starts.
    case unsupported(String)

    /// Whether it waits for people, for a signal or for time, and does nothing itself.
    var waits: Bool {
        switch self {
        case .gate, .signal, .sleep: true
        case .executor, .set, .workflow, .unsupported: false
        }
    }

    /// Whether it is carried out by attempts, which have their turn; else the machine decides it itself.
    var makesAttempts: Bool {
        switch self {
        case .executor, .workflow: true
        case .set, .sleep, .gate, .signal, .unsupported: false
        }
    }
}

/// One stage, ready to run; an object, because it is large, never changes and is handed around often.
public final class PlannedStage: Sendable {
    /// Place in ``Plan/stages``.
    public let index: Int
    /// What its author wrote.
    public let definition: StageDefinition
    /// What carries it out.
    public let kind: StageKind
    /// Which slots its attempts use.
    public let pool: StagePool
    /// Whether it belongs to `finally`.
    public let isFinally: Bool
    /// Stages that must be decided first.
    public let dependencies: [Int]
    /// Stages that wait for this one.
    public let dependents: [Int]
    /// Level, 0 for stages without dependencies; stages of `finally` count from 0 again.
    public let level: Int
    /// Condition; nil means `success()`.
    public let condition: Expression?
    /// Whether the condition is joined with `success()` because it names no status function.
    public let requiresSuccess: Bool
    /// Whether the condition names `failure()` or `always()`: only such stages still start in a halted run.
    public let startsWhenHalted: Bool
    /// Whether the condition names `cancelled()` or `always()`: only such stages still start in a run that was cancelled.
    public let startsWhenCancelled: Bool
    /// The executor's input.
    public let with: TemplateValue
    /// Environment: the workflow's, the defaults' and the stage's own, later ones winning.
    public let env: [PlannedEnvironmentEntry]
    /// Typed inputs.
    public let inputs: [PlannedInput]
    /// Typed outputs; empty means the executor's own.
    public let outputs: [PlannedOutput]
    /// Bound on one attempt.
    public let timeout: Duration
    /// Bound on all attempts and waits; nil is none.
    public let deadline: Duration?
    /// Retry rule.
    public let retry: RetryPolicy
    /// What a final failure does.
    public let onFailure: OnFailure
    /// Body tried when the attempts are exhausted.
    public let fallback: PlannedBody?
    /// What undoes it once it has completed, when the run does not end well.
    public let compensate: PlannedBody?
    /// The plan of the workflow that it runs as a child; nil for every other kind.
    public let child: Plan?
    /// Folder of the executor's processes.
    public let workingDirectory: Template?
    /// Whether no other stage of the run may run beside it.
    public let isExclusive: Bool
    /// What goes first of the stages that are ready: the higher one.
    public let priority: Int
    /// Under which key its result is kept for later stages; nil keeps nothing.
    public let cache: PlannedCache?

    /// Executors that its model may have called.
    public let tools: [PlannedTool]
    /// What summarises its outputs; nil where nothing does.
    public let handoff: PlannedBody?
    /// Texts and files of its own for a model.
    public let context: [PlannedContext]

    /// What it is spread over; nil when it is one.
    public let fanOut: PlannedFanOut?

    /// The stage's identifier.
    public var id: String { definition.id }

    /// Creates a planned stage; ``Planner`` is the one caller.
    public init(
        index: Int, definition: StageDefinition, kind: StageKind, isFinally: Bool, dependencies: [Int],
        dependents: [Int], level: Int, condition: Expression?, requiresSuccess: Bool, startsWhenHalted: Bool,
        startsWhenCancelled: Bool = false, with: TemplateValue, env: [PlannedEnvironmentEntry], inputs: [PlannedInput],
        outputs: [PlannedOutput],
        timeout: Duration, deadline: Duration?, retry: RetryPolicy, onFailure: OnFailure, fallback: PlannedBody?,
        workingDirectory: Template?, isExclusive: Bool, fanOut: PlannedFanOut? = nil, priority: Int = 0,
        cache: PlannedCache? = nil, child: Plan? = nil, compensate: PlannedBody? = nil, tools: [PlannedTool] = [],
        handoff: PlannedBody? = nil, context: [PlannedContext] = []
    ) {
        self.index = index
        self.definition = definition
        self.kind = kind
        self.pool = StagePool(kind)
        self.isFinally = isFinally
        self.dependencies = dependencies
        self.dependents = dependents
        self.level = level
        self.condition = condition
        self.requiresSuccess = requiresSuccess
        self.startsWhenHalted = startsWhenHalted
        self.startsWhenCancelled = startsWhenCancelled
        self.with = with
        self.env = env
        self.inputs = inputs
        self.outputs = outputs
        self.timeout = timeout
        self.deadline = deadline
        self.retry = retry
        self.onFailure = onFailure
        self.fallback = fallback
        self.compensate = compensate
        self.child = child
        self.workingDirectory = workingDirectory
        self.isExclusive = isExclusive
        self.fanOut = fanOut
        self.priority = priority
        self.cache = cache
        self.tools = tools
        self.handoff = handoff
        self.context = context
    }
}

extension PlannedStage {
    /// A body beside the main one; nil for the main one, and for one that the stage does not have.
    func other(_ choice: StageBodyChoice) -> PlannedBody? {
        switch choice {
        // Which tool is meant the state of the run tells.
        case .main, .tool: nil
        case .fallback: fallback
        case .compensate: compensate
        case .handoff: handoff
        }
    }

    /// What carries a body out; nil for one that the stage does not have.
    func kind(of choice: StageBodyChoice) -> StageKind? { choice == .main ? kind : other(choice)?.kind }

    /// The plan of the workflow that a body runs as a child; nil for every other kind.
    func child(of choice: StageBodyChoice) -> Plan? { choice == .main ? child : other(choice)?.child }

    /// Whether it, or what is tried when it fails, runs another workflow.
    var runsWorkflow: Bool { child != nil || fallback?.child != nil }

    /// The executor of a body, as written.
    func uses(of choice: StageBodyChoice) -> String { other(choice)?.uses ?? definition.uses }
}

/// A checked workflow in the form the engine runs: indices instead of names, templates compiled, defaults applied.
///
/// A plan is immutable, and an object, because it is large and handed around often. Stages keep their source order; the
/// stages of `finally` follow the main ones.
public final class Plan: Sendable {
    /// The definition it was made from.
    public let definition: WorkflowDefinition
    /// Canonical JSON text of the definition: what a run is locked to.
    public let snapshot: [UInt8]
    /// SHA-256 of the snapshot, lower-case hex.
    public let hash: String
    /// Main stages in source order, then the stages of `finally`.
    public let stages: [PlannedStage]
    /// Where the stages of `finally` begin in ``stages``.
    public let finallyStart: Int
    /// Main stages by the earliest level at which they can run; stages of one level can run in parallel.
    public let levels: [[Int]]
    /// The workflow's environment.
    public let env: [PlannedEnvironmentEntry]
    /// What the run gives back.
    public let outputs: [PlannedOutput]
    /// Fields of later kinds that a run of this workflow would need and this engine refuses, with their place.
    public let unsupported: [UnsupportedFeature]
    /// The group in which runs exclude one another; nil when there is none.
    public let concurrency: PlannedConcurrency?
    /// The stages of hooks, those of one event side by side; their places go on behind ``stages``.
    public let hookStages: [PlannedStage]
    /// Texts and files for stages that talk to a model, in source order.
    public let context: [PlannedContext]
    /// Where the stages of an event are in ``hookStages``.
    let hooks: [HookEvent: Range<Int>]
    /// Place of every stage in ``stages``, by id.
    public let indexByID: [String: Int]
    /// Place of every stage of a hook, by id.
    let hookIndexByID: [String: Int]
    /// Whether stages differ in what goes first of those that are ready.
    let hasPriorities: Bool

    /// Creates a plan; ``Planner`` is the one caller.
    public init(
        definition: WorkflowDefinition, snapshot: [UInt8], hash: String, stages: [PlannedStage], finallyStart: Int,
        levels: [[Int]], env: [PlannedEnvironmentEntry], outputs: [PlannedOutput], unsupported: [UnsupportedFeature],
        concurrency: PlannedConcurrency? = nil, hookStages: [PlannedStage] = [],
        hooks: [HookEvent: Range<Int>] = [:], context: [PlannedContext] = []
    ) {
        self.definition = definition
        self.snapshot = snapshot
        self.hash = hash
        self.stages = stages
        self.finallyStart = finallyStart
        self.levels = levels
        self.env = env
        self.outputs = outputs
        self.unsupported = unsupported
        self.concurrency = concurrency
        self.hookStages = hookStages
        self.hooks = hooks
        self.context = context
        self.hasPriorities = stages.contains { $0.priority != 0 } || hookStages.contains { $0.priority != 0 }
        self.hookIndexByID = Dictionary(
            hookStages.map { ($0.definition.id, $0.index) }, uniquingKeysWith: { first, _ in first })
        self.indexByID = Dictionary(
            stages.map { ($0.definition.id, $0.index) }, uniquingKeysWith: { first, _ in first })
    }
}

extension Plan {
    /// A planned stage, those of hooks included.
    public func planned(_ place: Int) -> PlannedStage {
        place < stages.count ? stages[place] : hookStages[place - stages.count]
    }

    /// The stages of each hook, in the order of the definition.
    public var hookParts: [(event: HookEvent, stages: ArraySlice<PlannedStage>)] {
        hooks.sorted { $0.value.lowerBound < $1.value.lowerBound }.map { ($0.key, hookStages[$0.value]) }
    }

    /// The name under which a stage is shown: its id, in a hook behind the event (`on_failure:tell`).
    public func name(of place: Int) -> String {
        guard place >= stages.count else { return stages[place].id }
        let event = hooks.first { $0.value.contains(place - stages.count) }?.key
        return "\(event?.rawValue ?? ""):\(hookStages[place - stages.count].id)"
    }
}

/// What hooks follow.
public enum HookEvent: String, Sendable, Hashable, CaseIterable {
    /// The run starts; beside its first stages.
    case onStart = "on_start"
    /// It is about to end well; behind `finally`.
    case onSuccess = "on_success"
    /// It is about to end as failed or timed out; behind `finally`.
    case onFailure = "on_failure"
    /// Nothing in it moves any more but time, people or signals.
    case onWaiting = "on_waiting"
    /// Another engine has taken it up.
    case onRecovery = "on_recovery"
}

/// A group in which runs exclude one another, compiled.
public struct PlannedConcurrency: Sendable {
    /// Gives the group's name at acceptance.
    public let group: Template
    /// What happens to a run whose group is taken.
    public let onConflict: ConcurrencyDefinition.OnConflict

    /// Creates a rule.
    public init(group: Template, onConflict: ConcurrencyDefinition.OnConflict) {
        self.group = group
        self.onConflict = onConflict
    }
}

/// Something a workflow asks for that this engine cannot do yet: it is refused before the run starts.
public struct UnsupportedFeature: Sendable, Hashable {
    /// Field or stage kind, for example `gate` or `matrix`.
    public let feature: String
    /// Stage that asks for it; nil for the workflow itself.
    public let stage: String?

    /// Creates an entry.
    public init(feature: String, stage: String?) {
        self.feature = feature
        self.stage = stage
    }
}

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

/// An executor that a model may have called.
public struct PlannedTool: Sendable {
    /// The name under which the model knows it.
    public let name: String
    /// What carries a call out; its input holds what the model cannot choose.
    public let body: PlannedBody
}

/// A named text or file for stages that talk to a model.
public struct PlannedContext: Sendable {
    /// Its name.
    public let name: String
    /// The text, which may also be a list of pieces; nil for a file.
    public let text: TemplateValue?
}

/// A compiled `cache` rule.
public struct PlannedCache: Sendable {
    /// The author's part of the key.
    public let key: Template
    /// How long a result is good for; nil as long as its run is kept.
    public let ttl: Duration?

    /// Creates a rule.
    public init(key: Template, ttl: Duration?) {
        self.key = key
        self.ttl = ttl
    }
}

/// A compiled `fallback` or `compensate` body.
public struct PlannedBody: Sendable {
    /// What carries it out.
    public let kind: StageKind
    /// Which slots its attempts use.
    public let pool: StagePool
    /// Executor as written.
    public let uses: String
    /// The executor's input.
    public let with: TemplateValue
    /// Environment, the workflow's included.
    public let env: [PlannedEnvironmentEntry]
    /// Bound on one attempt.
    public let timeout: Duration
    /// Retry rule.
    public let retry: RetryPolicy
    /// The plan of the workflow that it runs as a child; nil for every other kind.
    public let child: Plan?

    /// Creates a body.
    public init(
        kind: StageKind, uses: String, with: TemplateValue, env: [PlannedEnvironmentEntry], timeout: Duration,
        retry: RetryPolicy, child: Plan? = nil
    ) {
        self.kind = kind
        self.pool = StagePool(kind)
        self.uses = uses
        self.with = with
        self.env = env
        self.timeout = timeout
        self.retry = retry
        self.child = child
    }
}

/// One environment variable, compiled.
public struct PlannedEnvironmentEntry: Sendable {
    /// Where the value comes from.
    public enum Source: Sendable {
        /// A template rendered at dispatch.
        case template(Template)
        /// A variable of the host as it was recorded when the run was accepted.
        case fromHost(name: String, default: String?)
    }
    /// Variable name.
    public let name: String
    /// Where the value comes from.
    public let source: Source

    /// Creates an entry.
    public init(name: String, source: Source) {
        self.name = name
        self.source = source
    }
}

/// One typed input, compiled.
public struct PlannedInput: Sendable {
    /// The contract.
    public let definition: InputDefinition
    /// The value; nil when none is written.
    public let value: TemplateValue?

    /// Creates an input.
    public init(definition: InputDefinition, value: TemplateValue?) {
        self.definition = definition
        self.value = value
    }
}

/// One typed output, compiled.
public struct PlannedOutput: Sendable {
    /// The contract.
    public let definition: OutputDefinition
    /// The value; nil takes the field of the same name from the result.
    public let value: TemplateValue?

    /// Creates an output.
    public init(definition: OutputDefinition, value: TemplateValue?) {
        self.definition = definition
        self.value = value
    }
}

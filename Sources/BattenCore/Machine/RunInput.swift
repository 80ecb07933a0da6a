/// Something that happened to a run, as the engine tells its machine.
public enum RunInput: Sendable {
    /// The run was asked for; the first input of every run.
    case accepted(RunRequest)
    /// The run was asked for by a process that does not execute it: nothing starts before ``restarted``.
    case detached(RunRequest)
    /// An attempt ended.
    case attemptFinished(stage: Int, attempt: Int, outcome: StageOutcome)
    /// An attempt could not be made because something is missing on this engine.
    case attemptBlocked(stage: Int, attempt: Int, on: MissingThing = .secret, reason: String)
    /// The plugins that these stages and items were blocked for are there now; what is not blocked is left alone.
    case pluginFound(stages: Set<Int>)
    /// The engine is being stopped and gives up an attempt that had not ended; another engine makes it again.
    case attemptGivenBack(stage: Int, attempt: Int)
    /// The child run of an attempt stands still and waits for something, or moves again.
    case childStands(stage: Int, attempt: Int, wait: ChildWait?)
    /// A timer that the machine armed is due.
    case timerFired(String)
    /// Somebody asks something of the run; a stored request has a number, and is never taken in twice.
    case control(RunControl, request: Int64? = nil)
    /// The store has said whether the run holds its group.
    case group(GroupPlace)
    /// A run above this one holds its group.
    case groupOfAncestor(String)
    /// What other engines hold is known: stages that asked for shared slots may start.
    case admit
    /// Slots that other runs held are free again.
    case slotsFreed
    /// Whether the last run of the workflow that ended before this one had failed, as the store knows.
    case lookedBack(hadFailed: Bool)
    /// A new owner has replayed the journal: attempts that were running are lost, a run that waited for an engine starts.
    case restarted
}

/// What a run is started with.
public struct RunRequest: Sendable, Hashable {
    /// Run id.
    public var run: String
    /// What started it, for example `cli` or `exec`.
    public var trigger: String
    /// Parameters after defaults; an object.
    public var parameters: JSONValue
    /// Values of host variables read at acceptance, by name; an object of strings.
    public var hostEnvironment: JSONValue
    /// Seed of everything random in the run.
    public var seed: UInt64
    /// Folder of the run's own.
    public var workdir: String
    /// Folder in which the run was asked for; the executors' relative paths start there.
    public var directory: String
    /// Folder of the workflow's file, where it is another one: the run belongs to the project there.
    public var workflowFolder: String?
    /// Key under which the same request gives the same run.
    public var idempotencyKey: String?
    /// The run that it continues with what that has committed; nil for a run of its own.
    public var origin: ForkOrigin?
    /// Stages that are taken from that run, those that others depend on first.
    public var kept: [KeptStage]
    /// The attempt that started it, when it is a child.
    public var parent: ParentStage?
    /// Bound on the run by whoever started it, besides the workflow's own; nil is none.
    public var timeout: Duration?
    /// What has started it by itself: a due time, a file, another run's end, an event; nil for a run that somebody asked for.
    public var event: JSONObject?
    /// Bound on what the run may use, besides the workflow's own; nil is none.
    public var budget: BudgetDefinition?
    /// Whether what it uses counts against a budget of a run above it.
    public var isUnderBudget = false
    /// The group in which it excludes other runs; the machine finds it.
    var group: String?

    /// Creates a request.
    public init(
        run: String, trigger: String, parameters: JSONValue = .object([:]), hostEnvironment: JSONValue = .object([:]),
        seed: UInt64, workdir: String, directory: String = "/", idempotencyKey: String? = nil,
        origin: ForkOrigin? = nil, kept: [KeptStage] = []
    ) {
        self.run = run
        self.trigger = trigger
        self.parameters = parameters
        self.hostEnvironment = hostEnvironment
        self.seed = seed
        self.workdir = workdir
        self.directory = directory
        self.idempotencyKey = idempotencyKey
        self.origin = origin
        self.kept = kept
    }
}

/// Which body of a stage is meant.
public enum StageBodyChoice: String, Sendable, Hashable {
    case main, fallback
    /// What undoes the stage after it has completed.
    case compensate
    /// A tool that the model of the main body wants called.
    case tool
    /// What summarises the outputs.
    case handoff

    /// Whether what an attempt keeps is for the next one; a step of a conversation keeps nothing but its end.
    public var keepsCheckpoints: Bool { self != .tool && self != .handoff }

    /// The field that holds the body's input, for messages.
    var inputField: String {
        switch self {
        case .main: "with"
        case .fallback, .compensate: "\(rawValue).with"
        case .tool: "tools"
        case .handoff: "handoff"
        }
    }
}

/// Why an attempt is made.
public enum AttemptReason: String, Sendable, Hashable {
    case first, retry, fallback
    case engineLost = "engine_lost"
    case workerLost = "worker_lost"
    /// The engine was stopped in an orderly way before the attempt had ended.
    case engineStopped = "engine_stopped"
    /// A gate was rejected and has sent the run back.
    case rewound
    /// The model wants a tool called.
    case tool
    /// The tools have answered, and the model goes on.
    case answered
    /// The outputs are to be summarised.
    case handoff
}

/// An attempt to make.
public struct StageStart: Sendable, Hashable {
    /// Place of the stage's row; that of an item stands behind all planned stages.
    public var stageIndex: Int
    /// Place in the plan of the stage that it is, or is an item of.
    public var planned: Int
    /// Number of the item, from 0; nil when the stage is one.
    public var item: Int?
    /// Attempt number, from 1.
    public var attempt: Int
    /// Why it is made.
    public var reason: AttemptReason
    /// Which time the stage is carried out in the run, from 1; a rejected gate may begin another round.
    public var round: Int
    /// Key that stays the same over the attempts of one stage run.
    public var idempotencyKey: String
    /// Which body to call.
    public var body: StageBodyChoice
    /// Bound on the attempt: the body's own, cut at the stage's deadline.
    public var timeout: Duration
    /// Whether it was lost twice and should be kept away from other calls where that is possible.
    public var wantsIsolation: Bool
    /// The most tokens that may come out, where quotas have reserved for so many; nil leaves it to the call.
    public var outputLimit: Int64? = nil
}

/// What the engine does after a step was committed.
public enum RunEffect: Sendable, Hashable {
    /// Call the stage's executor.
    case startAttempt(StageStart)
    /// Start the child run of a stage, or find it again.
    case startChild(ChildStart)
    /// Ask an attempt to stop; `now` means without grace.
    case cancelAttempt(stage: Int, attempt: Int, now: Bool)
    /// Tell the machine when this instant has come.
    case armTimer(key: String, at: Timestamp)
    /// Forget a timer.
    case disarmTimer(key: String)
    /// Ask the store for the run's place in its group; `cancelsEarlier` ends the runs before it.
    case joinGroup(cancelsEarlier: Bool)
    /// Ask the store how the workflow's run before this one has ended, and tell with ``RunInput/lookedBack(hadFailed:)``.
    case lookBack
    /// The run has ended; nothing more comes.
    case runEnded(RunStatus)
}

/// What one input changed: facts, the images of all rows that changed, and what to do after the commit.
public struct RunStep: Sendable {
    /// Facts in the order they were decided.
    public var records: [JournalRecord] = []
    /// The run's row when it changed.
    public var runRow: RunRow?
    /// Rows of stages that changed, each once.
    public var stages: [StageRow] = []
    /// Rows of attempts that changed, each once.
    public var attempts: [AttemptRow] = []
    /// Gates that changed, each once.
    public var gates: [GateRow] = []
    /// Signals that changed, each once.
    public var signals: [SignalRow] = []
    /// Timers to arm or move.
    public var timersArmed: [TimerRow] = []
    /// Keys of timers that are gone.
    public var timersCleared: [String] = []
    /// Slots that attempts took or gave back and that are shared with other engines, in order.
    public var slots: [SlotChange] = []
    /// What attempts that start have reserved of quotas.
    public var reservations: [ReservationChange] = []
    /// Attempts that have ended and may hold reservations.
    public var released: [ReservationChange] = []
    /// What to do once the step is committed, in order.
    public var effects: [RunEffect] = []
    /// Why a control was refused; nil when it was applied or none was asked.
    public var refusal: String?
    /// The run's status after the step.
    public var status = RunStatus.pending
    /// Whether ready stages wait for their turn after the step.
    public var hasQueue = false
    /// What could start but for its slot after the step: of each kind of slot the one whose turn it is.
    public var heads: [SlotHead] = []
    /// Whether stages want slots that are shared with other engines: ``RunInput/admit`` decides them.
    public var wantsSlots = false
    /// Whether what the run uses counts against budgets; no longer once it has ended.
    public var isBudgeted = false
    /// Whether nothing in the engine can move the run after the step.
    public var isStuck = false
    /// Whether the run waits in the line of its group after the step.
    public var isInLine = false

    /// Whether there is anything to commit.
    public var isEmpty: Bool { records.isEmpty }
}

/// What an engine may lack that a stage needs; the raw value is the word that people and programs see.
public enum MissingThing: String, Sendable, Hashable, CaseIterable {
    /// A secret that the stage reads.
    case secret
    /// The plugin that offers its executor.
    case plugin
}

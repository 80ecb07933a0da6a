/// The state of a run: what its facts add up to.
///
/// Only ``RunState/evolve(_:at:plan:changes:)`` changes it, one fact at a time, so the same facts always give the same
/// state.
public struct RunState: Sendable, Hashable {
    /// The part of its life a run is in.
    enum Phase: Sendable, Hashable {
        case main, compensation, finally, ending, ended
    }

    /// The run's row; its id is empty before the run is accepted.
    public internal(set) var row: RunRow
    /// Position of the last fact in the journal; 0 before the first.
    public internal(set) var lastSeq: Int64 = 0
    /// The stages, in the order of the plan, and after them the items of stages that are spread over a list.
    var stages: [StageState]
    /// What stages are spread over, by their place.
    var expansions: [Int: Expansion] = [:]
    /// Stages with items that have not begun, oldest first.
    var expanding: [Int] = []
    var phase = Phase.main
    /// Main stages that are not decided.
    var mainLeft: Int
    /// Stages of `finally` that are not decided.
    var finallyLeft: Int
    /// Undos that are not decided.
    var undosLeft = 0
    /// Places of the undos, by name; they are side by side, in the order in which they are made.
    var undos: [String: Int] = [:]
    /// Place of the first undo.
    var firstUndo = 0
    /// Stages of hooks that are not decided.
    var hooksLeft = 0
    /// How often the hooks of an event have begun.
    var hookRounds: [HookEvent: Int] = [:]
    /// Places of the stages of hooks, by name.
    var hookPlaces: [String: Int] = [:]
    /// Whether somebody asked the run to be cancelled, in its last hooks or before: hooks wait for nothing any more.
    var areHooksHurried = false
    /// How the run ends once its last hooks have; nil before.
    var verdict: RunStatus?
    /// How many stages are in each mode, those of hooks left out.
    var counts = ModeCounts()
    /// How many stages of hooks are in each mode.
    var hookCounts = ModeCounts()
    /// Running stages whose attempt is a child run.
    public internal(set) var childrenRunning = 0
    /// Those of them that are stages of hooks.
    var hookChildrenRunning = 0
    /// Those of the run's own whose children stand still.
    var childrenWaiting = 0
    /// Those of hooks whose children do.
    var hookChildrenWaiting = 0
    /// Folder of the workflow's file, where it is another than the one in which the run was asked for.
    public internal(set) var workflowFolder: String?
    /// Bound on the run by whoever started it.
    var givenTimeout: Duration?
    /// What has started the run by itself; nil for one that somebody asked for.
    public internal(set) var event: JSONObject?
    /// Whether what it uses counts against a budget: its own, a stage's, or one of a run above it.
    public internal(set) var isBudgeted = false
    /// Stages and items that wait for quotas.
    var quotaWaits = 0
    /// Items that do, by the place of their stage: no further one begins before them.
    var parkedItems: [Int: Int] = [:]
    /// Whether an attempt was made.
    var hasAttempts = false
    /// Running stages that must be alone.
    var exclusiveRunning = 0
    /// Ready stages that wait for their turn.
    var queue = ReadyQueue()
    /// Armed timers.
    var timers: [String: Timestamp] = [:]
    /// Signals that came in, oldest first.
    var signals: [SignalRow] = []
    /// Stored requests that were taken in: answers and signals.
    var requests: Set<Int64> = []
    /// What was left of the clocks that a pause has stopped.
    var stoppedClocks: [String: Duration] = [:]
    /// Whether a stage failed under `halt`.
    var haltedBy: Int?
    /// Why the main stages were stopped.
    var stop: StopCause?
    /// Whether anybody asked the run to be cancelled.
    var isCancelAsked = false
    var isPaused = false
    /// The failure that decides the run.
    var decisiveError: StageError?

    /// Whether the run exists.
    public var isAccepted: Bool { lastSeq > 0 }

    /// Whether its stages may start, or might once: it does not wait for its group any more.
    var isStarted: Bool { row.startedAt != nil }

    /// Whether the run is on disk and has not started: it waits for its group, or for an engine to take it up.
    public var awaitsStart: Bool { isAccepted && !isEnded && !isStarted }

    /// Whether the run has ended.
    public var isEnded: Bool { phase == .ended }

    /// Whether nothing in this engine can move the run but time running out: it waits for people, for a signal, for
    /// something that is missing here, for a `resume`, or for children that stand still like this themselves.
    public var isStuck: Bool {
        guard isAccepted, !isEnded, counts.running + hookCounts.running == childrenRunning else { return false }
        if isPaused { return true }
        return counts.blocked + counts.awaiting + hookCounts.awaiting + childrenRunning > 0
            && counts.sleeping + hookCounts.sleeping == 0 && counts.retrying + hookCounts.retrying == 0
            && queue.isEmpty
    }

    /// Whether nothing is left to be done but what hooks do.
    var isLeftToHooks: Bool { mainLeft == 0 && undosLeft == 0 && finallyLeft == 0 }

    /// Running attempts that count against what the run may do at once: child runs and hooks do not.
    var attemptsRunning: Int { counts.running - (childrenRunning - hookChildrenRunning) }

    /// Whether the run waits in the line of its group.
    public var isInLine: Bool { isAccepted && !isStarted && !isEnded && row.group != nil }

    /// Whether ready stages wait for their turn.
    public var hasQueue: Bool { !queue.isEmpty }

    /// The rows of all stages, in the order of the plan, and after them those of items.
    public var stageRows: [StageRow] { stages.map(\.row) }

    /// The gates that were opened, in the order of the plan.
    public var gateRows: [GateRow] { stages.compactMap(\.gate) }

    /// The signals that came in, oldest first.
    public var signalRows: [SignalRow] { signals }

    /// The row of a stage, or of an item.
    ///
    /// - Parameter index: place in the plan; items stand behind it.
    public func stageRow(_ index: Int) -> StageRow? { stages.indices.contains(index) ? stages[index].row : nil }

    /// The latest attempt of a stage; nil when there was none.
    ///
    /// - Parameter index: place in the plan.
    public func latestAttempt(_ index: Int) -> AttemptRow? {
        stages.indices.contains(index) ? stages[index].attempt : nil
    }

    /// The attempts that are running, as stage and attempt number, in the order of the plan.
    public var runningAttempts: [(stage: Int, attempt: Int)] {
        stages.indices.filter { stages[$0].mode == .running }.map { ($0, stages[$0].row.attempts) }
    }

    /// The timers that are armed, by key.
    public var armedTimers: [TimerRow] {
        timers.map { TimerRow(key: $0.key, at: $0.value) }.sorted { ($0.at, $0.key) < ($1.at, $1.key) }
    }

    /// The stages that stand still, with the reason; in the order of the plan.
    public var waitingStages: [(stage: String, reason: WaitReason)] {
        stages.compactMap { stage in
            guard !stage.row.status.isTerminal, let reason = stage.row.waiting else { return nil }
            return (stage.row.id, reason)
        }
    }
}

/// The state of one stage.
struct StageState: Sendable, Hashable {
    /// What a stage is doing; finer than the status that is shown.
    enum Mode: Sendable, Hashable {
        /// Not decided yet, or about to be.
        case idle
        /// Ready, waiting for its turn.
        case queued
        case running
        case sleeping
        /// Between two attempts.
        case retrying
        /// Waiting for people or for a signal.
        case awaiting
        /// Something is missing on this engine.
        case blocked
        /// Spread over items, which do what is to be done.
        case expanded
        case ended
    }

    /// Where a gate sends the run back to.
    struct Rewind: Sendable, Hashable {
        let to: String
        let limit: Int
    }

    var row: StageRow
    /// Place in the plan of the stage that it is, or is an item of.
    let planned: Int
    var attempt: AttemptRow?
    var mode = Mode.idle
    /// Dependencies that are not decided.
    var dependenciesLeft: Int
    /// The first dependency that makes `success()` false.
    var unmet: Int?
    /// Whether some ancestor failed or timed out.
    var hasFailedAncestor = false
    /// Why its running attempt was asked to stop.
    var stopping: StopCause?
    /// Attempts of the current body that count against its limit.
    var counted = 0
    /// Attempts lost with their engine.
    var losses = 0
    var body = StageBodyChoice.main
    var nextReason = AttemptReason.first
    /// How the last attempt failed.
    var lastFailure: StageFailure?
    /// What it asks people, or has asked.
    var gate: GateRow?
    /// Whether its gate asks what is to become of a lost attempt.
    var asksAboutLoss = false
    /// Items that it takes over from another run once it is spread over its list.
    var keptItems: [KeptStage.Item] = []
    /// Where its gate sends the run back to when it is rejected, and how often.
    var rewind: Rewind?
    /// Which time it is carried out in this run, from 1; a rejected gate may begin another round.
    var round = 1
    /// The signal that it waits for.
    var signalName: String?
    /// The quota that it waits for, by its key.
    var quota: Int64?
    /// Place of the stage or item that it undoes; nil for one that is no undo.
    var undoes: Int?
    /// How far the stage stands behind its place in the plan, when it is one of a hook or an item of one; else nil.
    var hookShift: Int?
    /// What its child run waits for; nil while that moves, and when it has none.
    var childWait: ChildWait?
    /// Place in the journal of its completion, if there is something to undo; 0 else.
    var completedAt: Int64 = 0
    /// Its conversation with a model that has tools called.
    var dialogue: Dialogue?
    /// How many steps are behind it: calls of models and tools, and the work whose outputs are summarised.
    var step = 0
    /// Its outputs while they are summarised.
    var handingOff: HandingOff?
    /// The summary of its outputs; nil when none was asked for.
    var summary: JSONValue?

    init(row: StageRow, planned: Int, dependenciesLeft: Int) {
        self.row = row
        self.planned = planned
        self.dependenciesLeft = dependenciesLeft
    }

    /// Place of the stage that it is, or is an item or the undo of, among all of the run.
    var home: Int { planned + (hookShift ?? 0) }
}

/// How many stages of a run are in the modes that matter for its status.
struct ModeCounts: Sendable, Hashable {
    var running = 0
    var sleeping = 0
    var retrying = 0
    var awaiting = 0
    var blocked = 0

    mutating func add(_ amount: Int, to mode: StageState.Mode) {
        switch mode {
        case .running: running += amount
        case .sleeping: sleeping += amount
        case .retrying: retrying += amount
        case .awaiting: awaiting += amount
        case .blocked: blocked += amount
        case .idle, .queued, .expanded, .ended: break
        }
    }
}

/// Names of the timers of a run.
enum TimerKey: Sendable, Hashable {
    /// The run's timeout.
    case run
    /// A stage's deadline.
    case deadline(Int)
    /// A stage's next attempt.
    case retry(Int)
    /// The end of a stage's sleep.
    case sleep(Int)
    /// The end of a stage's wait for people or a signal.
    case answer(Int)

    var text: String {
        switch self {
        case .run: "run"
        case .deadline(let stage): "deadline:\(stage)"
        case .retry(let stage): "retry:\(stage)"
        case .sleep(let stage): "sleep:\(stage)"
        case .answer(let stage): "answer:\(stage)"
        }
    }

    init?(_ text: String) {
        if text == "run" {
            self = .run
            return
        }
        guard let colon = text.firstIndex(of: ":"), let stage = Int(text[text.index(after: colon)...]) else {
            return nil
        }
        switch text[..<colon] {
        case "deadline": self = .deadline(stage)
        case "retry": self = .retry(stage)
        case "sleep": self = .sleep(stage)
        case "answer": self = .answer(stage)
        default: return nil
        }
    }

    /// Whether a pause stops this clock.
    var stopsWhilePaused: Bool {
        switch self {
        case .run, .deadline, .answer: true
        case .retry, .sleep: false
        }
    }
}

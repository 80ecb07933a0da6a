/// A fact of a run in typed form: decided once, never changed, the only thing that changes the state of a run.
///
/// ``JournalRecord`` is the stored form; both ways of the translation are in `RunFact+Record.swift`.
enum RunFact: Sendable, Hashable {
    /// The run exists.
    case runAccepted(RunRequest, workflow: String, version: String, definitionHash: String)
    /// It waits in the line of its group.
    case runWaiting(behind: GroupMember)
    /// Its first stages may start.
    case runStarted
    /// A stage is spread over items.
    case stageExpanded(stage: Int, items: [JSONValue])
    /// An attempt is being made.
    case stageStarted(stage: Int, attempt: Int, reason: AttemptReason, body: StageBodyChoice)
    /// A stage stands still for a while.
    case stageWaiting(stage: Int, attempt: Int?, hold: StageHold)
    /// The child run of a running attempt stands still, or moves again.
    case childStands(stage: Int, attempt: Int, wait: ChildWait?)
    /// A running attempt was asked to stop because the stage's deadline has passed; without attempt, all items of the
    /// stage were.
    case stageStopping(stage: Int, attempt: Int?)
    /// An attempt failed, or a stage without attempts did, and something else is tried.
    case stageRetrying(stage: Int, attempt: Int?, failure: StageFailure, next: NextTry)
    /// An attempt ended well, or as a step may end, and the stage goes on; without attempt, there was none to make.
    case stageContinued(stage: Int, attempt: Int?, step: StageStep, effect: Effect)
    /// A stage has its outputs.
    case stageCompleted(stage: Int, attempt: Int?, outputs: JSONValue, effect: Effect, cachedFrom: String? = nil)
    /// A stage has failed for good.
    case stageFailed(stage: Int, attempt: Int?, failure: StageFailure)
    /// A stage's last attempt ran out of time, or its deadline has passed.
    case stageTimedOut(stage: Int, attempt: Int?, failure: StageFailure)
    /// A stage was stopped.
    case stageCancelled(stage: Int, attempt: Int?, reason: String, failure: StageFailure?)
    /// A stage is taken as the run that this one comes from has decided it.
    case stageKept(stage: Int, kept: KeptStage)
    /// A stage is taken back to before it began, by the gate that was rejected.
    case stageRewound(stage: Int, by: Int)
    /// A stage will not start.
    case stageSkipped(stage: Int, reason: String)
    /// A person has answered a gate.
    case gateAnswered(stage: Int, answer: GateAnswer, request: Int64?)
    /// A gate is approved or rejected, by a person or by time.
    case gateDecided(stage: Int, decision: GateDecision, by: String?)
    /// A signal has come in.
    case signalReceived(RunSignal, request: Int64?)
    /// A stage has taken a signal, named by its place in the journal.
    case signalTaken(stage: Int, signal: Int64)
    /// The run does not end well, and what these stages and items have done is undone, in this order.
    case compensationStarted([Int])
    /// The stages of a hook start; with how the run ends, where they are the last.
    case hookStarted(HookEvent, verdict: RunStatus?)
    /// The main stages are decided and those of `finally` start.
    case finallyStarted
    /// A running attempt was lost: with its worker process, which gave the failure, or with its engine; or its engine
    /// was stopped and gave it back.
    case attemptLost(stage: Int, attempt: Int, failure: StageFailure?)
    /// A result came too late and is ignored.
    case attemptLate(stage: Int, attempt: Int, outcomeClass: OutcomeClass?, code: String, message: String)
    /// The run is to stop.
    case runCancelRequested(StopCause)
    /// Nothing new starts until the run is resumed.
    case runPaused
    /// The run goes on.
    case runResumed
    /// Another engine has taken the run over.
    case runRecovered(lost: Int)
    /// The run ended well.
    case runCompleted(outputs: JSONValue)
    /// The run failed.
    case runFailed(StageError)
    /// The run was stopped; the reason when it was not a person who asked.
    case runCancelled(StageError?)
    /// The run's time was up.
    case runTimedOut(StageError)
}

/// Why a stage stands still without having ended.
enum StageHold: Sendable, Hashable {
    /// It is ready and waits for its turn.
    case slot(detail: String)
    /// It is ready and a quota has no room.
    case quota(QuotaWait)
    /// It is ready and the run is paused.
    case pause
    /// It sleeps until an instant.
    case sleep(until: Timestamp)
    /// It asks people.
    case gate(GateRequest)
    /// It waits for a signal.
    case signal(name: String, until: Timestamp?)
    /// Something is missing on this engine.
    case missing(MissingThing, reason: String)
}

/// What a gate asks, and whom.
struct GateRequest: Sendable, Hashable {
    var prompt: String
    var approvers: [String]
    var required: Int
    var form: JSONValue?
    var until: Timestamp?
    var approvesOnTimeout: Bool
    /// Stage to go back to when it is rejected.
    var rewindTo: String?
    /// How often it may go back.
    var maximumRewinds = RunMachine.rewindsOfGate
    /// Whether it asks what is to become of a lost attempt: an approval makes it again.
    var isAboutLoss = false
}

/// What follows a failed attempt.
enum NextTry: Sendable, Hashable {
    /// The same body again, at an instant.
    case retry(at: Timestamp)
    /// The fallback, at once.
    case fallback
}

/// Why a run is to stop before its stages are decided.
enum StopCause: String, Sendable, Hashable {
    /// Somebody asked.
    case cancel
    /// Somebody asked for the end at once, `finally` included.
    case now
    /// The run's timeout has passed.
    case timeout
}

/// How an attempt or stage failed.
struct StageFailure: Sendable, Hashable {
    /// What people and programs see.
    var error: StageError
    /// Whether the outside world may have changed.
    var effect: Effect

    init(_ error: StageError, effect: Effect) {
        self.error = error
        self.effect = effect
    }

    /// What is left of an outcome once it is known not to be `ok`.
    init(_ outcome: StageOutcome) {
        error = StageError(
            outcome.outcomeClass, code: outcome.code, message: outcome.message, details: outcome.details)
        effect = outcome.effect
    }

    /// A failure that the machine itself finds: nothing was done and trying again cannot help.
    static func permanent(_ code: String, _ message: String, details: JSONValue = .null) -> StageFailure {
        StageFailure(StageError(.permanent, code: code, message: message, details: details), effect: .none)
    }
}

extension RunFact {
    /// Whether it takes over what another run has decided.
    var isKept: Bool {
        if case .stageKept = self { return true }
        return false
    }

    /// The stage that the fact is about; nil for facts of the run itself.
    var stageIndex: Int? {
        switch self {
        case .stageStarted(let stage, _, _, _), .stageWaiting(let stage, _, _), .stageStopping(let stage, _),
            .childStands(let stage, _, _),
            .stageRetrying(let stage, _, _, _), .stageCompleted(let stage, _, _, _, _), .stageFailed(let stage, _, _),
            .stageTimedOut(let stage, _, _), .stageCancelled(let stage, _, _, _), .stageSkipped(let stage, _),
            .stageContinued(let stage, _, _, _), .stageKept(let stage, _), .stageRewound(let stage, _),
            .attemptLost(let stage, _, _), .attemptLate(let stage, _, _, _, _), .gateAnswered(let stage, _, _),
            .gateDecided(let stage, _, _), .signalTaken(let stage, _), .stageExpanded(let stage, _):
            stage
        case .runAccepted, .runWaiting, .runStarted, .compensationStarted, .hookStarted, .finallyStarted,
            .runCancelRequested,
            .runPaused, .runResumed, .runRecovered, .signalReceived, .runCompleted, .runFailed, .runCancelled,
            .runTimedOut:
            nil
        }
    }
}

/// States of a run.
public enum RunStatus: String, Sendable, Hashable, CaseIterable {
    case pending, running, paused, waiting, completed, failed, cancelled
    case timedOut = "timed_out"

    /// Whether the run has ended.
    public var isTerminal: Bool {
        switch self {
        case .completed, .failed, .cancelled, .timedOut: true
        case .pending, .running, .paused, .waiting: false
        }
    }
}

/// States of a stage.
public enum StageStatus: String, Sendable, Hashable, CaseIterable {
    case pending, running, waiting, retrying, completed, failed, cancelled, skipped
    case timedOut = "timed_out"

    /// Whether the stage is decided.
    public var isTerminal: Bool {
        switch self {
        case .completed, .failed, .cancelled, .skipped, .timedOut: true
        case .pending, .running, .waiting, .retrying: false
        }
    }
}

/// Why a stage or run is not moving, and since when.
public struct WaitReason: Sendable, Hashable {
    /// What it waits for, in one word such as `sleep`, `retry`, `slot`, `secret` or `pause`.
    public var on: String
    /// The same for people, one line.
    public var detail: String
    /// Since when.
    public var since: Timestamp
    /// When it ends by itself; nil when nothing in the engine ends it.
    public var until: Timestamp?

    /// Creates a reason.
    public init(on: String, detail: String, since: Timestamp, until: Timestamp? = nil) {
        self.on = on
        self.detail = detail
        self.since = since
        self.until = until
    }
}

/// The row of a run: what lists and status show.
public struct RunRow: Sendable, Hashable {
    /// Run id, 12 characters of lower-case base32.
    public var id: String
    /// Workflow name.
    public var workflow: String
    /// Workflow version text.
    public var version: String
    /// Hash of the definition the run is locked to.
    public var definitionHash: String
    /// State.
    public var status: RunStatus
    /// Why it is not moving.
    public var waiting: WaitReason?
    /// What started it, for example `cli`, `exec` or `schedule:<name>`.
    public var trigger: String
    /// Parameters after defaults.
    public var parameters: JSONValue
    /// Values of host variables read at acceptance, by name.
    public var hostEnvironment: JSONValue
    /// Seed of everything random in the run.
    public var seed: UInt64
    /// Folder of the run's own.
    public var workdir: String
    /// Folder in which the run was asked for; the executors' relative paths start there.
    public var directory: String
    /// Key under which the same request gives the same run.
    public var idempotencyKey: String?
    /// The stage attempt that started it; nil unless it is a child.
    public var parent: ParentStage?
    /// The group in which it excludes other runs; nil when there is none.
    public var group: String?
    /// Where it comes from; nil for a run of its own.
    public var origin: ForkOrigin?
    /// When it was accepted.
    public var acceptedAt: Timestamp
    /// When it started.
    public var startedAt: Timestamp?
    /// When it ended.
    public var endedAt: Timestamp?
    /// What it gave back.
    public var outputs: JSONValue?
    /// Why it failed.
    public var error: StageError?
    /// Failed stages, those under `on_failure: continue` included.
    public var failedStages: Int

    /// Creates the row of a run that was just accepted.
    public init(
        id: String, workflow: String, version: String, definitionHash: String, trigger: String, parameters: JSONValue,
        hostEnvironment: JSONValue, seed: UInt64, workdir: String, directory: String = "/", idempotencyKey: String?,
        acceptedAt: Timestamp
    ) {
        self.id = id
        self.workflow = workflow
        self.version = version
        self.definitionHash = definitionHash
        self.status = .pending
        self.waiting = nil
        self.trigger = trigger
        self.parameters = parameters
        self.hostEnvironment = hostEnvironment
        self.seed = seed
        self.workdir = workdir
        self.directory = directory
        self.idempotencyKey = idempotencyKey
        self.parent = nil
        self.group = nil
        self.origin = nil
        self.acceptedAt = acceptedAt
        self.startedAt = nil
        self.endedAt = nil
        self.outputs = nil
        self.error = nil
        self.failedStages = 0
    }
}

/// The row of a stage of a run.
public struct StageRow: Sendable, Hashable {
    /// Place in the plan; items stand behind all planned stages, those of one stage side by side.
    public var index: Int
    /// Stage id.
    public var id: String
    /// Number of the item, from 0, when this is an item of a stage with `for_each` or `matrix`.
    public var item: Int?
    /// Executor as written.
    public var uses: String
    /// Whether it belongs to `finally`.
    public var isFinally: Bool
    /// State.
    public var status: StageStatus
    /// Why it is not moving.
    public var waiting: WaitReason?
    /// Why it was skipped or cancelled, for people.
    public var reason: String?
    /// Attempts so far.
    public var attempts: Int
    /// When its first attempt started.
    public var startedAt: Timestamp?
    /// When it was decided.
    public var endedAt: Timestamp?
    /// Its committed outputs; nil until it completes.
    public var outputs: JSONValue?
    /// Why it failed.
    public var error: StageError?
    /// Run whose result it took over instead of making a call.
    public var cachedFrom: String?

    /// Creates the row of a stage that has not started.
    public init(index: Int, id: String, uses: String, isFinally: Bool) {
        self.index = index
        self.id = id
        self.item = nil
        self.uses = uses
        self.isFinally = isFinally
        self.status = .pending
        self.waiting = nil
        self.reason = nil
        self.attempts = 0
        self.startedAt = nil
        self.endedAt = nil
        self.outputs = nil
        self.error = nil
        self.cachedFrom = nil
    }
}

/// The row of one attempt of a stage.
public struct AttemptRow: Sendable, Hashable {
    /// Place of the stage's row.
    public var stageIndex: Int
    /// Number of the item, from 0, when it is an attempt of an item.
    public var item: Int?
    /// Attempt number, from 1; it is also the epoch that fences late results.
    public var number: Int
    /// Why it was made: `first`, `retry`, `engine_lost`, `fallback`.
    public var reason: String
    /// Key that stays the same over the attempts of one stage run.
    public var idempotencyKey: String
    /// When it started.
    public var startedAt: Timestamp
    /// When it ended; nil while it runs.
    public var endedAt: Timestamp?
    /// How it ended.
    public var outcomeClass: OutcomeClass?
    /// Whether the outside world may have changed.
    public var effect: Effect?
    /// Machine-readable code.
    public var code: String
    /// Message for people.
    public var message: String

    /// Creates the row of an attempt that is starting.
    public init(
        stageIndex: Int, item: Int? = nil, number: Int, reason: String, idempotencyKey: String, startedAt: Timestamp
    ) {
        self.stageIndex = stageIndex
        self.item = item
        self.number = number
        self.reason = reason
        self.idempotencyKey = idempotencyKey
        self.startedAt = startedAt
        self.endedAt = nil
        self.outcomeClass = nil
        self.effect = nil
        self.code = ""
        self.message = ""
    }
}

/// A durable timer of a run.
public struct TimerRow: Sendable, Hashable {
    /// Name, unique in its run, for example `retry:2`.
    public var key: String
    /// When it fires.
    public var at: Timestamp

    /// Creates a timer.
    public init(key: String, at: Timestamp) {
        self.key = key
        self.at = at
    }
}

/// One report of usage.
public struct UsageRow: Sendable, Hashable {
    /// Stage id.
    public var stage: String
    /// Attempt number.
    public var attempt: Int
    /// Plugin id.
    public var plugin: String
    /// What was counted, for example `input_tokens`.
    public var metric: String
    /// What it was counted of, for example `openai/gpt-4o-mini`.
    public var subject: String
    /// How much; it adds up, never resets.
    public var amount: Int64
    /// What it cost in US dollars; nil when no price is known.
    ///
    /// A part that is counted among another one has the difference to its price, which may be negative.
    public var cost: Double?
    /// Number of the item, from 0; nil when the stage is one.
    public var item: Int?
    /// When.
    public var at: Timestamp
    /// Executor type; nil when it is not known.
    public var executor: String?
    /// The workflow's tags.
    public var tags: [String] = []
    /// Place of the stage's row; nil when that is not known.
    public var stageIndex: Int?
    /// The reservation that it is taken from; 0 is the one that its attempt was started with.
    public var lease: Int64 = 0

    /// Creates a report.
    public init(
        stage: String, item: Int? = nil, attempt: Int, plugin: String, metric: String, subject: String,
        amount: Int64, cost: Double? = nil, at: Timestamp
    ) {
        self.stage = stage
        self.attempt = attempt
        self.plugin = plugin
        self.metric = metric
        self.subject = subject
        self.amount = amount
        self.cost = cost
        self.item = item
        self.at = at
    }
}

/// One line of a stage's log.
public struct LogLine: Sendable, Hashable {
    /// When it came.
    public var at: Timestamp
    /// Stage id.
    public var stage: String
    /// Number of the item, from 0, when it is a line of an item.
    public var item: Int?
    /// Attempt number.
    public var attempt: Int
    /// Where it came from: `stdout`, `stderr`, or a level (`debug`, `info`, `warning`, `error`).
    public var stream: String
    /// The line without its end; secrets masked.
    public var text: String

    /// Creates a line.
    public init(at: Timestamp, stage: String, item: Int? = nil, attempt: Int, stream: String, text: String) {
        self.at = at
        self.stage = stage
        self.item = item
        self.attempt = attempt
        self.stream = stream
        self.text = text
    }
}

/// One entry of a run's journal: a fact that was decided, in the order it was decided.
public struct JournalRecord: Sendable, Hashable {
    /// Position in the run's journal, from 1 without gaps.
    public var seq: Int64
    /// When it was decided.
    public var at: Timestamp
    /// Stage id; nil for facts of the run itself.
    public var stage: String?
    /// Number of the item, from 0, for facts of an item of a stage with `for_each` or `matrix`.
    public var item: Int?
    /// Attempt number; nil where none is meant.
    public var attempt: Int?
    /// What happened, for example `stage_completed`.
    public var type: String
    /// The rest of the fact.
    public var data: JSONValue

    /// Creates a record.
    public init(
        seq: Int64, at: Timestamp, stage: String?, item: Int? = nil, attempt: Int?, type: String, data: JSONValue
    ) {
        self.seq = seq
        self.at = at
        self.stage = stage
        self.item = item
        self.attempt = attempt
        self.type = type
        self.data = data
    }

    /// The record as one object of the event stream, keys in the promised order.
    ///
    /// - Parameter run: id of the run it belongs to.
    public func json(run: String) -> JSONValue {
        var object: JSONObject = [
            "seq": .int(seq), "at": .string(at.rfc3339), "run": .string(run),
            "stage": stage.map { .string($0) } ?? .null,
        ]
        if let item { object["item"] = .int(Int64(item)) }
        object["attempt"] = attempt.map { .int(Int64($0)) } ?? .null
        object["type"] = .string(type)
        object["data"] = data
        return .object(object)
    }
}

/// A result that later stages take over instead of making the same call.
public struct CachedResult: Sendable, Hashable {
    /// Digest of everything that makes a call the same one.
    public var key: [UInt8]
    /// Run that made the call.
    public var run: String
    /// Its stage.
    public var stage: String
    /// What the executor produced.
    public var result: JSONValue
    /// When the stage completed.
    public var storedAt: Timestamp
    /// When it is good no more; nil is as long as its run is kept.
    public var expiresAt: Timestamp?

    /// Creates a result.
    public init(
        key: [UInt8], run: String, stage: String, result: JSONValue, storedAt: Timestamp, expiresAt: Timestamp?
    ) {
        self.key = key
        self.run = run
        self.stage = stage
        self.result = result
        self.storedAt = storedAt
        self.expiresAt = expiresAt
    }
}

/// State that a running attempt saved for the next attempt of its stage.
public struct CheckpointRow: Sendable, Hashable {
    /// Place of the stage's row.
    public var stageIndex: Int
    /// Attempt number.
    public var attempt: Int
    /// The plugin's own bytes.
    public var state: [UInt8]

    /// Creates a row.
    public init(stageIndex: Int, attempt: Int, state: [UInt8]) {
        self.stageIndex = stageIndex
        self.attempt = attempt
        self.state = state
    }
}

/// What the first commit of a run stores besides its rows.
public struct RunAcceptance: Sendable {
    /// Hash of the definition.
    public var definitionHash: String
    /// Canonical JSON text of the definition.
    public var snapshot: [UInt8]
    /// Engine that owns the run from the start.
    public var owner: String
    /// The due time of a schedule that starts it; the run is accepted only if that time has started no other.
    public var fire: ScheduleFire?
    /// Its budgets.
    public var budgets: [QuotaRule] = []

    /// Creates an acceptance.
    public init(definitionHash: String, snapshot: [UInt8], owner: String, fire: ScheduleFire? = nil) {
        self.definitionHash = definitionHash
        self.snapshot = snapshot
        self.owner = owner
        self.fire = fire
    }
}

/// A schedule as it is kept.
public struct Schedule: Sendable, Hashable {
    /// Where it comes from.
    public enum Origin: String, Sendable, Hashable {
        /// From its workflow's file: it goes when the file no longer has it.
        case workflow
        /// From the command line.
        case command
    }

    /// Why a schedule is paused whose workflow is not kept any more; keeping that again has it go on.
    public static let workflowIsGone = "its workflow was removed"

    /// Its name, one of a kind in a store.
    public var name: String
    /// The kept workflow that it runs.
    public var workflow: String
    /// What it says.
    public var rule: ScheduleRule
    /// Where it comes from.
    public var origin: Origin
    /// Why it is paused; nil when it is not.
    public var pause: String?
    /// Up to where due times have been dealt with.
    public var position: Timestamp
    /// When there is something to decide; nil is never.
    public var nextAt: Timestamp?
    /// When it was made.
    public var createdAt: Timestamp

    /// Creates a schedule.
    public init(
        name: String, workflow: String, rule: ScheduleRule, origin: Origin, pause: String? = nil,
        position: Timestamp, nextAt: Timestamp? = nil, createdAt: Timestamp
    ) {
        self.name = name
        self.workflow = workflow
        self.rule = rule
        self.origin = origin
        self.pause = pause
        self.position = position
        self.nextAt = nextAt
        self.createdAt = createdAt
    }
}

/// What became of a due time of a schedule.
public struct ScheduleFire: Sendable, Hashable {
    /// What asked for it.
    public enum Kind: String, Sendable, Hashable {
        /// The schedule itself.
        case due
        /// A person.
        case trigger
        /// A person, for times that have passed.
        case backfill
    }

    /// What became of it.
    public enum Outcome: String, Sendable, Hashable {
        /// A run was started.
        case started
        /// It waits for earlier runs to end.
        case queued
        /// An earlier run had not ended.
        case skipped
        /// Nobody was there; the last of those times stands for all.
        case missed
    }

    /// The schedule's name.
    public var schedule: String
    /// The due time.
    public var at: Timestamp
    /// What asked for it.
    public var kind: Kind
    /// What became of it.
    public var outcome: Outcome
    /// Runs of the schedule at once, while it waits.
    public var parallel: Int
    /// Run id; nil while none was started, or when it is gone.
    public var run: String?
    /// When it was decided.
    public var decidedAt: Timestamp
    /// What there is to say about it.
    public var note: String?

    /// Creates a fire.
    public init(
        schedule: String, at: Timestamp, kind: Kind, outcome: Outcome, parallel: Int = 1, run: String? = nil,
        decidedAt: Timestamp, note: String? = nil
    ) {
        self.schedule = schedule
        self.at = at
        self.kind = kind
        self.outcome = outcome
        self.parallel = parallel
        self.run = run
        self.decidedAt = decidedAt
        self.note = note
    }
}

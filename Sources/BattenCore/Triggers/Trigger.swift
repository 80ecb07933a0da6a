/// A trigger as it is kept.
public struct Trigger: Sendable, Hashable {
    /// Its name, one of a kind in a store.
    public var name: String
    /// The kept workflow that it runs.
    public var workflow: String
    /// What it says; folders are absolute.
    public var rule: TriggerRule
    /// When it was made.
    public var createdAt: Timestamp

    /// Creates a trigger.
    public init(name: String, workflow: String, rule: TriggerRule, createdAt: Timestamp) {
        self.name = name
        self.workflow = workflow
        self.rule = rule
        self.createdAt = createdAt
    }
}

/// Something that a trigger has waited for: a row, on disk before it is acknowledged.
public struct TriggerEvent: Sendable, Hashable {
    /// What became of it.
    public enum Outcome: String, Sendable, Hashable {
        /// Its run is still to be started.
        case queued
        /// It has started a run.
        case started
        /// It starts none, for the reason in its note.
        case refused
    }

    /// Events that one after the other may have been started by the end of the run of the one before.
    public static let longestChain = 32

    /// Its number in the store; 0 until it has one.
    public var number: Int64
    /// The trigger's name.
    public var trigger: String
    /// The workflow that it runs.
    public var workflow: String
    /// What tells it from others of the trigger: a second one with the same key starts nothing.
    public var key: String
    /// What is known of it.
    public var data: JSONObject
    /// What became of it.
    public var outcome: Outcome
    /// How many events have led to it, one by the end of the run of the other.
    public var depth: Int
    /// Run id; nil while none was started, or when it is gone.
    public var run: String?
    /// When it came.
    public var at: Timestamp
    /// Why it starts no run.
    public var note: String?

    /// The idempotency key of its run.
    public var runKey: String { "\(Self.keyWord) \(trigger) \(key)" }

    private static let keyWord = "trigger"

    /// The trigger and the key of the event whose run has an idempotency key; nil for any other run's.
    public static func parts(ofRunKey key: String?) -> (trigger: String, key: String)? {
        // Names of triggers have no spaces; keys may.
        let parts = key?.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false) ?? []
        guard parts.count == 3, parts[0] == keyWord else { return nil }
        return (String(parts[1]), String(parts[2]))
    }

    /// Creates an event that is still to start its run.
    public init(trigger: Trigger, key: String, data: JSONObject, at: Timestamp) {
        self.init(number: 0, trigger: trigger.name, workflow: trigger.workflow, key: key, data: data, at: at)
    }

    /// Creates an event as it is kept.
    public init(
        number: Int64, trigger: String, workflow: String, key: String, data: JSONObject, outcome: Outcome = .queued,
        depth: Int = 0, run: String? = nil, at: Timestamp, note: String? = nil
    ) {
        self.number = number
        self.trigger = trigger
        self.workflow = workflow
        self.key = key
        self.data = data
        self.outcome = outcome
        self.depth = depth
        self.run = run
        self.at = at
        self.note = note
    }
}

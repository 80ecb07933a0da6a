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
    /// Whether the workflow may use the folder of its run: then, and only then, the folder is made.
    public let mentionsWorkdir: Bool

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
        self.mentionsWorkdir = snapshot.withUnsafeBufferPointer { bytes in
            let word = StaticString("workdir")
            return word.withUTF8Buffer { word in
                bytes.indices.dropLast(word.count - 1).contains { place in
                    bytes[place] == word[0] && bytes[place..<place + word.count].elementsEqual(word)
                }
            }
        }
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
    /// It is about to end well, and the workflow's run before it had failed; beside `on_success`.
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

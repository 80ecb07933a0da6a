/// How many attempts may run at once over all engines of a store.
///
/// Every engine holds itself to its own limits and counts the attempts of all.
public struct SharedLimits: Sendable, Hashable {
    /// Attempts at once in all; nil is no limit.
    public var stages: Int?
    /// Attempts at once of all runs of a workflow, by its name.
    public var workflows: [String: Int]
    /// Attempts at once that use a plugin, by its id.
    public var plugins: [String: Int]

    /// Creates limits; without arguments there are none.
    public init(stages: Int? = nil, workflows: [String: Int] = [:], plugins: [String: Int] = [:]) {
        self.stages = stages
        self.workflows = workflows
        self.plugins = plugins
    }

    /// Whether nothing is limited.
    public var isEmpty: Bool { stages == nil && workflows.isEmpty && plugins.isEmpty }

    /// Whether an attempt counts against any of them.
    public func apply(workflow: String, plugin: String) -> Bool {
        stages != nil || workflows[workflow] != nil || plugins[plugin] != nil
    }

    /// Whether two attempts, each of a workflow and a plugin, could take a slot from one another.
    func contest(_ one: (workflow: String, plugin: String), _ other: (workflow: String, plugin: String)) -> Bool {
        stages != nil || one.workflow == other.workflow && workflows[one.workflow] != nil
            || one.plugin == other.plugin && plugins[one.plugin] != nil
    }

    /// The first limit that leaves no room for another attempt, for people; nil when there is room.
    ///
    /// - Parameters:
    ///   - workflow: the attempt's workflow.
    ///   - plugin: the plugin that it uses.
    ///   - count: attempts that run, of a workflow and of a plugin where they are given, else of all.
    public func full(
        workflow: String, plugin: String, count: (_ workflow: String?, _ plugin: String?) -> Int
    ) -> (scope: SlotScope, limit: Int)? {
        if let limit = plugins[plugin], count(nil, plugin) >= limit { return (.plugin(plugin), limit) }
        if let limit = workflows[workflow], count(workflow, nil) >= limit { return (.workflow(workflow), limit) }
        if let limit = stages, count(nil, nil) >= limit { return (.all, limit) }
        return nil
    }
}

/// What a shared limit counts.
public enum SlotScope: Sendable, Hashable {
    case all
    case workflow(String)
    case plugin(String)

    /// The scope in words that follow "slots".
    public var words: String {
        switch self {
        case .all: "of this store"
        case .workflow(let name): "of the workflow \(name)"
        case .plugin(let id): "of the plugin \(id)"
        }
    }
}

/// A slot that an attempt holds over all engines of a store.
///
/// It is a row that is written with the start of its attempt and removed with its end, in the same transactions.
public struct SlotLease: Sendable, Hashable {
    /// Stage's place in the plan.
    public var stageIndex: Int
    /// Attempt number.
    public var attempt: Int
    /// Engine that makes the attempt.
    public var engine: String
    /// Plugin that it uses.
    public var plugin: String
    /// When it was taken.
    public var takenAt: Timestamp
    /// Until when it counts without being renewed; nil where the store sees whether engines live.
    public var expiresAt: Timestamp?

    /// Creates a lease.
    public init(
        stageIndex: Int, attempt: Int, engine: String, plugin: String, takenAt: Timestamp, expiresAt: Timestamp? = nil
    ) {
        self.stageIndex = stageIndex
        self.attempt = attempt
        self.engine = engine
        self.plugin = plugin
        self.takenAt = takenAt
        self.expiresAt = expiresAt
    }
}

/// A slot that an attempt takes or gives back.
public struct SlotChange: Sendable, Hashable {
    /// Stage's place in the plan.
    public var stageIndex: Int
    /// Attempt number.
    public var attempt: Int
    /// Plugin that it uses.
    public var plugin: String
    /// Whether it is taken; else it is given back.
    public var isTaken: Bool

    /// Creates a change.
    public init(stageIndex: Int, attempt: Int, plugin: String, isTaken: Bool) {
        self.stageIndex = stageIndex
        self.attempt = attempt
        self.plugin = plugin
        self.isTaken = isTaken
    }
}

/// An engine that wants to start attempts under shared limits.
public struct SlotRequest: Sendable {
    /// Engine id.
    public var engine: String
    /// When.
    public var at: Timestamp
    /// Runs whose attempts may have to reserve of quotas and budgets; nil when none has to.
    public var metered: [String]?
    /// What has been used and given back by now, to be written before it is decided.
    public var settlements: [RunCommit] = []
    /// The rules of a time zone; nil when it is not known here.
    public var zones: @Sendable (String) -> TimeZoneRules? = { $0 == "UTC" ? .utc : nil }

    /// Creates a request.
    public init(engine: String, at: Timestamp, metered: [String]? = nil) {
        self.engine = engine
        self.at = at
        self.metered = metered
    }
}

/// What an engine decides starts by: what others hold, and how full quotas are.
public struct SharedStanding: Sendable {
    /// Slots of other engines.
    public var uses: [SlotUse]
    /// What those of them wait for that live and come when they are called.
    public var waits: [SlotWait]
    /// Quotas and budgets; nil when they were not asked for.
    public var quotas: QuotaBook?

    /// Creates a standing.
    public init(uses: [SlotUse] = [], waits: [SlotWait] = [], quotas: QuotaBook? = nil) {
        self.uses = uses
        self.waits = waits
        self.quotas = quotas
    }
}

/// Attempts of other engines that hold slots, counted by workflow and plugin.
public struct SlotUse: Sendable, Hashable {
    /// Workflow name.
    public var workflow: String
    /// Plugin id.
    public var plugin: String
    /// How many.
    public var count: Int

    /// Creates a count.
    public init(workflow: String, plugin: String, count: Int) {
        self.workflow = workflow
        self.plugin = plugin
        self.count = count
    }
}

/// The attempt whose turn it is of those of an engine that wait for the same shared slots, or for the same quota.
public struct SlotWait: Sendable, Hashable {
    /// Engine id.
    public var engine: String
    /// Workflow name; empty for a quota.
    public var workflow: String
    /// Plugin id; empty for a quota.
    public var plugin: String
    /// When it gets its turn.
    public var turn: Turn
    /// Key of the quota that it waits for; 0 where it waits for a slot.
    public var quota: Int64
    /// How much of the quota it needs.
    public var needed: Int64

    /// Creates a wait for a slot.
    public init(engine: String, workflow: String, plugin: String, turn: Turn) {
        self.engine = engine
        self.workflow = workflow
        self.plugin = plugin
        self.turn = turn
        quota = 0
        needed = 0
    }

    /// Creates a wait for room in a quota.
    public init(engine: String, quota: Int64, needed: Int64, turn: Turn) {
        self.init(engine: engine, workflow: "", plugin: "", turn: turn)
        self.quota = quota
        self.needed = needed
    }
}

/// What an engine has decided while nobody else could take a slot.
public struct SlotDecision: Sendable {
    /// What to write, at most one commit a run.
    public var commits: [RunCommit]
    /// What attempts of the engine wait for that others hold, or have the better turn for: it is woken when a slot, or
    /// what is reserved of a quota, is given back.
    public var waits: [SlotWait]
    /// Other engines for which a slot or room in a quota was left free, since their turn comes first.
    public var called: [String]

    /// Creates a decision.
    public init(commits: [RunCommit], waits: [SlotWait] = [], called: [String] = []) {
        self.commits = commits
        self.waits = waits
        self.called = called
    }
}

/// What an attempt asks of the quotas before it starts, or a call while it runs.
public struct QuotaDemand: Sendable, Hashable {
    /// Run id.
    public var run: String
    /// Stage id; budgets of a stage go by it.
    public var stage: String
    /// Who uses what.
    public var use: QuotaUse
    /// What is taken at most.
    public var amounts: QuotaAmounts
    /// Whether it is the start of an attempt, which counts as a stage run.
    public var startsAttempt: Bool
    /// Whether it is the first attempt of its run, which counts as a run.
    public var startsRun: Bool
    /// Metrics that the executor is known to use although it does not say how much.
    public var unbounded: Set<String>

    /// Creates a demand.
    public init(
        run: String, stage: String, use: QuotaUse, amounts: QuotaAmounts, startsAttempt: Bool = true,
        startsRun: Bool = false, unbounded: Set<String> = []
    ) {
        self.run = run
        self.stage = stage
        self.use = use
        self.amounts = amounts
        self.startsAttempt = startsAttempt
        self.startsRun = startsRun
        self.unbounded = unbounded
    }

    /// What it takes of a rule at most.
    ///
    /// - Returns: nil when the rule is about something else.
    func share(of rule: QuotaRule) -> Share? {
        guard rule.scope.takesIn(use) else { return nil }
        switch rule.metric {
        case QuotaMetric.stageRuns: return startsAttempt ? .bounded(1) : nil
        case QuotaMetric.runs: return startsRun ? .bounded(1) : nil
        case QuotaMetric.cost where amounts.isPriced && amounts.amount(of: QuotaMetric.cost) == nil: return .unpriced
        default: break
        }
        if let amount = amounts.amount(of: rule.metric) { return amount > 0 ? .bounded(amount) : nil }
        return unbounded.contains(rule.metric) ? .unbounded : nil
    }

    enum Share: Hashable {
        /// At most so much.
        case bounded(Int64)
        /// Something, and nobody says how much.
        case unbounded
        /// Money for something that no price is known of.
        case unpriced
    }
}

/// What is reserved for an attempt.
public struct QuotaGrant: Sendable, Hashable {
    /// A part of one quota.
    public struct Part: Sendable, Hashable {
        /// The quota's key.
        public var quota: Int64
        /// How much.
        public var amount: Int64
        /// Whether it is used up at once: it counts the start itself.
        public var isSpent: Bool

        /// Creates a part.
        public init(quota: Int64, amount: Int64, isSpent: Bool = false) {
            self.quota = quota
            self.amount = amount
            self.isSpent = isSpent
        }
    }

    /// The parts.
    public var parts: [Part] = []
    /// The most tokens that may come out, where that is less than what was asked for or nobody has asked.
    public var outputLimit: Int64?
    /// What the run's log says: quotas that only warn and are used up.
    public var warnings: [String] = []

    /// Nothing.
    public init() {}
}

/// What an attempt waits for before it can start.
public struct QuotaWait: Sendable, Hashable {
    /// The quota's key.
    public var quota: Int64
    /// Why, for people.
    public var detail: String
    /// When there is room, if nothing else happens before; nil when only others can give it.
    public var until: Timestamp?
    /// How much of it is asked for; 0 when nobody says how much.
    public var needed: Int64

    /// Creates a wait.
    public init(quota: Int64, detail: String, until: Timestamp?, needed: Int64 = 0) {
        self.needed = needed
        self.quota = quota
        self.detail = detail
        self.until = until
    }
}

/// Whether there is room.
public enum QuotaVerdict: Sendable, Hashable {
    case granted(QuotaGrant)
    case wait(QuotaWait)
    /// There is none and will be none; why, for people.
    case refused(String)
}

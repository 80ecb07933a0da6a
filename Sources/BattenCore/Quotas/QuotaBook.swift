/// How full quotas and budgets are while nobody else can reserve: what a start is decided by.
public struct QuotaBook: Sendable {
    /// How full a quota is.
    public struct Standing: Sendable, Hashable {
        /// The quota.
        public var rule: QuotaRule
        /// What is booked in its window.
        public var used: Int64
        /// What open reservations hold.
        public var reserved: Int64
        /// What is booked, by the start of its bucket, oldest first; only a rolling window needs it.
        public var buckets: [(start: Int64, used: Int64)]
        /// The turn of the first stage that waits for it in another engine.
        public var firstWaiting: Turn?

        /// Creates a standing.
        public init(
            rule: QuotaRule, used: Int64, reserved: Int64, buckets: [(start: Int64, used: Int64)] = [],
            firstWaiting: Turn? = nil
        ) {
            self.rule = rule
            self.used = used
            self.reserved = reserved
            self.buckets = buckets
            self.firstWaiting = firstWaiting
        }

        /// Notes what is used now in the parts of the sum, so that it is known when that leaves the window.
        fileprivate mutating func note(_ amount: Int64, at: Timestamp) {
            guard case .rolling = rule.window else { return }
            let bucket = rule.window.bucket(of: at)
            if let place = buckets.firstIndex(where: { $0.start == bucket }) {
                buckets[place].used = buckets[place].used.addingSaturated(amount)
            } else {
                buckets.insert((bucket, amount), at: buckets.firstIndex { $0.start > bucket } ?? buckets.endIndex)
            }
        }

        /// Whether both say the same of the same quota; the parts of the sum follow from it.
        public static func == (one: Standing, other: Standing) -> Bool {
            one.rule == other.rule && one.used == other.used && one.reserved == other.reserved
                && one.firstWaiting == other.firstWaiting
        }

        /// Goes by the quota.
        public func hash(into hasher: inout Hasher) { hasher.combine(rule) }

        /// What is left; negative when more is used and reserved than there may be.
        public var left: Int64 { rule.limit.subtractingSaturated(used).subtractingSaturated(reserved) }
        /// What is used beyond the limit.
        public var overrun: Int64 { max(0, used.subtractingSaturated(rule.limit)) }
    }

    /// A budget that an attempt of a run counts against.
    public struct Budget: Sendable, Hashable {
        /// The quota's key.
        public var quota: Int64
        /// The stage of the run whose attempts count; nil is all.
        public var stage: String?

        /// Creates a reference.
        public init(quota: Int64, stage: String?) {
            self.quota = quota
            self.stage = stage
        }
    }

    /// By key.
    public private(set) var standings: [Int64: Standing]
    /// Keys of the quotas that have names, in the order of these.
    private let quotas: [Int64]
    /// Budgets of runs and of what they are part of, by run id.
    private let budgets: [String: [Budget]]
    /// When this is.
    public let at: Timestamp
    private let zones: @Sendable (String) -> TimeZoneRules?

    /// Creates a book.
    ///
    /// - Parameters:
    ///   - standings: of all quotas and budgets that may concern whoever asks.
    ///   - budgets: by run id, the innermost first.
    ///   - zones: the rules of a time zone; nil when it is not known here.
    public init(
        _ standings: [Standing], budgets: [String: [Budget]] = [:], at: Timestamp,
        zones: @escaping @Sendable (String) -> TimeZoneRules?
    ) {
        self.standings = Dictionary(standings.map { ($0.rule.key, $0) }) { $1 }
        quotas = standings.filter { !$0.rule.isBudget }.sorted { $0.rule.name < $1.rule.name }.map(\.rule.key)
        self.budgets = budgets
        self.at = at
        self.zones = zones
    }

    /// Whether there is room for a demand.
    ///
    /// - Parameters:
    ///   - turn: whose turn it is counts by this; nil goes before everybody.
    ///   - firstWaiting: the turn of the first stage that waits for a quota in this engine, the asking one left out.
    public func answer(
        _ demand: QuotaDemand, turn: Turn?, firstWaiting: (_ quota: Int64) -> Turn? = { _ in nil }
    ) -> QuotaVerdict {
        let concerned = self.concerned(by: demand)
        if concerned.isEmpty { return .granted(QuotaGrant()) }
        var demand = demand
        var grant = QuotaGrant()
        if demand.amounts.isOutputOpen, let wanted = demand.amounts.outputTokens {
            let limit = openOutput(demand, concerned)
            demand.amounts.outputTokens = max(demand.amounts.leastOutputTokens, min(wanted, limit))
            grant.outputLimit = demand.amounts.outputTokens
        }
        var wait: QuotaWait?
        for standing in concerned {
            let rule = standing.rule
            guard let share = demand.share(of: rule) else { continue }
            let needed: Int64
            switch share {
            case .bounded(let amount): needed = amount
            case .unbounded: needed = 0
            case .unpriced:
                if rule.onExceed == .warn { continue }
                return .refused(
                    "no price is known of '\(demand.amounts.subject)', so \(rule.title) cannot hold; "
                        + "give one in the price file (0 if it costs nothing)")
            }
            let part = QuotaGrant.Part(
                quota: rule.key, amount: needed,
                isSpent: rule.metric == QuotaMetric.stageRuns || rule.metric == QuotaMetric.runs)
            if fits(needed, standing) {
                let others = [standing.firstWaiting, firstWaiting(rule.key)].compactMap { $0 }.min()
                if let turn, let others, others < turn, rule.onExceed != .warn {
                    let detail = "\(rule.title) has room, and a stage waits for it longer"
                    wait = wait ?? QuotaWait(quota: rule.key, detail: detail, until: nil, needed: needed)
                }
                grant.parts.append(part)
                continue
            }
            if rule.onExceed == .warn {
                grant.parts.append(part)
                grant.warnings.append("\(rule.title) is used up; it only warns")
                continue
            }
            if let refusal = refusal(needed, standing) { return .refused(refusal) }
            let next = roomAppears(for: needed, standing)
            if wait.map({ ($0.until ?? .distantPast) < (next ?? .distantPast) }) ?? true {
                let asks = needed > 0 ? "; \(rule.text(needed)) are asked for" : ""
                wait = QuotaWait(
                    quota: rule.key, detail: "\(rule.title) is full: \(fill(standing))\(asks)", until: next,
                    needed: needed)
            }
        }
        return wait.map { .wait($0) } ?? .granted(grant)
    }

    /// Takes what was granted.
    public mutating func take(_ grant: QuotaGrant) {
        for part in grant.parts {
            guard var standing = standings[part.quota] else { continue }
            if part.isSpent {
                standing.used = standing.used.addingSaturated(part.amount)
                standing.note(part.amount, at: at)
            } else {
                standing.reserved = standing.reserved.addingSaturated(part.amount)
            }
            standings[part.quota] = standing
        }
    }

    private func concerned(by demand: QuotaDemand) -> [Standing] {
        var found: [Standing] = []
        for budget in budgets[demand.run] ?? [] where budget.stage == nil || budget.stage == demand.stage {
            if let standing = standings[budget.quota], demand.share(of: standing.rule) != nil { found.append(standing) }
        }
        for key in quotas {
            if let standing = standings[key], demand.share(of: standing.rule) != nil { found.append(standing) }
        }
        return found
    }

    /// Whether a quota has room for an amount; false when it is not known.
    func fits(_ needed: Int64, quota: Int64) -> Bool { standings[quota].map { fits(needed, $0) } ?? false }

    private func fits(_ needed: Int64, _ standing: Standing) -> Bool {
        needed > 0 ? needed <= standing.left : standing.left > 0
    }

    /// How much may come out of a call that has not said: never more than what budgets have left, nor than any limit.
    private func openOutput(_ demand: QuotaDemand, _ concerned: [Standing]) -> Int64 {
        var limit = Int64.max
        for standing in concerned where standing.rule.onExceed != .warn {
            let rule = standing.rule
            let isForGood = rule.isBudget || rule.window == .ever
            let bound = isForGood ? rule.limit.subtractingSaturated(standing.used) : rule.limit
            if let output = demand.amounts.output(within: bound, of: rule.metric) { limit = min(limit, output) }
        }
        return limit
    }

    /// Why there will never be room; nil when there may.
    private func refusal(_ needed: Int64, _ standing: Standing) -> String? {
        let rule = standing.rule
        let least = max(needed, 1)
        if least > rule.limit {
            return "\(rule.text(least)) are asked for, and \(rule.title) permits \(rule.text(rule.limit)) "
                + rule.window.words
        }
        if case .calendar(_, let zone) = rule.window, zones(zone) == nil {
            return "\(rule.title) goes by the time zone '\(zone)', which is not known here"
        }
        let isForGood = rule.isBudget || rule.window == .ever
        guard rule.onExceed == .fail || isForGood else { return nil }
        // What is reserved may turn out to be less.
        if standing.reserved > 0, least <= rule.limit.subtractingSaturated(standing.used) { return nil }
        let asks = needed > 0 ? ", and \(rule.text(needed)) are asked for" : ""
        return "\(rule.title) is used up: \(fill(standing))\(asks)"
    }

    private func fill(_ standing: Standing) -> String {
        let rule = standing.rule
        var text = "\(rule.text(standing.used)) of \(rule.text(rule.limit)) \(rule.window.words)"
        if standing.reserved > 0 { text += ", \(rule.text(standing.reserved)) reserved" }
        if standing.used > rule.limit { text += ", overrun by \(rule.text(standing.overrun))" }
        return text
    }

    /// When time alone makes room in a quota that is full; nil when there is room, or time alone makes none.
    public func roomAppears(quota: Int64) -> Timestamp? {
        guard let standing = standings[quota], standing.left <= 0 else { return nil }
        return roomAppears(for: 1, standing)
    }

    /// When the window has moved on far enough; nil when it never does, or reservations stand in the way.
    func roomAppears(for needed: Int64, _ standing: Standing) -> Timestamp? {
        let rule = standing.rule
        let room = rule.limit.subtractingSaturated(standing.reserved).subtractingSaturated(max(needed, 1))
        guard room >= 0 else { return nil }
        switch rule.window {
        case .ever, .run: return nil
        case .calendar(_, let zone):
            guard let zone = zones(zone) else { return nil }
            return rule.window.end(ofBucket: rule.window.bucket(of: at), now: at, zone: zone)
        case .rolling:
            var used = standing.used
            for bucket in standing.buckets {
                if used <= room { break }
                used = used.subtractingSaturated(bucket.used)
                if used <= room { return rule.window.end(ofBucket: bucket.start, now: at, zone: .utc) }
            }
            return nil
        }
    }
}

extension Timestamp {
    fileprivate static let distantPast = Timestamp(nanoseconds: .min)
}

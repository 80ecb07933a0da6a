// Quotas: what a stage may use at most is reserved with its start, and what is not used is given back with its end.
//
// How full quotas are is known only while the store keeps other engines out, as with slots that are shared: what is
// ready asks, and is decided with the commit that its readiness shares.
extension RunMachine {
    /// Whether any stage of the run may have to ask: most runs need not look further.
    var mayBeMetered: Bool { state.isBudgeted || !slots.quotas.rules.isEmpty }

    /// Whether a stage can start.
    mutating func room(for index: Int, _ turn: Turn) -> SlotPool.Room {
        let isMetered = isMetered(index)
        var pool = state.pool(of: index, plan)
        // The quota that it waited for may be gone.
        if !isMetered { pool.quota = nil }
        let room = slots.room(pool, of: plan.definition.name)
        guard isMetered, room == .yes || room == .unknown else { return room }
        guard slots.isOpen, let book = slots.book else { return .unknown }
        guard room == .yes, let demand = demand(of: index) else { return room }
        let own = ownFirstWaiting(index)
        switch book.answer(
            demand, turn: turn,
            firstWaiting: { [slots] quota in
                [slots.firstWaiting(for: quota), own[quota]].compactMap { $0 }.min()
            })
        {
        case .granted(let grant):
            granted = (index, grant)
            return .yes
        case .wait(let wait):
            slots.note(wait, turn)
            // One that waits for the same already goes on doing so.
            return state.stages[index].quota == wait.quota ? .no : .wait(wait)
        case .refused(let why): return .refused(why)
        }
    }

    /// The turns of the run's own stages that wait for quotas, the asking one left out.
    private func ownFirstWaiting(_ index: Int) -> [Int64: Turn] {
        var first: [Int64: Turn] = [:]
        for head in state.queue.heads where head.stage != index {
            guard let quota = state.stages[head.stage].quota else { continue }
            first[quota] = min(first[quota] ?? head.turn, head.turn)
        }
        return first
    }

    /// Starts what the quotas have room for, and has wait what they have none for.
    mutating func startAdmitted(_ at: Timestamp) {
        while true {
            if let index = nextReady() {
                start(index, at)
                continue
            }
            var changed = false
            for head in readyHeads {
                switch room(for: head.stage, head.turn) {
                case .wait(let wait):
                    emit(.stageWaiting(stage: head.stage, attempt: nil, hold: .quota(wait)), at)
                    changed = true
                case .refused(let why):
                    refuse(head.stage, why, at)
                    changed = true
                case .yes, .no, .unknown: continue
                }
                break
            }
            if !changed { return }
        }
    }

    /// Ends a stage for which no quota will have room.
    mutating func refuse(_ index: Int, _ why: String, _ at: Timestamp) {
        failed(
            index, attempt: nil, StageOutcome(.quota, effect: .none, code: Self.quotaCode, message: why), at)
    }

    /// The executor that a stage's current body calls; nil when it is none.
    public func executor(ofStage index: Int) -> String? {
        guard state.stages.indices.contains(index),
            case .executor(let info)? = bodyKind(index)
        else { return nil }
        return info.type
    }

    /// Member of the output of a stage's current body that the host fills with what the call has cost.
    public func costMember(ofStage index: Int) -> String? {
        guard state.stages.indices.contains(index), case .executor(let info)? = bodyKind(index) else { return nil }
        return info.costMember
    }

    /// Names of the secrets that the executor of a stage's current body asks for while it works.
    public func secretsDeclared(byExecutorOf index: Int) -> Set<String> {
        guard state.stages.indices.contains(index), case .executor(let info)? = bodyKind(index) else { return [] }
        return info.declaredSecrets
    }

    /// The code of the error of a stage that a quota or budget has refused.
    public static let quotaCode = "batten.quota"

    /// Whether a stage's attempt counts against a quota.
    private func isMetered(_ index: Int) -> Bool {
        guard mayBeMetered, case .executor(let info)? = bodyKind(index) else {
            return false
        }
        if state.isBudgeted, info.usageBound != nil || slots.quotas.meters[info.type] != nil { return true }
        return slots.quotas.mayConcern(
            info, workflow: plan.definition.name, tags: plan.definition.tags, startsRun: !state.hasAttempts)
    }

    private func bodyKind(_ index: Int) -> StageKind? {
        state.body(of: index, plan)?.kind ?? planned(index).kind(of: state.stages[index].body)
    }

    /// What a stage will use at most; nil when it cannot be called anyway.
    private mutating func demand(of index: Int) -> QuotaDemand? {
        if let known = demands[index] { return known }
        guard case .executor(let info)? = bodyKind(index) else { return nil }
        var amounts = QuotaAmounts(subject: "")
        if let bound = info.usageBound, let input = input(of: index) {
            let plugin = String(info.type.prefix { $0 != "." })
            amounts = bound.amounts(
                input: input,
                config: slots.metering.configuration(
                    plugin, state.row.trigger, state.row.directory, state.workflowFolder),
                prices: slots.metering.prices)
        }
        let demand = QuotaDemand(
            run: state.row.id, stage: planned(index).id,
            use: QuotaUse(
                executor: info.type, subject: amounts.subject, workflow: plan.definition.name,
                tags: plan.definition.tags),
            amounts: amounts, startsRun: !state.hasAttempts,
            unbounded: info.usageBound == nil ? slots.quotas.meters[info.type] ?? [] : [])
        demands[index] = demand
        return demand
    }

    /// What a stage's executor would be given.
    private func input(of index: Int) -> JSONValue? {
        let body = state.stages[index].body
        if let call = plan.constantCall(stageIndex: state.stages[index].planned, body: body) { return call.input }
        let metering = slots.metering
        let rendered = renderCall(
            stageIndex: index, body: body, secrets: metering.secrets, open: { metering.open($0) })
        guard case .call(let call) = rendered else { return nil }
        return call.input
    }

    /// Reserves for an attempt what it was granted.
    ///
    /// - Returns: the most tokens that may come out; nil when quotas do not say.
    mutating func takeGrant(_ index: Int, attempt: Int) -> Int64? {
        guard let (stage, grant) = granted, stage == index else { return nil }
        granted = nil
        slots.take(grant)
        if !grant.parts.isEmpty {
            reserving[index] = attempt
            changes.reservations.append(
                ReservationChange(
                    stageIndex: index, attempt: attempt, parts: grant.parts,
                    warnings: grant.warnings.filter { warned.insert($0).inserted }))
        }
        return grant.outputLimit
    }

    /// When an attempt that runs gets what it asks for: its stage's turn, since the stage's first attempt began.
    public func turn(ofAttempt index: Int, at: Timestamp) -> Turn {
        guard state.stages.indices.contains(index) else { return Turn(since: at, priority: 0) }
        return state.turn(of: index, since: state.stages[index].row.startedAt ?? at, plan)
    }

    /// Notes that a running attempt holds a reservation that its call has asked for.
    public mutating func noteReservation(stage index: Int) {
        guard state.stages.indices.contains(index), state.stages[index].mode == .running else { return }
        reserving[index] = state.stages[index].row.attempts
    }

    /// Has the reservations of an attempt given back that a fact has ended.
    mutating func releaseReservations(of fact: RunFact) {
        guard let index = fact.stageIndex, let attempt = reserving.removeValue(forKey: index) else { return }
        changes.released.append(ReservationChange(stageIndex: index, attempt: attempt))
    }
}

/// Which quotas there are, and which executors are known to use what.
public struct QuotaSetup: Sendable, Hashable {
    /// The quotas that have names.
    public var rules: [QuotaRule]
    /// Metrics that an executor has reported before, by its type.
    public var meters: [String: Set<String>]

    /// Creates a setup.
    public init(rules: [QuotaRule] = [], meters: [String: Set<String>] = [:]) {
        self.rules = rules
        self.meters = meters
    }

    /// Whether an attempt may count against any quota.
    func mayConcern(_ info: ExecutorInfo, workflow: String, tags: [String], startsRun: Bool) -> Bool {
        let use = QuotaUse(executor: info.type, subject: "", workflow: workflow, tags: tags)
        return rules.contains { rule in
            switch rule.metric {
            case QuotaMetric.stageRuns: break
            case QuotaMetric.runs: if !startsRun { return false }
            default: if info.usageBound == nil, meters[info.type]?.contains(rule.metric) != true { return false }
            }
            // What is used is known only once the input is.
            var scope = rule.scope
            scope.patterns.removeAll { $0.key == .provider || $0.key == .model }
            return scope.takesIn(use)
        }
    }
}

/// What is needed to say how much a call will use at most.
public struct Metering: Sendable {
    /// What models cost.
    public var prices: any PriceList
    /// The configuration of a plugin, by its id, what started the run, its folder, and that of its workflow's file.
    public var configuration:
        @Sendable (_ plugin: String, _ trigger: String, _ directory: String, _ workflowFolder: String?) -> JSONValue
    /// The value of a secret; nil when there is none.
    public var secrets: @Sendable (String) -> String?
    /// What opens values in which secrets are sealed.
    public var outputKeys: any OutputKeys

    /// Creates a context; without arguments nothing is known.
    public init(
        prices: any PriceList = NoPrices(),
        configuration:
            @escaping @Sendable (
                _ plugin: String, _ trigger: String, _ directory: String, _ workflowFolder: String?
            ) -> JSONValue = { _, _, _, _ in .object([:]) },
        secrets: @escaping @Sendable (String) -> String? = { _ in nil }, outputKeys: any OutputKeys = NoOutputKeys()
    ) {
        self.prices = prices
        self.configuration = configuration
        self.secrets = secrets
        self.outputKeys = outputKeys
    }

    func open(_ value: JSONValue) -> Result<JSONValue, SealedText.Trouble> {
        do throws(SealedText.Trouble) {
            return .success(try SealedText.open(value, revealed: { _ in }, key: { outputKeys.key($0) }))
        } catch {
            return .failure(error)
        }
    }
}

/// A reservation of an attempt that is made, or given back as a whole.
public struct ReservationChange: Sendable, Hashable {
    /// Place of the stage's row.
    public var stageIndex: Int
    /// Attempt number.
    public var attempt: Int
    /// What is reserved; empty when it is given back.
    public var parts: [QuotaGrant.Part]
    /// What the run's log is to say.
    public var warnings: [String]
    /// The reservation's number when the call has asked for it; 0 is the one it was started with, or all of them when
    /// they are given back.
    public var lease: Int64

    /// The number under which what an attempt was started with is given back alone.
    public static let declaredAlone: Int64 = -1

    /// Creates a change.
    public init(
        stageIndex: Int, attempt: Int, parts: [QuotaGrant.Part] = [], warnings: [String] = [], lease: Int64 = 0
    ) {
        self.stageIndex = stageIndex
        self.attempt = attempt
        self.parts = parts
        self.warnings = warnings
        self.lease = lease
    }
}

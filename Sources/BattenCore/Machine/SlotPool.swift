/// Which slots the attempts of a stage use.
public struct StagePool: Sendable, Hashable {
    /// Plugin id; empty for the engine's own kinds, which use no slot.
    public let plugin: String
    /// Whether its attempts hold no thread.
    public let isAsynchronous: Bool
    /// Whether its attempts use no slot at all: they are runs of their own.
    let isFree: Bool
    /// The quota that a stage waits for, by its key; nil while it waits for none.
    public internal(set) var quota: Int64?

    /// The slots of a kind of stage.
    public init(_ kind: StageKind) {
        if case .workflow = kind { isFree = true } else { isFree = false }
        switch kind {
        case .executor(let info):
            plugin = String(info.type.prefix { $0 != "." })
            isAsynchronous = info.isAsynchronous
        case .set, .sleep, .gate, .signal, .workflow, .unsupported:
            plugin = ""
            isAsynchronous = true
        }
    }
}

/// How many attempts may run at once over all runs of an engine: a value that machines take from and give back to.
///
/// The engine's own limits are known at any time. Limits that it shares with others are known only while the store keeps
/// the others from taking slots: between ``open(_:)`` and ``close()``.
public struct SlotPool: Sendable {
    /// Whether an attempt can start.
    enum Room: Hashable {
        case yes, no
        /// Only the store can tell.
        case unknown
        /// There are slots, and a quota has no room.
        case wait(QuotaWait)
        /// A quota never will; why.
        case refused(String)
    }

    /// Slots of one kind.
    private struct Slots {
        let limit: Int
        var used = 0

        init(limit: Int) { self.limit = max(1, limit) }
    }

    private var blocking: Slots
    private var asynchronous: Slots
    private var plugins: [String: Slots]
    private let shared: SharedLimits
    /// Whether any limit is shared with other engines.
    public let isShared: Bool
    /// Attempts of this engine that count against shared limits.
    private var own: [SharedUser: Int] = [:]
    /// The same of others; nil while that is not known.
    private var others: [SharedUser: Int]?
    /// What other engines wait for; known as long as what they hold is.
    private var rivals: [SlotWait] = []
    /// Whether no more slots are given out.
    private var isShut = false
    /// Which quotas there are, as far as this engine has heard.
    public var quotas = QuotaSetup()
    /// What is needed to say how much a stage will use.
    public var metering: Metering
    /// How full the quotas are; nil while that is not known.
    public private(set) var book: QuotaBook?
    /// When the first of the stages that wait for quotas has room, as far as time alone gives it.
    public private(set) var roomAppears: Timestamp?
    /// The first calls that wait for quotas while they run, by the quota, with what they need.
    private var holds: [Int64: QuotaNeed] = [:]
    /// The first stages that wait for quotas, as they were last decided.
    private var needs: [Int64: QuotaNeed] = [:]
    /// The runs whose stages wait.
    private var line = SlotLine()

    /// What whoever is first in the line of a quota needs.
    private struct QuotaNeed {
        let turn: Turn
        let amount: Int64
    }

    private struct SharedUser: Hashable {
        let workflow: String
        let plugin: String
    }

    /// Creates a pool with all slots free.
    ///
    /// - Parameters:
    ///   - blocking: attempts at once that hold a thread; at least 1.
    ///   - asynchronous: attempts at once that hold none; at least 1.
    ///   - plugins: limits of single plugins, by id; such a plugin does not use the other two.
    ///   - shared: limits over all engines of the store.
    public init(
        blocking: Int, asynchronous: Int, plugins: [String: Int] = [:], shared: SharedLimits = SharedLimits(),
        metering: Metering = Metering()
    ) {
        self.metering = metering
        self.blocking = Slots(limit: blocking)
        self.asynchronous = Slots(limit: asynchronous)
        self.plugins = plugins.mapValues { Slots(limit: $0) }
        self.shared = shared
        isShared = !shared.isEmpty
    }

    /// A pool that never runs out.
    public static let unlimited = SlotPool(blocking: .max, asynchronous: .max)

    /// Says what other engines hold and wait for, and how full quotas are; it holds until ``close()``.
    public mutating func open(_ standing: SharedStanding) {
        book = standing.quotas
        roomAppears = nil
        needs = [:]
        rivals = standing.waits
        var counts: [SharedUser: Int] = [:]
        for use in standing.uses {
            counts[SharedUser(workflow: use.workflow, plugin: use.plugin), default: 0] += use.count
        }
        others = counts
    }

    /// Forgets what other engines hold.
    public mutating func close() {
        others = nil
        book = nil
        rivals = []
    }

    /// Takes what a quota grants an attempt that starts.
    mutating func take(_ grant: QuotaGrant) { book?.take(grant) }

    /// Notes that a stage waits for a quota.
    mutating func note(_ wait: QuotaWait, _ turn: Turn) {
        if let until = wait.until { roomAppears = min(roomAppears ?? until, until) }
        needs[wait.quota] = Self.first(needs[wait.quota], QuotaNeed(turn: turn, amount: wait.needed))
    }

    private static func first(_ one: QuotaNeed?, _ other: QuotaNeed?) -> QuotaNeed? {
        guard let one, let other else { return one ?? other }
        return other.turn < one.turn ? other : one
    }

    /// Takes what a quota grants a call that runs.
    public mutating func take(hold grant: QuotaGrant) { take(grant) }

    /// Notes that a call that runs waits for a quota.
    public mutating func note(hold wait: QuotaWait, _ turn: Turn) {
        if let until = wait.until { roomAppears = min(roomAppears ?? until, until) }
        holds[wait.quota] = Self.first(holds[wait.quota], QuotaNeed(turn: turn, amount: wait.needed))
    }

    /// Forgets which calls wait.
    public mutating func forgetHolds() { holds = [:] }

    /// Whether stages or calls wait for quotas.
    public var waitsForQuotas: Bool { !holds.isEmpty || line.lines.contains { $0.kind.pool.quota != nil } }

    /// The runs whose stages are the first that wait for a quota, by their numbers.
    public var runsWaitingForQuotas: [Int] {
        line.lines.filter { $0.kind.pool.quota != nil }.flatMap { $0.entries.map(\.run) }
    }

    /// The turn of the first stage or call that waits for a quota, as far as runs have said.
    public func firstWaiting(for quota: Int64) -> Turn? {
        let stages = line.lines.lazy.filter { $0.kind.pool.quota == quota }.compactMap { $0.entries.first?.turn }.min()
        guard let hold = holds[quota]?.turn else { return stages }
        return stages.map { min($0, hold) } ?? hold
    }

    /// Whether what other engines hold is known.
    public var isOpen: Bool { others != nil }

    /// Whether an attempt counts against a limit that is shared.
    func isShared(_ pool: StagePool, of workflow: String) -> Bool {
        isShared && !pool.isFree && shared.apply(workflow: workflow, plugin: pool.plugin)
    }

    /// Whether an attempt can start.
    ///
    /// - Parameter workflow: the workflow of its run.
    func room(_ pool: StagePool, of workflow: String) -> Room {
        guard hasOwnRoom(pool) else { return .no }
        if pool.quota != nil, !isOpen { return .unknown }
        guard isShared(pool, of: workflow) else { return .yes }
        guard isOpen else { return .unknown }
        return full(pool.plugin, of: workflow) == nil ? .yes : .no
    }

    /// Whether an attempt can start for all that this engine alone knows.
    func hasOwnRoom(_ pool: StagePool) -> Bool {
        if isShut { return false }
        if pool.isFree { return true }
        let slots = slots(of: pool)
        return slots.used < slots.limit
    }

    private func full(_ plugin: String, of workflow: String) -> (scope: SlotScope, limit: Int)? {
        shared.full(workflow: workflow, plugin: plugin) { workflow, plugin in
            var sum = 0
            for counts in [own, others ?? [:]] {
                for (user, count) in counts
                where (workflow == nil || user.workflow == workflow) && (plugin == nil || user.plugin == plugin) {
                    sum += count
                }
            }
            return sum
        }
    }

    /// Gives out no more slots for good: the engine is about to end.
    public mutating func shut() { isShut = true }

    /// How many slots are taken in all.
    var taken: Int { plugins.values.reduce(blocking.used + asynchronous.used) { $0 + $1.used } }

    /// Takes a slot; also beyond the limit, for an attempt that runs already.
    mutating func take(_ pool: StagePool, of workflow: String) {
        if pool.isFree { return }
        change(pool) { $0 += 1 }
        guard isShared(pool, of: workflow) else { return }
        own[SharedUser(workflow: workflow, plugin: pool.plugin), default: 0] += 1
    }

    /// Gives a slot back.
    mutating func free(_ pool: StagePool, of workflow: String) {
        if pool.isFree { return }
        change(pool) { $0 = max(0, $0 - 1) }
        guard isShared(pool, of: workflow) else { return }
        let user = SharedUser(workflow: workflow, plugin: pool.plugin)
        if let count = own[user] { own[user] = count > 1 ? count - 1 : nil }
    }

    // MARK: Whose turn it is

    /// Lines up what a run waits for.
    ///
    /// - Parameters:
    ///   - run: number of the run in its engine; a lower one goes first where turns are equal.
    ///   - workflow: the run's workflow.
    public mutating func enter(_ heads: [SlotHead], run: Int, of workflow: String) {
        for head in heads { line.enter(SlotLine.Entry(turn: head.turn, run: run), kind(head.pool, of: workflow)) }
    }

    /// Takes what a run waited for out of the lines.
    public mutating func leave(_ heads: [SlotHead], run: Int, of workflow: String) {
        for head in heads { line.leave(SlotLine.Entry(turn: head.turn, run: run), kind(head.pool, of: workflow)) }
    }

    /// The run whose turn it is, of those for which there is a slot.
    ///
    /// - Parameter asking: whether slots count of which only the store knows.
    public func next(asking: Bool = false, except passed: Set<Int> = []) -> Int? {
        var best: SlotLine.Entry?
        for (kind, entries) in line.lines {
            // Who waits for a quota is not overtaken by whoever needs less of it.
            let first = kind.pool.quota == nil ? entries.first(where: { !passed.contains($0.run) }) : entries.first
            guard let first, !passed.contains(first.run), best.map({ first < $0 }) ?? true else { continue }
            let room = room(kind.pool, of: kind.workflow)
            if asking ? room == .unknown : room == .yes { best = first }
        }
        return best?.run
    }

    /// What stages wait for, and for nothing else: slots that are shared with other engines, and taken or theirs by turn,
    /// and room in quotas.
    ///
    /// It is known only while what these hold is.
    ///
    /// - Parameter engine: id of this engine.
    public func sharedWaits(of engine: String) -> [SlotWait] {
        var waits: [SlotWait] = []
        for (kind, entries) in line.lines {
            guard kind.pool.quota == nil, let turn = entries.first?.turn, isShared(kind.pool, of: kind.workflow),
                hasOwnRoom(kind.pool),
                room(kind.pool, of: kind.workflow) == .no || rival(kind.pool, of: kind.workflow, before: turn) != nil
            else { continue }
            let wait = SlotWait(engine: engine, workflow: kind.workflow, plugin: kind.pool.plugin, turn: turn)
            if let place = waits.firstIndex(where: { $0.workflow == wait.workflow && $0.plugin == wait.plugin }) {
                waits[place].turn = min(waits[place].turn, turn)
            } else {
                waits.append(wait)
            }
        }
        for (quota, need) in quotaNeeds {
            waits.append(SlotWait(engine: engine, quota: quota, needed: need.amount, turn: need.turn))
        }
        return waits
    }

    /// The first stages and calls that wait for quotas and for nothing else, by the quota.
    private var quotaNeeds: [Int64: QuotaNeed] {
        var found = holds
        for (kind, entries) in line.lines {
            guard let quota = kind.pool.quota, let turn = entries.first?.turn, hasOwnRoom(kind.pool) else { continue }
            // What is first in line was decided first; its turn as an item may have been another one before it was lined up.
            let amount = needs[quota]?.amount ?? 0
            found[quota] = Self.first(found[quota], QuotaNeed(turn: turn, amount: amount))
        }
        return found
    }

    /// The other engines for which a slot is left free that this one could take.
    public var calledRivals: [String] {
        var called: [String] = []
        for (kind, entries) in line.lines {
            guard kind.pool.quota == nil, let turn = entries.first?.turn, hasOwnRoom(kind.pool),
                room(kind.pool, of: kind.workflow) == .yes,
                let rival = rival(kind.pool, of: kind.workflow, before: turn), !called.contains(rival.engine)
            else { continue }
            called.append(rival.engine)
        }
        for (quota, need) in quotaNeeds where !rivals.isEmpty {
            // Who waits behind one that there is no room for waits with it.
            let first = rivals.filter { $0.quota == quota }.min { $0.turn < $1.turn }
            guard let first, first.turn < need.turn, book?.fits(first.needed, quota: quota) == true,
                !called.contains(first.engine)
            else { continue }
            called.append(first.engine)
        }
        return called
    }

    /// What another engine waits for that takes from the same slots, could have one now, and goes first.
    private func rival(_ pool: StagePool, of workflow: String, before turn: Turn) -> SlotWait? {
        guard !rivals.isEmpty, isOpen, isShared(pool, of: workflow) else { return nil }
        return rivals.first { rival in
            rival.quota == 0 && rival.turn < turn
                && shared.contest((workflow, pool.plugin), (rival.workflow, rival.plugin))
                && full(rival.plugin, of: rival.workflow) == nil
        }
    }

    /// Whether another run, of this engine or of another one, waits for the same slots, could have one, and goes first.
    func isOthersTurn(_ pool: StagePool, of workflow: String, _ turn: Turn) -> Bool {
        if pool.isFree { return false }
        if rival(pool, of: workflow, before: turn) != nil { return true }
        if line.isEmpty { return false }
        let isCovered = isShared(pool, of: workflow)
        return line.lines.contains { kind, entries in
            guard kind.pool.quota == nil, let first = entries.first, first.turn < turn else { return false }
            let isContested = isSame(kind.pool, pool) || isCovered && isShared(kind.pool, of: kind.workflow)
            return isContested && room(kind.pool, of: kind.workflow) == .yes
        }
    }

    private func kind(_ pool: StagePool, of workflow: String) -> SlotLine.Kind {
        SlotLine.Kind(pool: pool, workflow: isShared(pool, of: workflow) ? workflow : "")
    }

    /// Whether two kinds of stages use the same slots of this engine.
    private func isSame(_ one: StagePool, _ other: StagePool) -> Bool {
        let isOwn = plugins[one.plugin] != nil
        guard isOwn == (plugins[other.plugin] != nil) else { return false }
        return isOwn ? one.plugin == other.plugin : one.isAsynchronous == other.isAsynchronous
    }

    /// Why an attempt cannot start, for people.
    func detail(_ pool: StagePool, of workflow: String) -> String {
        if isShut { return "its engine is about to end; another one starts it" }
        guard !hasOwnRoom(pool) else {
            guard isShared(pool, of: workflow), isOpen, let (scope, limit) = full(pool.plugin, of: workflow) else {
                return "waits for its turn"
            }
            return (limit == 1 ? "the only slot" : "each of the \(limit) slots") + " \(scope.words) is taken"
        }
        let whose =
            if plugins[pool.plugin] != nil {
                "of \(pool.plugin)"
            } else {
                pool.isAsynchronous ? "for asynchronous executors" : "for blocking executors"
            }
        return "all \(slots(of: pool).limit) slots \(whose) are taken"
    }

    private func slots(of pool: StagePool) -> Slots {
        if !plugins.isEmpty, let own = plugins[pool.plugin] { return own }
        return pool.isAsynchronous ? asynchronous : blocking
    }

    private mutating func change(_ pool: StagePool, _ body: (inout Int) -> Void) {
        if !plugins.isEmpty, var own = plugins[pool.plugin] {
            body(&own.used)
            plugins[pool.plugin] = own
        } else if pool.isAsynchronous {
            body(&asynchronous.used)
        } else {
            body(&blocking.used)
        }
    }
}

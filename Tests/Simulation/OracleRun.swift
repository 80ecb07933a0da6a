import BattenSystem

@testable import BattenCore

/// A stage of a run, or one of its items.
struct Place: Hashable, CustomStringConvertible {
    let stage: String
    let item: Int?

    var description: String { item.map { "item \($0) of '\(stage)'" } ?? "stage '\(stage)'" }
}

/// A run as its commits have shown it, and what it may not do.
///
/// Everything here is counted anew from the journal and the plan alone, so that it can contradict the machine.
struct OracleRun {
    /// How a place stands.
    struct Standing {
        /// How it has ended; nil while it has not.
        var end: String?
        var outputs: JSONValue?
        /// Number of the last attempt that started, over all rounds.
        var attempts = 0
        var isRunning = false
        /// Attempts of the current body that count against its limit.
        var counted = 0
        var losses = 0
        /// Whether its last attempt was lost, and nobody has said yet that it is to be made again.
        var isLost = false
        var body = "main"
        /// Keys of the requests made so far, by body.
        var keys: [String: String] = [:]
        /// When it may go on at the earliest, on the monotonic clock, while the epoch stays this one.
        var notBefore: (instant: Int64, epoch: Int64)?
        /// Whether it was asked to stop because its deadline has passed.
        var isStopping = false
        var hasBegun = false
    }

    let plan: Plan
    var journal: [JournalRecord] = []
    /// Records of a commit that failed in a way that leaves open whether it stands.
    var doubt: [JournalRecord] = []
    var epoch: Int64 = 1
    var isEnded = false
    var hasStarted = false
    var isPaused = false
    /// `cancel`, `now` or `timeout`.
    var stop: String?
    var isHalted = false
    private(set) var standings: [Place: Standing] = [:]
    private(set) var items: [String: [JSONValue]] = [:]
    private(set) var rounds: [String: Int] = [:]
    private var voters: Set<String> = []
    private var decided: Set<Place> = []
    private var openGates: Set<Place> = []
    private var signals: Set<String> = []
    private var taken: Set<Int64> = []
    /// What it has undone.
    private(set) var undo = UndoLedger()
    /// The hooks that have begun.
    private(set) var hooks = HookLedger()
    /// Attempts that are running.
    private(set) var running: Set<Place> = []

    init(plan: Plan) { self.plan = plan }

    /// The group in which it excludes others.
    var group: String? { journal.first?.data["group"]?.stringValue }

    func standing(_ place: Place) -> Standing { standings[place] ?? Standing() }

    /// Which time a stage is carried out.
    func round(_ stage: String) -> Int { rounds[stage] ?? 1 }

    /// How often stages were taken back.
    var rewinds: Int { rounds.values.reduce(0) { $0 + $1 - 1 } }

    private func planned(_ place: Place) -> PlannedStage? {
        plan.indexByID[place.stage].map { plan.stages[$0] } ?? HookLedger.stage(place.stage, plan)
    }

    private func isHook(_ place: Place) -> Bool { HookLedger.stage(place.stage, plan) != nil }

    /// The plan of the run that the current body of a place starts; nil when it starts none.
    func childPlan(_ place: Place) -> Plan? {
        if let undone = undo.undone(place.stage) { return planned(undone)?.compensate?.child }
        return standing(place).body == "main" ? planned(place)?.child : planned(place)?.fallback?.child
    }

    /// Takes in records of a commit that stands.
    ///
    /// - Parameters:
    ///   - now: the monotonic clock.
    ///   - complain: is told what should not have been.
    mutating func add(_ records: [JournalRecord], now: Int64, _ complain: (String) -> Void) {
        for record in records {
            if record.seq != Int64(journal.count) + 1 { complain("record \(record.seq) follows \(journal.count)") }
            if isEnded { complain("'\(record.type)' was committed after the run's end") }
            journal.append(record)
            undo.add(record, plan, complain)
            hooks.add(record, plan, isDone: isDone, complain)
            if let stage = record.stage {
                add(record, of: Place(stage: stage, item: record.item), now, complain)
            } else {
                addOfRun(record, complain)
            }
        }
    }

    /// An executor was called.
    mutating func called(_ place: Place, body: String, key: String) -> String? {
        let known = standings[place, default: Standing()].keys[body]
        standings[place, default: Standing()].keys[body] = key
        return known == nil || known == key ? nil : "another idempotency key than before"
    }

    /// Whether all stages of the run itself have ended.
    private var isDone: Bool { plan.stages.allSatisfy { standing(Place(stage: $0.id, item: nil)).end != nil } }

    // MARK: The run

    private mutating func addOfRun(_ record: JournalRecord, _ complain: (String) -> Void) {
        switch record.type {
        case "run_started":
            if hasStarted { complain("the run started twice") }
            hasStarted = true
        case "run_paused":
            if isPaused { complain("the run was paused twice") }
            isPaused = true
        case "run_resumed":
            if !isPaused { complain("the run was resumed and was not paused") }
            isPaused = false
        case "run_cancel_requested":
            let cause = record.data["cause"]?.stringValue ?? ""
            if stop == nil || cause == "now" { stop = cause }
        case "signal_received":
            if !signals.insert("\(record.data["data"] ?? .null)").inserted { complain("a signal came in twice") }
        case "run_completed", "run_failed", "run_cancelled", "run_timed_out":
            isEnded = true
            checkEnd(record, complain)
        default: break
        }
    }

    private func checkEnd(_ record: JournalRecord, _ complain: (String) -> Void) {
        let open = (plan.stages.map(\.id) + hooks.names).map { Place(stage: $0, item: nil) }.filter {
            standing($0).end == nil
        }
        if !open.isEmpty { complain("the run ended with stages that have not: \(open)") }
        if !running.isEmpty { complain("the run ended while \(running) ran") }
        for (stage, list) in items {
            for number in list.indices where standing(Place(stage: stage, item: number)).end == nil {
                complain("the run ended and item \(number) of '\(stage)' has not")
            }
        }
        let failed = plan.stages.first { stage in
            Self.failures.contains(standing(Place(stage: stage.id, item: nil)).end ?? "")
                && stage.onFailure != .continue
        }
        if record.type == "run_completed", let failed { complain("the run completed although '\(failed.id)' failed") }
    }

    // MARK: Stages

    private mutating func add(
        _ record: JournalRecord, of place: Place, _ now: Int64, _ complain: (String) -> Void
    ) {
        addAnswer(record, of: place, complain)
        if let attempt = record.attempt, Self.isOfAttempt(record.type), attempt != standing(place).attempts {
            complain("\(record.type) of attempt \(attempt) of \(place), which is at \(standing(place).attempts)")
        }
        if let number = place.item, !(items[place.stage]?.indices.contains(number) ?? false) {
            complain("\(place) does not exist")
        }
        switch record.type {
        case "stage_expanded": expand(record, place, complain)
        case "stage_started": start(record, place, now, complain)
        case "stage_waiting": wait(record, place, now)
        case "stage_retrying":
            checkRetry(record, place, complain)
            leave(place)
            if record.data["next"]?.stringValue == "fallback" {
                standings[place, default: Standing()].counted = 0
                standings[place, default: Standing()].body = "fallback"
                standings[place, default: Standing()].notBefore = nil
            } else if let until = record.data["until"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }) {
                standings[place, default: Standing()].notBefore =
                    (now + (until - record.at).nanosecondsSaturated, epoch)
            }
        case "attempt_lost":
            leave(place)
            let counted = standing(place).counted
            standings[place, default: Standing()].counted = max(0, counted - 1)
            if record.data["error"]?["code"] != "batten.engine_stopped" {
                standings[place, default: Standing()].losses += 1
            }
            standings[place]?.isLost = true
        case "stage_stopping": standings[place, default: Standing()].isStopping = true
        case "stage_rewound":
            leave(place)
            let attempts = standing(place).attempts
            standings[place] = Standing()
            standings[place]?.attempts = attempts
            rounds[place.stage] = round(place.stage) + 1
            decided.remove(place)
            openGates.remove(place)
            items[place.stage] = nil
        case "stage_kept":
            if standing(place).attempts > 0 { complain("\(place) was kept after its attempts") }
            let outputs = record.data["outputs"] ?? .null
            end(place, outputs.isNull ? "stage_skipped" : "stage_completed", complain)
            standings[place]?.outputs = outputs.isNull ? nil : outputs
        case _ where Self.ends.contains(record.type):
            checkPersistence(record, place, complain)
            // A fan-out sleeps in its items; one of no items has nothing to wake from.
            if record.type == "stage_completed", let stage = planned(place), stage.definition.uses == "sleep",
                place.item != nil || stage.fanOut == nil
            {
                checkTime(place, now, complain)
                if isPaused { complain("\(place) woke in a pause") }
            }
            end(place, record.type, complain)
            standings[place]?.outputs = record.data["outputs"]
            checkItems(place, complain)
        default: break
        }
        if record.type != "stage_rewound" { standings[place, default: Standing()].hasBegun = true }
    }

    private mutating func end(_ place: Place, _ type: String, _ complain: (String) -> Void) {
        if standing(place).end != nil { complain("\(place) has two outcomes") }
        leave(place)
        standings[place, default: Standing()].end = type
    }

    private mutating func leave(_ place: Place) {
        running.remove(place)
        standings[place, default: Standing()].isRunning = false
    }

    private mutating func expand(_ record: JournalRecord, _ place: Place, _ complain: (String) -> Void) {
        if items[place.stage] != nil { complain("\(place) was spread over its items twice") }
        let list = record.data["items"]?.arrayValue ?? []
        items[place.stage] = list
        if let written = planned(place)?.definition.forEach?.arrayValue, written != list {
            complain("\(place) is spread over \(list), and \(written) is written")
        }
    }

    private mutating func start(
        _ record: JournalRecord, _ place: Place, _ now: Int64, _ complain: (String) -> Void
    ) {
        let before = standing(place)
        let attempt = record.attempt ?? 0
        if before.end != nil { complain("\(place) started after its outcome") }
        if before.isRunning { complain("\(place) started while it ran") }
        if attempt != before.attempts + 1 { complain("\(place) skips from attempt \(before.attempts) to \(attempt)") }
        if isPaused { complain("\(place) started in a pause") }
        if before.isStopping { complain("\(place) started after its deadline") }
        checkTime(place, now, complain)
        let body = record.data["body"]?.stringValue ?? "main"
        let turn = undo.isUndo(place.stage) ? "compensate" : before.body
        if body != turn { complain("\(place) starts the body '\(body)', and '\(turn)' is its turn") }
        let reason = record.data["reason"]?.stringValue
        let isTakenUp = reason == "engine_lost" || reason == "engine_stopped"
        if before.losses > 2 { complain("\(place) started after \(before.losses) losses") }
        if before.isLost, let onLost = planned(place)?.definition.onLost, onLost != .retry {
            complain("\(place) started after a loss, on_lost is \(onLost)")
        }
        if let stage = planned(place) { checkStart(of: stage, place, isTakenUp: isTakenUp, complain) }
        standings[place, default: Standing()].attempts = attempt
        standings[place]?.counted += 1
        standings[place]?.isRunning = true
        standings[place]?.isLost = false
        standings[place]?.notBefore = nil
        running.insert(place)
    }

    /// Whether the plan, the limits and what became of the run let a place start now; what ran when its engine died is
    /// among those that a halt lets end.
    private func checkStart(
        of stage: PlannedStage, _ place: Place, isTakenUp: Bool, _ complain: (String) -> Void
    ) {
        for dependency in stage.dependencies {
            let id = HookLedger.sibling(plan.planned(dependency).id, of: place.stage, plan)
            if standing(Place(stage: id, item: nil)).end == nil {
                complain("\(place) started before '\(id)' had ended")
            }
        }
        checkPermission(of: stage, place, isTakenUp: isTakenUp, complain)
        if !isHook(place) { checkCompany(of: stage, place, complain) }
        if let limit = policy(of: place)?.maxAttempts, standing(place).counted >= limit {
            complain("\(place) starts attempt \(standing(place).counted + 1) of \(limit)")
        }
        guard place.item != nil else { return }
        let parent = Place(stage: place.stage, item: nil)
        if standing(parent).isStopping { complain("\(place) started after the stage's deadline") }
        if stage.fanOut?.failFast == true, !isTakenUp, hasFailedItem(place.stage) {
            complain("\(place) started, fail_fast")
        }
        if let limit = stage.fanOut?.maxParallel, !standing(place).hasBegun {
            let active = (items[place.stage] ?? []).indices.filter { number in
                let other = standing(Place(stage: place.stage, item: number))
                return other.hasBegun && other.end == nil
            }
            if active.count >= limit { complain("\(place) began beside \(active.count) others of \(limit)") }
        }
    }

    /// Whether what runs leaves a place of the run's own to start beside it; hooks are no company.
    private func checkCompany(of stage: PlannedStage, _ place: Place, _ complain: (String) -> Void) {
        let running = running.filter { !isHook($0) }
        let others = running.filter { !isChild($0) }.count
        if let limit = plan.definition.maxParallel, others >= limit, !isChild(place) {
            complain("\(place) started beside \(others) others, max_parallel is \(limit)")
        }
        let isAlone = stage.isExclusive || standing(place).losses >= 2
        let loner = running.first { standing($0).losses >= 2 || planned($0)?.isExclusive == true }
        if isAlone || loner != nil, !running.isEmpty {
            complain("\(place) started beside \(running), one must run alone")
        }
    }

    /// Whether a cancel, a timeout or a halt leaves a stage to start.
    private func checkPermission(
        of stage: PlannedStage, _ place: Place, isTakenUp: Bool, _ complain: (String) -> Void
    ) {
        if stage.isFinally {
            if stop == "now" { complain("\(place) started in a run that was ended at once") }
        } else if let stop {
            guard stop != "cancel" || !stage.startsWhenCancelled else { return }
            complain("\(place) started after the run was stopped (\(stop))")
        } else if isHalted, !stage.startsWhenHalted, !isTakenUp {
            complain("\(place) started in a halted run")
        }
    }

    private func hasFailedItem(_ stage: String) -> Bool {
        (items[stage] ?? []).indices.contains { number in
            Self.failures.contains(standing(Place(stage: stage, item: number)).end ?? "")
        }
    }

    /// Whether what it does is a run of its own, which holds no slot.
    private func isChild(_ place: Place) -> Bool {
        childPlan(place) != nil
    }

    private func policy(of place: Place) -> RetryPolicy? {
        standing(place).body == "fallback" ? planned(place)?.fallback?.retry : planned(place)?.retry
    }

    private mutating func wait(_ record: JournalRecord, _ place: Place, _ now: Int64) {
        leave(place)
        switch record.data["on"]?.stringValue {
        case "sleep":
            guard let until = record.data["until"]?.stringValue.flatMap({ Timestamp(rfc3339: $0) }) else { return }
            standings[place, default: Standing()].notBefore = (now + (until - record.at).nanosecondsSaturated, epoch)
        default: break
        }
    }

    /// Nothing that waits for an instant goes on before it, as long as one process waits.
    private func checkTime(_ place: Place, _ now: Int64, _ complain: (String) -> Void) {
        guard let bound = standing(place).notBefore, bound.epoch == epoch, now < bound.instant else { return }
        complain("\(place) went on \((bound.instant - now) / 1_000_000) ms early")
    }

    private func checkRetry(_ record: JournalRecord, _ place: Place, _ complain: (String) -> Void) {
        guard record.data["next"]?.stringValue == "retry", let limit = policy(of: place)?.maxAttempts else { return }
        if standing(place).counted >= limit { complain("\(place) is to be tried again after \(limit) attempts") }
    }

    /// A stage ends with a failure only when nothing is left to be tried.
    private func checkPersistence(_ record: JournalRecord, _ place: Place, _ complain: (String) -> Void) {
        guard Self.failures.contains(record.type), record.attempt != nil, let stage = planned(place),
            let error = record.data["error"].flatMap(StageError.init(json:)), let policy = policy(of: place),
            let effect = record.data["effect"]?.stringValue.flatMap({ Effect(rawValue: $0) })
        else { return }
        if error.code == "batten.deadline" { return }
        if stop != nil && !stage.isFinally || isHalted && !stage.isFinally && !stage.startsWhenHalted { return }
        let parent = Place(stage: place.stage, item: nil)
        if standing(place).isStopping || standing(parent).isStopping { return }
        if place.item != nil, stage.fanOut?.failFast == true, hasFailedItem(place.stage) { return }
        let isMain = standing(place).body == "main"
        var isIdempotent = false
        if case .executor(let info)? = isMain ? stage.kind : stage.fallback?.kind { isIdempotent = info.isIdempotent }
        let outcome = StageOutcome(error.outcomeClass, effect: effect, code: error.code)
        if RetrySchedule.isRetried(
            outcome, policy: policy, isIdempotent: isIdempotent, attempts: standing(place).counted)
        {
            complain("\(place) ended after \(standing(place).counted) of \(policy.maxAttempts) attempts")
        }
        if isMain, stage.fallback != nil { complain("\(place) ended without its fallback") }
    }

    /// A stage ends after its items, and gives what they gave.
    private mutating func checkItems(_ place: Place, _ complain: (String) -> Void) {
        if place.item == nil, Self.failures.contains(standing(place).end ?? ""), let stage = planned(place),
            !stage.isFinally, stage.onFailure == .halt
        {
            isHalted = true
        }
        guard place.item == nil, let list = items[place.stage] else { return }
        let outputs = standing(place).outputs?.objectValue ?? [:]
        for number in list.indices {
            let item = Place(stage: place.stage, item: number)
            guard let end = standing(item).end else {
                complain("\(place) ended before \(item)")
                continue
            }
            guard standing(place).end == "stage_completed" else { continue }
            if end != "stage_completed" { complain("\(place) completed although \(item) did not") }
            for (name, value) in standing(item).outputs?.objectValue ?? [:]
            where outputs[name]?.arrayValue?[number] != value {
                complain("\(place) gives other '\(name)' than \(item)")
            }
        }
    }

    // MARK: Answers

    /// At most one answer a person, none after the decision; each signal comes in once and is taken once.
    private mutating func addAnswer(_ record: JournalRecord, of place: Place, _ complain: (String) -> Void) {
        switch record.type {
        case "gate_answered":
            if decided.contains(place) { complain("the gate of \(place) was answered after its decision") }
            if !voters.insert("\(place) \(record.data["by"]?.stringValue ?? "")").inserted {
                complain("the gate of \(place) has two answers of one person")
            }
        case "stage_waiting" where record.data["on"] == "gate":
            // A gate of its own, or the question what is to become of a lost attempt, which may come twice.
            if !openGates.insert(place).inserted { complain("the gate of \(place) was opened twice") }
            decided.remove(place)
            voters = voters.filter { !$0.hasPrefix("\(place) ") }
        case "gate_decided":
            openGates.remove(place)
            if record.data["decision"] == "approved" { standings[place, default: Standing()].isLost = false }
            if !decided.insert(place).inserted { complain("the gate of \(place) was decided twice") }
        case "signal_taken":
            if !taken.insert(record.data["signal"]?.intValue ?? 0).inserted { complain("a signal was taken twice") }
        default: break
        }
    }

    static let failures: Set = ["stage_failed", "stage_timed_out"]
    private static func isOfAttempt(_ type: String) -> Bool {
        ends.contains(type) || type == "stage_retrying" || type == "attempt_lost"
    }

    static let ends: Set = [
        "stage_completed", "stage_failed", "stage_timed_out", "stage_cancelled", "stage_skipped",
    ]
}

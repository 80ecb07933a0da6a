/// The state machine of one run: a value without clock, threads or I/O.
///
/// An input is *decided* into facts; only facts change the state, so that a journal replays to the same state. What an
/// input costs grows with what it changes and with the dependents of that, never with the size of the run; the
/// exceptions are a halt, a cancel and a takeover, which look at every stage once.
public struct RunMachine: Sendable {
    /// What the run is locked to.
    public let plan: Plan
    /// What the facts so far add up to.
    public internal(set) var state: RunState
    var changes: RunChanges
    var records: [JournalRecord] = []
    var effects: [RunEffect] = []
    /// Ready stages that only the store can let start, until ``RunInput/admit`` comes in the same commit.
    var contenders: [Contender] = []
    /// Stages that have become ready while an input is applied and wait for the others that do, where priorities differ.
    var ready: [Contender] = []
    /// Slots of the engine, held here while an input is applied.
    var slots = SlotPool.unlimited
    /// What quotas have granted the stage that was looked at last.
    var granted: (stage: Int, grant: QuotaGrant)?
    /// What stages that wait will use at most, as far as it was worked out.
    var demands: [Int: QuotaDemand] = [:]
    /// Running attempts that may hold reservations, by the place of the stage's or item's row.
    var reserving: [Int: Int] = [:]
    /// Quotas that the run's log has warned of.
    var warned: Set<String> = []
    /// What is known of the run before this one; it is asked for at the end of a run that may be the first to do well again.
    var past = Past.unasked
    /// Timers that came due in a pause: they count as due at its end, whatever the clock on the wall says by then.
    private var dueInPause: Set<String> = []

    /// How many losses of one stage make it run alone; the next one ends it.
    static let lossesBeforeIsolation = 2

    /// Creates the machine of a run that does not exist yet.
    ///
    /// - Parameter plan: what the run will be locked to.
    public init(plan: Plan) {
        self.plan = plan
        self.state = RunState(plan: plan)
        self.changes = RunChanges(stageCount: plan.stages.count)
    }

    /// Decides what an input means and applies it, with slots that never run out.
    ///
    /// - Parameters:
    ///   - input: what happened.
    ///   - at: the instant at which it is decided.
    public mutating func apply(_ input: RunInput, at: Timestamp) -> RunStep {
        var slots = SlotPool.unlimited
        return apply(input, at: at, slots: &slots)
    }

    /// Decides what an input means and applies it.
    ///
    /// - Parameters:
    ///   - input: what happened.
    ///   - at: the instant at which it is decided.
    ///   - slots: what the runs of the engine share; attempts that start take from it, attempts that end give back.
    /// - Returns: everything to commit and, after the commit, to do. An input that means nothing any more (a timer that
    ///   was cleared, a control that does not fit) gives an empty step.
    public mutating func apply(_ input: RunInput, at: Timestamp, slots pool: inout SlotPool) -> RunStep {
        swap(&slots, &pool)
        defer { swap(&slots, &pool) }
        var refusal: String?
        let wasEnded = state.isEnded
        let wasWaiting = state.row.status == .waiting
        switch input {
        case .accepted(let request): accept(request, starts: true, at)
        case .detached(let request): accept(request, starts: false, at)
        case .attemptFinished(let stage, let attempt, let outcome): finish(stage, attempt, outcome, at)
        case .attemptBlocked(let stage, let attempt, let thing, let reason): block(stage, attempt, thing, reason, at)
        case .attemptGivenBack(let stage, let attempt): giveBack(stage, attempt, at)
        case .pluginFound(let stages): unblock(stages, at)
        case .childStands(let stage, let attempt, let wait): stand(stage, attempt, wait, at)
        case .timerFired(let key): fire(key, at)
        case .control(let control, let request): refusal = apply(control, request, at)
        case .group(let place): take(place, at)
        case .groupOfAncestor(let run): refuse(ancestor: run, at)
        case .admit: admit(at)
        case .slotsFreed: break
        case .lookedBack(let hadFailed): past = .known(hadFailed: hadFailed)
        case .restarted: restart(at)
        }
        drain(at)
        if !wasWaiting, state.row.status == .waiting, !state.isLeftToHooks {
            startHook(.onWaiting, at)
            drain(at)
        }
        return finishStep(refusal: refusal, wasEnded: wasEnded)
    }

    /// Applies a fact that was decided before: how a new owner gets to the state of the old one.
    ///
    /// - Throws: when the record does not follow the one before it or does not fit the plan.
    public mutating func replay(_ record: JournalRecord) throws(ReplayError) {
        guard record.seq == state.lastSeq + 1 else {
            throw ReplayError(
                seq: record.seq,
                message: "record \(record.seq) of the journal stands where \(state.lastSeq + 1) was expected",
                help: "the journal is damaged: 'batten db check' tells")
        }
        let fact = try RunFact(record, plan: plan, state: state)
        state.evolve(fact, at: record.at, plan: plan, changes: &changes)
        changes.reset()
    }

    /// Records a fact and lets it change the state.
    mutating func emit(_ fact: RunFact, _ at: Timestamp) {
        let held = fact.stageIndex.flatMap { heldSlot($0) }
        state.evolve(fact, at: at, plan: plan, changes: &changes)
        let holds = fact.stageIndex.flatMap { heldSlot($0) }
        if let held, holds == nil { change(held, of: fact, isTaken: false) }
        if let holds, held == nil { change(holds, of: fact, isTaken: true) }
        if held != nil, holds == nil, !reserving.isEmpty { releaseReservations(of: fact) }
        records.append(fact.record(seq: state.lastSeq, at: at, state: state))
    }

    /// The planned stage that an instance is, or is an item of.
    func planned(_ index: Int) -> PlannedStage { state.planned(index, plan) }

    private mutating func change(_ pool: StagePool, of fact: RunFact, isTaken: Bool) {
        let workflow = plan.definition.name
        if isTaken { slots.take(pool, of: workflow) } else { slots.free(pool, of: workflow) }
        guard let index = fact.stageIndex, slots.isShared(pool, of: workflow) else { return }
        changes.slots.append(
            SlotChange(
                stageIndex: index, attempt: state.stages[index].row.attempts, plugin: pool.plugin, isTaken: isTaken))
    }

    /// The slot that a stage holds: a running attempt holds one.
    private func heldSlot(_ index: Int) -> StagePool? {
        state.stages[index].mode == .running ? state.pool(of: index, plan) : nil
    }

    /// Gives back the slots of a run that its engine lets go of without ending it.
    public func release(slots: inout SlotPool) {
        for attempt in state.runningAttempts {
            slots.free(state.pool(of: attempt.stage, plan), of: plan.definition.name)
        }
    }

    private mutating func finishStep(refusal: String?, wasEnded: Bool) -> RunStep {
        if !demands.isEmpty { demands.removeAll(keepingCapacity: true) }
        var step = RunStep()
        step.refusal = refusal
        step.status = state.row.status
        let hasWaitingItems = !itemHeads.isEmpty
        step.hasQueue = state.hasQueue || hasWaitingItems
        step.isStuck = state.isStuck && (state.isPaused || !hasWaitingItems)
        step.isInLine = state.isInLine
        step.isBudgeted = state.isBudgeted && !state.isEnded
        if step.hasQueue || !contenders.isEmpty { noteWaits(&step) }
        guard !records.isEmpty else { return step }
        step.records = records
        if changes.isRunTouched { step.runRow = state.row }
        step.stages.reserveCapacity(changes.stages.count)
        for index in changes.stages { step.stages.append(state.stages[index].row) }
        step.attempts = changes.attempts
        step.slots = changes.slots
        step.reservations = changes.reservations
        step.released = changes.released
        for index in changes.gates { if let gate = state.stages[index].gate { step.gates.append(gate) } }
        for place in changes.signals { step.signals.append(state.signals[place]) }
        for (key, wasArmed) in changes.timers {
            if let instant = state.timers[key] {
                step.timersArmed.append(TimerRow(key: key, at: instant))
                effects.append(.armTimer(key: key, at: instant))
            } else if wasArmed {
                step.timersCleared.append(key)
                effects.append(.disarmTimer(key: key))
            }
        }
        if state.isEnded && !wasEnded { effects.append(.runEnded(state.row.status)) }
        step.effects = effects
        records.removeAll(keepingCapacity: true)
        effects.removeAll(keepingCapacity: true)
        changes.reset()
        return step
    }

    // MARK: Inputs

    private mutating func accept(_ request: RunRequest, starts: Bool, _ at: Timestamp) {
        guard !state.isAccepted else { return }
        if let concurrency = plan.concurrency { return accept(request, in: concurrency, at) }
        emitAccepted(request, at)
        if starts { startRun(at) }
    }

    /// Lets the first stages start, and the first hook beside them.
    mutating func startRun(_ at: Timestamp) {
        emit(.runStarted, at)
        startHook(.onStart, at)
    }

    mutating func emitAccepted(_ request: RunRequest, _ at: Timestamp) {
        emit(
            .runAccepted(
                request, workflow: plan.definition.name, version: plan.definition.version, definitionHash: plan.hash),
            at)
        for stage in request.kept {
            guard let index = plan.indexByID[stage.id], index < plan.finallyStart, state.stages[index].mode == .idle
            else { continue }
            emit(.stageKept(stage: index, kept: stage), at)
        }
    }

    /// Whether an attempt is the one that its stage is making now.
    public func isRunning(stage: Int, attempt: Int) -> Bool {
        state.stages.indices.contains(stage) && isCurrent(stage, attempt)
    }

    /// Whether a report is about the attempt that is running now.
    private func isCurrent(_ index: Int, _ attempt: Int) -> Bool {
        state.stages[index].mode == .running && state.stages[index].row.attempts == attempt
    }

    private mutating func finish(_ index: Int, _ attempt: Int, _ outcome: StageOutcome, _ at: Timestamp) {
        guard state.isAccepted, state.stages.indices.contains(index) else { return }
        guard isCurrent(index, attempt) else {
            emit(
                .attemptLate(
                    stage: index, attempt: attempt, outcomeClass: outcome.outcomeClass, code: outcome.code,
                    message: outcome.message), at)
            return
        }
        if outcome.outcomeClass == .ok {
            if goOn(index, attempt, outcome, at) { return }
            complete(
                index, attempt: attempt, result: outcome.output, effect: outcome.effect,
                cachedFrom: outcome.cachedFrom, at)
        } else {
            failed(index, attempt: attempt, outcome, at)
        }
    }

    private mutating func block(
        _ index: Int, _ attempt: Int, _ thing: MissingThing, _ reason: String, _ at: Timestamp
    ) {
        guard state.isAccepted, state.stages.indices.contains(index) else { return }
        guard isCurrent(index, attempt) else {
            emit(
                .attemptLate(
                    stage: index, attempt: attempt, outcomeClass: nil, code: "batten.\(thing.rawValue)_missing",
                    message: reason),
                at)
            return
        }
        if let cause = state.stages[index].stopping {
            endStopped(index, attempt: attempt, cause, failure: nil, at)
            return
        }
        if state.stages[index].hookShift != nil {
            // A run does not wait for what a hook lacks.
            let outcome = StageOutcome.permanent("batten.\(thing.rawValue)_missing", reason)
            return end(index, attempt: attempt, StageFailure(outcome), at)
        }
        emit(.stageWaiting(stage: index, attempt: attempt, hold: .missing(thing, reason: reason)), at)
    }

    private mutating func unblock(_ places: Set<Int>, _ at: Timestamp) {
        guard state.isAccepted, !state.isEnded else { return }
        for index in places.sorted() where state.stages.indices.contains(index) && state.stages[index].mode == .blocked
        {
            startOrQueue(index, at)
        }
    }

    /// The places of stages and items that wait because a secret is missing.
    public var blockedBySecrets: Set<Int> {
        guard state.counts.blocked > 0 else { return [] }
        return Set(
            state.stages.indices.filter {
                state.stages[$0].mode == .blocked && state.stages[$0].row.waiting?.on == MissingThing.secret.rawValue
            })
    }

    /// The executors that stages wait for because their plugins are missing, by the place of the stage or item.
    public var blockedExecutors: [Int: String] {
        guard state.counts.blocked > 0 else { return [:] }
        var executors: [Int: String] = [:]
        for (index, stage) in state.stages.enumerated()
        where stage.mode == .blocked && stage.row.waiting?.on == MissingThing.plugin.rawValue {
            executors[index] = body(index)?.uses ?? planned(index).uses(of: stage.body)
        }
        return executors
    }

    /// The place in the plan of a stage, or of the one that it is an item or the undo of.
    public func plannedPlace(_ index: Int) -> Int? {
        state.stages.indices.contains(index) ? state.stages[index].planned : nil
    }

    /// The name under which a stage, an item's stage or an undo is shown.
    public func stageName(_ index: Int) -> String {
        state.stages.indices.contains(index) ? state.stages[index].row.id : ""
    }

    private mutating func fire(_ key: String, _ at: Timestamp) {
        guard state.timers[key] != nil, !state.isEnded, let timer = TimerKey(key) else { return }
        switch timer {
        case .run:
            guard state.phase == .main, state.stop == nil else { return }
            emit(.runCancelRequested(.timeout), at)
            if state.isStarted { sweepStopped(at) } else { timeOutInLine(at) }
        case .deadline(let index):
            guard state.stages.indices.contains(index) else { return }
            deadlinePassed(index, at)
        case .retry where state.isPaused, .sleep where state.isPaused: dueInPause.insert(key)
        case .retry(let index):
            guard state.stages.indices.contains(index), state.stages[index].mode == .retrying
            else { return }
            startOrQueue(index, at)
        case .answer(let index):
            guard state.stages.indices.contains(index), state.stages[index].mode == .awaiting else { return }
            answerTimePassed(index, at)
        case .sleep(let index):
            guard state.stages.indices.contains(index), state.stages[index].mode == .sleeping
            else { return }
            complete(index, attempt: nil, result: .object([:]), effect: .none, at)
        }
    }

    private mutating func deadlinePassed(_ index: Int, _ at: Timestamp) {
        let stage = state.stages[index]
        switch stage.mode {
        case .ended: return
        case .running:
            guard stage.stopping == nil else { return }
            emit(.stageStopping(stage: index, attempt: stage.row.attempts), at)
            effects.append(.cancelAttempt(stage: index, attempt: stage.row.attempts, now: false))
        case .idle, .queued, .sleeping, .retrying, .awaiting, .blocked:
            if stage.handingOff != nil { return endHandoff(index, nil, summary: .null, nil, at) }
            emit(.stageTimedOut(stage: index, attempt: nil, failure: deadlineFailure(index, effect: .none)), at)
            sweepIfHalted(by: index, at)
        case .expanded: itemsOutOfTime(of: index, at)
        }
    }

    func deadlineFailure(_ index: Int, effect: Effect) -> StageFailure {
        let bound = planned(index).deadline.map { DurationText.format($0) } ?? ""
        return StageFailure(
            StageError(
                .timeout, code: "batten.deadline",
                message: "the deadline of \(bound) for all attempts and waits has passed",
                details: state.stages[index].lastFailure.map { .object(["last_error": $0.error.json]) } ?? .null),
            effect: effect)
    }

    private mutating func apply(_ control: RunControl, _ request: Int64?, _ at: Timestamp) -> String? {
        guard state.isAccepted else { return "the run was not accepted yet" }
        guard !state.isEnded else { return "the run has ended (\(state.row.status.rawValue))" }
        if !state.isStarted, let answer = applyInLine(control, at) { return answer }
        switch control {
        case .pause: return pause(at)
        case .answer(let answer): return self.answer(answer, request, at)
        case .signal(let signal): return receive(signal, request, at)
        case .resume:
            guard state.isPaused else { return "the run is not paused" }
            resume(at)
        case .cancel:
            let wasAsked = state.isCancelAsked
            let wasStopping = state.stop != nil
            if !wasAsked {
                if state.isPaused { resume(at) }
                emit(.runCancelRequested(.cancel), at)
            }
            if !state.hookRounds.isEmpty { sweepHooks(at) }
            if !wasAsked, state.phase == .main, !wasStopping { sweepStopped(at) }
        case .cancelNow:
            emit(.runCancelRequested(.now), at)
            sweepKilled(at)
        }
        return nil
    }

    private mutating func pause(_ at: Timestamp) -> String? {
        if state.isPaused { return "the run is paused already" }
        switch state.stop {
        case .cancel, .now: return "the run is being cancelled"
        case .timeout: return "the run's timeout has passed and it is ending"
        case nil: break
        }
        emit(.runPaused, at)
        return nil
    }

    private mutating func resume(_ at: Timestamp) {
        emit(.runResumed, at)
        // Not by the clock on the wall, which may have been set since: a timer that comes due in a pause is told.
        let due = state.timers.filter { dueInPause.contains($0.key) && TimerKey($0.key)?.stopsWhilePaused == false }
        dueInPause = []
        for timer in due.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) }) { fire(timer.key, at) }
    }

    private mutating func restart(_ at: Timestamp) {
        guard state.isAccepted, !state.isEnded else { return }
        guard state.isStarted else { return goOnInLine(at) }
        let lost = state.stages.indices.filter { state.stages[$0].mode == .running && !isChild($0) }
        let blocked = state.stages.indices.filter { state.stages[$0].mode == .blocked }
        // Replaying the journal took no slots; losing the attempts gives them back.
        for index in lost { slots.take(state.pool(of: index, plan), of: plan.definition.name) }
        emit(.runRecovered(lost: lost.count), at)
        findChildren(at)
        for index in lost {
            let stopping = state.stages[index].stopping
            emit(.attemptLost(stage: index, attempt: state.stages[index].row.attempts, failure: nil), at)
            let failure = state.stages[index].lastFailure
            if let stopping {
                endStopped(index, attempt: nil, stopping, failure: failure, at)
            } else if let failure {
                goOnAfterLoss(index, failure, at)
            }
        }
        for index in blocked where state.stages[index].mode == .blocked { startOrQueue(index, at) }
        for index in state.stages.indices
        where state.stages[index].mode == .idle && state.stages[index].dependenciesLeft == 0
            && state.stages[index].row.item == nil && state.stages[index].undoes == nil
            && (!state.stages[index].row.isFinally || state.phase == .finally || state.stages[index].hookShift != nil)
        {
            changes.decidable.append(index)
        }
        if let undo = state.nextUndo { changes.decidable.append(undo) }
        for timer in state.armedTimers where !changes.timers.contains(where: { $0.key == timer.key }) {
            effects.append(.armTimer(key: timer.key, at: timer.at))
            if state.isPaused, timer.at <= at { dueInPause.insert(timer.key) }
        }
    }
}

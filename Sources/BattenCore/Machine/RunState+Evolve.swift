extension RunState {
    /// The state before the first fact.
    init(plan: Plan) {
        row = RunRow(
            id: "", workflow: plan.definition.name, version: plan.definition.version, definitionHash: plan.hash,
            trigger: "", parameters: .object([:]), hostEnvironment: .object([:]), seed: 0, workdir: "",
            idempotencyKey: nil, acceptedAt: Timestamp(nanoseconds: 0))
        stages = []
        stages.reserveCapacity(plan.stages.count)
        for index in plan.stages.indices {
            stages.append(
                StageState(
                    row: StageRow(
                        index: index, id: plan.stages[index].definition.id, uses: plan.stages[index].definition.uses,
                        isFinally: plan.stages[index].isFinally),
                    planned: index, dependenciesLeft: plan.stages[index].dependencies.count))
        }
        mainLeft = plan.finallyStart
        finallyLeft = plan.stages.count - plan.finallyStart
    }

    /// Applies one fact: the only way the state changes.
    ///
    /// - Parameters:
    ///   - fact: what happened.
    ///   - at: when it was decided.
    ///   - plan: what the run is locked to.
    ///   - changes: receives what was touched.
    mutating func evolve(_ fact: RunFact, at: Timestamp, plan: Plan, changes: inout RunChanges) {
        lastSeq += 1
        switch fact {
        case .runAccepted(let request, let workflow, let version, let hash):
            row = RunRow(
                id: request.run, workflow: workflow, version: version, definitionHash: hash, trigger: request.trigger,
                parameters: request.parameters, hostEnvironment: request.hostEnvironment, seed: request.seed,
                workdir: request.workdir, directory: request.directory, idempotencyKey: request.idempotencyKey,
                acceptedAt: at)
            row.origin = request.origin
            row.group = request.group
            row.parent = request.parent
            givenTimeout = request.timeout
            workflowFolder = request.workflowFolder
            event = request.event
            isBudgeted =
                request.isUnderBudget || request.budget != nil || plan.definition.budget != nil
                || plan.stages.contains { $0.definition.budget != nil }
            // The time that a child is given runs while it waits for its group too.
            if let timeout = request.timeout, request.group != nil { arm(.run, at + timeout, now: at, &changes) }
            changes.isRunTouched = true
            for index in stages.indices { changes.touch(stage: index) }
        case .runWaiting(let member):
            let since = row.waiting?.since ?? at
            row.waiting = WaitReason(on: "group", detail: member.detail(group: row.group ?? ""), since: since)
            changes.isRunTouched = true
        case .runStarted:
            row.status = .running
            row.waiting = nil
            row.startedAt = at
            changes.isRunTouched = true
            if let timeout = timeout(of: plan) {
                arm(.run, min(at + timeout, timers[TimerKey.run.text] ?? at + timeout), now: at, &changes)
            }
            for index in 0..<plan.finallyStart where stages[index].dependenciesLeft == 0 {
                changes.decidable.append(index)
            }
        case .compensationStarted(let undone): startCompensation(undone, plan, &changes)
        case .hookStarted(let event, let verdict): startHook(event, verdict, plan, &changes)
        case .finallyStarted:
            phase = .finally
            disarm(.run, &changes)
            for index in plan.finallyStart..<plan.stages.count where stages[index].dependenciesLeft == 0 {
                changes.decidable.append(index)
            }
        case .runCancelRequested(let cause): requestStop(cause, &changes)
        case .runPaused: pause(at, &changes)
        case .runResumed: resume(at, &changes)
        case .runRecovered: break
        case .runCompleted(let outputs):
            row.outputs = outputs
            end(.completed, at, &changes)
        case .runFailed(let error):
            row.error = error
            end(.failed, at, &changes)
        case .runCancelled(let error):
            row.error = error
            end(.cancelled, at, &changes)
        case .runTimedOut(let error):
            row.error = error
            end(.timedOut, at, &changes)
        case .signalReceived(let signal, let request):
            signals.append(SignalRow(seq: lastSeq, signal: signal, at: at))
            changes.touch(signal: signals.count - 1)
            if let request { requests.insert(request) }
        default: evolveStage(fact, at, plan, &changes)
        }
        refreshStatus(at, &changes)
    }

    private mutating func evolveStage(
        _ fact: RunFact, _ at: Timestamp, _ plan: Plan, _ changes: inout RunChanges
    ) {
        if let index = fact.stageIndex, !fact.isKept { noteBegin(ofItem: index, at) }
        switch fact {
        case .stageExpanded(let index, let items):
            stages[index].row.status = .running
            stages[index].row.waiting = nil
            setMode(index, .expanded, plan)
            open(index, at, plan, &changes)
            expand(index, over: items, at, &changes)
            changes.touch(stage: index)
        case .stageStarted(let index, let number, let reason, let body):
            start(index, number, reason, body, at, plan, &changes)
        case .stageWaiting(let index, _, let hold): wait(index, hold, at, plan, &changes)
        case .childStands(let index, _, let wait): stand(index, wait, at, &changes)
        case .stageStopping(let index, _):
            stages[index].stopping = .timeout
            disarm(.deadline(index), &changes)
        case .gateAnswered(let index, let answer, let request):
            stages[index].gate?.votes.append(GateRow.Vote(answer: answer, at: at))
            let detail = gateDetail(index)
            stages[index].row.waiting?.detail = detail
            changes.touch(gate: index)
            changes.touch(stage: index)
            if let request { requests.insert(request) }
        case .gateDecided(let index, let decision, let by):
            stages[index].gate?.decide(decision, by: by, at: at)
            disarm(.answer(index), &changes)
            changes.touch(gate: index)
            if stages[index].asksAboutLoss, decision == .approved { setMode(index, .idle, plan) }
        case .signalTaken(let index, let signal):
            guard let place = signals.firstIndex(where: { $0.seq == signal }) else { return }
            signals[place].takenBy = index
            signals[place].takenAt = at
            changes.touch(signal: place)
        case .stageRetrying(let index, _, let failure, let next):
            disarm(.answer(index), &changes)
            closeAttempt(index, failure, at, &changes)
            stages[index].lastFailure = failure
            stages[index].row.error = failure.error
            switch next {
            case .retry(let instant):
                stages[index].nextReason = .retry
                stages[index].row.status = .retrying
                stages[index].row.waiting = WaitReason(
                    on: "retry", detail: "waits to be tried again", since: at, until: instant)
                setMode(index, .retrying, plan)
                arm(.retry(index), instant, now: at, &changes)
            case .fallback:
                // Whether the attempt that is over was a child run depends on its body.
                setMode(index, .idle, plan)
                stages[index].nextReason = .fallback
                stages[index].body = .fallback
                stages[index].dialogue = nil
                stages[index].counted = 0
                stages[index].row.waiting = nil
            }
            changes.touch(stage: index)
        case .stageContinued(let index, let attempt, let step, let effect):
            goOn(index, attempt, step, effect, at, plan, &changes)
        case .stageCompleted(let index, _, let outputs, let effect, let cachedFrom):
            if stages[index].mode == .running, var attempt = stages[index].attempt {
                attempt.endedAt = at
                attempt.outcomeClass = .ok
                attempt.effect = effect
                store(attempt, index, &changes)
            }
            stages[index].row.outputs = outputs
            stages[index].row.cachedFrom = cachedFrom
            stages[index].row.error = nil
            if stages[index].row.item != nil { expansions[stages[index].home]?.note(effect) }
            if cachedFrom == nil { stages[index].completedAt = lastSeq }
            settle(index, .completed, at, plan, &changes)
        case .stageFailed(let index, _, let failure):
            fail(index, .failed, failure, at, plan, &changes)
        case .stageTimedOut(let index, _, let failure):
            fail(index, .timedOut, failure, at, plan, &changes)
        case .stageCancelled(let index, _, let reason, let failure):
            closeAttempt(
                index,
                failure ?? StageFailure(StageError(.cancelled, code: "", message: reason), effect: .unknown), at,
                &changes)
            stages[index].row.reason = reason
            stages[index].row.error = failure?.error ?? stages[index].row.error
            settle(index, .cancelled, at, plan, &changes)
        case .stageKept(let index, let kept):
            keep(index, kept, at, plan, &changes)
        case .stageRewound(let index, let gate): rewind(index, by: gate, at, plan, &changes)
        case .stageSkipped(let index, let reason):
            stages[index].row.reason = reason
            settle(index, .skipped, at, plan, &changes)
        case .attemptLost(let index, _, let given):
            let failure =
                given
                ?? StageFailure(
                    StageError(
                        .crashed, code: RunMachine.engineLostCode, message: "the engine that made the attempt has died"),
                    effect: .unknown)
            closeAttempt(index, failure, at, &changes)
            stages[index].lastFailure = failure
            // It leaves as what it ran as: the loss may make it one that runs alone.
            setMode(index, .idle, plan)
            let loss = AttemptLoss(failure)
            if loss != .engineStopped { stages[index].losses += 1 }
            stages[index].counted = max(0, stages[index].counted - 1)
            stages[index].nextReason = loss.reason
            changes.touch(stage: index)
        default: break
        }
    }

    // MARK: Stages

    private mutating func start(
        _ index: Int, _ number: Int, _ reason: AttemptReason, _ body: StageBodyChoice, _ at: Timestamp, _ plan: Plan,
        _ changes: inout RunChanges
    ) {
        stages[index].body = body
        stages[index].counted += 1
        stages[index].nextReason = reason
        stages[index].row.attempts = number
        hasAttempts = true
        stages[index].row.status = .running
        stages[index].row.waiting = nil
        setMode(index, .running, plan)
        disarm(.retry(index), &changes)
        open(index, at, plan, &changes)
        store(
            AttemptRow(
                stageIndex: index, item: stages[index].row.item, number: number, reason: reason.rawValue,
                idempotencyKey: idempotencyKey(stage: index, body: body), startedAt: at), index, &changes)
        changes.touch(stage: index)
        advanceQueue()
    }

    private mutating func wait(
        _ index: Int, _ hold: StageHold, _ at: Timestamp, _ plan: Plan, _ changes: inout RunChanges
    ) {
        stages[index].row.status = .waiting
        disarm(.retry(index), &changes)
        switch hold {
        case .slot(let detail):
            stages[index].row.waiting = WaitReason(on: "slot", detail: detail, since: at)
            setMode(index, .queued, plan)
            queue.append(index, pool: pool(of: index, plan), turn: turn(of: index, since: at, plan))
        case .quota(let wait):
            // Who has waited already keeps its place.
            let since = stages[index].mode == .queued ? stages[index].row.waiting?.since ?? at : at
            stages[index].row.waiting = WaitReason(on: "quota", detail: wait.detail, since: since, until: wait.until)
            setMode(index, .queued, plan)
            if stages[index].quota == nil { noteQuotaWait(index, 1) }
            stages[index].quota = wait.quota
            queue.append(index, pool: pool(of: index, plan), turn: turn(of: index, since: since, plan))
            advanceQueue()
        case .pause:
            stages[index].row.waiting = WaitReason(on: "pause", detail: "the run is paused", since: at)
            setMode(index, .queued, plan)
            queue.append(index, pool: pool(of: index, plan), turn: turn(of: index, since: at, plan))
        case .sleep(let until):
            stages[index].row.waiting = WaitReason(on: "sleep", detail: "sleeps", since: at, until: until)
            setMode(index, .sleeping, plan)
            open(index, at, plan, &changes)
            arm(.sleep(index), until, now: at, &changes)
            advanceQueue()
        case .gate(let request):
            stages[index].gate = GateRow(
                stageIndex: index, prompt: request.prompt, approvers: request.approvers, required: request.required,
                form: request.form, approvesOnTimeout: request.approvesOnTimeout, openedAt: at,
                expiresAt: request.until)
            stages[index].row.waiting = WaitReason(
                on: "gate", detail: gateDetail(index), since: at, until: request.until)
            stages[index].asksAboutLoss = request.isAboutLoss
            stages[index].rewind = request.rewindTo.map {
                StageState.Rewind(to: $0, limit: request.maximumRewinds)
            }
            changes.touch(gate: index)
            park(index, until: request.until, at, plan, &changes)
        case .signal(let name, let until):
            stages[index].signalName = name
            stages[index].row.waiting = WaitReason(
                on: "signal", detail: "waits for the signal '\(name)': batten signal \(row.id) \(name)", since: at,
                until: until)
            park(index, until: until, at, plan, &changes)
        case .missing(let thing, let reason):
            let failure = StageFailure(
                StageError(.permanent, code: "batten.\(thing.rawValue)_missing", message: reason), effect: .none)
            closeAttempt(index, failure, at, &changes)
            stages[index].counted = max(0, stages[index].counted - 1)
            stages[index].row.waiting = WaitReason(on: thing.rawValue, detail: reason, since: at)
            setMode(index, .blocked, plan)
        }
        changes.touch(stage: index)
    }

    private mutating func park(
        _ index: Int, until: Timestamp?, _ at: Timestamp, _ plan: Plan, _ changes: inout RunChanges
    ) {
        setMode(index, .awaiting, plan)
        open(index, at, plan, &changes)
        if let until { arm(.answer(index), until, now: at, &changes) }
        advanceQueue()
    }

    /// What a gate asks, for people, with the command that answers.
    private func gateDetail(_ index: Int) -> String {
        guard let gate = stages[index].gate else { return "" }
        let count = gate.required > 1 ? " (\(gate.approvals) of \(gate.required) approvals)" : ""
        let item = stages[index].row.item.map { " --item \($0)" } ?? ""
        return "asks\(count): \(gate.prompt) - batten approve \(row.id) \(stages[index].row.id)\(item)"
    }

    /// Notes that a stage has begun and starts the clock of its deadline.
    private mutating func open(_ index: Int, _ at: Timestamp, _ plan: Plan, _ changes: inout RunChanges) {
        guard stages[index].row.startedAt == nil else { return }
        stages[index].row.startedAt = at
        guard stages[index].row.item == nil, stages[index].undoes == nil else { return }
        if let deadline = planned(index, plan).deadline { arm(.deadline(index), at + deadline, now: at, &changes) }
    }

    mutating func closeAttempt(
        _ index: Int, _ failure: StageFailure, _ at: Timestamp, _ changes: inout RunChanges
    ) {
        guard stages[index].mode == .running, var attempt = stages[index].attempt else { return }
        attempt.endedAt = at
        attempt.outcomeClass = failure.error.outcomeClass
        attempt.effect = failure.effect
        attempt.code = failure.error.code
        attempt.message = failure.error.message
        store(attempt, index, &changes)
    }

    mutating func store(_ attempt: AttemptRow, _ index: Int, _ changes: inout RunChanges) {
        stages[index].attempt = attempt
        changes.touch(attempt: attempt)
    }

    private mutating func fail(
        _ index: Int, _ status: StageStatus, _ failure: StageFailure, _ at: Timestamp, _ plan: Plan,
        _ changes: inout RunChanges
    ) {
        closeAttempt(index, failure, at, &changes)
        stages[index].row.error = failure.error
        // What the failure of an item means for the run its stage decides.
        guard stages[index].row.item == nil, stages[index].undoes == nil, stages[index].hookShift == nil else {
            return settle(index, status, at, plan, &changes)
        }
        row.failedStages += 1
        changes.isRunTouched = true
        let policy = planned(index, plan).onFailure
        if policy != .continue {
            if decisiveError == nil {
                decisiveError = failure.error.decisive(stage: stages[index].row.id)
            }
            if policy == .halt, !stages[index].row.isFinally, haltedBy == nil { haltedBy = index }
        }
        settle(index, status, at, plan, &changes)
    }

    /// Decides a stage and tells its dependents.
    mutating func settle(
        _ index: Int, _ status: StageStatus, _ at: Timestamp, _ plan: Plan, _ changes: inout RunChanges
    ) {
        if stages[index].mode == .expanded { gatherItems(of: index, plan) }
        setMode(index, .ended, plan)
        stages[index].row.status = status
        stages[index].row.waiting = nil
        stages[index].row.endedAt = at
        stages[index].stopping = nil
        stages[index].lastFailure = nil
        stages[index].dialogue = nil
        stages[index].handingOff = nil
        if stages[index].gate != nil, stages[index].gate?.decision == nil {
            stages[index].gate?.decide(.closed, by: nil, at: at)
            changes.touch(gate: index)
        }
        if status == .completed, stages[index].row.startedAt == nil { stages[index].row.startedAt = at }
        disarm(.deadline(index), &changes)
        disarm(.retry(index), &changes)
        disarm(.sleep(index), &changes)
        disarm(.answer(index), &changes)
        changes.touch(stage: index)
        if stages[index].row.item != nil {
            noteEnd(ofItem: index, status, &changes)
            return advanceQueue()
        }
        if stages[index].undoes != nil {
            noteEnd(ofUndo: index, &changes)
            return advanceQueue()
        }
        let shift = stages[index].hookShift
        if shift != nil {
            hooksLeft -= 1
        } else if stages[index].row.isFinally {
            finallyLeft -= 1
        } else {
            mainLeft -= 1
        }
        // What hooks take their time for is not the run's.
        if isLeftToHooks { disarm(.run, &changes) }
        let failed = status == .failed || status == .timedOut
        let meets = status == .completed || (failed && planned(index, plan).onFailure == .continue)
        let failedAbove = failed || stages[index].hasFailedAncestor
        for dependent in planned(index, plan).dependents.lazy.map({ $0 + (shift ?? 0) }) {
            stages[dependent].dependenciesLeft -= 1
            if !meets, stages[dependent].unmet == nil { stages[dependent].unmet = index }
            if failedAbove { stages[dependent].hasFailedAncestor = true }
            if stages[dependent].dependenciesLeft == 0, stages[dependent].mode == .idle {
                changes.decidable.append(dependent)
            }
        }
        advanceQueue()
    }

    /// The key under which all attempts of a stage's body are one request to the outside.
    func idempotencyKey(stage index: Int, body: StageBodyChoice) -> String {
        body.idempotencyKey(
            run: row.id, stage: stages[index].row.id, item: stages[index].row.item, round: stages[index].round,
            step: stages[index].step)
    }

    mutating func setMode(_ index: Int, _ mode: StageState.Mode, _ plan: Plan) {
        let old = stages[index].mode
        guard old != mode else { return }
        defer {
            stages[index].mode = mode
            if old == .running { stages[index].stopping = nil }
            if old == .awaiting { stages[index].signalName = nil }
            if old == .queued, stages[index].quota != nil {
                stages[index].quota = nil
                noteQuotaWait(index, -1)
            }
        }
        let isHook = stages[index].hookShift != nil
        if stages[index].childWait != nil { noteChild(index, nil) }
        if old == .running || mode == .running {
            let step = mode == .running ? 1 : -1
            if isChild(index, plan) {
                childrenRunning += step
                if isHook { hookChildrenRunning += step }
            }
            if !isHook, isExclusive(index, plan) { exclusiveRunning += step }
        }
        // What a hook does is no part of how the run stands.
        if isHook {
            hookCounts.add(-1, to: old)
            hookCounts.add(1, to: mode)
        } else {
            counts.add(-1, to: old)
            counts.add(1, to: mode)
        }
    }

    /// Bound on the run: the workflow's own or that of whoever started it, the shorter one.
    func timeout(of plan: Plan) -> Duration? {
        guard let own = plan.definition.timeout else { return givenTimeout }
        return givenTimeout.map { min($0, own) } ?? own
    }

    /// Whether no other stage of the run may run beside this one: it says so, or it was lost twice.
    func isExclusive(_ index: Int, _ plan: Plan) -> Bool {
        planned(index, plan).isExclusive || stages[index].losses >= RunMachine.lossesBeforeIsolation
    }

    /// The slots that the current body of a stage uses.
    func pool(of index: Int, _ plan: Plan) -> StagePool {
        var pool = body(of: index, plan)?.pool ?? planned(index, plan).pool
        pool.quota = stages[index].quota
        return pool
    }

    /// When a stage gets its turn that is ready since an instant.
    func turn(of index: Int, since: Timestamp, _ plan: Plan) -> Turn {
        Turn(since: since, priority: planned(index, plan).priority)
    }

    /// Forgets the stages at the head of the queue that no longer wait.
    mutating func advanceQueue() {
        queue.advance { stages[$0].mode == .queued && stages[$0].quota == $1.quota }
    }

    // MARK: Timers

    /// Arms a timer; a clock that a pause stops begins with the resume when the run is paused.
    private mutating func arm(
        _ key: TimerKey, _ at: Timestamp, now: Timestamp, _ changes: inout RunChanges
    ) {
        let text = key.text
        if isPaused, key.stopsWhilePaused {
            stoppedClocks[text] = max(at - now, .zero)
            return
        }
        changes.touch(timer: text, wasArmed: timers.updateValue(at, forKey: text) != nil)
    }

    mutating func disarm(_ key: TimerKey, _ changes: inout RunChanges) {
        if timers.isEmpty && stoppedClocks.isEmpty { return }
        let text = key.text
        stoppedClocks[text] = nil
        if timers.removeValue(forKey: text) != nil { changes.touch(timer: text, wasArmed: true) }
    }

    // MARK: The run

    private mutating func requestStop(_ cause: StopCause, _ changes: inout RunChanges) {
        if cause != .timeout, cause == .now || phase != .ending { isCancelAsked = true }
        if cause != .timeout { areHooksHurried = true }
        if cause == .now || (phase == .main && stop == nil) { stop = cause }
        disarm(.run, &changes)
        guard phase == .main else { return }
        for index in stages.indices where stages[index].mode == .running && stages[index].stopping == nil {
            stages[index].stopping = .cancel
        }
    }

    private mutating func pause(_ at: Timestamp, _ changes: inout RunChanges) {
        isPaused = true
        for (key, instant) in timers where TimerKey(key)?.stopsWhilePaused == true {
            stoppedClocks[key] = max(instant - at, .zero)
        }
        for key in stoppedClocks.keys.sorted() where timers.removeValue(forKey: key) != nil {
            changes.touch(timer: key, wasArmed: true)
        }
    }

    private mutating func resume(_ at: Timestamp, _ changes: inout RunChanges) {
        isPaused = false
        for (key, rest) in stoppedClocks.sorted(by: { $0.key < $1.key }) {
            timers[key] = at + rest
            changes.touch(timer: key, wasArmed: false)
            guard case .answer(let index)? = TimerKey(key), stages.indices.contains(index) else { continue }
            stages[index].row.waiting?.until = at + rest
            changes.touch(stage: index)
            guard stages[index].gate != nil, stages[index].signalName == nil else { continue }
            stages[index].gate?.expiresAt = at + rest
            changes.touch(gate: index)
        }
        stoppedClocks.removeAll()
        for index in queue.stages where stages[index].row.waiting?.on == "pause" {
            stages[index].row.waiting = WaitReason(on: "slot", detail: "waits for its turn", since: at)
            changes.touch(stage: index)
        }
    }

    private mutating func end(_ status: RunStatus, _ at: Timestamp, _ changes: inout RunChanges) {
        phase = .ended
        row.status = status
        row.waiting = nil
        row.endedAt = at
        disarm(.run, &changes)
        changes.isRunTouched = true
    }
}

extension StageError {
    /// The same error as the reason why a run failed: it names the stage.
    func decisive(stage: String) -> StageError {
        let text =
            message.isEmpty ? "stage '\(stage)' failed (\(outcomeClass.rawValue))" : "stage '\(stage)': \(message)"
        var data: JSONObject = ["stage": .string(stage)]
        if !details.isNull { data["details"] = details }
        return StageError(outcomeClass, code: code, message: text, details: .object(data))
    }
}

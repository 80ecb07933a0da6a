// What follows from what happened: which stages start, wait, are skipped or end, until nothing more follows.
extension RunMachine {
    /// Draws every consequence; a loop, so that long chains of `set` stages need no stack.
    mutating func drain(_ at: Timestamp) {
        guard state.isStarted, !state.isEnded else { return }
        while true {
            if let index = changes.popDecidable() {
                decide(index, at)
            } else if !ready.isEmpty {
                placeReady(at)
            } else if let index = freeItem {
                begin(index, at)
            } else if let index = nextReady() {
                start(index, at)
            } else if state.phase == .main, state.mainLeft == 0, let undone = stagesToUndo {
                emit(.compensationStarted(undone), at)
            } else if state.undosLeft > 0 {
                return
            } else if state.phase != .finally, state.mainLeft == 0, state.finallyLeft > 0, state.stop != .now {
                emit(.finallyStarted, at)
            } else if state.mainLeft == 0, state.finallyLeft == 0, let verdict = verdictToFollow {
                if verdict == .completed, looksBack() { return }
                for event in lastHooks(verdict) { emit(.hookStarted(event, verdict: verdict), at) }
            } else if state.mainLeft == 0, state.finallyLeft == 0, state.hooksLeft == 0 {
                endRun(at)
                return
            } else {
                return
            }
        }
    }

    /// Decides a stage whose dependencies are all decided.
    private mutating func decide(_ index: Int, _ at: Timestamp) {
        if state.stages[index].mode == .expanded { return decideItems(of: index, at) }
        if state.stages[index].undoes != nil { return beginUndo(index, at) }
        guard state.stages[index].mode == .idle, state.stages[index].dependenciesLeft == 0 else { return }
        if let reason = reasonNotToStart(index) {
            emit(.stageSkipped(stage: index, reason: reason), at)
            return
        }
        switch condition(of: index) {
        case .success(true):
            if planned(index).fanOut == nil { begin(index, at) } else { expand(index, at) }
        case .success(false):
            emit(.stageSkipped(stage: index, reason: skipReason(index)), at)
        case .failure(let thrown):
            emit(.stageFailed(stage: index, attempt: nil, failure: thrown.failure), at)
            sweepIfHalted(by: index, at)
        }
    }

    /// Why the run's state forbids a stage to start whatever its condition says; nil when it may.
    func reasonNotToStart(_ index: Int) -> String? {
        if state.stages[index].undoes != nil || state.stages[index].hookShift != nil {
            return state.stop == .now ? "cancelled: the run was ended at once" : reasonNotToStartItem(index)
        }
        guard !state.stages[index].row.isFinally else { return reasonNotToStartItem(index) }
        if let stop = state.stop {
            if stop == .cancel, planned(index).startsWhenCancelled { return reasonNotToStartItem(index) }
            return stop == .timeout ? "timed out: the run's timeout has passed" : "cancelled: the run was cancelled"
        }
        if let culprit = state.haltedBy, !planned(index).startsWhenHalted {
            return "halted: stage '\(state.stages[culprit].row.id)' \(state.stages[culprit].row.status.verb)"
        }
        return reasonNotToStartItem(index)
    }

    private func condition(of index: Int) -> Result<Bool, StageFailure.Thrown> {
        let hasSuccess = state.stages[index].unmet == nil
        guard let condition = planned(index).condition else { return .success(hasSuccess) }
        if planned(index).requiresSuccess && !hasSuccess { return .success(false) }
        let scope = RunScope(plan: plan, state: state, stage: index)
        let id = planned(index).id
        do throws(StageFailure.Thrown) {
            if condition.references.contains(where: { $0.namespace == .inputs }) { try evaluateInputs(index, scope) }
            let value: JSONValue
            do throws(ExpressionError) {
                value = try condition.evaluate(in: scope)
            } catch {
                throw .render(stage: id, field: "if", error)
            }
            guard case .bool(let answer) = value else {
                throw .contract(
                    "batten.condition", "the condition of stage '\(id)' gives \(value.described), not true or false",
                    field: "if")
            }
            return .success(answer)
        } catch {
            var failure = error.failure
            failure.error.code = "batten.condition"
            return .failure(StageFailure.Thrown(failure: failure))
        }
    }

    private func skipReason(_ index: Int) -> String {
        let needsSuccess = planned(index).condition == nil || planned(index).requiresSuccess
        if needsSuccess, let unmet = state.stages[index].unmet {
            return SkipReason.dependency(state.stages[unmet].row.id, state.stages[unmet].row.status)
        }
        return SkipReason.condition
    }

    // MARK: Starting

    /// Begins the current body of a stage.
    mutating func begin(_ index: Int, _ at: Timestamp) {
        let kind = body(index)?.kind ?? planned(index).kind(of: state.stages[index].body)
        if state.areHooksHurried, state.stages[index].hookShift != nil, kind?.waits == true {
            let reason = "cancelled: the run was cancelled"
            let failure = state.stages[index].lastFailure
            emit(
                state.stages[index].row.attempts == 0
                    ? .stageSkipped(stage: index, reason: reason)
                    : .stageCancelled(stage: index, attempt: nil, reason: reason, failure: failure), at)
            return
        }
        switch kind {
        case .executor, .workflow: startOrQueue(index, at)
        case .set: set(index, at)
        case .sleep: sleep(index, at)
        case .gate: openGate(index, at)
        case .signal: awaitSignal(index, at)
        case .unsupported(let name):
            failed(index, attempt: nil, .permanent("batten.unsupported", "'\(name)' cannot be run yet"), at)
        case nil:
            failed(index, attempt: nil, .permanent("batten.unsupported", "there is no fallback"), at)
        }
    }

    func canStart(_ index: Int) -> Bool {
        if !state.isPaused, state.stages[index].hookShift != nil { return true }
        if state.isPaused || state.exclusiveRunning > 0 { return false }
        if state.isExclusive(index, plan) && state.counts.running > 0 { return false }
        guard let limit = plan.definition.maxParallel, !isChild(index) else { return true }
        return state.attemptsRunning < max(1, limit)
    }

    func slotDetail(_ index: Int) -> String {
        if let limit = plan.definition.maxParallel, state.attemptsRunning >= max(1, limit) {
            return "\(max(1, limit)) stages run already (max_parallel)"
        }
        if state.exclusiveRunning > 0 { return "waits for a stage that must run alone" }
        if state.isExclusive(index, plan), state.counts.running > 0 { return "must run alone and waits for the others" }
        return slots.detail(state.pool(of: index, plan), of: plan.definition.name)
    }

    mutating func start(_ index: Int, _ at: Timestamp) {
        let body = state.stages[index].body
        let number = state.stages[index].row.attempts + 1
        let outputLimit = takeGrant(index, attempt: number)
        let reason = state.stages[index].nextReason
        emit(.stageStarted(stage: index, attempt: number, reason: reason, body: body), at)
        var timeout = planned(index).timeout
        if let bound = self.body(index)?.timeout { timeout = bound }
        if !state.timers.isEmpty,
            let deadline = state.timers[TimerKey.deadline(state.stages[index].home).text]
        {
            timeout = min(timeout, max(deadline - at, .zero))
        }
        if isChild(index) {
            effects.append(childEffect(index, timeout: timeout, mayExist: false))
            return
        }
        effects.append(
            .startAttempt(
                StageStart(
                    stageIndex: index, planned: state.stages[index].planned, item: state.stages[index].row.item,
                    attempt: number, reason: reason, round: state.stages[index].round,
                    idempotencyKey: state.stages[index].attempt?.idempotencyKey ?? "", body: body, timeout: timeout,
                    wantsIsolation: state.stages[index].losses >= Self.lossesBeforeIsolation,
                    outputLimit: outputLimit)))
    }

    // MARK: Ending stages

    /// Holds a result against the stage's output contract and completes the stage.
    mutating func complete(
        _ index: Int, attempt: Int?, result: JSONValue, effect: Effect, cachedFrom: String? = nil, _ at: Timestamp
    ) {
        switch outputs(of: index, attempt: attempt, result: result) {
        case .success(let outputs):
            if handOff(index, attempt: attempt, outputs: outputs, effect: effect, cachedFrom: cachedFrom, at) { return }
            emit(
                .stageCompleted(
                    stage: index, attempt: attempt, outputs: outputs, effect: effect, cachedFrom: cachedFrom), at)
        case .failure(let thrown):
            var outcome = thrown.failure.outcome
            outcome.effect = effect
            failed(index, attempt: attempt, outcome, at)
        }
    }

    /// Decides what follows a failed attempt: another one, the fallback, or the end of the stage.
    mutating func failed(_ index: Int, attempt: Int?, _ outcome: StageOutcome, _ at: Timestamp) {
        let failure = StageFailure(outcome)
        if let cause = state.stages[index].stopping {
            endStopped(index, attempt: attempt, cause, failure: failure, at)
            return
        }
        let stage = state.stages[index]
        // Whose time was up first is no matter of who tells first.
        if outcome.outcomeClass == .timeout, let deadline = state.timers[TimerKey.deadline(stage.home).text],
            deadline <= at
        {
            endStopped(index, attempt: attempt, .timeout, failure: failure, at)
            return
        }
        if reasonNotToStart(index) == nil {
            if let attempt, outcome.isLostWorker {
                emit(.attemptLost(stage: index, attempt: attempt, failure: failure), at)
                return goOnAfterLoss(index, failure, at)
            }
            if attempt != nil, let policy = policy(of: index),
                RetrySchedule.isRetried(
                    outcome, policy: policy, isIdempotent: isIdempotent(index), attempts: stage.counted)
            {
                let delay = RetrySchedule.delay(
                    policy: policy, retry: stage.counted, seed: state.row.seed, stage: index,
                    attempt: stage.row.attempts, retryAfter: outcome.retryAfter)
                emit(
                    .stageRetrying(stage: index, attempt: attempt, failure: failure, next: .retry(at: at + delay)), at)
                return
            }
            if stage.body == .tool { return failTool(index, attempt, failure, at) }
            if stage.body == .main, planned(index).fallback != nil {
                emit(.stageRetrying(stage: index, attempt: attempt, failure: failure, next: .fallback), at)
                begin(index, at)
                return
            }
        }
        end(index, attempt: attempt, failure, at)
    }

    private func policy(of index: Int) -> RetryPolicy? {
        state.stages[index].body == .main ? planned(index).retry : body(index)?.retry
    }

    private func isIdempotent(_ index: Int) -> Bool {
        let kind = body(index)?.kind ?? planned(index).kind(of: state.stages[index].body)
        if case .workflow? = kind { return false }
        guard case .executor(let info) = kind else { return true }
        return info.isIdempotent || info.isPure
    }

    /// Ends a stage with its failure.
    mutating func end(_ index: Int, attempt: Int?, _ failure: StageFailure, _ at: Timestamp) {
        if state.stages[index].handingOff != nil { return endHandoff(index, attempt, summary: .null, failure, at) }
        if failure.error.outcomeClass == .timeout {
            emit(.stageTimedOut(stage: index, attempt: attempt, failure: failure), at)
        } else {
            emit(.stageFailed(stage: index, attempt: attempt, failure: failure), at)
        }
        sweepIfHalted(by: index, at)
    }

    /// Ends a stage whose attempt was asked to stop and did not succeed.
    mutating func endStopped(
        _ index: Int, attempt: Int?, _ cause: StopCause, failure: StageFailure?, _ at: Timestamp
    ) {
        if state.stages[index].handingOff != nil { return endHandoff(index, attempt, summary: .null, failure, at) }
        if cause == .timeout {
            emit(
                .stageTimedOut(
                    stage: index, attempt: attempt, failure: deadlineFailure(index, effect: failure?.effect ?? .none)),
                at)
            sweepIfHalted(by: index, at)
        } else {
            emit(
                .stageCancelled(stage: index, attempt: attempt, reason: stopReason, failure: failure), at)
        }
    }

    var stopReason: String {
        state.stop == .timeout ? "timed out: the run's timeout has passed" : "cancelled: the run was cancelled"
    }

    // MARK: Sweeps

    /// Applies `halt` to everything that has not started, the moment it comes into force.
    mutating func sweepIfHalted(by index: Int, _ at: Timestamp) {
        if state.stages[index].row.item != nil { return passOverItems(afterFailureOf: index, at) }
        guard state.haltedBy == index, state.stop == nil, state.phase == .main else { return }
        for other in state.stages.indices
        where !state.stages[other].row.isFinally && !planned(other).startsWhenHalted {
            guard let reason = reasonNotToStart(other) else { continue }
            drop(other, reason: reason, keepFailure: true, at)
        }
    }

    /// Applies a cancel or the run's timeout to all main stages.
    mutating func sweepStopped(_ at: Timestamp) {
        for index in state.stages.indices where !state.stages[index].row.isFinally {
            let mode = state.stages[index].mode
            if mode == .running {
                effects.append(.cancelAttempt(stage: index, attempt: state.stages[index].row.attempts, now: false))
                continue
            }
            let hasNotStarted = mode == .idle || (mode == .queued && state.stages[index].row.attempts == 0)
            if hasNotStarted && reasonNotToStart(index) == nil { continue }
            drop(index, reason: stopReason, keepFailure: false, at)
        }
    }

    /// Ends what hooks wait for once somebody wants the run to end: a person, a signal, or time.
    mutating func sweepHooks(_ at: Timestamp) {
        for index in state.stages.indices where state.stages[index].hookShift != nil {
            guard [.awaiting, .sleeping].contains(state.stages[index].mode) else { continue }
            drop(index, reason: "cancelled: the run was cancelled", keepFailure: false, at)
        }
    }

    /// Ends every stage at once.
    mutating func sweepKilled(_ at: Timestamp) {
        let reason = "cancelled: the run was ended at once"
        for index in state.stages.indices {
            if state.stages[index].mode == .running {
                let attempt = state.stages[index].row.attempts
                effects.append(.cancelAttempt(stage: index, attempt: attempt, now: true))
                emit(.stageCancelled(stage: index, attempt: attempt, reason: reason, failure: nil), at)
            } else {
                drop(index, reason: reason, keepFailure: false, at)
            }
        }
    }

    /// Ends a stage that is not running: skipped before its first attempt, stopped after it.
    mutating func drop(_ index: Int, reason: String, keepFailure: Bool, _ at: Timestamp) {
        let stage = state.stages[index]
        if stage.handingOff != nil, stage.mode != .running {
            return endHandoff(index, nil, summary: .null, nil, at)
        }
        switch stage.mode {
        // The items of a stage end it.
        case .ended, .running, .expanded: return
        case .idle: emit(.stageSkipped(stage: index, reason: reason), at)
        case .queued where stage.row.attempts == 0: emit(.stageSkipped(stage: index, reason: reason), at)
        case .sleeping, .awaiting, .blocked:
            emit(.stageCancelled(stage: index, attempt: nil, reason: reason, failure: nil), at)
        case .queued, .retrying:
            if keepFailure, let failure = stage.lastFailure {
                end(index, attempt: nil, failure, at)
            } else {
                emit(.stageCancelled(stage: index, attempt: nil, reason: reason, failure: stage.lastFailure), at)
            }
        }
    }

    // MARK: The run's end

    func runTimeoutError() -> StageError {
        let bound = state.timeout(of: plan).map { DurationText.format($0) } ?? ""
        return StageError(.timeout, code: "batten.run_timeout", message: "the run's timeout of \(bound) has passed")
    }

    private mutating func endRun(_ at: Timestamp) {
        switch state.stop {
        case .cancel, .now:
            emit(.runCancelled(nil), at)
            return
        case .timeout:
            emit(.runTimedOut(runTimeoutError()), at)
            return
        case nil: break
        }
        if let error = state.decisiveError {
            emit(.runFailed(error), at)
        } else if state.isCancelAsked {
            emit(.runCancelled(nil), at)
        } else {
            switch runOutputs() {
            case .success(let outputs): emit(.runCompleted(outputs: outputs), at)
            case .failure(let thrown): emit(.runFailed(thrown.failure.error), at)
            }
        }
    }
}

extension StageStatus {
    /// The status as the predicate of a sentence.
    var verb: String {
        switch self {
        case .completed: "completed"
        case .failed: "failed"
        case .cancelled: "was cancelled"
        case .skipped: "was skipped"
        case .timedOut: "timed out"
        case .pending, .running, .waiting, .retrying: "is not decided"
        }
    }
}

extension StageOutcome {
    /// An outcome that the machine itself finds.
    static func permanent(_ code: String, _ message: String) -> StageOutcome {
        StageOutcome(.permanent, effect: .none, code: code, message: message)
    }
}

extension StageFailure {
    /// The failure as the outcome of an attempt.
    var outcome: StageOutcome {
        StageOutcome(
            error.outcomeClass, effect: effect, code: error.code, message: error.message, details: error.details)
    }
}

// A gate that is rejected may send the run back: an earlier stage and all that follows from it begin another round.
extension RunMachine {
    /// How often a gate sends the run back when it does not say.
    static let rewindsOfGate = 16

    /// The stage that a gate goes back to when it is rejected.
    ///
    /// - Returns: nil inside when it names none; a sentence when what it names is none.
    func rewindTarget(of index: Int, _ input: JSONValue) -> Result<String?, RewindMistake> {
        guard let value = input["rewind_to"], !value.isNull else { return .success(nil) }
        guard let id = value.stringValue else {
            return .failure(RewindMistake(text: "'rewind_to' is \(value.described), not the id of a stage"))
        }
        guard state.stages[index].row.item == nil else {
            return .failure(RewindMistake(text: "an item cannot go back to a stage before it ('rewind_to')"))
        }
        guard let target = plan.indexByID[id], target != index, plan.downstream(of: target).contains(index) else {
            return .failure(RewindMistake(text: "'rewind_to' names '\(id)', which is no stage before it"))
        }
        if let spread = plan.downstream(of: target).first(where: { plan.stages[$0].fanOut != nil }) {
            return .failure(
                RewindMistake(
                    text: "'rewind_to' would run '\(plan.stages[spread].id)' again, which is spread over items"))
        }
        let behind = plan.downstream(of: index)
        let beside = plan.downstream(of: target).first { place in
            plan.stages[place].runsWorkflow && !behind.contains(place)
                && !plan.downstream(of: place).contains(index)
        }
        if let beside {
            return .failure(
                RewindMistake(
                    text: "'rewind_to' would run '\(plan.stages[beside].id)' again, a workflow that may still run"))
        }
        return .success(id)
    }

    /// What is wrong with where a gate is to go back to.
    struct RewindMistake: Error {
        let text: String
    }

    /// Sends the run back after the rejection of a gate.
    ///
    /// - Returns: whether it does; not when the gate names no stage, has done so often enough, or nothing may start.
    mutating func rewind(from index: Int, _ at: Timestamp) -> Bool {
        guard let rewind = state.stages[index].rewind, let target = plan.indexByID[rewind.to],
            state.stages[index].round <= rewind.limit, reasonNotToStart(index) == nil
        else { return false }
        for place in plan.downstream(of: target) {
            let stage = state.stages[place]
            // What nothing has reached yet stays as it is.
            if stage.mode == .idle, stage.dependenciesLeft == plan.stages[place].dependencies.count { continue }
            if stage.mode == .running {
                effects.append(.cancelAttempt(stage: place, attempt: stage.row.attempts, now: false))
            }
            emit(.stageRewound(stage: place, by: index), at)
        }
        return true
    }
}

extension Plan {
    /// A stage and all that depend on it, those that others depend on first.
    func downstream(of index: Int) -> [Int] {
        var marked: Set<Int> = [index]
        var pending = [index]
        while let place = pending.popLast() {
            for dependent in stages[place].dependents where marked.insert(dependent).inserted {
                pending.append(dependent)
            }
        }
        return marked.sorted { (stages[$0].level, $0) < (stages[$1].level, $1) }
    }
}

extension RunState {
    /// Takes a stage back to where it was before it began, for another round; its attempts go on counting.
    ///
    /// What it depends on was taken back before it.
    mutating func rewind(_ index: Int, by gate: Int, _ at: Timestamp, _ plan: Plan, _ changes: inout RunChanges) {
        closeAttempt(
            index,
            StageFailure(
                StageError(
                    .cancelled, code: "batten.rewound",
                    message: "the gate '\(stages[gate].row.id)' was rejected and the run goes back"),
                effect: .unknown), at, &changes)
        for key in [TimerKey.deadline(index), .retry(index), .sleep(index), .answer(index)] { disarm(key, &changes) }
        if stages[index].gate != nil, stages[index].gate?.decision == nil {
            stages[index].gate?.decide(.closed, by: nil, at: at)
            changes.touch(gate: index)
        }
        if stages[index].mode == .ended {
            if stages[index].row.isFinally { finallyLeft += 1 } else { mainLeft += 1 }
            if stages[index].row.status == .failed || stages[index].row.status == .timedOut {
                row.failedStages -= 1
                changes.isRunTouched = true
            }
        }
        setMode(index, .idle, plan)
        advanceQueue()
        var row = StageRow(
            index: index, id: stages[index].row.id, uses: stages[index].row.uses,
            isFinally: stages[index].row.isFinally)
        row.attempts = stages[index].row.attempts
        var fresh = StageState(row: row, planned: index, dependenciesLeft: 0)
        fresh.attempt = stages[index].attempt
        fresh.gate = stages[index].gate
        fresh.nextReason = .rewound
        fresh.round = stages[index].round + 1
        for dependency in plan.stages[index].dependencies {
            guard stages[dependency].mode == .ended else {
                fresh.dependenciesLeft += 1
                continue
            }
            let status = stages[dependency].row.status
            let failed = status == .failed || status == .timedOut
            let meets = status == .completed || (failed && plan.stages[dependency].onFailure == .continue)
            if !meets, fresh.unmet == nil { fresh.unmet = dependency }
            if failed || stages[dependency].hasFailedAncestor { fresh.hasFailedAncestor = true }
        }
        stages[index] = fresh
        forgetDecision(of: index, plan, &changes)
        if fresh.dependenciesLeft == 0 { changes.decidable.append(index) }
        changes.touch(stage: index)
    }

    /// A failure that has decided the run does so no longer once its stage is taken back; another one may.
    private mutating func forgetDecision(of index: Int, _ plan: Plan, _ changes: inout RunChanges) {
        guard decisiveError?.details["stage"]?.stringValue == stages[index].row.id else { return }
        let next = plan.stages.indices.first { place in
            let status = stages[place].row.status
            return (status == .failed || status == .timedOut) && plan.stages[place].onFailure != .continue
        }
        decisiveError = next.flatMap { place in
            stages[place].row.error?.decisive(stage: stages[place].row.id)
        }
        changes.isRunTouched = true
    }
}

// Hooks: stages that follow what becomes of a run, and never change it.
extension RunMachine {
    /// Starts the stages of a hook, if the workflow has it.
    mutating func startHook(_ event: HookEvent, _ at: Timestamp) {
        guard plan.hooks[event] != nil, state.isStarted, !state.isEnded else { return }
        emit(.hookStarted(event, verdict: nil), at)
    }

    /// The hook that stands before the end of the run; nil when there is none, or it has begun.
    var lastHook: (event: HookEvent, verdict: RunStatus)? {
        guard state.phase != .ending, state.stop != .now, !plan.hooks.isEmpty else { return nil }
        let verdict = verdict
        let event: HookEvent
        switch verdict {
        case .completed: event = .onSuccess
        case .failed, .timedOut: event = .onFailure
        case .cancelled, .pending, .running, .paused, .waiting: return nil
        }
        return plan.hooks[event] == nil ? nil : (event, verdict)
    }

    /// How the run ends as things stand.
    private var verdict: RunStatus {
        switch state.stop {
        case .cancel, .now: return .cancelled
        case .timeout: return .timedOut
        case nil: break
        }
        if state.decisiveError != nil { return .failed }
        if state.isCancelAsked { return .cancelled }
        guard case .success = runOutputs() else { return .failed }
        return .completed
    }
}

extension RunState {
    /// Makes an instance of each stage of a hook.
    mutating func startHook(_ event: HookEvent, _ verdict: RunStatus?, _ plan: Plan, _ changes: inout RunChanges) {
        guard let range = plan.hooks[event] else { return }
        let round = (hookRounds[event] ?? 0) + 1
        hookRounds[event] = round
        if let verdict {
            phase = .ending
            self.verdict = verdict
        }
        let first = stages.count
        let shift = first - (plan.stages.count + range.lowerBound)
        changes.grow(to: first + range.count)
        for place in range {
            let stage = plan.hookStages[place]
            let name = "\(event.rawValue)\(round > 1 ? "#\(round)" : ""):\(stage.id)"
            let row = StageRow(index: stages.count, id: name, uses: stage.definition.uses, isFinally: true)
            var instance = StageState(row: row, planned: stage.index, dependenciesLeft: stage.dependencies.count)
            instance.hookShift = shift
            hookPlaces[name] = stages.count
            hooksLeft += 1
            changes.touch(stage: stages.count)
            if instance.dependenciesLeft == 0 { changes.decidable.append(stages.count) }
            stages.append(instance)
        }
    }
}

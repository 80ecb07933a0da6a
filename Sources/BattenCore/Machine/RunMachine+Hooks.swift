// Hooks: stages that follow what becomes of a run, and never change it.
extension RunMachine {
    /// Starts the stages of a hook, if the workflow has it.
    mutating func startHook(_ event: HookEvent, _ at: Timestamp) {
        guard plan.hooks[event] != nil, state.isStarted, !state.isEnded else { return }
        emit(.hookStarted(event, verdict: nil), at)
    }

    /// How the run is about to end, when hooks that follow that have not begun; nil when there are none.
    var verdictToFollow: RunStatus? {
        guard state.phase != .ending, state.stop != .now, !plan.hooks.isEmpty else { return nil }
        let verdict = verdict
        let mayRecover = verdict == .completed && plan.hooks[.onRecovery] != nil && !isPastKnown
        return mayRecover || !lastHooks(verdict).isEmpty ? verdict : nil
    }

    /// The hooks that stand before the end of the run.
    func lastHooks(_ verdict: RunStatus) -> [HookEvent] {
        var events: [HookEvent]
        switch verdict {
        case .completed: events = past == .known(hadFailed: true) ? [.onSuccess, .onRecovery] : [.onSuccess]
        case .failed, .timedOut: events = [.onFailure]
        case .cancelled, .pending, .running, .paused, .waiting: events = []
        }
        events.removeAll { plan.hooks[$0] == nil }
        return events
    }

    /// Has the store asked how the run before this one has ended, where a hook follows that and it is not known.
    ///
    /// - Returns: whether the end has to wait for the answer. Nothing of it is kept: who takes the run up asks again.
    mutating func looksBack() -> Bool {
        guard plan.hooks[.onRecovery] != nil, !isPastKnown else { return false }
        if past == .unasked {
            past = .asked
            effects.append(.lookBack)
        }
        return true
    }

    private var isPastKnown: Bool {
        if case .known = past { true } else { false }
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

/// What a run knows of the one before it.
enum Past: Sendable, Hashable {
    case unasked, asked
    case known(hadFailed: Bool)
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

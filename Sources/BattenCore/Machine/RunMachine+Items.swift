// Stages with `for_each` or `matrix`: their items begin as far as limits let them, and decide their stage.
extension RunMachine {
    /// Bound on the stages and items of one run.
    static let maximumInstances = 1_000_000

    /// Spreads a stage over its items.
    mutating func expand(_ index: Int, _ at: Timestamp) {
        switch items(of: index) {
        case .success(let items):
            emit(.stageExpanded(stage: index, items: items), at)
            for kept in state.stages[index].keptItems
            where items.indices.contains(kept.number) && items[kept.number] == kept.value {
                guard let item = state.instance(of: index, item: kept.number) else { continue }
                emit(
                    .stageKept(stage: item, kept: KeptStage(id: planned(index).id, outputs: kept.outputs)), at)
            }
        case .failure(let thrown):
            emit(.stageFailed(stage: index, attempt: nil, failure: thrown.failure), at)
            sweepIfHalted(by: index, at)
        }
    }

    private func items(of index: Int) -> Result<[JSONValue], StageFailure.Thrown> {
        guard let fanOut = planned(index).fanOut else { return .success([]) }
        let id = planned(index).id
        let scope = RunScope(plan: plan, state: state, stage: index)
        let field = fanOut.isMatrix ? "matrix" : "for_each"
        let items: [JSONValue]
        do throws(StageFailure.Thrown) {
            let value = try render(fanOut.source, field: field, stage: id, scope)
            switch fanOut.items(of: value) {
            case .success(let list): items = list
            case .failure(let problem):
                return .failure(.contract("batten.\(field)", "\(field) of stage '\(id)' \(problem.text)", field: field))
            }
        } catch {
            return .failure(error)
        }
        guard items.count <= Self.maximumInstances - state.stages.count else {
            return .failure(
                .contract(
                    "batten.\(field)",
                    "\(field) of stage '\(id)' gives \(items.count) items, and a run has at most "
                        + "\(Self.maximumInstances) stages and items", field: field))
        }
        return .success(items)
    }

    // MARK: Beginning

    /// Of each stage the item that is to begin next, as far as the stage itself lets one begin.
    var itemHeads: [Int] {
        guard !state.expanding.isEmpty, !state.isPaused, !state.isEnded else { return [] }
        return state.expanding.compactMap { parent in
            guard state.hasRoomForItems(parent, plan), state.parkedItems[parent] == nil,
                let expansion = state.expansions[parent]
            else { return nil }
            return expansion.first + expansion.next
        }
    }

    /// An item that can begin because it needs no slot.
    var freeItem: Int? {
        guard !state.expanding.isEmpty else { return nil }
        return itemHeads.first { !planned($0).kind.makesAttempts }
    }

    /// Why an item may not start, nor be tried again, whatever the run allows; nil when it may.
    func reasonNotToStartItem(_ index: Int) -> String? {
        guard let expansion = state.expansion(around: index) else { return nil }
        let parent = state.stages[index].home
        if state.stages[parent].stopping != nil { return "timed out: the deadline of the stage has passed" }
        guard let failure = expansion.firstFailure, planned(parent).fanOut?.failFast == true else { return nil }
        return "item \(state.stages[failure].row.item ?? 0) \(state.stages[failure].row.status.verb) (fail_fast)"
    }

    // MARK: Ending

    /// After the first failure of an item, ends those that have not begun and those that only wait.
    mutating func passOverItems(afterFailureOf index: Int, _ at: Timestamp) {
        guard let expansion = state.expansion(around: index), expansion.firstFailure == index else { return }
        for other in expansion.instances {
            guard let reason = reasonNotToStartItem(other) else { return }
            drop(other, reason: reason, keepFailure: true, at)
        }
    }

    /// The deadline of a stage has passed while its items were at work.
    mutating func itemsOutOfTime(of parent: Int, _ at: Timestamp) {
        guard state.stages[parent].stopping == nil, let expansion = state.expansions[parent] else { return }
        emit(.stageStopping(stage: parent, attempt: nil), at)
        for index in expansion.instances {
            let attempt = state.stages[index].row.attempts
            switch state.stages[index].mode {
            case .ended, .expanded: continue
            case .running:
                guard state.stages[index].stopping == nil else { continue }
                emit(.stageStopping(stage: index, attempt: attempt), at)
                effects.append(.cancelAttempt(stage: index, attempt: attempt, now: false))
            case .idle:
                emit(.stageSkipped(stage: index, reason: reasonNotToStartItem(index) ?? ""), at)
            case .queued, .sleeping, .retrying, .awaiting, .blocked:
                emit(.stageTimedOut(stage: index, attempt: nil, failure: deadlineFailure(index, effect: .none)), at)
            }
        }
    }

    /// Decides a stage whose items have all ended.
    mutating func decideItems(of index: Int, _ at: Timestamp) {
        guard let expansion = state.expansions[index], expansion.left == 0 else { return }
        if expansion.completed == expansion.items.count {
            let outputs = state.listOutputs(of: index, plan)
            emit(.stageCompleted(stage: index, attempt: nil, outputs: outputs, effect: expansion.effect), at)
        } else if state.stages[index].stopping == .timeout {
            emit(
                .stageTimedOut(
                    stage: index, attempt: nil, failure: deadlineFailure(index, effect: expansion.effect)), at)
            sweepIfHalted(by: index, at)
        } else if let place = expansion.firstFailure {
            end(index, attempt: nil, failure(of: expansion, first: state.stages[place].row), at)
        } else {
            let passedOver = expansion.instances.first { state.stages[$0].row.status != .completed }
            let reason = passedOver.flatMap { state.stages[$0].row.reason } ?? stopReason
            emit(.stageCancelled(stage: index, attempt: nil, reason: reason, failure: nil), at)
        }
    }

    private func failure(of expansion: Expansion, first: StageRow) -> StageFailure {
        let error = first.error ?? StageError(.failed, code: "", message: "")
        let count = expansion.items.count
        let message = error.message.isEmpty ? error.outcomeClass.rawValue : error.message
        return StageFailure(
            StageError(
                error.outcomeClass, code: error.code,
                message: "\(expansion.failed) of \(count) items failed; item \(first.item ?? 0): \(message)",
                details: .object([
                    "item": .int(Int64(first.item ?? 0)), "failed": .int(Int64(expansion.failed)),
                    "completed": .int(Int64(expansion.completed)), "items": .int(Int64(count)),
                    "details": error.details,
                ])), effect: .unknown)
    }
}

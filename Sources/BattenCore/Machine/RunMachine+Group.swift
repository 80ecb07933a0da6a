// Runs that exclude one another: a run of a group starts once the store says that it holds the group.
extension RunMachine {
    /// The code of the error of a run that was skipped because its group is taken.
    public static let skippedCode = "batten.group_skipped"
    /// The code of the error of a run that failed because its group is taken.
    public static let takenCode = "batten.group_taken"

    /// Accepts a run into its group; whether it may start is known once that is on disk.
    mutating func accept(_ request: RunRequest, in concurrency: PlannedConcurrency, _ at: Timestamp) {
        var request = request
        switch group(of: request, concurrency, at) {
        case .success(let name):
            request.group = name
            emitAccepted(request, at)
            effects.append(.joinGroup(cancelsEarlier: concurrency.onConflict == .cancelRunning))
        case .failure(let thrown):
            emitAccepted(request, at)
            skipAll("the run's group has no name", at)
            emit(.runFailed(thrown.failure.error), at)
        }
    }

    private func group(
        of request: RunRequest, _ concurrency: PlannedConcurrency, _ at: Timestamp
    ) -> Result<String, StageFailure.Thrown> {
        // The name may depend on everything that acceptance says, so it is read from the state after it.
        var accepted = state
        var changes = RunChanges(stageCount: plan.stages.count)
        accepted.evolve(
            .runAccepted(
                request, workflow: plan.definition.name, version: plan.definition.version, definitionHash: plan.hash),
            at: at, plan: plan, changes: &changes)
        do throws(ExpressionError) {
            let name = try concurrency.group.renderText(in: RunScope(plan: plan, state: accepted, stage: nil))
            if !name.isEmpty { return .success(name) }
        } catch {
            return .failure(.render(stage: nil, field: "concurrency.group", error))
        }
        return .failure(
            .contract("batten.group", "concurrency.group of the run gives an empty name", field: "concurrency.group"))
    }

    /// Takes in what the store says of the run's place: it starts, waits, or ends by its policy.
    mutating func take(_ place: GroupPlace, _ at: Timestamp) {
        guard state.isInLine else { return }
        guard case .waits(let member) = place else { return startRun(at) }
        let detail = member.detail(group: state.row.group ?? "")
        if let waiting = state.row.waiting {
            if waiting.detail != detail { emit(.runWaiting(behind: member), at) }
            return
        }
        let what =
            "run \(member.run) of \(member.workflow) " + (member.holds ? "holds" : "waits for")
            + " the group '\(state.row.group ?? "")'"
        let details: JSONValue = .object(["group": .string(state.row.group ?? ""), "run": .string(member.run)])
        switch plan.concurrency?.onConflict ?? .queue {
        case .queue, .cancelRunning: emit(.runWaiting(behind: member), at)
        case .skip:
            skipAll(what, at)
            emit(
                .runCancelled(
                    StageError(
                        .cancelled, code: Self.skippedCode, message: "skipped: \(what)", details: details)), at)
        case .fail:
            skipAll(what, at)
            emit(
                .runFailed(
                    StageError(.failed, code: Self.takenCode, message: "not started: \(what)", details: details)), at)
        }
    }

    /// A control of a run that has not started.
    ///
    /// - Returns: why it is refused, nil inside when it was applied; nil for controls that are the same for every run.
    mutating func applyInLine(_ control: RunControl, _ at: Timestamp) -> String?? {
        switch control {
        case .cancel, .cancelNow:
            emit(.runCancelRequested(.now), at)
            skipAll("cancelled: the run was cancelled before it started", at)
            emit(.runCancelled(nil), at)
            return .some(nil)
        // A child stands still with its parent, wherever it is; its group's turn finds it paused.
        case .pause where state.row.group == nil || state.row.parent != nil: return nil
        case .pause: return "the run has not started: it \(state.row.waiting?.detail ?? "waits for its group")"
        case .resume, .answer, .signal: return nil
        }
    }

    /// A new owner has replayed the journal of a run that has not started.
    mutating func goOnInLine(_ at: Timestamp) {
        // Without a group it was detached: nobody had it before.
        guard state.row.group != nil else { return startRun(at) }
        emit(.runRecovered(lost: 0), at)
        for timer in state.armedTimers { effects.append(.armTimer(key: timer.key, at: timer.at)) }
        let isFirst = state.row.waiting == nil
        effects.append(.joinGroup(cancelsEarlier: isFirst && plan.concurrency?.onConflict == .cancelRunning))
    }

    /// A run above this one holds the group: it would wait for a run that waits for it.
    mutating func refuse(ancestor: String, _ at: Timestamp) {
        guard state.isInLine else { return }
        let group = state.row.group ?? ""
        let what = "run \(ancestor), of which it is a child, holds the group '\(group)'"
        skipAll(what, at)
        emit(
            .runFailed(
                StageError(
                    .permanent, code: Self.takenCode, message: "not started: \(what)",
                    details: .object(["group": .string(group), "run": .string(ancestor)]))), at)
    }

    /// The time that a child was given has passed before its group was free.
    mutating func timeOutInLine(_ at: Timestamp) {
        skipAll("timed out: the run's timeout has passed", at)
        emit(.runTimedOut(runTimeoutError()), at)
    }

    private mutating func skipAll(_ reason: String, _ at: Timestamp) {
        for index in plan.stages.indices { drop(index, reason: reason, keepFailure: false, at) }
    }
}

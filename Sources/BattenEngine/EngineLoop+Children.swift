import BattenCore
import BattenSystem

/// Runs that other runs start: the engine that drives the parent drives the child.
extension EngineLoop {
    /// Starts the child of a stage, or goes on with the one that an engine before this one started.
    func startChild(_ start: ChildStart, of run: ActiveRun) {
        guard failure == nil, run.machine.isRunning(stage: start.stageIndex, attempt: start.attempt),
            let plan = run.machine.childPlan(stageIndex: start.stageIndex)
        else { return }
        let parent = run.machine.parentStage(stageIndex: start.stageIndex, attempt: start.attempt)
        if start.mayExist {
            do {
                if try takeUp(parent, plan: plan, start, of: run) { return }
            } catch {
                return fail(error)
            }
        }
        guard start.mayBegin else {
            // It was to be stopped before it was there.
            return end(start, of: run, StageOutcome(.cancelled, effect: .none))
        }
        switch run.machine.childParameters(stageIndex: start.stageIndex) {
        case .failure(let refusal): end(start, of: run, refusal.outcome)
        case .success(let parameters): begin(parent, plan: plan, parameters, start, of: run)
        }
    }

    private func begin(
        _ parent: ParentStage, plan: Plan, _ parameters: JSONObject, _ start: ChildStart, of run: ActiveRun
    ) {
        let row = run.machine.state.row
        let id = parent.childRun
        let workdir = Self.sibling(of: row.workdir, id)
        var request = RunRequest(
            run: id, trigger: row.trigger, parameters: .object(parameters), hostEnvironment: row.hostEnvironment,
            seed: parent.childSeed, workdir: workdir, directory: run.directory,
            idempotencyKey: parent.idempotencyKey)
        request.workflowFolder = run.machine.state.workflowFolder
        request.parent = parent
        request.timeout = start.timeout
        request.isUnderBudget = run.machine.state.isBudgeted
        let child = register(
            id: id, epoch: 1, directory: run.directory, workdir: workdir, machine: RunMachine(plan: plan))
        var acceptance = RunAcceptance(
            definitionHash: plan.hash, snapshot: plan.snapshot, owner: settings.engineID)
        acceptance.budgets = plan.budgets(given: nil)
        child.accept(acceptance)
        link(child, to: run, start)
        apply(.accepted(request), to: child)
        pauseWithParent(child, of: run)
    }

    /// Goes on with a child that is in the store.
    ///
    /// - Returns: false when there is none.
    private func takeUp(
        _ parent: ParentStage, plan: Plan, _ start: ChildStart, of run: ActiveRun
    ) throws(StoreError) -> Bool {
        let id = parent.childRun
        let known = try store.recover(run: id)
        if let number = numbers[id], let child = runs[number] {
            guard let known, known.owner != settings.engineID || known.epoch != child.epoch else {
                link(child, to: run, start)
                pauseWithParent(child, of: run)
                // What it did while its parent was elsewhere nobody has told.
                tellParent(of: child)
                return true
            }
            // Another engine had it meanwhile, and this one has not noticed.
            release(child)
        }
        guard var stored = known else { return false }
        while !stored.row.status.isTerminal {
            if let epoch = try store.claim(run: id, engine: settings.engineID, fromEpoch: stored.epoch),
                let claimed = try store.recover(run: id)
            {
                goOn(claimed, epoch: epoch, plan: plan, start, of: run)
                return true
            }
            // Somebody else has written it since: it is looked at again.
            guard let again = try store.recover(run: id), again.epoch != stored.epoch || again.row.status.isTerminal
            else {
                end(start, of: run, .lostChild(id, "it is owned by another engine"))
                return true
            }
            stored = again
        }
        end(start, of: run, RunMachine.outcome(ofChild: stored.row))
        return true
    }

    private func goOn(_ claimed: RecoveredRun, epoch: Int64, plan: Plan, _ start: ChildStart, of run: ActiveRun) {
        do throws(ReplayError) {
            let child = try replayed(claimed, plan: plan, epoch: epoch)
            link(child, to: run, start)
            apply(.restarted, to: child)
            pauseWithParent(child, of: run)
            // What was asked of it while nobody drove it is taken in before anybody is told where it stands.
            wantsControls = true
        } catch {
            end(start, of: run, .lostChild(claimed.row.id, error.message))
        }
    }

    private func link(_ child: ActiveRun, to run: ActiveRun, _ start: ChildStart) {
        child.parent = ActiveRun.Parent(number: run.number, stage: start.stageIndex, attempt: start.attempt)
        run.children[start.stageIndex] = ActiveRun.Child(number: child.number, attempt: start.attempt)
    }

    private func end(_ start: ChildStart, of run: ActiveRun, _ outcome: StageOutcome) {
        apply(.attemptFinished(stage: start.stageIndex, attempt: start.attempt, outcome: outcome), to: run)
    }

    /// The run above this one that is of the same group.
    func ancestor(of run: ActiveRun, in group: String) -> String? {
        var child = run
        while let parent = child.parent, let above = runs[parent.number] {
            if above.machine.state.row.group == group { return above.id }
            child = above
        }
        return nil
    }

    /// Tells the parent of a run that has ended.
    func reportEnd(of child: ActiveRun) {
        guard let parent = child.parent, let run = runs[parent.number],
            run.children[parent.stage]?.number == child.number
        else { return }
        run.children[parent.stage] = nil
        guard run.machine.isRunning(stage: parent.stage, attempt: parent.attempt) else { return }
        apply(
            .attemptFinished(
                stage: parent.stage, attempt: parent.attempt,
                outcome: RunMachine.outcome(ofChild: child.machine.state.row)), to: run)
    }

    /// The child that an attempt has started, while it runs.
    func child(of run: ActiveRun, stage: Int, attempt: Int) -> ActiveRun? {
        guard let child = run.children[stage], child.attempt == attempt else { return nil }
        return runs[child.number]
    }

    /// Has the children of a run stand still and go on with it.
    func passOn(_ control: RunControl, toChildrenOf run: ActiveRun) {
        guard control == .pause || control == .resume else { return }
        for child in run.children.values.sorted(by: { $0.number < $1.number }) {
            if let child = runs[child.number] { apply(.control(control), to: child) }
        }
    }

    /// A child that its parent comes to know in a pause stands still too.
    private func pauseWithParent(_ child: ActiveRun, of run: ActiveRun) {
        if run.status == .paused { apply(.control(.pause), to: child) }
    }

    /// Ends the children of a run at once, in the commit that ends the run itself.
    func killChildren(of run: ActiveRun) {
        findLostChildren(of: run)
        for child in run.children.values.sorted(by: { $0.number < $1.number }) {
            if let child = runs[child.number] { apply(.control(.cancelNow), to: child) }
        }
    }

    /// Takes up the children of a run that was taken up itself in this turn and has not come to that yet.
    private func findLostChildren(of run: ActiveRun) {
        guard run.machine.state.childrenRunning > run.children.count else { return }
        for (stage, attempt) in run.machine.state.runningAttempts where run.children[stage] == nil {
            guard failure == nil, let plan = run.machine.childPlan(stageIndex: stage) else { continue }
            let parent = run.machine.parentStage(stageIndex: stage, attempt: attempt)
            let start = ChildStart(
                stageIndex: stage, attempt: attempt, timeout: .zero, mayExist: true, mayBegin: false)
            do {
                _ = try takeUp(parent, plan: plan, start, of: run)
            } catch {
                fail(error)
            }
        }
    }

    /// Tells parents whose children stand still now, or move again, in the commit that makes it so.
    func tellParents() {
        var place = 0
        // Those who are told come behind.
        while place < touched.count {
            tellParent(of: touched[place])
            place += 1
        }
    }

    private func tellParent(of child: ActiveRun) {
        guard let parent = child.parent, let run = runs[parent.number],
            run.children[parent.stage]?.number == child.number
        else { return }
        let wait = ChildWait(child.machine.state)
        guard run.machine.childWait(stageIndex: parent.stage) != wait, !child.status.isTerminal else { return }
        apply(.childStands(stage: parent.stage, attempt: parent.attempt, wait: wait), to: run)
        tellParent(of: run)
    }

    /// What a run waits for whose children wait too; nil while one of them moves.
    func awaited(by run: ActiveRun) -> [AwaitedStage]? {
        guard run.isStuck else { return nil }
        let state = run.machine.state
        guard state.childrenRunning == run.children.count else { return nil }
        // What children wait for they tell themselves.
        var awaited = state.waitingStages.filter { $0.reason.on != ChildWait.on }
            .map { AwaitedStage(stage: $0.stage, reason: $0.reason) }
        if let reason = state.row.waiting, reason.on != ChildWait.on {
            awaited.insert(AwaitedStage(stage: nil, reason: reason), at: 0)
        }
        for (stage, child) in run.children.sorted(by: { $0.key < $1.key }) {
            guard let child = runs[child.number], let below = self.awaited(by: child) else { return nil }
            let row = state.stageRow(stage)
            let id = (row?.id ?? "") + (row?.item.map { "[\($0)]" } ?? "")
            for entry in below where entry.stage != nil || below.count == 1 || entry.reason.on == "pause" {
                awaited.append(
                    AwaitedStage(stage: entry.stage.map { "\(id)/\($0)" } ?? id, reason: entry.reason))
            }
        }
        return awaited
    }

    /// Tells those who wait for the ancestors of a run where they stand.
    func tellAncestors(of run: ActiveRun) {
        var child = run
        while let parent = child.parent, let above = runs[parent.number] {
            tellWatches(of: above)
            child = above
        }
    }

    /// Tells those who wait for a run where it stands, unless more was decided than is committed.
    func tellWatches(of run: ActiveRun) {
        guard !run.watches.isEmpty, run.isSettled else { return }
        let standing = standing(of: run)
        for watch in run.watches { watch.set(standing.map { .success($0) }) }
    }

    /// The folder of a child beside that of its parent.
    private static func sibling(of workdir: String, _ id: String) -> String {
        guard let folder = FileSystem.parent(of: workdir) else { return workdir }
        return folder == "/" ? "/\(id)" : "\(folder)/\(id)"
    }
}

extension StageOutcome {
    /// A child cannot be gone on with.
    fileprivate static func lostChild(_ id: String, _ why: String) -> StageOutcome {
        StageOutcome(
            .permanent, effect: .unknown, code: "batten.child_lost",
            message: "child run \(id) cannot be gone on with: \(why)")
    }
}

import BattenCore
import BattenSystem

/// Taking runs up, steering them, and letting them go.
extension EngineLoop {
    /// Accepts a new run; the answer is given once it is committed.
    func submit(_ submission: RunSubmission, id: String, seed: UInt64, reply: Reply<String>) {
        if let refusal { return reply.give(.failure(refusal)) }
        let plan = submission.plan
        if let key = submission.idempotencyKey {
            do {
                if let earlier = try store.run(idempotencyKey: key, workflow: plan.definition.name) {
                    return reply.give(.success(earlier))
                }
            } catch {
                return reply.give(.failure(EngineError(error)))
            }
        }
        let request = submission.request(run: id, seed: seed)
        let run = register(
            id: id, epoch: 1, directory: request.directory, workdir: request.workdir, machine: RunMachine(plan: plan))
        var acceptance = RunAcceptance(
            definitionHash: plan.hash, snapshot: plan.snapshot, owner: settings.engineID, fire: submission.fire)
        acceptance.budgets = plan.budgets(given: submission.budget)
        run.accept(acceptance)
        acceptances.append((reply, id))
        apply(.accepted(request), to: run)
    }

    /// Takes up a run that another engine left.
    func adopt(_ recovered: RecoveredRun, plan: Plan, epoch: Int64, reply: Reply<String>) {
        if let refusal { return reply.give(.failure(refusal)) }
        do throws(ReplayError) {
            let run = try replayed(recovered, plan: plan, epoch: epoch)
            acceptances.append((reply, run.id))
            // What was asked of a run before it started holds before its first stage does.
            if run.machine.state.awaitsStart { takeControls() }
            apply(.restarted, to: run)
            hasAdopted = true
        } catch {
            reply.give(
                .failure(
                    EngineError(
                        .journal, "run \(recovered.row.id), journal entry \(error.seq): \(error.message)",
                        help: "check the store with: batten db check")))
        }
    }

    /// Registers a run in the state that its journal leads to.
    func replayed(_ recovered: RecoveredRun, plan: Plan, epoch: Int64) throws(ReplayError) -> ActiveRun {
        var machine = RunMachine(plan: plan)
        for record in recovered.journal { try machine.replay(record) }
        let run = register(
            id: recovered.row.id, epoch: epoch, directory: recovered.row.directory, workdir: recovered.row.workdir,
            machine: machine)
        run.checkpoints = recovered.checkpoints
        return run
    }

    /// Why no run is taken in any more.
    private var refusal: EngineError? {
        if let failure { return failure }
        guard isDraining else { return nil }
        return EngineError(.stopped, "the engine is about to end", help: "another engine takes the run up")
    }

    func register(
        id: String, epoch: Int64, directory: String, workdir: String, machine: RunMachine
    ) -> ActiveRun {
        lastNumber += 1
        let run = ActiveRun(
            number: lastNumber, id: id, epoch: epoch, directory: directory,
            workdir: machine.plan.mentionsWorkdir ? workdir : nil, machine: machine)
        if !settings.hostSecrets.isEmpty { run.masker = SecretMasker(secrets: settings.hostSecrets) }
        runs[lastNumber] = run
        numbers[id] = lastNumber
        return run
    }

    /// Applies a control to a run of this engine.
    func control(_ id: String, _ control: RunControl) {
        guard let number = numbers[id], let run = runs[number] else { return }
        apply(.control(control), to: run)
    }

    /// Takes the controls that other processes have stored.
    func takeControls() {
        guard failure == nil, !runs.isEmpty else { return }
        do {
            let controls = try store.pendingControls(engine: settings.engineID)
            guard !controls.isEmpty else { return }
            var settled: [SettledControl] = []
            var asked: [Int64: ActiveRun] = [:]
            for control in controls {
                if let number = numbers[control.run], let run = runs[number] {
                    asked[control.id] = run
                    settled.append(
                        SettledControl(
                            id: control.id, refusal: apply(.control(control.control, request: control.id), to: run)))
                } else if control.comesTooLate {
                    settled.append(SettledControl(id: control.id, refusal: "the run has ended"))
                }
                // Else the run is claimed, and its controls are taken once it is taken up.
            }
            settle()
            // What was asked of a run that turns out to have been taken is for its new owner.
            settled.removeAll { asked[$0.id]?.isReleased == true }
            if failure == nil { try store.settleControls(settled) }
        } catch {
            fail(error)
        }
    }

    /// Follows a run for a thread that waits.
    func follow(_ id: String, _ watch: RunWatch) {
        if let failure { return watch.set(.failure(failure)) }
        guard let number = numbers[id], let run = runs[number] else { return watch.set(ending(of: id)) }
        run.watches.append(watch)
        // What is decided and not committed is not said yet; the commit is followed by a look at all watches.
        if run.isSettled { watch.set(standing(of: run).map { .success($0) }) }
    }

    /// How a run ended that this engine does not drive any more, or never did.
    private func ending(of id: String) -> Result<RunEnding, EngineError> {
        do {
            if let stored = try store.recover(run: id) {
                if stored.row.status.isTerminal { return .success(.ended(stored.row.status)) }
                if stored.owner != settings.engineID { return .success(.takenOver) }
            }
        } catch {
            return .failure(EngineError(error))
        }
        return .failure(
            EngineError(
                .stopped, "this engine does not drive run \(id)", help: "look with: batten status \(id)"))
    }

    /// Where a run stands, or nil while it moves.
    func standing(of run: ActiveRun) -> RunEnding? {
        if run.status.isTerminal { return .ended(run.status) }
        return awaited(by: run).map { .awaiting($0) }
    }

    /// Lets go of a run that has ended.
    func finish(_ run: ActiveRun, _ status: RunStatus) {
        leaveFlights(run)
        for timer in run.timers.values { timers.remove(timer) }
        for call in run.calls.values { host.cancel(call.handle, why: .cancelled) }
        run.calls = [:]
        // Only an empty folder goes: what the run left in it is its user's.
        if let workdir = run.workdir { try? FileSystem.removeFolder(workdir) }
        leaveLine(run)
        runs[run.number] = nil
        if numbers[run.id] == run.number { numbers[run.id] = nil }
        for watch in run.watches { watch.set(.success(.ended(status))) }
        reportEnd(of: run)
        if run.plan.concurrency != nil { groupsWereLeft = true }
    }
}

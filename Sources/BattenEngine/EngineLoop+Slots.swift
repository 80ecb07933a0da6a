import BattenCore
import BattenSystem

/// Who gets the slots of this engine, and those that are shared with the other engines of the store.
extension EngineLoop {
    /// Has the runs start what there are slots for again, whoever's turn it is first.
    func offerSlots() {
        guard slotsWereFreed || linesChanged, failure == nil else { return }
        let asks = slotsWereFreed && asksStore
        serve(.slotsFreed)
        // Of shared slots only the store can tell; who asks for one asks for all.
        if asks, let number = slots.next(asking: true), let run = runs[number] {
            apply(.slotsFreed, to: run)
        } else if asks, lacksSharedSlots, admissions.isEmpty, holds.isEmpty {
            withdrawsWaits = true
        }
        if slotsWereFreed, !holds.isEmpty { asksForHolds = true }
        slotsWereFreed = false
        linesChanged = false
    }

    private func serve(_ input: RunInput) {
        var passed: Set<Int> = []
        while let number = slots.next(except: passed) {
            guard let run = runs[number] else {
                passed.insert(number)
                continue
            }
            let before = run.decisions
            apply(input, to: run)
            if run.decisions == before { passed.insert(number) }
        }
    }

    /// Takes what a run waits for out of the lines.
    func leaveLine(_ run: ActiveRun) {
        slots.leave(run.heads, run: run.number, of: run.plan.definition.name)
    }

    /// Gives back the slots of a run that another engine has taken.
    func giveBackSlots(of run: ActiveRun) {
        leaveLine(run)
        run.machine.release(slots: &slots)
        slotsWereFreed = true
    }

    /// Whether anything that starts may have to be decided by the store.
    var asksStore: Bool { slots.isShared || !slots.quotas.rules.isEmpty || budgetedRuns > 0 }

    /// Notes which slots a step took, gave back and asks for.
    func noteSlots(_ step: RunStep, of run: ActiveRun) {
        if !step.slots.isEmpty {
            let now = clock.now()
            run.add(step.slots) { change in
                SlotLease(
                    stageIndex: change.stageIndex, attempt: change.attempt, engine: settings.engineID,
                    plugin: change.plugin, takenAt: now, expiresAt: settings.leaseTerm.map { now + $0 })
            }
            if settings.leaseTerm != nil, nextRenewal == nil { planRenewal() }
        }
        if step.wantsSlots, !run.isAsking {
            run.isAsking = true
            admissions.append(run)
        }
    }

    /// Has the runs that asked start what there is room for; the store keeps other engines out meanwhile.
    ///
    /// - Returns: what this engine waits for from now on, and the engines whose turn comes before it.
    func admit(_ standing: SharedStanding) -> (waits: [SlotWait], called: [String]) {
        slots.open(standing)
        defer { slots.close() }
        withdrawsWaits = false
        let asking = admissions
        admissions = []
        for run in asking { run.isAsking = false }
        grantHolds()
        serve(.admit)
        // Those for which there is no room wait in line from now on.
        for run in asking where runs[run.number] === run { apply(.admit, to: run) }
        planQuotas()
        let waits = slots.sharedWaits(of: settings.engineID)
        lacksSharedSlots = !waits.isEmpty || slots.waitsForQuotas
        return (waits, slots.calledRivals)
    }

    /// Renews the leases of the slots that this engine holds, where the store goes by their time.
    func renewSlots() {
        guard let due = nextRenewal, failure == nil, let term = settings.leaseTerm,
            due <= clock.monotonicNanoseconds()
        else { return }
        nextRenewal = nil
        guard !runs.isEmpty else { return }
        do { try store.renewSlots(engine: settings.engineID, until: clock.now() + term) } catch { return fail(error) }
        planRenewal()
    }

    /// A lease is renewed three times before it could run out.
    private func planRenewal() {
        guard let term = settings.leaseTerm else { return }
        nextRenewal = MonotonicClock.adding(term / 3, to: clock.monotonicNanoseconds())
    }
}

import BattenCore
import BattenSystem

/// Slots that are shared with the other engines of the store.
extension EngineLoop {
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
        if step.lacksSlots {
            sharedWaiters.insert(run.number)
        } else if slots.isOpen || !run.hasQueue {
            sharedWaiters.remove(run.number)
        }
    }

    /// Has the runs that asked start what there is room for; the store keeps other engines out meanwhile.
    func admit(_ uses: [SlotUse]) {
        slots.open(uses)
        defer { slots.close() }
        let asking = admissions
        admissions = []
        for run in asking {
            run.isAsking = false
            if runs[run.number] === run { apply(.admit, to: run) }
        }
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

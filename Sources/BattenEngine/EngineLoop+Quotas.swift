import BattenCore
import BattenSystem

/// Quotas and budgets: reserved with the start of an attempt, given back with its end.
extension EngineLoop {
    /// What the store is asked before runs start what they have asked for.
    ///
    /// What was used and given back by now is written first, in the same transaction: an end makes room for the next
    /// start without a commit of its own.
    func slotRequest() -> SlotRequest {
        var request = SlotRequest(engine: settings.engineID, at: clock.now())
        guard !slots.quotas.rules.isEmpty || budgetedRuns > 0 else { return request }
        // Runs whose stages wait are asked for too: room may have appeared for them.
        let waiting = slots.runsWaitingForQuotas.compactMap { runs[$0]?.id } + holds.compactMap { runs[$0.tag.run]?.id }
        request.metered = Array(Set(admissions.map(\.id)).union(waiting))
        request.settlements = touched.compactMap { $0.takeSettlement() }
        request.zones = settings.zones
        return request
    }

    /// Hears of quotas that were set, changed or removed.
    ///
    /// - Parameter looking: whether another process may have written.
    func learnQuotas(looking: Bool = false) {
        guard failure == nil else { return }
        do {
            guard let setup = try store.changedQuotas(looking: looking) else { return }
            let isChanged = setup.rules != slots.quotas.rules
            slots.quotas = setup
            guard isChanged else { return }
            if !holds.isEmpty { asksForHolds = true }
            for number in slots.runsWaitingForQuotas { if let run = runs[number] { apply(.slotsFreed, to: run) } }
        } catch {
            fail(error)
        }
    }

    /// Remembers when time alone makes room for a stage that waits.
    func planQuotas() {
        quotaDue = slots.roomAppears.map { instant in
            MonotonicClock.adding(max(.zero, instant - clock.now()), to: clock.monotonicNanoseconds())
        }
    }

    /// Has stages ask again once time has made room.
    func lookAtQuotas() {
        guard let due = quotaDue, failure == nil, due <= clock.monotonicNanoseconds() else { return }
        quotaDue = nil
        slotsWereFreed = true
    }

    /// Notes what a step reserved and gave back.
    func noteReservations(_ step: RunStep, of run: ActiveRun) {
        let now = clock.now()
        for change in step.reservations {
            run.add(Reservation(change: change, engine: settings.engineID, madeAt: now))
            count(change, of: run, at: now)
            for warning in change.warnings {
                let line = LogLine(
                    at: now, stage: run.machine.stageName(change.stageIndex), attempt: change.attempt,
                    stream: "warning", text: warning)
                observer?.live(run: run.id, .log(line))
                keep(line, of: run)
            }
        }
        if !step.released.isEmpty { run.release(step.released) }
    }

    /// Books the start of an attempt where a quota counts starts.
    private func count(_ change: ReservationChange, of run: ActiveRun, at: Timestamp) {
        guard change.parts.contains(where: \.isSpent),
            let executor = run.machine.executor(ofStage: change.stageIndex)
        else { return }
        var metrics: [String] = []
        for part in change.parts where part.isSpent {
            guard let rule = slots.book?.standings[part.quota]?.rule, !metrics.contains(rule.metric) else { continue }
            metrics.append(rule.metric)
        }
        for metric in metrics {
            var row = UsageRow(
                stage: run.machine.stageName(change.stageIndex), attempt: change.attempt,
                plugin: String(executor.prefix { $0 != "." }), metric: metric, subject: "", amount: 1, at: at)
            row.executor = executor
            row.tags = run.plan.definition.tags
            row.stageIndex = change.stageIndex
            run.add(row)
        }
    }

    /// Books what a call has used.
    func book(
        _ metric: String, _ subject: String, _ amount: Int64, cost: Double?, at: Timestamp, lease: Int64 = 0,
        _ tag: CallTag, _ call: ActiveRun.Call, of run: ActiveRun
    ) {
        var row = UsageRow(
            stage: call.stage, item: call.item, attempt: call.attempt,
            plugin: String(call.executor.prefix { $0 != "." }),
            metric: metric, subject: subject, amount: amount, cost: cost, at: at)
        row.executor = call.executor
        row.tags = run.plan.definition.tags
        row.stageIndex = tag.stage
        row.lease = lease
        run.add(row)
        touch(run)
    }

    /// The input with the bound on what comes out, where its author has set none: what quotas leave of it, else the
    /// most that what is asked can give.
    func bounded(_ input: JSONValue, of executor: String, _ configuration: JSONValue, _ start: StageStart) -> JSONValue
    {
        guard let bound = usageBound(of: executor), let member = bound.outputMember,
            case .object(var members) = input
        else { return input }
        if let limit = start.outputLimit {
            members[member] = .int(limit)
        } else {
            let amounts = bound.amounts(input: input, config: configuration, prices: settings.prices)
            guard amounts.isOutputOpen, let most = amounts.price?.maxOutputTokens, most > 0 else { return input }
            members[member] = .int(most)
        }
        return .object(members)
    }

    /// What an executor declares of its use, as it was when it was called first.
    private func usageBound(of executor: String) -> UsageBound? {
        if let known = usageBounds[executor] { return known }
        guard case .found(let info) = host.executor(executor) else { return nil }
        usageBounds.updateValue(info.usageBound, forKey: executor)
        return info.usageBound
    }

    /// Forgets that a run has budgets: it is no longer driven here.
    func forgetBudget(of run: ActiveRun) {
        guard run.isBudgeted else { return }
        run.isBudgeted = false
        budgetedRuns -= 1
    }
}

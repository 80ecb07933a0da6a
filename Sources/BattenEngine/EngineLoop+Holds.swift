import BattenCore
import BattenSystem

/// A reservation that a call asks for while it runs, and for which there was no room yet.
struct PendingHold {
    /// Its number in this engine.
    let lease: Int64
    let tag: CallTag
    let request: QuotaRequest
    /// When its turn comes: that of its stage, since the stage's first attempt began.
    let turn: Turn
    let answer: @Sendable (QuotaAnswer) -> Void
    /// Whether the run's log says that it waits.
    var isTold = false
}

/// A reservation that a call has, or would have if anything were limited.
struct HeldLease {
    let lease: Int64
    let metric: String
    let subject: String
    let amount: Int64
    /// Whether it is for all of a request.
    let isRequest: Bool
    /// What was reported of its metric by now.
    var reported: Int64 = 0

    /// Whether a report of usage is part of it.
    func takesIn(_ metric: String, _ subject: String) -> Bool {
        guard subject == self.subject else { return false }
        if isRequest { return metric == self.metric || UsageTotals.countsTokens(metric) }
        return metric == self.metric || self.metric == QuotaMetric.tokens && UsageTotals.isTokens(metric)
    }

    /// Whether a report counts as what is settled.
    func settles(_ metric: String) -> Bool { !isRequest || metric == self.metric }
}

// What a call holds beside the bound of its attempt. A hold is decided like the start of a stage, in the transaction
// that the next commit is anyway, and answered once that is on disk: an engine that is killed in between has granted
// nothing, and what it had granted is given back as that of its attempts is.
extension EngineLoop {
    /// Has a call hold something as soon as there is room.
    func hold(_ tag: CallTag, _ request: QuotaRequest, answer: @escaping @Sendable (QuotaAnswer) -> Void) {
        guard let (run, call) = call(of: tag), run.machine.isRunning(stage: tag.stage, attempt: call.attempt) else {
            return answer(.refused(retryAfter: -1))
        }
        if QuotaMetric.derived.contains(request.meter) {
            say("\(request.meter) cannot be held: it follows from what else is used", "warning", tag, call, of: run)
            return answer(.refused(retryAfter: -1))
        }
        lastLease += 1
        guard !slots.quotas.rules.isEmpty || run.isBudgeted else {
            return grant(lastLease, tag, request, of: run, answer)
        }
        if request.bound?.followsDeclared == true {
            run.release([
                ReservationChange(
                    stageIndex: tag.stage, attempt: call.attempt, lease: ReservationChange.declaredAlone)
            ])
            touch(run)
            slotsWereFreed = true
        }
        let turn = run.machine.turn(ofAttempt: tag.stage, at: clock.now())
        let hold = PendingHold(lease: lastLease, tag: tag, request: request, turn: turn, answer: answer)
        holds.insert(hold, at: holds.firstIndex { turn < $0.turn } ?? holds.endIndex)
        asksForHolds = true
    }

    /// Books what a call has used of a lease and not reported, and gives the rest back.
    func settle(lease: UInt64, used: Int64, _ tag: CallTag, at: Timestamp) {
        guard let (run, call) = call(of: tag),
            let place = call.leases.firstIndex(where: { $0.lease == Int64(clamping: lease) })
        else { return }
        let held = call.leases[place]
        let rest = used.subtractingSaturated(held.reported)
        if rest > 0 { usage(tag, metric: held.metric, subject: held.subject, amount: rest, at: at, of: held.lease) }
        giveBack(place, tag, call, of: run)
    }

    /// Gives a lease back that a call has not settled.
    func release(lease: UInt64, _ tag: CallTag) {
        guard let (run, call) = call(of: tag),
            let place = call.leases.firstIndex(where: { $0.lease == Int64(clamping: lease) })
        else { return }
        giveBack(place, tag, call, of: run)
    }

    private func giveBack(_ place: Int, _ tag: CallTag, _ call: ActiveRun.Call, of run: ActiveRun) {
        let held = call.leases[place]
        run.calls[tag.stage]?.leases.remove(at: place)
        run.release([ReservationChange(stageIndex: tag.stage, attempt: call.attempt, lease: held.lease)])
        touch(run)
        slotsWereFreed = true
    }

    /// Grants holds for which there is room, in the order of their turns; the store keeps other engines out meanwhile.
    func grantHolds() {
        asksForHolds = false
        slots.forgetHolds()
        if holds.isEmpty { return }
        let asking = holds
        holds = []
        for var hold in asking {
            guard let (run, call) = call(of: hold.tag), let demand = demand(of: hold, call, of: run) else {
                hold.answer(.refused(retryAfter: -1))
                continue
            }
            guard let book = slots.book else {
                grant(hold.lease, hold.tag, hold.request, of: run, hold.answer)
                continue
            }
            switch book.answer(demand, turn: hold.turn, firstWaiting: { [slots] in slots.firstWaiting(for: $0) }) {
            case .granted(let granted):
                slots.take(hold: granted)
                if granted.parts.contains(where: { $0.amount > 0 }) {
                    let change = ReservationChange(
                        stageIndex: hold.tag.stage, attempt: call.attempt, parts: granted.parts, lease: hold.lease)
                    run.add(Reservation(change: change, engine: settings.engineID, madeAt: clock.now()))
                    run.machine.noteReservation(stage: hold.tag.stage)
                }
                for warning in granted.warnings { say(warning, "warning", hold.tag, call, of: run) }
                grant(hold.lease, hold.tag, hold.request, output: granted.outputLimit, of: run, hold.answer)
            case .wait(let wait):
                slots.note(hold: wait, hold.turn)
                if !hold.isTold { say("waits: \(wait.detail)", "info", hold.tag, call, of: run) }
                hold.isTold = true
                holds.append(hold)
            case .refused(let why):
                say(why, "warning", hold.tag, call, of: run)
                hold.answer(.refused(retryAfter: -1))
            }
        }
    }

    private func demand(of hold: PendingHold, _ call: ActiveRun.Call, of run: ActiveRun) -> QuotaDemand? {
        guard run.machine.isRunning(stage: hold.tag.stage, attempt: call.attempt) else { return nil }
        let request = hold.request
        let price = request.subject.isEmpty ? nil : settings.prices.price(of: request.subject)
        return QuotaDemand(
            run: run.id, stage: call.stage,
            use: QuotaUse(
                executor: call.executor, subject: request.subject, workflow: run.plan.definition.name,
                tags: run.plan.definition.tags),
            amounts: request.bound.map { QuotaAmounts($0, subject: request.subject, price: price) }
                ?? QuotaAmounts(metric: request.meter, subject: request.subject, amount: request.amount, price: price),
            startsAttempt: false)
    }

    /// Notes what a call has, and has it told once that is on disk.
    private func grant(
        _ lease: Int64, _ tag: CallTag, _ request: QuotaRequest, output: Int64? = nil, of run: ActiveRun,
        _ answer: @escaping @Sendable (QuotaAnswer) -> Void
    ) {
        run.calls[tag.stage]?.leases.append(
            HeldLease(
                lease: lease, metric: request.meter, subject: request.subject, amount: request.amount,
                isRequest: request.bound != nil))
        let output = output ?? request.bound?.outputTokens ?? 0
        run.granted.append((lease: UInt64(lease), output: output, answer: answer))
        touch(run)
    }

    private func say(
        _ text: String, _ stream: String, _ tag: CallTag, _ call: ActiveRun.Call, of run: ActiveRun
    ) {
        let line = LogLine(
            at: clock.now(), stage: call.stage, item: call.item, attempt: call.attempt, stream: stream,
            text: run.masker.isEmpty ? text : run.masker.mask(text))
        observer?.live(run: run.id, .log(line))
        keep(line, of: run)
    }

    /// Has nobody wait any more for what a call holds, since it is to stop or has ended.
    func dropHolds(run: Int, stage: Int? = nil) {
        guard holds.contains(where: { $0.tag.run == run && (stage == nil || $0.tag.stage == stage) }) else { return }
        let dropped = holds.filter { $0.tag.run == run && (stage == nil || $0.tag.stage == stage) }
        holds.removeAll { $0.tag.run == run && (stage == nil || $0.tag.stage == stage) }
        for hold in dropped { hold.answer(.refused(retryAfter: -1)) }
        slotsWereFreed = true
        if holds.isEmpty {
            slots.forgetHolds()
            if lacksSharedSlots { withdrawsWaits = true }
        }
    }
}

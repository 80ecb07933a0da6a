/// A ready stage that only the store can let start.
struct Contender: Sendable {
    let stage: Int
    /// Which time the stage is carried out.
    let round: Int
    let takesUpLost: Bool
    let turn: Turn
}

// Whose turn it is. Of what is ready in a run the first turn counts, and over the runs of an engine too: a slot that a
// stage gives back goes to whoever waits for it, not to the next stage of the same run.
extension RunMachine {
    /// The stages and items that could start but for their slots, at most one for each kind of slot and fan-out, the
    /// one whose turn it is in front.
    ///
    /// What holds up the first one holds up all, unless it is only the slots of its own kind.
    var readyHeads: [(stage: Int, turn: Turn)] {
        if state.queue.isEmpty && state.expanding.isEmpty || state.isEnded { return [] }
        var heads = state.queue.heads
        if !state.expanding.isEmpty {
            for index in itemHeads {
                guard planned(index).kind.makesAttempts, let expansion = state.expansion(around: index) else {
                    continue
                }
                heads.append((index, state.turn(of: index, since: expansion.nextSince, plan)))
            }
            if heads.count > 1 { heads.sort { $0.turn < $1.turn } }
        }
        if let place = heads.firstIndex(where: { !canStart($0.stage) }) { heads.removeSubrange(place...) }
        return heads
    }

    /// The ready stage or item that can start now.
    mutating func nextReady() -> Int? {
        for head in readyHeads where mayStart(head.stage, head.turn) { return head.stage }
        return nil
    }

    /// Whether there is a slot for a stage that no other run waits for longer.
    private mutating func mayStart(_ index: Int, _ turn: Turn) -> Bool {
        room(for: index, turn) == .yes && !isOthersTurn(index, turn)
    }

    private func isOthersTurn(_ index: Int, _ turn: Turn) -> Bool {
        slots.isOthersTurn(state.pool(of: index, plan), of: plan.definition.name, turn)
    }

    /// Starts an attempt when its turn has come, or lines the stage up.
    ///
    /// One that takes up a lost attempt goes before those that have never run. Where stages differ in priority it is
    /// decided once all are known that are ready.
    mutating func startOrQueue(_ index: Int, _ at: Timestamp, takesUpLost: Bool = false) {
        if plan.hasPriorities, !takesUpLost {
            ready.append(
                Contender(
                    stage: index, round: state.stages[index].round, takesUpLost: false,
                    turn: state.turn(of: index, since: at, plan)))
        } else {
            place(index, at, takesUpLost: takesUpLost)
        }
    }

    /// Starts or lines up what has become ready, the highest priority first.
    mutating func placeReady(_ at: Timestamp) {
        let found = ready.sorted { ($0.turn, $0.stage) < ($1.turn, $1.stage) }
        ready = []
        for contender in found where isReady(contender) { place(contender.stage, at, takesUpLost: false) }
    }

    /// Whether a stage that has become ready is so still: it was neither ended, lined up nor taken back.
    private func isReady(_ contender: Contender) -> Bool {
        guard state.stages[contender.stage].round == contender.round else { return false }
        switch state.stages[contender.stage].mode {
        case .idle, .retrying, .blocked: return true
        case .queued, .running, .sleeping, .awaiting, .expanded, .ended: return false
        }
    }

    private mutating func place(_ index: Int, _ at: Timestamp, takesUpLost: Bool) {
        let turn = state.turn(of: index, since: at, plan)
        if canStart(index), takesUpLost || nextReady() == nil {
            switch room(for: index, turn) {
            case .yes where takesUpLost || !isOthersTurn(index, turn): return start(index, at)
            case .wait(let wait): return emit(.stageWaiting(stage: index, attempt: nil, hold: .quota(wait)), at)
            case .refused(let why): return refuse(index, why, at)
            case .unknown:
                return contenders.append(
                    Contender(stage: index, round: state.stages[index].round, takesUpLost: takesUpLost, turn: turn))
            case .yes, .no: break
            }
        }
        let hold: StageHold = state.isPaused ? .pause : .slot(detail: slotDetail(index))
        emit(.stageWaiting(stage: index, attempt: nil, hold: hold), at)
    }

    // MARK: Slots that are shared with other engines

    // Whether there is room is known only while the store keeps others out, and that is as short as possible. What is
    // ready asks, and is decided with the commit that its readiness shares.

    /// Starts what asked for shared slots, or lines it up.
    mutating func admit(_ at: Timestamp) {
        guard state.isStarted, !state.isEnded else { return }
        startAdmitted(at)
        let asking = contenders.sorted { $0.turn < $1.turn }
        contenders = []
        for contender in asking where isReady(contender) {
            place(contender.stage, at, takesUpLost: contender.takesUpLost)
        }
        if slots.book != nil { startAdmitted(at) }
    }

    /// Notes in a step what the run waits for: slots of its engine, and slots that are shared.
    mutating func noteWaits(_ step: inout RunStep) {
        let heads = readyHeads
        // What came in since may have ended them, or the run.
        if !contenders.isEmpty { contenders = state.isEnded ? [] : contenders.filter(isReady) }
        for (stage, turn) in heads + contenders.map({ ($0.stage, $0.turn) }) {
            let pool = state.pool(of: stage, plan)
            if let place = step.heads.firstIndex(where: { $0.pool == pool }) {
                if turn < step.heads[place].turn { step.heads[place] = SlotHead(pool: pool, turn: turn) }
            } else {
                step.heads.append(SlotHead(pool: pool, turn: turn))
            }
        }
        guard slots.isShared || mayBeMetered || slots.waitsForQuotas, !slots.isOpen else { return }
        step.wantsSlots = !contenders.isEmpty
        for head in heads where !step.wantsSlots { step.wantsSlots = room(for: head.stage, head.turn) == .unknown }
    }
}

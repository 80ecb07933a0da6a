/// A ready stage that only the store can let start.
struct Contender: Sendable {
    let stage: Int
    /// Which time the stage is carried out.
    let round: Int
    let takesUpLost: Bool
}

// Slots that are shared with other engines: whether there is room is known only while the store keeps others out, and
// that is as short as possible. What is ready asks, and is decided with the commit that its readiness shares.
extension RunMachine {
    /// Starts what asked for shared slots, or lines it up.
    mutating func admit(_ at: Timestamp) {
        guard state.isStarted, !state.isEnded else { return }
        while let index = nextInQueue() { start(index, at) }
        while let index = nextItem() { begin(index, at) }
        let asking = contenders
        contenders = []
        for contender in asking {
            // What came in since may have ended it, or taken it back to before it was ready.
            guard state.stages[contender.stage].round == contender.round else { continue }
            switch state.stages[contender.stage].mode {
            case .idle, .retrying, .blocked: startOrQueue(contender.stage, at, takesUpLost: contender.takesUpLost)
            case .queued, .running, .sleeping, .awaiting, .expanded, .ended: break
            }
        }
    }

    /// Notes in a step what the run wants of the slots that are shared.
    func askForSlots(_ step: inout RunStep) {
        guard !slots.isOpen else {
            step.lacksSlots = heads { $0 == .no && slots.hasOwnRoom($1) }
            return
        }
        step.wantsSlots = !contenders.isEmpty || heads { room, _ in room == .unknown }
    }

    /// Whether a stage at the head of the queue could start but for its slot.
    private func heads(_ isMeant: (SlotPool.Room, StagePool) -> Bool) -> Bool {
        guard !(state.queue.isEmpty && state.expanding.isEmpty), !state.isEnded else { return false }
        return (state.queue.heads + itemHeads).contains {
            canStart($0) && isMeant(room(for: $0), state.pool(of: $0, plan))
        }
    }
}

// How a run stands, which follows from how its stages do.
extension RunState {
    /// Derives the run's status from what its stages do.
    mutating func refreshStatus(_ at: Timestamp, _ changes: inout RunChanges) {
        guard phase != .ended, row.startedAt != nil else { return }
        // A run whose own work is done stands as its hooks do.
        let counts = isLeftToHooks ? hookCounts : counts
        let waitingChildren = childrenWaiting(ofHooks: isLeftToHooks)
        let isMoving = counts.running > waitingChildren
        let status: RunStatus
        var reason: (on: String, detail: String)?
        if isPaused {
            status = .paused
            reason = ("pause", "the run is paused; 'batten resume \(row.id)' goes on")
        } else if !isMoving, counts.sleeping + counts.retrying + counts.awaiting + counts.blocked > 0 {
            status = .waiting
            if counts.sleeping > 0 {
                reason = ("sleep", "only sleeping stages are left to wait for")
            } else if counts.retrying > 0 {
                reason = ("retry", "stages wait to be tried again")
            } else if counts.awaiting > 0 {
                let isAsking = stages.contains { $0.mode == .awaiting && $0.row.waiting?.on == "gate" }
                reason = isAsking ? ("gate", "people are asked: batten gates") : ("signal", "a signal is waited for")
            } else {
                let blocked = stages.first { $0.mode == .blocked }?.row.waiting?.on
                let thing = blocked.flatMap(MissingThing.init(rawValue:)) ?? .secret
                reason = (thing.rawValue, "a \(thing.rawValue) is missing on this engine")
            }
        } else if !isMoving, quotaWaits > 0 {
            status = .waiting
            reason = ("quota", "a quota has no room: batten why \(row.id)")
        } else if !isMoving, waitingChildren > 0 {
            status = .waiting
            reason = (ChildWait.on, "what its children wait for: batten why \(row.id)")
        } else {
            status = .running
        }
        if row.status == status && row.waiting?.on == reason?.on { return }
        row.status = status
        row.waiting = reason.map { WaitReason(on: $0.on, detail: $0.detail, since: at) }
        changes.isRunTouched = true
    }
}

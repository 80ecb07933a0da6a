/// What the child run of a stage waits for while it does not move.
public struct ChildWait: Sendable, Hashable {
    /// What a stage waits for whose child does, in one word.
    public static let on = "child"

    /// The child's run id.
    public var run: String
    /// What the child waits for, for people, one line.
    public var detail: String

    /// What is on disk of it, and behind the reason of the parent's stage.
    var reason: String { "run \(run): \(detail)" }

    /// What a run that is somebody's child waits for: nil while it moves, and once it has ended.
    ///
    /// A child stands still when it is paused, waits for people, signals or time, or stands in the line of its group.
    public init?(_ child: RunState) {
        switch child.row.status {
        case .waiting, .paused: break
        case .pending: guard child.isInLine else { return nil }
        case .running, .completed, .failed, .cancelled, .timedOut: return nil
        }
        guard let waiting = child.row.waiting else { return nil }
        run = child.row.id
        detail = waiting.detail
    }

    init?(data: JSONValue) {
        guard let run = data["run"]?.stringValue, let detail = data["detail"]?.stringValue else { return nil }
        self.run = run
        self.detail = detail
    }

    var data: JSONObject { ["run": .string(run), "detail": .string(detail)] }
}

// A stage waits while its child does, and so may its run: whoever looks at the parent sees that somebody is asked.
extension RunMachine {
    /// What the child of an attempt waits for as far as this run knows; nil while it moves.
    public func childWait(stageIndex: Int) -> ChildWait? {
        state.stages.indices.contains(stageIndex) ? state.stages[stageIndex].childWait : nil
    }

    /// Takes in whether the child of an attempt stands still.
    mutating func stand(_ index: Int, _ attempt: Int, _ wait: ChildWait?, _ at: Timestamp) {
        guard isRunning(stage: index, attempt: attempt), isChild(index), state.stages[index].childWait != wait else {
            return
        }
        emit(.childStands(stage: index, attempt: attempt, wait: wait), at)
    }
}

extension RunState {
    /// Running stages of the run's own, or of its hooks, whose children stand still.
    func childrenWaiting(ofHooks: Bool) -> Int { ofHooks ? hookChildrenWaiting : childrenWaiting }

    mutating func stand(_ index: Int, _ wait: ChildWait?, _ at: Timestamp, _ changes: inout RunChanges) {
        guard stages[index].mode == .running else { return }
        noteChild(index, wait)
        stages[index].row.status = wait == nil ? .running : .waiting
        stages[index].row.waiting = wait.map { WaitReason(on: ChildWait.on, detail: $0.reason, since: at) }
        changes.touch(stage: index)
    }

    /// Counts the stages whose children stand still.
    mutating func noteChild(_ index: Int, _ wait: ChildWait?) {
        let step = (wait == nil ? 0 : 1) - (stages[index].childWait == nil ? 0 : 1)
        stages[index].childWait = wait
        if stages[index].hookShift != nil { hookChildrenWaiting += step } else { childrenWaiting += step }
    }
}

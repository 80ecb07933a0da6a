// Attempts that were lost with their engine or with a worker process: made again, or not, as `on_lost` says.
extension RunMachine {
    /// The code of the error of an attempt that was lost with its engine.
    static let engineLostCode = "batten.engine_lost"
    /// The code of the error of an attempt that an engine gave back when it was stopped.
    static let engineStoppedCode = "batten.engine_stopped"

    /// Gives up an attempt because its engine is being stopped.
    ///
    /// What the attempt has done is unknown, yet it is no loss. One that is a child run goes on: whoever takes the run up
    /// takes the child up too.
    mutating func giveBack(_ index: Int, _ attempt: Int, _ at: Timestamp) {
        guard state.isAccepted, isRunning(stage: index, attempt: attempt), !isChild(index) else { return }
        let failure = StageFailure(
            StageError(
                .cancelled, code: Self.engineStoppedCode,
                message: "the engine was stopped before the attempt had ended"), effect: .unknown)
        if let cause = state.stages[index].stopping {
            return endStopped(index, attempt: attempt, cause, failure: failure, at)
        }
        emit(.attemptLost(stage: index, attempt: attempt, failure: failure), at)
        goOnAfterLoss(index, failure, at)
    }

    /// Decides what follows a lost attempt.
    ///
    /// It is made again, and after two losses away from others; a third one ends the stage, and so does the first where
    /// its author says so. Where a person is to decide, the stage asks.
    ///
    /// - Parameter failure: how the attempt was lost.
    mutating func goOnAfterLoss(_ index: Int, _ failure: StageFailure, _ at: Timestamp) {
        let losses = state.stages[index].losses
        let loss = AttemptLoss(failure)
        if losses > Self.lossesBeforeIsolation {
            let message =
                loss == .engineLost
                ? "the engine died during this stage \(losses) times"
                : "it was lost \(losses) times, and alone the last time: \(failure.error.message)"
            return endLost(index, failure, message, at)
        }
        let isUndo = state.stages[index].undoes != nil
        switch isUndo ? .retry : planned(index).definition.onLost ?? .retry {
        case .retry: startOrQueue(index, at, takesUpLost: true)
        case .fail: endLost(index, failure, "\(lossText(failure)) (on_lost: fail)", at)
        case .gate:
            // A run that starts nothing more has no use for the answer.
            let isHurried = state.areHooksHurried && state.stages[index].hookShift != nil
            if let reason = reasonNotToStart(index) ?? (isHurried ? "the run was cancelled" : nil) {
                return endLost(index, failure, "\(lossText(failure)), and nobody was asked: \(reason)", at)
            }
            let prompt =
                "attempt \(state.stages[index].row.attempts) \(loss.words), and what it has done is unknown; "
                + "approve makes it again, reject fails the stage"
            emit(
                .stageWaiting(
                    stage: index, attempt: nil,
                    hold: .gate(
                        GateRequest(
                            prompt: prompt, approvers: [], required: 1, form: nil, until: nil, approvesOnTimeout: false,
                            isAboutLoss: true))), at)
        }
    }

    /// Goes on once a person has said what is to become of a lost attempt.
    mutating func lossDecided(_ index: Int, _ decision: GateDecision, by answer: GateAnswer?, _ at: Timestamp) {
        guard decision != .approved else { return startOrQueue(index, at, takesUpLost: true) }
        let failure =
            state.stages[index].lastFailure
            ?? StageFailure(StageError(.crashed, code: Self.engineLostCode, message: ""), effect: .unknown)
        let whom = answer.map { "by \($0.by)" + ($0.reason.isEmpty ? "" : ": \($0.reason)") } ?? "by nobody"
        endLost(index, failure, "\(lossText(failure)), and making it again was rejected \(whom)", at)
    }

    private func lossText(_ failure: StageFailure) -> String {
        switch AttemptLoss(failure) {
        case .engineLost: "the engine died during this stage"
        case .engineStopped: "the engine was stopped during this stage"
        case .workerLost: failure.error.message
        }
    }

    private mutating func endLost(_ index: Int, _ failure: StageFailure, _ message: String, _ at: Timestamp) {
        var last = failure
        last.error.outcomeClass = .crashed
        last.error.message = message
        end(index, attempt: nil, last, at)
    }
}

/// With what an attempt was lost.
enum AttemptLoss: Sendable, Hashable {
    case engineLost, engineStopped, workerLost

    /// Reads it from how the attempt failed.
    init(_ failure: StageFailure) {
        switch failure.error.code {
        case RunMachine.engineLostCode: self = .engineLost
        case RunMachine.engineStoppedCode: self = .engineStopped
        default: self = .workerLost
        }
    }

    /// Why the attempt that follows is made.
    var reason: AttemptReason {
        switch self {
        case .engineLost: .engineLost
        case .engineStopped: .engineStopped
        case .workerLost: .workerLost
        }
    }

    /// What became of the attempt, for people.
    var words: String {
        switch self {
        case .engineLost: "was lost with its engine"
        case .engineStopped: "was cut off when its engine was stopped"
        case .workerLost: "was lost with its worker"
        }
    }
}

// Attempts that were lost with their engine or with a worker process: made again, or not, as `on_lost` says.
extension RunMachine {
    /// The code of the error of an attempt that was lost with its engine.
    static let engineLostCode = "batten.engine_lost"

    /// Decides what follows a lost attempt.
    ///
    /// It is made again, and after two losses away from others; a third one ends the stage, and so does the first where
    /// its author says so. Where a person is to decide, the stage asks.
    ///
    /// - Parameter failure: how the attempt was lost.
    mutating func goOnAfterLoss(_ index: Int, _ failure: StageFailure, _ at: Timestamp) {
        let losses = state.stages[index].losses
        if losses > Self.lossesBeforeIsolation {
            let message =
                failure.isEngineLost
                ? "the engine died during this stage \(losses) times"
                : "it was lost \(losses) times, and alone the last time: \(failure.error.message)"
            return endLost(index, failure, message, at)
        }
        switch planned(index).definition.onLost ?? .retry {
        case .retry: startOrQueue(index, at, takesUpLost: true)
        case .fail: endLost(index, failure, "\(lossText(failure)) (on_lost: fail)", at)
        case .gate:
            // A run that starts nothing more has no use for the answer.
            if let reason = reasonNotToStart(index) {
                return endLost(index, failure, "\(lossText(failure)), and nobody was asked: \(reason)", at)
            }
            let attempt = state.stages[index].row.attempts
            let prompt =
                "attempt \(attempt) was lost with its \(failure.isEngineLost ? "engine" : "worker"), and what it has "
                + "done is unknown; approve makes it again, reject fails the stage"
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
        failure.isEngineLost ? "the engine died during this stage" : failure.error.message
    }

    private mutating func endLost(_ index: Int, _ failure: StageFailure, _ message: String, _ at: Timestamp) {
        var last = failure
        last.error.message = message
        end(index, attempt: nil, last, at)
    }
}

extension StageFailure {
    /// Whether it is the loss of the engine, and not of a worker process.
    fileprivate var isEngineLost: Bool { error.code == RunMachine.engineLostCode }
}

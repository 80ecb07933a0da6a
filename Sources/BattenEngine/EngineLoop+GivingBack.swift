import BattenCore

/// An orderly stop: what has not ended is left on disk as given back, which is no loss.
extension EngineLoop {
    /// Asks the calls in flight to stop; how those end that do is the engine's doing, not theirs.
    func stopCalls(_ reply: Reply<Void>) {
        isDraining = true
        isGivingBack = true
        slots.shut()
        for run in runs.values {
            for call in run.calls.values { host.cancel(call.handle, why: .shutdown) }
        }
        drains.append(reply)
    }

    /// What a call's outcome means for its run: one that stopped because it was asked to is given back.
    func input(for outcome: StageOutcome, _ stage: Int, _ attempt: Int) -> RunInput {
        isGivingBack && outcome.outcomeClass == .cancelled
            ? .attemptGivenBack(stage: stage, attempt: attempt)
            : .attemptFinished(stage: stage, attempt: attempt, outcome: outcome)
    }

    /// Gives back every attempt that runs.
    func giveBackAll(_ reply: Reply<Void>) {
        isDraining = true
        isGivingBack = true
        slots.shut()
        for run in runs.values.sorted(by: { $0.number < $1.number }) {
            for (stage, attempt) in run.machine.state.runningAttempts {
                apply(.attemptGivenBack(stage: stage, attempt: attempt), to: run)
            }
        }
        returns.append(reply)
    }
}

public import BattenCore
import BattenSystem

/// A run that is accepted by a process that does not execute it: it is on disk, owned by nobody, until an engine takes it
/// up.
public struct DetachedRun: Sendable {
    private let store: any RunStore
    private let clock: any EngineClock

    /// Creates an acceptor over a store.
    public init(store: any RunStore, clock: any EngineClock) {
        self.store = store
        self.clock = clock
    }

    /// Puts a run on disk.
    ///
    /// - Parameter owner: the id that stands for nobody.
    /// - Returns: its id, and whether it is new: under an idempotency key that was used before, it is the run of then.
    /// - Throws: ``EngineError`` when the workflow asks for what this version does not run or the store refused.
    public func accept(_ submission: RunSubmission, owner: String) throws(EngineError) -> (run: String, isNew: Bool) {
        try submission.requireRunnable()
        let id = Entropy.name(length: 12)
        var machine = RunMachine(plan: submission.plan)
        let step = machine.apply(.detached(submission.request(run: id, seed: Entropy.bits())), at: clock.now())
        var commit = RunCommit(run: id, epoch: 1)
        commit.acceptance = RunAcceptance(
            definitionHash: submission.plan.hash, snapshot: submission.plan.snapshot, owner: owner,
            fire: submission.fire)
        commit.acceptance?.budgets = submission.plan.budgets(given: submission.budget)
        commit.records = step.records
        commit.runRow = step.runRow
        commit.stages = step.stages
        commit.gates = step.gates
        do throws(StoreError) {
            if let key = submission.idempotencyKey,
                let earlier = try store.run(idempotencyKey: key, workflow: submission.plan.definition.name)
            {
                return (earlier, false)
            }
            switch try store.commit([commit]).first {
            case .duplicate(let earlier): return (earlier, false)
            case .committed: return (id, true)
            case .fenced, nil:
                throw StoreError(.misuse, "run \(id) was not accepted", help: "report this as a bug")
            }
        } catch {
            throw EngineError(error)
        }
    }
}

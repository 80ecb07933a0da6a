import BattenCore
import BattenStore

/// The real store of one simulated process; it shows the oracle what is committed and dies when told to.
final class SimulatedStore: RunStore, @unchecked Sendable {
    // SAFETY: a simulation has one thread.

    /// Where a process is killed.
    enum Kill {
        case beforeCommit, afterCommit
    }

    private var store: SQLiteStore?
    private let oracle: Oracle
    /// Has the next commit be the process's last.
    var kill: Kill?
    /// What others do while the process stands still right before its next commit.
    var meanwhile: (() -> Void)?
    private(set) var commitCount = 0

    init(_ store: SQLiteStore, oracle: Oracle) {
        self.store = store
        self.oracle = oracle
    }

    /// Whether the process has gone.
    var isDead: Bool { store == nil }

    /// Ends the process: nothing reaches the file any more.
    func die() { store = nil }

    private func alive() throws(StoreError) -> SQLiteStore {
        guard let store else { throw StoreError(.unavailable, "the process is dead", help: "") }
        return store
    }

    func commit(_ batch: [RunCommit]) throws(StoreError) -> [CommitVerdict] {
        try committing { store throws(StoreError) in
            (batch, try store.commit(batch))
        } doubting: {
            batch
        }
    }

    func commit(
        _ request: SlotRequest, deciding decide: (SharedStanding) -> SlotDecision
    ) throws(StoreError) -> [CommitVerdict] {
        var batch: [RunCommit] = []
        return try committing { store throws(StoreError) in
            let verdicts = try store.commit(request) { view in
                let decision = decide(view)
                batch = decision.commits
                return decision
            }
            return (batch, verdicts)
        } doubting: {
            batch
        }
    }

    func changedQuotas(looking: Bool) throws(StoreError) -> QuotaSetup? {
        try alive().changedQuotas(looking: looking)
    }

    func renewSlots(engine: String, until: Timestamp) throws(StoreError) {
        try alive().renewSlots(engine: engine, until: until)
    }

    private func committing(
        _ body: (SQLiteStore) throws(StoreError) -> ([RunCommit], [CommitVerdict]), doubting: () -> [RunCommit]
    ) throws(StoreError) -> [CommitVerdict] {
        let store = try alive()
        if let meanwhile {
            self.meanwhile = nil
            meanwhile()
        }
        if kill == .beforeCommit {
            die()
            throw StoreError(.unavailable, "killed before a commit", help: "")
        }
        let (batch, verdicts): ([RunCommit], [CommitVerdict])
        do throws(StoreError) {
            (batch, verdicts) = try body(store)
        } catch {
            for commit in doubting() { oracle.doubted(commit) }
            throw error
        }
        commitCount += 1
        oracle.committed(zip(batch, verdicts).filter { $0.1 == .committed }.map(\.0))
        if kill == .afterCommit {
            die()
            throw StoreError(.unavailable, "killed after a commit", help: "")
        }
        return verdicts
    }

    var catchUpDue: Int64? { store?.catchUpDue }

    func catchUp() throws(StoreError) { try alive().catchUp() }

    func recover(run: String) throws(StoreError) -> RecoveredRun? { try alive().recover(run: run) }

    func claim(run: String, engine: String, fromEpoch: Int64) throws(StoreError) -> Int64? {
        let epoch = try alive().claim(run: run, engine: engine, fromEpoch: fromEpoch)
        if let epoch { oracle.claimed(run, epoch: epoch) }
        return epoch
    }

    func cached(_ key: [UInt8], at: Timestamp) throws(StoreError) -> CachedResult? {
        try alive().cached(key, at: at)
    }

    func lastEnd(ofWorkflow workflow: String, besides run: String) throws(StoreError) -> RunStatus? {
        try alive().lastEnd(ofWorkflow: workflow, besides: run)
    }

    func joinGroup(_ request: GroupRequest) throws(StoreError) -> GroupPlace? {
        try alive().joinGroup(request)
    }

    func requestControl(_ request: ControlRequest) throws(StoreError) -> Int64 {
        let id = try alive().requestControl(request)
        oracle.asked(id, request)
        return id
    }

    func pendingControls(engine: String) throws(StoreError) -> [PendingControl] {
        try alive().pendingControls(engine: engine)
    }

    func taken(of runs: [String], from engine: String) throws(StoreError) -> [String] {
        try alive().taken(of: runs, from: engine)
    }

    func settleControls(_ settled: [SettledControl]) throws(StoreError) {
        try alive().settleControls(settled)
        oracle.settled(settled)
    }

    func dataVersion() throws(StoreError) -> Int64 { try alive().dataVersion() }

    func run(idempotencyKey: String, workflow: String) throws(StoreError) -> String? {
        try alive().run(idempotencyKey: idempotencyKey, workflow: workflow)
    }
}

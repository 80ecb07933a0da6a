package import BattenCore
internal import BattenSystem
internal import Synchronization

/// Passes everything to the real store, counts transactions, and fails when told to.
package final class CountingStore: RunStore {
    private let store: any RunStore
    private let state = Mutex((commits: 0, runs: 0, failure: StoreError?.none))
    private let renewed = Monitor<[Timestamp]>([])

    /// Passes everything to another store.
    package init(_ store: any RunStore) { self.store = store }

    /// Transactions, and the runs' changes in them.
    package var counts: (commits: Int, runs: Int) { state.withLock { ($0.commits, $0.runs) } }

    /// Until when the engine's slots were made to count, once it has done so a number of times.
    package func renewals(_ count: Int) -> [Timestamp]? {
        renewed.wait(until: MonotonicClock.now() + 120_000_000_000) { $0.count >= count ? $0 : nil }
    }

    /// Has every commit from now on fail.
    package func fail(with error: StoreError) { state.withLock { $0.failure = error } }

    package func commit(_ batch: [RunCommit]) throws(StoreError) -> [CommitVerdict] {
        let failure = state.withLock { state in
            state.commits += 1
            state.runs += batch.count
            return state.failure
        }
        if let failure { throw failure }
        return try store.commit(batch)
    }

    package func commit(
        _ request: SlotRequest, deciding decide: (SharedStanding) -> SlotDecision
    ) throws(StoreError) -> [CommitVerdict] {
        let failure = state.withLock { state in
            state.commits += 1
            return state.failure
        }
        if let failure { throw failure }
        return try store.commit(request, deciding: decide)
    }

    package func changedQuotas(looking: Bool) throws(StoreError) -> QuotaSetup? {
        try store.changedQuotas(looking: looking)
    }

    package func renewSlots(engine: String, until: Timestamp) throws(StoreError) {
        try store.renewSlots(engine: engine, until: until)
        renewed.signal(all: true) { $0.append(until) }
    }

    package var catchUpDue: Int64? { store.catchUpDue }
    package func catchUp() throws(StoreError) { try store.catchUp() }
    package func recover(run: String) throws(StoreError) -> RecoveredRun? { try store.recover(run: run) }
    package func claim(run: String, engine: String, fromEpoch: Int64) throws(StoreError) -> Int64? {
        try store.claim(run: run, engine: engine, fromEpoch: fromEpoch)
    }
    package func cached(_ key: [UInt8], at: Timestamp) throws(StoreError) -> CachedResult? {
        try store.cached(key, at: at)
    }
    package func joinGroup(_ request: GroupRequest) throws(StoreError) -> GroupPlace? { try store.joinGroup(request) }
    package func requestControl(_ request: ControlRequest) throws(StoreError) -> Int64 {
        try store.requestControl(request)
    }
    package func pendingControls(engine: String) throws(StoreError) -> [PendingControl] {
        try store.pendingControls(engine: engine)
    }
    package func taken(of runs: [String], from engine: String) throws(StoreError) -> [String] {
        try store.taken(of: runs, from: engine)
    }
    package func settleControls(_ settled: [SettledControl]) throws(StoreError) { try store.settleControls(settled) }
    package func dataVersion() throws(StoreError) -> Int64 { try store.dataVersion() }
    package func run(idempotencyKey: String, workflow: String) throws(StoreError) -> String? {
        try store.run(idempotencyKey: idempotencyKey, workflow: workflow)
    }
    package func lastEnd(ofWorkflow workflow: String, besides run: String) throws(StoreError) -> RunStatus? {
        try store.lastEnd(ofWorkflow: workflow, besides: run)
    }
}

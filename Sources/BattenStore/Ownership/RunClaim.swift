public import BattenCore

/// A run that has not ended, under the epoch at which it was seen or claimed.
public struct RunClaim: Sendable, Hashable {
    /// Run id.
    public var run: String
    /// The epoch.
    public var epoch: Int64

    /// Creates a claim.
    public init(run: String, epoch: Int64) {
        self.run = run
        self.epoch = epoch
    }
}

/// A run that has not ended, as an engine that could take it up sees it.
public struct UnfinishedRun: Sendable, Hashable {
    /// The run under its present epoch.
    public var claim: RunClaim
    /// Hash of the definition that it is locked to.
    public var definitionHash: String
}

extension SQLiteStore {
    /// Takes over many runs whose owner is gone, in one transaction.
    ///
    /// - Parameters:
    ///   - runs: the runs under the epochs at which they were seen.
    ///   - engine: id of the engine that takes them.
    /// - Returns: those that are its own now, under their new epochs; for the others somebody else was faster, or they
    ///   have ended.
    public func claim(_ runs: [RunClaim], engine: String) throws(StoreError) -> [RunClaim] {
        if runs.isEmpty { return [] }
        return try withWriter { writer throws(StoreError) in
            for run in runs { writer.forget(owner: run.run) }
            return try writer.connection.transaction { () throws(StoreError) in
                var claimed: [RunClaim] = []
                for run in runs {
                    if let epoch = try writer.claim(run, engine: engine) {
                        claimed.append(RunClaim(run: run.run, epoch: epoch))
                    }
                }
                return claimed
            }
        }
    }
}

extension RunWriter {
    /// Gives a run to an engine, inside a transaction; nil when its epoch is another one or it has ended.
    func claim(_ run: RunClaim, engine: String) throws(StoreError) -> Int64? {
        let claim = try connection.statement(
            """
            UPDATE runs SET owner = ?2, epoch = epoch + 1
            WHERE id = ?1 AND epoch = ?3 AND status IN ('pending', 'running', 'paused', 'waiting')
            RETURNING epoch
            """)
        claim.bind(1, run.run)
        claim.bind(2, engine)
        claim.bind(3, run.epoch)
        guard try claim.step() else { return nil }
        let epoch = claim.int(0)
        try claim.run()
        // What its attempts have reserved has died with the engine that made them.
        let find = try connection.statement("SELECT key FROM runs WHERE id = ?1")
        find.bind(1, run.run)
        if try find.step() {
            let key = find.int(0)
            find.reset()
            try releaseReservations(ofRun: key)
        }
        return epoch
    }
}

extension StoreReader {
    /// Owners of runs that have not ended, each once.
    public func unfinishedOwners() throws(StoreError) -> [String] {
        try rows(ListQuery.unfinishedOwners, { _ in }) { $0.text(0) }
    }

    /// The runs of an owner that have not ended, oldest first.
    public func unfinishedRuns(of owner: String) throws(StoreError) -> [UnfinishedRun] {
        try rows(ListQuery.unfinishedRuns, { $0.bind(1, owner) }) { row in
            UnfinishedRun(claim: RunClaim(run: row.text(0), epoch: row.int(1)), definitionHash: row.text(2))
        }
    }

    /// The text of a definition that a run is locked to; nil when there is none with this hash.
    public func definition(hash: String) throws(StoreError) -> [UInt8]? {
        let unspill = unspill
        return try rows("SELECT snapshot FROM workflow_versions WHERE hash = ?1", { $0.bind(1, hash) }) {
            row throws(StoreError) in try unspill.bytes(row, 0) ?? []
        }.first
    }

    /// Reads everything needed to go on with some runs, all at one moment.
    ///
    /// - Returns: those that exist, in the order asked for.
    public func recover(_ runs: [String]) throws(StoreError) -> [RecoveredRun] {
        try withConnection { connection throws(StoreError) in
            try connection.snapshot { () throws(StoreError) in
                var found: [RecoveredRun] = []
                for run in runs {
                    if let recovered = try RunRecovery(connection: connection, unspill: unspill).read(run) {
                        found.append(recovered)
                    }
                }
                return found
            }
        }
    }
}

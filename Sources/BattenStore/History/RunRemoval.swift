internal import BattenCore

/// A run that may be removed.
struct RemovalCandidate {
    let key: Int64
    let id: String
    let acceptedAt: Int64
    /// About how many rows go with it.
    let rows: Int
}

/// Removes runs with everything that belongs to them, inside transactions of the caller's.
struct RunRemoval {
    let connection: Connection
    let blobs: BlobTable

    /// Tables of which a run may have very many rows, with their keys after the run's, the last rows first.
    private static let large: [(table: String, keys: String, order: String)] = [
        ("cached_results", "key", "key DESC"), ("logs", "chunk", "chunk DESC"), ("attempt_states", "idx", "idx DESC"),
        ("attempts", "(idx, number)", "idx DESC, number DESC"), ("stage_runs", "idx", "idx DESC"),
        ("run_blobs", "hash", "hash DESC"), ("events", "key", "key DESC"),
    ]

    /// Takes a run out of all lists, so that its rows can go in several transactions.
    ///
    /// - Returns: false when it is not there any more.
    func hide(_ run: RemovalCandidate) throws(StoreError) -> Bool {
        let hide = try connection.statement(
            """
            UPDATE runs SET status = '\(HistoryQuery.removed)', id = '~' || id, idempotency_key = NULL
            WHERE key = ?1 AND id = ?2 AND status IN \(HistoryQuery.ended)
            """)
        hide.bind(1, run.key)
        hide.bind(2, run.id)
        try hide.run()
        return connection.changes == 1
    }

    /// Removes some rows of a hidden run, and with the last of them the run.
    ///
    /// - Parameter limit: how many rows at most.
    /// - Returns: the definitions that went with it; nil while rows are left.
    func gnaw(_ key: Int64, limit: Int) throws(StoreError) -> Int? {
        var left = limit
        for (table, keys, order) in Self.large {
            // A row of the log is as long as many others.
            let rows = table == "logs" ? max(left / 8, 1) : left
            let columns = keys.filter { $0 != "(" && $0 != ")" }
            var hashes: [[UInt8]] = []
            if table == "run_blobs" { hashes = try self.hashes(of: key, limit: rows) }
            let own = table == "events" ? EventKey.isOf("?1") : "run_key = ?1"
            let remove = try connection.statement(
                """
                DELETE FROM \(table) WHERE \(own) AND \(keys) IN (
                    SELECT \(columns) FROM \(table) WHERE \(own) ORDER BY \(order) LIMIT ?2)
                """)
            remove.bind(1, key)
            remove.bind(2, rows)
            try remove.run()
            left -= Int(connection.changes) * (table == "logs" ? 8 : 1)
            for hash in hashes { try blobs.release(hash) }
            if left <= 0 { return nil }
        }
        let free = try connection.statement(
            "UPDATE usage SET run_key = NULL WHERE key IN (SELECT key FROM usage WHERE run_key = ?1 LIMIT ?2)")
        free.bind(1, key)
        free.bind(2, left)
        try free.run()
        if connection.changes == left { return nil }
        return try remove(key, where: "status = '\(HistoryQuery.removed)'") ?? 0
    }

    /// Removes a run with all that belongs to it; its usage stays, without the run.
    ///
    /// - Returns: how many definitions went with it, 0 or 1; nil when the run is not there any more.
    func remove(_ run: RemovalCandidate) throws(StoreError) -> Int? {
        try remove(run.key, id: run.id, where: "status IN \(HistoryQuery.ended)")
    }

    private func remove(_ key: Int64, id: String? = nil, where condition: String) throws(StoreError) -> Int? {
        let hashes = try hashes(of: key, limit: -1)
        let remove = try connection.statement(
            "DELETE FROM runs WHERE key = ?1 AND (?2 IS NULL OR id = ?2) AND \(condition) RETURNING version_key")
        remove.bind(1, key)
        remove.bind(2, id)
        guard try remove.step() else { return nil }
        let version = remove.int(0)
        try remove.run()
        let definitions = try removeDefinition(version) ? 1 : 0
        for hash in hashes { try blobs.release(hash) }
        return definitions
    }

    private func hashes(of run: Int64, limit: Int) throws(StoreError) -> [[UInt8]] {
        let find = try connection.statement(HistoryQuery.blobsOfRun + " ORDER BY hash DESC LIMIT ?2")
        find.bind(1, run)
        find.bind(2, limit)
        var hashes: [[UInt8]] = []
        while try find.step() { hashes.append(find.bytes(0)) }
        return hashes
    }

    /// Removes a definition unless a run or a workflow uses it.
    func removeDefinition(_ key: Int64) throws(StoreError) -> Bool {
        let remove = try connection.statement(
            """
            DELETE FROM workflow_versions WHERE key = ?1
                AND NOT EXISTS (SELECT 1 FROM runs WHERE version_key = ?1)
                AND NOT EXISTS (SELECT 1 FROM workflows WHERE version_key = ?1)
            RETURNING snapshot
            """)
        remove.bind(1, key)
        guard try remove.step() else { return false }
        let hash = remove.type(0) == Statement.blob ? remove.bytes(0) : nil
        try remove.run()
        if let hash { try blobs.release(hash) }
        return true
    }
}

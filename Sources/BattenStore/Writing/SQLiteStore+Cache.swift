public import BattenCore

extension SQLiteStore {
    /// Finds a result that was kept under a key and is still good.
    public func cached(_ key: [UInt8], at: Timestamp) throws(StoreError) -> CachedResult? {
        let unspill = Unspill(folder: blobs)
        return try withWriter { writer throws(StoreError) in
            // A run that is being removed has lost its long values already.
            let find = try writer.connection.statement(
                """
                SELECT r.id, c.stage, c.result, c.stored_at, c.expires_at
                FROM cached_results c JOIN runs r ON r.key = c.run_key
                WHERE c.key = ?1 AND (c.expires_at IS NULL OR c.expires_at > ?2)
                    AND r.status <> '\(HistoryQuery.removed)'
                """)
            find.bind(1, blob: key)
            find.bind(2, at)
            defer { find.reset() }
            guard try find.step() else { return nil }
            return CachedResult(
                key: key, run: find.text(0), stage: find.text(1), result: try unspill.value(find, 2) ?? .null,
                storedAt: Timestamp(nanoseconds: find.int(3)), expiresAt: find.timestamp(4))
        }
    }
}

extension RunWriter {
    /// Keeps a result, in the place of an earlier one under the same key.
    func keep(_ result: CachedResult, _ value: StoredValue, key: Int64) throws(StoreError) {
        let statement = try connection.statement(
            """
            INSERT INTO cached_results (key, run_key, stage, result, stored_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (key) DO UPDATE SET run_key = excluded.run_key, stage = excluded.stage,
                result = excluded.result, stored_at = excluded.stored_at, expires_at = excluded.expires_at
            """)
        statement.bind(1, blob: result.key)
        statement.bind(2, key)
        statement.bind(3, result.stage)
        statement.bind(4, value)
        statement.bind(5, result.storedAt)
        statement.bind(6, result.expiresAt)
        try statement.run()
    }
}

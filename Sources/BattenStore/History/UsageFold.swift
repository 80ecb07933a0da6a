internal import BattenCore

/// Sums up the usage of runs that are gone, by day.
struct UsageFold {
    let connection: Connection

    /// Sums up reports that are older than any month, inside a transaction of the caller's.
    ///
    /// - Parameter limit: how many reports at most.
    /// - Returns: how many there were.
    func fold(before: Timestamp, limit: Int) throws(StoreError) -> Int {
        let find = try connection.statement(HistoryQuery.oldUsage)
        find.bind(1, before)
        find.bind(2, limit)
        defer { find.reset() }
        var keys: [Int64] = []
        while try find.step() {
            keys.append(find.int(0))
            let add = try connection.statement(
                """
                INSERT INTO usage_days (day, workflow, plugin, metric, subject, amount, cost_usd, unpriced, reports)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, CASE WHEN ?7 IS NULL THEN ?6 ELSE 0 END, 1)
                ON CONFLICT DO UPDATE SET
                    amount = CASE WHEN typeof(amount + excluded.amount) = 'integer'
                        THEN amount + excluded.amount ELSE 9223372036854775807 END,
                    cost_usd = CASE WHEN cost_usd IS NULL THEN excluded.cost_usd
                        ELSE cost_usd + coalesce(excluded.cost_usd, 0) END,
                    unpriced = CASE WHEN typeof(unpriced + excluded.unpriced) = 'integer'
                        THEN unpriced + excluded.unpriced ELSE 9223372036854775807 END,
                    reports = reports + 1
                """)
            add.bind(1, find.int(1) / 86_400_000_000_000)
            add.bind(2, find.text(2))
            add.bind(3, find.text(3))
            add.bind(4, find.text(4))
            add.bind(5, find.text(5))
            add.bind(6, find.int(6))
            if find.isNull(7) { add.bindNull(7) } else { add.bind(7, find.double(7)) }
            try add.run()
        }
        for key in keys {
            let remove = try connection.statement("DELETE FROM usage WHERE key = ?1")
            remove.bind(1, key)
            try remove.run()
        }
        return keys.count
    }
}

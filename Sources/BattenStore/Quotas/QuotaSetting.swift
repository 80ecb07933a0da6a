internal import BattenCore

/// Sets quotas, inside transactions of the caller's.
struct QuotaSetting {
    let connection: Connection

    /// Sets a quota, in place of the one of its name.
    func set(_ rule: QuotaRule, at: Timestamp, zones: (String) -> TimeZoneRules?) throws(StoreError) -> Bool {
        let find = try connection.statement(QuotaTable.one)
        find.bind(1, rule.name)
        let earlier = try find.step() ? try QuotaTable.read(find).rule : nil
        find.reset()
        let stored = rule.window.stored
        let write = try connection.statement(
            """
            INSERT INTO quotas (name, metric, amount, window, calendar, scope, on_exceed, created_at, updated_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
            ON CONFLICT (name) WHERE run_key IS NULL DO UPDATE SET metric = excluded.metric, amount = excluded.amount,
                window = excluded.window, calendar = excluded.calendar, scope = excluded.scope,
                on_exceed = excluded.on_exceed, updated_at = excluded.updated_at
            RETURNING key
            """)
        write.bind(1, rule.name)
        write.bind(2, rule.metric)
        write.bind(3, rule.limit)
        write.bind(4, stored.window)
        write.bind(5, stored.calendar)
        write.bind(6, JSONWriter.string(rule.scope.json))
        write.bind(7, rule.onExceed.rawValue)
        write.bind(8, at)
        guard try write.step() else { return false }
        var rule = rule
        rule.key = write.int(0)
        try write.run()
        if let earlier, earlier.metric == rule.metric, earlier.window == rule.window, earlier.scope == rule.scope {
            return true
        }
        try recount(rule, at: at, zones: zones)
        return earlier != nil
    }

    /// Counts what the ledger has, and gives up reservations of what was counted before.
    private func recount(_ rule: QuotaRule, at: Timestamp, zones: (String) -> TimeZoneRules?) throws(StoreError) {
        for sql in [
            "DELETE FROM reservations WHERE quota_key = ?1", "DELETE FROM quota_use WHERE quota_key = ?1",
            "UPDATE quotas SET reserved = 0 WHERE key = ?1",
        ] {
            let statement = try connection.statement(sql)
            statement.bind(1, rule.key)
            try statement.run()
        }
        var zone = TimeZoneRules.utc
        if case .calendar(_, let name) = rule.window, let known = zones(name) { zone = known }
        for (bucket, used) in try Self.sums(rule, from: rule.window.firstBucket(at: at, zone: zone), connection) {
            let insert = try connection.statement(
                "INSERT INTO quota_use (quota_key, bucket, used) VALUES (?1, ?2, ?3)")
            insert.bind(1, rule.key)
            insert.bind(2, bucket)
            insert.bind(3, used)
            try insert.run()
        }
        // What is older is known by day only, and for some scopes not at all.
        guard rule.window == .ever, rule.scope.patterns.allSatisfy({ $0.key != .tag && $0.key != .executor }) else {
            return
        }
        try addFolded(rule)
    }

    /// What the ledger has for a rule, by bucket.
    static func sums(_ rule: QuotaRule, from: Int64, _ connection: Connection) throws(StoreError) -> [Int64: Int64] {
        let find = try connection.statement(QuotaTable.ledger)
        find.bind(1, from)
        defer { find.reset() }
        var sums: [Int64: Int64] = [:]
        while try find.step() {
            let tags = find.optionalText(4).flatMap { try? JSONReader.parse($0) }?.arrayValue ?? []
            let use = QuotaUse(
                executor: find.optionalText(0) ?? find.text(1), subject: find.text(2), workflow: find.text(3),
                tags: tags.compactMap(\.stringValue))
            guard rule.scope.takesIn(use),
                let amount = rule.amount(
                    metric: find.text(5), amount: find.int(6), cost: find.isNull(7) ? nil : find.double(7))
            else { continue }
            let bucket = rule.window.bucket(of: Timestamp(nanoseconds: find.int(8)))
            sums[bucket] = QuotaTable.clamped((sums[bucket] ?? 0).addingReportingOverflow(amount))
        }
        return sums
    }

    private func addFolded(_ rule: QuotaRule) throws(StoreError) {
        let find = try connection.statement(
            "SELECT plugin, subject, workflow, metric, amount, cost_usd FROM usage_days")
        defer { find.reset() }
        var sum: Int64 = 0
        while try find.step() {
            let use = QuotaUse(executor: find.text(0), subject: find.text(1), workflow: find.text(2))
            guard rule.scope.takesIn(use),
                let amount = rule.amount(
                    metric: find.text(3), amount: find.int(4), cost: find.isNull(5) ? nil : find.double(5))
            else { continue }
            sum = QuotaTable.clamped(sum.addingReportingOverflow(amount))
        }
        if sum == 0 { return }
        let add = try connection.statement(
            """
            INSERT INTO quota_use (quota_key, bucket, used) VALUES (?1, 0, ?2)
            ON CONFLICT DO UPDATE SET used = used + excluded.used
            """)
        add.bind(1, rule.key)
        add.bind(2, sum)
        try add.run()
    }
}

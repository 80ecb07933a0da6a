internal import BattenCore

/// Holds the running sums of quotas and budgets against the ledger.
struct QuotaCheck {
    let connection: Connection

    /// What does not add up.
    func problems() throws(StoreError) -> [StoreProblem] {
        var problems: [StoreProblem] = []
        var rules: [(rule: QuotaRule, run: Int64?)] = []
        let find = try connection.prepare(
            """
            SELECT key, name, metric, amount, window, calendar, scope, on_exceed, stage, reserved, run_key FROM quotas
            """)
        while try find.step() { rules.append((try QuotaTable.read(find).rule, find.optionalInt(10))) }
        for (rule, run) in rules where problems.count < 100 {
            let booked: [Int64: Int64]
            if let run { booked = [0: try budget(rule, run: run)] } else { booked = try ledger(rule) }
            for (bucket, used) in try counted(rule) {
                // Buckets from before the quota was set may have begun with a part of what the ledger has.
                let booked = booked[bucket] ?? 0
                if run == nil, rule.window == .ever ? used >= booked : try isCut(rule, bucket) { continue }
                if used != booked {
                    let whose = run == nil ? "quota \(rule.name)" : "\(rule.name) (\(rule.metric))"
                    problems.append(
                        StoreProblem(
                            kind: .state, message: "\(whose): \(used) is counted, and the ledger has \(booked)"))
                }
            }
        }
        return problems
    }

    private func counted(_ rule: QuotaRule) throws(StoreError) -> [(bucket: Int64, used: Int64)] {
        let find = try connection.prepare("SELECT bucket, used FROM quota_use WHERE quota_key = ?1 ORDER BY bucket")
        find.bind(1, rule.key)
        var found: [(bucket: Int64, used: Int64)] = []
        while try find.step() { found.append((find.int(0), find.int(1))) }
        return found
    }

    private func ledger(_ rule: QuotaRule) throws(StoreError) -> [Int64: Int64] {
        try QuotaSetting.sums(rule, from: .min, connection)
    }

    /// Whether a bucket may hold less than the ledger: counting began in the middle of it, or the ledger has been
    /// summed up by day since.
    private func isCut(_ rule: QuotaRule, _ bucket: Int64) throws(StoreError) -> Bool {
        let find = try connection.statement(
            "SELECT updated_at, created_at, (SELECT min(at) FROM usage) FROM quotas WHERE key = ?1")
        find.bind(1, rule.key)
        defer { find.reset() }
        guard try find.step() else { return true }
        let isCounted = rule.metric == QuotaMetric.stageRuns || rule.metric == QuotaMetric.runs
        return bucket < (find.optionalInt(2) ?? .max) || isCounted && bucket <= find.int(0)
    }

    /// What the ledger has for a budget: the usage of its run and of the runs below it.
    private func budget(_ rule: QuotaRule, run: Int64) throws(StoreError) -> Int64 {
        let find = try connection.prepare(
            """
            WITH RECURSIVE below (key, id, stage) AS (
                SELECT key, id, NULL FROM runs WHERE key = ?1
                UNION ALL
                SELECT r.key, r.id, coalesce(b.stage, r.parent_stage) FROM below b JOIN runs r ON r.parent_run = b.id
            )
            SELECT coalesce(b.stage, u.stage), u.metric, u.amount, u.cost_usd FROM below b JOIN usage u ON u.run_key = b.key
            """)
        find.bind(1, run)
        var sum: Int64 = 0
        while try find.step() {
            guard rule.stage == nil || rule.stage == find.text(0),
                let amount = rule.amount(
                    metric: find.text(1), amount: find.int(2), cost: find.isNull(3) ? nil : find.double(3))
            else { continue }
            sum = QuotaTable.clamped(sum.addingReportingOverflow(amount))
        }
        return sum
    }
}

internal import BattenCore

/// What is reserved of quotas and booked on them, in the transactions of the attempts it belongs to.
extension RunWriter {
    /// Quotas as this connection knows them.
    struct QuotaCache {
        /// The quotas that have names; nil when they are to be read again.
        var named: [(rule: QuotaRule, reserved: Int64)]?
        /// Keys of the budgets that a run's use counts against, by the run's key; they never change.
        var budgets: [Int64: [QuotaBook.Budget]] = [:]
        /// Rules of budgets, by key.
        var rules: [Int64: QuotaRule] = [:]
        /// Which executors are known to use what.
        var meters: [String: Set<String>]?
        /// Whether another setup than the last one told may be there.
        var isChanged = true
        /// When reservations of dead engines were last looked for, on the monotonic clock.
        var lastReap: Int64 = 0
    }

    // MARK: Deciding

    /// How full the quotas and the budgets of some runs are.
    func book(
        _ request: SlotRequest, runs: [String], waits: [SlotWait], now: Int64,
        isAlive: (String) throws(StoreError) -> Bool
    ) throws(StoreError) -> QuotaBook {
        try reap(now: now, own: request.engine, isAlive)
        var standings: [QuotaBook.Standing] = []
        for (rule, reserved) in try readNamed() {
            standings.append(
                try QuotaTable.standing(rule, reserved: reserved, at: request.at, zones: request.zones, connection))
        }
        var budgets: [String: [QuotaBook.Budget]] = [:]
        var seen: Set<Int64> = []
        for run in runs {
            guard let key = try self.key(ofRun: run) else { continue }
            let found = try self.budgets(of: key)
            if found.isEmpty { continue }
            budgets[run] = found
            for budget in found where seen.insert(budget.quota).inserted {
                let find = try connection.statement(QuotaTable.byKey)
                find.bind(1, budget.quota)
                guard try find.step() else { continue }
                let (rule, reserved) = try QuotaTable.read(find)
                find.reset()
                standings.append(
                    try QuotaTable.standing(rule, reserved: reserved, at: request.at, zones: request.zones, connection))
            }
        }
        for place in standings.indices where !waits.isEmpty {
            let key = standings[place].rule.key
            standings[place].firstWaiting = waits.lazy.filter { $0.quota == key }.map(\.turn).min()
        }
        return QuotaBook(standings, budgets: budgets, at: request.at, zones: request.zones)
    }

    private func readNamed() throws(StoreError) -> [(rule: QuotaRule, reserved: Int64)] {
        let find = try connection.statement(QuotaTable.named)
        defer { find.reset() }
        var found: [(rule: QuotaRule, reserved: Int64)] = []
        while try find.step() { found.append(try QuotaTable.read(find)) }
        return found
    }

    /// The budgets that a run's use counts against: its own and those of the runs and stages above it.
    private func budgets(of run: Int64) throws(StoreError) -> [QuotaBook.Budget] {
        if let known = quotaCache.budgets[run] { return known }
        var found: [QuotaBook.Budget] = []
        var next: (key: Int64, stage: String?)? = (run, nil)
        var isOwn = true
        // Children go at most 16 deep; a file that says otherwise is not followed for ever.
        for _ in 0..<64 {
            guard let at = next else { break }
            let find = try connection.statement(QuotaTable.ofRun)
            find.bind(1, at.key)
            while try find.step() {
                let (rule, _) = try QuotaTable.read(find)
                quotaCache.rules[rule.key] = rule
                if isOwn {
                    found.append(QuotaBook.Budget(quota: rule.key, stage: rule.stage))
                } else if rule.stage == nil || rule.stage == at.stage {
                    found.append(QuotaBook.Budget(quota: rule.key, stage: nil))
                }
            }
            let above = try connection.statement(
                """
                SELECT p.key, r.parent_stage FROM runs r JOIN runs p ON p.id = r.parent_run
                WHERE r.key = ?1 AND r.parent_run IS NOT NULL
                """)
            above.bind(1, at.key)
            next = try above.step() ? (above.int(0), above.optionalText(1)) : nil
            above.reset()
            isOwn = false
        }
        if quotaCache.budgets.count > 10_000 {
            quotaCache.budgets.removeAll()
            quotaCache.rules.removeAll()
        }
        quotaCache.budgets[run] = found
        return found
    }

    private func key(ofRun run: String) throws(StoreError) -> Int64? {
        let find = try connection.statement("SELECT key FROM runs WHERE id = ?1")
        find.bind(1, run)
        defer { find.reset() }
        return try find.step() ? find.int(0) : nil
    }

    /// Gives back what dead engines have reserved: their calls have died with them.
    private func reap(now: Int64, own: String, _ isAlive: (String) throws(StoreError) -> Bool) throws(StoreError) {
        guard quotaCache.lastReap == 0 || now - quotaCache.lastReap > 500_000_000 else { return }
        quotaCache.lastReap = max(now, 1)
        var engine = ""
        while true {
            let find = try connection.statement(
                "SELECT engine FROM reservations INDEXED BY reservations_by_engine WHERE engine > ?1 LIMIT 1")
            find.bind(1, engine)
            defer { find.reset() }
            guard try find.step() else { return }
            engine = find.text(0)
            find.reset()
            if engine == own { continue }
            if try isAlive(engine) { continue }
            try giveBack("engine = ?1") { $0.bind(1, engine) }
        }
    }

    // MARK: Booking

    /// Writes what an attempt has reserved.
    func reserve(_ reservation: Reservation, key: Int64) throws(StoreError) {
        for part in reservation.change.parts where !part.isSpent && part.amount > 0 {
            let insert = try connection.statement(
                """
                INSERT INTO reservations (run_key, idx, number, lease, quota_key, amount, engine, made_at)
                SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM quotas WHERE key = ?5)
                """)
            insert.bind(1, key)
            insert.bind(2, reservation.change.stageIndex)
            insert.bind(3, reservation.change.attempt)
            insert.bind(4, reservation.change.lease)
            insert.bind(5, part.quota)
            insert.bind(6, part.amount)
            insert.bind(7, reservation.engine)
            insert.bind(8, reservation.madeAt)
            try insert.run()
            if connection.changes == 1 { try change(reserved: part.quota, by: part.amount) }
        }
    }

    private func change(reserved quota: Int64, by amount: Int64) throws(StoreError) {
        let update = try connection.statement("UPDATE quotas SET reserved = max(0, reserved + ?2) WHERE key = ?1")
        update.bind(1, quota)
        update.bind(2, amount)
        try update.run()
    }

    /// Gives back what is left of the reservations of an attempt.
    func release(_ change: ReservationChange, key: Int64) throws(StoreError) {
        try giveBack("run_key = ?1 AND idx = ?2 AND number = ?3 AND (?4 = 0 OR lease = max(?4, 0))") { statement in
            statement.bind(1, key)
            statement.bind(2, change.stageIndex)
            statement.bind(3, change.attempt)
            statement.bind(4, change.lease)
        }
    }

    /// Gives back all that a run has reserved.
    func releaseReservations(ofRun key: Int64) throws(StoreError) {
        try giveBack("run_key = ?1") { $0.bind(1, key) }
    }

    private func giveBack(_ condition: String, _ bind: (Statement) -> Void) throws(StoreError) {
        let delete = try connection.statement(
            "DELETE FROM reservations WHERE \(condition) RETURNING quota_key, amount")
        bind(delete)
        var sums: [Int64: Int64] = [:]
        while try delete.step() {
            sums[delete.int(0)] = QuotaTable.clamped(
                sums[delete.int(0), default: 0].addingReportingOverflow(delete.int(1)))
        }
        delete.reset()
        for (quota, amount) in sums {
            try change(reserved: quota, by: -amount)
            slotsFreed = true
        }
    }

    /// Counts a report of usage against the quotas and budgets that it concerns.
    func count(_ usage: UsageRow, key: Int64, workflow: String) throws(StoreError) {
        let executor = usage.executor ?? usage.plugin
        try noteMeter(executor, usage)
        let use = QuotaUse(executor: executor, subject: usage.subject, workflow: workflow, tags: usage.tags)
        for (rule, _) in try namedRules() {
            guard rule.scope.takesIn(use),
                let amount = rule.amount(metric: usage.metric, amount: usage.amount, cost: usage.cost), amount != 0
            else { continue }
            try count(amount, rule, usage, key: key)
        }
        for budget in try budgets(of: key) where budget.stage == nil || budget.stage == usage.stage {
            guard let rule = quotaCache.rules[budget.quota],
                let amount = rule.amount(metric: usage.metric, amount: usage.amount, cost: usage.cost), amount != 0
            else { continue }
            try count(amount, rule, usage, key: key)
        }
    }

    private func namedRules() throws(StoreError) -> [(rule: QuotaRule, reserved: Int64)] {
        if let known = quotaCache.named { return known }
        let found = try readNamed()
        quotaCache.named = found
        return found
    }

    private func count(_ amount: Int64, _ rule: QuotaRule, _ usage: UsageRow, key: Int64) throws(StoreError) {
        let bucket = rule.window.bucket(of: usage.at)
        let add = try connection.statement(
            """
            UPDATE quota_use SET used = CASE WHEN typeof(used + ?3) = 'integer' THEN used + ?3
                ELSE 9223372036854775807 END
            WHERE quota_key = ?1 AND bucket = ?2
            """)
        add.bind(1, rule.key)
        add.bind(2, bucket)
        add.bind(3, amount)
        try add.run()
        if connection.changes == 0 {
            let insert = try connection.statement("INSERT INTO quota_use (quota_key, bucket, used) VALUES (?1, ?2, ?3)")
            insert.bind(1, rule.key)
            insert.bind(2, bucket)
            insert.bind(3, amount)
            try insert.run()
            if let oldest = rule.window.oldestKept(at: usage.at) {
                let trim = try connection.statement("DELETE FROM quota_use WHERE quota_key = ?1 AND bucket < ?2")
                trim.bind(1, rule.key)
                trim.bind(2, oldest)
                try trim.run()
            }
        }
        guard amount > 0, let place = usage.stageIndex else { return }
        let find = try connection.statement(
            """
            SELECT amount FROM reservations
            WHERE run_key = ?1 AND idx = ?2 AND number = ?3 AND lease = ?4 AND quota_key = ?5
            """)
        let take = try connection.statement(
            """
            UPDATE reservations SET amount = amount - ?6
            WHERE run_key = ?1 AND idx = ?2 AND number = ?3 AND lease = ?4 AND quota_key = ?5
            """)
        for statement in [find, take] {
            statement.bind(1, key)
            statement.bind(2, place)
            statement.bind(3, usage.attempt)
            statement.bind(4, usage.lease)
            statement.bind(5, rule.key)
        }
        guard try find.step() else { return }
        let taken = min(amount, find.int(0))
        find.reset()
        take.bind(6, taken)
        try take.run()
        try change(reserved: rule.key, by: -taken)
    }

    /// Remembers that an executor uses something.
    private func noteMeter(_ executor: String, _ usage: UsageRow) throws(StoreError) {
        var metrics = [usage.metric]
        if UsageTotals.isTokens(usage.metric) { metrics.append(QuotaMetric.tokens) }
        if usage.cost != nil { metrics.append(QuotaMetric.cost) }
        var known = try meters()
        guard !Set(metrics).isSubset(of: known[executor] ?? []) else { return }
        for metric in metrics {
            let insert = try connection.statement(
                "INSERT INTO meters (executor, metric) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
            insert.bind(1, executor)
            insert.bind(2, metric)
            try insert.run()
            known[executor, default: []].insert(metric)
        }
        quotaCache.meters = known
        quotaCache.isChanged = true
    }

    private func meters() throws(StoreError) -> [String: Set<String>] {
        if let known = quotaCache.meters { return known }
        let find = try connection.statement("SELECT executor, metric FROM meters")
        defer { find.reset() }
        var found: [String: Set<String>] = [:]
        while try find.step() { found[find.text(0), default: []].insert(find.text(1)) }
        quotaCache.meters = found
        return found
    }

    /// Which quotas there are.
    func quotaSetup() throws(StoreError) -> QuotaSetup {
        quotaCache.named = nil
        quotaCache.meters = nil
        quotaCache.isChanged = false
        return QuotaSetup(rules: try namedRules().map(\.rule), meters: try meters())
    }

    /// Writes the budgets of a run that is accepted.
    func write(_ budgets: [QuotaRule], run key: Int64, at: Timestamp) throws(StoreError) {
        for rule in budgets {
            let insert = try connection.statement(
                """
                INSERT INTO quotas (name, run_key, stage, metric, amount, window, scope, on_exceed, created_at, updated_at)
                VALUES (?1, ?2, ?3, ?4, ?5, 'run', '{}', ?6, ?7, ?7)
                """)
            insert.bind(1, rule.name)
            insert.bind(2, key)
            insert.bind(3, rule.stage)
            insert.bind(4, rule.metric)
            insert.bind(5, rule.limit)
            insert.bind(6, rule.onExceed.rawValue)
            insert.bind(7, at)
            try insert.run()
        }
    }
}

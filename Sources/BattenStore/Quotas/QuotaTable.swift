internal import BattenCore

/// The statements on quotas.
enum QuotaTable {
    static let columns = """
        SELECT key, name, metric, amount, window, calendar, scope, on_exceed, stage, reserved FROM quotas
        """
    /// The quotas that have names.
    static let named = "\(columns) WHERE run_key IS NULL ORDER BY name"
    static let one = "\(columns) WHERE run_key IS NULL AND name = ?1"
    static let ofRun = "\(columns) INDEXED BY quotas_by_run WHERE run_key = ?1 ORDER BY key"
    static let byKey = "\(columns) WHERE key = ?1"
    static let buckets = "SELECT bucket, used FROM quota_use WHERE quota_key = ?1 AND bucket >= ?2 ORDER BY bucket"
    static let sum = "SELECT coalesce(sum(used), 0) FROM quota_use WHERE quota_key = ?1 AND bucket >= ?2"
    /// Reports that are not older than an instant.
    static let ledger = """
        SELECT executor, plugin, subject, workflow, tags, metric, amount, cost_usd, at FROM usage INDEXED BY usage_by_time
        WHERE at >= ?1
        """

    /// Every query whose cost must not grow with the store.
    static let all = [named, one, ofRun, byKey, buckets, sum]

    /// Reads a rule and what is reserved of it.
    static func read(_ row: Statement) throws(StoreError) -> (rule: QuotaRule, reserved: Int64) {
        let name = row.text(1)
        guard let window = QuotaWindow(window: row.text(4), calendar: row.optionalText(5)),
            let scope = (try? JSONReader.parse(row.text(6))).flatMap({ QuotaScope(json: $0) }),
            let onExceed = QuotaRule.OnExceed(rawValue: row.text(7))
        else {
            throw StoreError(
                .corrupt, "the quota '\(name)' cannot be read", help: "remove it with: batten quota remove \(name)")
        }
        return (
            QuotaRule(
                key: row.int(0), name: name, metric: row.text(2), limit: row.int(3), window: window, scope: scope,
                onExceed: onExceed, stage: row.optionalText(8)), row.int(9)
        )
    }

    /// How full a quota is.
    static func standing(
        _ rule: QuotaRule, reserved: Int64, at: Timestamp, zones: (String) -> TimeZoneRules?,
        _ connection: Connection
    ) throws(StoreError) -> QuotaBook.Standing {
        var zone = TimeZoneRules.utc
        if case .calendar(_, let name) = rule.window, let known = zones(name) { zone = known }
        let first = rule.window.firstBucket(at: at, zone: zone)
        guard case .rolling = rule.window else {
            let find = try connection.statement(sum)
            find.bind(1, rule.key)
            find.bind(2, first)
            defer { find.reset() }
            return QuotaBook.Standing(rule: rule, used: try find.step() ? find.int(0) : 0, reserved: reserved)
        }
        let find = try connection.statement(buckets)
        find.bind(1, rule.key)
        find.bind(2, first)
        defer { find.reset() }
        var used: Int64 = 0
        var parts: [(start: Int64, used: Int64)] = []
        while try find.step() {
            parts.append((find.int(0), find.int(1)))
            used = clamped(used.addingReportingOverflow(find.int(1)))
        }
        return QuotaBook.Standing(rule: rule, used: used, reserved: reserved, buckets: parts)
    }

    /// A sum that stays at the largest number it can hold.
    static func clamped(_ sum: (partialValue: Int64, overflow: Bool)) -> Int64 {
        sum.overflow ? (sum.partialValue < 0 ? .max : .min) : sum.partialValue
    }
}

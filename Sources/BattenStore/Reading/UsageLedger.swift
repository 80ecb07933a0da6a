public import BattenCore

/// By what usage is added up.
public enum UsageGrouping: String, Sendable, Hashable, CaseIterable {
    case day, model, provider, workflow, run, stage, plugin, metric

    /// Its expression over a row of the ledger.
    fileprivate var column: String {
        switch self {
        case .day: "strftime('%Y-%m-%d', u.day * 86400, 'unixepoch')"
        case .model: "CASE WHEN instr(u.subject, '/') > 0 THEN u.subject END"
        case .provider: "CASE WHEN instr(u.subject, '/') > 0 THEN substr(u.subject, 1, instr(u.subject, '/') - 1) END"
        case .workflow: "u.workflow"
        case .run: "u.run"
        case .stage: "CASE WHEN u.stage IS NULL THEN NULL ELSE u.workflow || '.' || u.stage END"
        case .plugin: "u.plugin"
        case .metric: "u.metric"
        }
    }
}

/// Which usage is meant.
public struct UsageFilter: Sendable, Hashable {
    /// Booked at this instant or later; of days that are only known as sums, those that end after it.
    public var since: Timestamp?
    /// Booked before this instant.
    public var until: Timestamp?
    /// Of one workflow.
    public var workflow: String?
    /// Of one run, by its whole id, and of those that it has started.
    public var run: String?

    /// Whether only what the run has started counts, and not itself.
    var leavesOutItself = false

    /// Creates a filter; nil leaves everything in.
    public init(since: Timestamp? = nil, until: Timestamp? = nil, workflow: String? = nil, run: String? = nil) {
        self.since = since
        self.until = until
        self.workflow = workflow
        self.run = run
    }
}

/// What was used of one metric in one group.
public struct UsageSum: Sendable, Hashable {
    /// What the group has in common, one for each grouping; nil where that is not known any more.
    public var keys: [String?]
    /// What was counted.
    public var metric: String
    /// How much; beyond 2^53 it is rounded.
    public var amount: Int64
    /// US dollars of all that has a price; nil when nothing has one.
    public var cost: Double?
    /// How much of it has no price.
    public var unpriced: Int64
    /// Reports that it is made of.
    public var reports: Int64
}

extension StoreReader {
    /// Adds up what was used.
    ///
    /// - Parameter groups: by what; none gives the sums of everything.
    /// - Returns: a sum for each group and metric, in no order that is promised.
    public func usage(
        _ filter: UsageFilter, by groups: [UsageGrouping]
    ) throws(StoreError) -> [UsageSum] {
        let keys = groups.map(\.column)
        let list = (keys + ["u.metric"]).joined(separator: ", ")
        let sql = """
            SELECT \(list), CAST(min(total(u.amount), 9.2e18) AS INTEGER), sum(u.cost_usd),
                CAST(min(total(u.unpriced), 9.2e18) AS INTEGER), sum(u.reports)
            FROM (\(UsageLedger.rows(filter))) u
            GROUP BY \(list)
            """
        return try withConnection { connection throws(StoreError) in
            let statement = try connection.statement(sql)
            defer { statement.reset() }
            statement.bind(1, filter.since?.nanoseconds ?? .min)
            statement.bind(2, filter.until?.nanoseconds ?? .max)
            if let workflow = filter.workflow { statement.bind(3, workflow) }
            if let run = filter.run { statement.bind(4, run) }
            var sums: [UsageSum] = []
            let place = Int32(groups.count)
            while try statement.step() {
                sums.append(
                    UsageSum(
                        keys: groups.indices.map { statement.optionalText(Int32($0)) }, metric: statement.text(place),
                        amount: statement.int(place + 1),
                        cost: statement.isNull(place + 2) ? nil : statement.double(place + 2),
                        unpriced: statement.int(place + 3), reports: statement.int(place + 4)))
            }
            return sums
        }
    }
}

extension StoreReader {
    /// Adds up what the runs have used that a run has started, and those that they have.
    public func usage(below run: String) throws(StoreError) -> [UsageSum] {
        var filter = UsageFilter(run: run)
        filter.leavesOutItself = true
        return try usage(filter, by: [])
    }
}

/// The ledger as rows: single reports, and the sums of days that are long gone.
enum UsageLedger {
    /// Nanoseconds of a day.
    private static let day = 86_400_000_000_000

    /// The keys of the run ?4, of those that it has started, and of those that they have.
    private static func family(withItself: Bool) -> String {
        """
        WITH RECURSIVE family (id, key) AS (
            SELECT id, key FROM runs WHERE \(withItself ? "id" : "parent_run") = ?4
            UNION SELECT r.id, r.key FROM family f JOIN runs r ON r.parent_run = f.id
        ) SELECT key FROM family
        """
    }

    /// The rows that a filter leaves; ?1 and ?2 are its instants, ?3 its workflow and ?4 its run.
    static func rows(_ filter: UsageFilter) -> String {
        let workflow = filter.workflow == nil ? "" : " AND workflow = ?3"
        let report = "CASE WHEN u.cost_usd IS NULL THEN u.amount ELSE 0 END AS unpriced, 1 AS reports"
        let columns = "u.workflow, r.id AS run, u.stage, u.plugin, u.subject, u.metric, u.amount, u.cost_usd, \(report)"
        let reports = """
            SELECT u.at / \(day) AS day, \(columns)
            FROM usage u LEFT JOIN runs r ON r.key = u.run_key
            WHERE u.at >= ?1 AND u.at < ?2\(filter.workflow == nil ? "" : " AND u.workflow = ?3")
            """
        guard filter.run == nil else {
            return reports + " AND u.run_key IN (\(family(withItself: !filter.leavesOutItself)))"
        }
        return """
            \(reports)
            UNION ALL
            SELECT day, workflow, NULL, NULL, plugin, subject, metric, amount, cost_usd, unpriced, reports
            FROM usage_days WHERE day >= ?1 / \(day) AND day <= (?2 - 1) / \(day)\(workflow)
            """
    }
}

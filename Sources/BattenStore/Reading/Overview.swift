public import BattenCore
internal import BattenSystem

/// How a store and what it starts by itself are doing.
public struct Overview: Sendable {
    /// A schedule that needs somebody: it is paused, or its last run did not end well.
    public struct Failing: Sendable, Hashable {
        /// Its name.
        public var schedule: String
        /// The workflow that it runs.
        public var workflow: String
        /// Why it is paused; nil when it is not.
        public var pause: String?
        /// Its last run that has ended; nil when there is none.
        public var run: String?
        /// How that ended.
        public var status: RunStatus?
        /// Why that did not end well.
        public var error: String?
    }

    /// How the runs of a workflow have ended.
    public struct Workflow: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// Ends by state.
        public var ended: [RunStatus: Int]
    }

    /// Runs that have not ended, by state; those that other runs have started are not counted.
    public var unfinished: [RunStatus: Int] = [:]
    /// Ends of the runs that were accepted in the time asked for, workflow by workflow, by name.
    public var workflows: [Workflow] = []
    /// Schedules that are not paused, and those that are.
    public var schedules = (active: 0, paused: 0)
    /// The schedules that are due next.
    public var next: [Schedule] = []
    /// The due times that were decided about last, with the state of their runs.
    public var last: [(fire: ScheduleFire, status: RunStatus?)] = []
    /// Due times in the time asked for that nobody was there for.
    public var missed: [ScheduleFire] = []
    /// Schedules that need somebody.
    public var failing: [Failing] = []
    /// Triggers in force.
    public var triggers = 0
    /// Events in the time asked for that have started no run, the latest first.
    public var refused: [TriggerEvent] = []
    /// Bytes of the database file.
    public var databaseBytes: Int64 = 0
    /// Bytes of the log beside it.
    public var logBytes: Int64 = 0

    /// Ends of runs over all workflows.
    public var ended: [RunStatus: Int] {
        workflows.reduce(into: [:]) { sum, workflow in sum.merge(workflow.ended) { $0 + $1 } }
    }
}

extension StoreReader {
    /// Reads how things are, at one moment.
    ///
    /// - Parameters:
    ///   - since: how far back ends, missed times and refused events count.
    ///   - limit: entries of each list.
    public func overview(since: Timestamp, limit: Int) throws(StoreError) -> Overview {
        var overview = Overview()
        let paths = [folder.database, folder.database + "-wal"]
        let sizes = paths.map { ((try? FileSystem.status($0)) ?? nil)?.bytes ?? 0 }
        (overview.databaseBytes, overview.logBytes) = (sizes[0], sizes[1])
        let start = overview
        return try withConnection { connection throws(StoreError) in
            try connection.snapshot { () throws(StoreError) in
                var overview = start
                let reader = OverviewReader(connection: connection, since: since, limit: limit)
                try reader.readRuns(&overview)
                try reader.readSchedules(&overview)
                try reader.readTriggers(&overview)
                return overview
            }
        }
    }
}

/// Reads the parts of an overview.
private struct OverviewReader {
    let connection: Connection
    let since: Timestamp
    let limit: Int

    func readRuns(_ overview: inout Overview) throws(StoreError) {
        for (status, count) in try rows(
            """
            SELECT status, count(*) FROM runs INDEXED BY runs_by_status
            WHERE status IN ('pending', 'running', 'paused', 'waiting') AND parent_run IS NULL GROUP BY status
            """, { _ in }, { ($0.text(0), Int(clamping: $0.int(1))) })
        {
            if let status = RunStatus(rawValue: status) { overview.unfinished[status] = count }
        }
        for (name, status, count) in try rows(
            """
            SELECT workflow, status, count(*) FROM runs INDEXED BY runs_by_time
            WHERE accepted_at >= ?1 AND parent_run IS NULL
                AND status IN ('completed', 'failed', 'cancelled', 'timed_out')
            GROUP BY workflow, status ORDER BY workflow
            """, { $0.bind(1, since) }, { ($0.text(0), $0.text(1), Int(clamping: $0.int(2))) })
        {
            guard let status = RunStatus(rawValue: status) else { continue }
            if overview.workflows.last?.name != name { overview.workflows.append(.init(name: name, ended: [:])) }
            overview.workflows[overview.workflows.count - 1].ended[status] = count
        }
    }

    func readSchedules(_ overview: inout Overview) throws(StoreError) {
        let counts = try rows(
            "SELECT count(*) FILTER (WHERE pause IS NULL), count(*) FILTER (WHERE pause IS NOT NULL) FROM schedules",
            { _ in }, { (Int(clamping: $0.int(0)), Int(clamping: $0.int(1))) })
        overview.schedules = counts.first.map { (active: $0.0, paused: $0.1) } ?? (active: 0, paused: 0)
        overview.next = try rows(
            """
            \(ScheduleTable.columns) INDEXED BY schedules_due WHERE pause IS NULL AND next_at IS NOT NULL
            ORDER BY next_at LIMIT ?1
            """, { $0.bind(1, limit) }, { row throws(StoreError) in try ScheduleTable.read(row) })
        overview.last = try rows(
            """
            SELECT s.name, f.at, f.kind, f.outcome, f.parallel, r.id, f.decided_at, f.note, r.status
            FROM schedule_fires f INDEXED BY schedule_fires_by_time JOIN schedules s ON s.key = f.schedule_key
                LEFT JOIN runs r ON r.key = f.run_key
            ORDER BY f.decided_at DESC, f.at DESC LIMIT ?1
            """, { $0.bind(1, limit) },
            { (ScheduleTable.readFire($0), $0.optionalText(8).flatMap { RunStatus(rawValue: $0) }) })
        overview.missed = try rows(
            """
            SELECT s.name, f.at, f.kind, f.outcome, f.parallel, NULL, f.decided_at, f.note
            FROM schedule_fires f INDEXED BY schedule_fires_by_time JOIN schedules s ON s.key = f.schedule_key
            WHERE f.decided_at >= ?1 AND f.outcome = 'missed' ORDER BY f.decided_at DESC LIMIT ?2
            """, bindSince, { ScheduleTable.readFire($0) })
        overview.failing = try rows(
            """
            SELECT s.name, s.workflow, s.pause, r.id, r.status, r.error
            FROM schedules s LEFT JOIN runs r ON r.key = (
                SELECT f.run_key FROM schedule_fires f JOIN runs q ON q.key = f.run_key
                WHERE f.schedule_key = s.key AND q.ended_at IS NOT NULL ORDER BY f.at DESC LIMIT 1)
            WHERE s.pause IS NOT NULL OR r.status IN ('failed', 'timed_out') ORDER BY s.name LIMIT ?1
            """, { $0.bind(1, limit) },
            { row in
                let error = row.optionalText(5).flatMap { try? JSONReader.parse($0) }
                return Overview.Failing(
                    schedule: row.text(0), workflow: row.text(1), pause: row.optionalText(2),
                    run: row.optionalText(3), status: row.optionalText(4).flatMap { RunStatus(rawValue: $0) },
                    error: error?["message"]?.stringValue)
            })
    }

    func readTriggers(_ overview: inout Overview) throws(StoreError) {
        overview.triggers =
            try rows("SELECT count(*) FROM triggers", { _ in }, { Int(clamping: $0.int(0)) }).first ?? 0
        overview.refused = try rows(
            """
            SELECT e.key, t.name, t.workflow, e.dedup, e.data, e.outcome, e.depth, NULL, e.at, e.note
            FROM trigger_events e INDEXED BY trigger_events_by_time JOIN triggers t ON t.key = e.trigger_key
            WHERE e.at >= ?1 AND e.outcome = 'refused' ORDER BY e.at DESC LIMIT ?2
            """, bindSince, { TriggerTable.readEvent($0) })
    }

    private func bindSince(_ statement: Statement) {
        statement.bind(1, since)
        statement.bind(2, limit)
    }

    private func rows<Row>(
        _ sql: String, _ bind: (Statement) -> Void, _ read: (Statement) throws(StoreError) -> Row
    ) throws(StoreError) -> [Row] {
        let statement = try connection.statement(sql)
        bind(statement)
        defer { statement.reset() }
        var rows: [Row] = []
        while try statement.step() { rows.append(try read(statement)) }
        return rows
    }
}

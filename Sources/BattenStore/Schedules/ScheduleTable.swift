internal import BattenCore

/// The statements on schedules and their due times.
enum ScheduleTable {
    static let columns = "SELECT name, workflow, rule, origin, pause, position, next_at, created_at FROM schedules"
    static let fires = """
        SELECT s.name, f.at, f.kind, f.outcome, f.parallel, r.id, f.decided_at, f.note
        FROM schedule_fires f JOIN schedules s ON s.key = f.schedule_key LEFT JOIN runs r ON r.key = f.run_key
        """
    /// Runs that have not ended.
    static let active = "r.status IN ('pending', 'running', 'paused', 'waiting')"

    static let due = """
        \(columns) INDEXED BY schedules_due
        WHERE pause IS NULL AND next_at IS NOT NULL AND next_at <= ?1 ORDER BY next_at LIMIT ?2
        """
    static let nextDue = """
        SELECT next_at FROM schedules INDEXED BY schedules_due WHERE pause IS NULL AND next_at IS NOT NULL
        ORDER BY next_at LIMIT 1
        """
    static let lastDecision = "SELECT max(decided_at) FROM schedule_fires"
    static let inForce = "SELECT count(*), min(next_at) FROM schedules WHERE pause IS NULL"
    static let activeCounts = """
        SELECT s.name, count(*) FROM runs r INDEXED BY runs_by_status
        JOIN schedule_fires f INDEXED BY schedule_fires_by_run ON f.run_key = r.key
        JOIN schedules s ON s.key = f.schedule_key
        WHERE \(active) GROUP BY s.key
        """
    static let activeRuns = """
        SELECT r.id FROM runs r INDEXED BY runs_by_status
        JOIN schedule_fires f INDEXED BY schedule_fires_by_run ON f.run_key = r.key
        JOIN schedules s ON s.key = f.schedule_key
        WHERE \(active) AND s.name = ?1
        """
    static let queued = """
        SELECT s.name, f.at, f.kind, f.outcome, f.parallel, NULL, f.decided_at, f.note
        FROM schedule_fires f INDEXED BY schedule_fires_queued JOIN schedules s ON s.key = f.schedule_key
        WHERE f.outcome = 'queued' ORDER BY f.at, f.schedule_key LIMIT ?1
        """
    static let lastEnds = """
        SELECT r.status IN ('failed', 'timed_out') FROM schedule_fires f JOIN runs r ON r.key = f.run_key
        WHERE f.schedule_key = (SELECT key FROM schedules WHERE name = ?1) AND r.ended_at IS NOT NULL
        ORDER BY f.at DESC LIMIT ?2
        """
    static let lastFires = """
        \(fires) WHERE f.schedule_key = (SELECT key FROM schedules WHERE name = ?1) AND f.at < ?2
        ORDER BY f.at DESC LIMIT ?3
        """
    static let page = "\(columns) WHERE name > ?1 ORDER BY name LIMIT ?2"
    static let one = "\(columns) WHERE name = ?1"
    static let ofWorkflow = "\(columns) INDEXED BY schedules_by_workflow WHERE workflow = ?1 ORDER BY name"

    /// Every query whose cost must not grow with the store.
    static let all = [
        due, nextDue, lastDecision, activeCounts, activeRuns, queued, lastEnds, lastFires, page, one, ofWorkflow,
    ]

    static func read(_ row: Statement) throws(StoreError) -> Schedule {
        let name = row.text(0)
        guard let entry = (try? JSONReader.parse(row.text(2)))?.objectValue, let rule = try? ScheduleRule(entry) else {
            throw StoreError(
                .corrupt, "the schedule '\(name)' cannot be read",
                help: "remove it with: batten schedule remove \(name)")
        }
        return Schedule(
            name: name, workflow: row.text(1), rule: rule,
            origin: Schedule.Origin(rawValue: row.text(3)) ?? .command, pause: row.optionalText(4),
            position: Timestamp(nanoseconds: row.int(5)), nextAt: row.timestamp(6),
            createdAt: Timestamp(nanoseconds: row.int(7)))
    }

    static func readFire(_ row: Statement) -> ScheduleFire {
        ScheduleFire(
            schedule: row.text(0), at: Timestamp(nanoseconds: row.int(1)),
            kind: ScheduleFire.Kind(rawValue: row.text(2)) ?? .due,
            outcome: ScheduleFire.Outcome(rawValue: row.text(3)) ?? .missed, parallel: Int(clamping: row.int(4)),
            run: row.optionalText(5), decidedAt: Timestamp(nanoseconds: row.int(6)), note: row.optionalText(7))
    }

    /// Writes a schedule in place of the one of its name.
    static func write(_ schedule: Schedule, _ connection: Connection, at: Timestamp) throws(StoreError) {
        let statement = try connection.statement(
            """
            INSERT INTO schedules (name, workflow, rule, origin, pause, position, next_at, created_at, updated_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (name) DO UPDATE SET workflow = excluded.workflow, rule = excluded.rule,
                origin = excluded.origin, pause = excluded.pause, position = excluded.position,
                next_at = excluded.next_at, updated_at = excluded.updated_at
            """)
        statement.bind(1, schedule.name)
        statement.bind(2, schedule.workflow)
        statement.bind(3, JSONWriter.string(.object(schedule.rule.json)))
        statement.bind(4, schedule.origin.rawValue)
        statement.bind(5, schedule.pause)
        statement.bind(6, schedule.position)
        statement.bind(7, schedule.nextAt)
        statement.bind(8, schedule.createdAt)
        statement.bind(9, at)
        try statement.run()
    }

    /// Writes down a due time that starts no run; one that is decided about already stays as it is.
    static func write(_ fire: ScheduleFire, _ connection: Connection) throws(StoreError) {
        let insert = try connection.statement(
            """
            INSERT INTO schedule_fires (schedule_key, at, kind, outcome, parallel, decided_at, note)
            SELECT key, ?2, ?3, ?4, ?5, ?6, ?7 FROM schedules WHERE name = ?1
            ON CONFLICT (schedule_key, at) DO NOTHING
            """)
        bind(fire, to: insert)
        try insert.run()
    }

    fileprivate static func bind(_ fire: ScheduleFire, to statement: Statement) {
        statement.bind(1, fire.schedule)
        statement.bind(2, fire.at)
        statement.bind(3, fire.kind.rawValue)
        statement.bind(4, fire.outcome.rawValue)
        statement.bind(5, fire.parallel)
        statement.bind(6, fire.decidedAt)
        statement.bind(7, fire.note)
    }
}

/// Runs that due times of schedules start.
extension RunWriter {
    /// What was decided about a due time before, so that it starts no run; nil when it may start one.
    ///
    /// - Returns: the run that it has started, or an empty text where it starts none.
    func earlier(_ fire: ScheduleFire) throws(StoreError) -> String? {
        let find = try connection.statement(
            """
            SELECT f.outcome, r.id FROM schedules s LEFT JOIN schedule_fires f ON f.schedule_key = s.key AND f.at = ?2
                LEFT JOIN runs r ON r.key = f.run_key
            WHERE s.name = ?1
            """)
        find.bind(1, fire.schedule)
        find.bind(2, fire.at)
        defer { find.reset() }
        // A schedule that was removed meanwhile starts nothing.
        guard try find.step() else { return "" }
        guard let outcome = find.optionalText(0) else { return nil }
        return outcome == ScheduleFire.Outcome.queued.rawValue ? nil : find.optionalText(1) ?? ""
    }

    /// Writes down that a due time has started a run, with that run.
    func write(_ fire: ScheduleFire, run key: Int64) throws(StoreError) {
        let insert = try connection.statement(
            """
            INSERT INTO schedule_fires (schedule_key, at, kind, outcome, parallel, decided_at, note, run_key)
            SELECT key, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM schedules WHERE name = ?1
            ON CONFLICT (schedule_key, at) DO UPDATE SET outcome = excluded.outcome, run_key = excluded.run_key,
                decided_at = excluded.decided_at, note = excluded.note
            """)
        ScheduleTable.bind(fire, to: insert)
        insert.bind(8, key)
        try insert.run()
    }
}

internal import BattenCore

/// The statements on triggers and their events.
enum TriggerTable {
    static let triggers = "SELECT name, workflow, rule, created_at FROM triggers"
    static let events = """
        SELECT e.key, t.name, t.workflow, e.dedup, e.data, e.outcome, e.depth, r.id, e.at, e.note
        FROM trigger_events e JOIN triggers t ON t.key = e.trigger_key LEFT JOIN runs r ON r.key = e.run_key
        """

    static let page = "\(triggers) WHERE name > ?1 ORDER BY name LIMIT ?2"
    static let ofWorkflow = "\(triggers) INDEXED BY triggers_by_workflow WHERE workflow = ?1 ORDER BY name"
    static let ofSubject = """
        \(triggers) INDEXED BY triggers_by_subject WHERE kind = ?1 AND subject = ?2 ORDER BY name
        """
    static let queued = """
        SELECT e.key, t.name, t.workflow, e.dedup, e.data, e.outcome, e.depth, NULL, e.at, e.note
        FROM trigger_events e INDEXED BY trigger_events_queued JOIN triggers t ON t.key = e.trigger_key
        WHERE e.outcome = 'queued' ORDER BY e.key LIMIT ?1
        """
    static let known = """
        SELECT 1 FROM trigger_events WHERE trigger_key = (SELECT key FROM triggers WHERE name = ?1) AND dedup = ?2
        """
    static let lastEvents = """
        \(events) WHERE e.trigger_key = (SELECT key FROM triggers WHERE name = ?1) ORDER BY e.key DESC LIMIT ?2
        """

    /// Every query whose cost must not grow with the store; those of one trigger's last events grow with its own.
    static let all = [page, ofWorkflow, ofSubject, queued, known]

    static func read(_ row: Statement) throws(StoreError) -> Trigger {
        let name = row.text(0)
        guard let entry = (try? JSONReader.parse(row.text(2)))?.objectValue, let rule = try? TriggerRule(entry) else {
            throw StoreError(
                .corrupt, "the trigger '\(name)' cannot be read",
                help: "add its workflow again with: batten add FILE")
        }
        return Trigger(
            name: name, workflow: row.text(1), rule: rule, createdAt: Timestamp(nanoseconds: row.int(3)))
    }

    static func readEvent(_ row: Statement) -> TriggerEvent {
        TriggerEvent(
            number: row.int(0), trigger: row.text(1), workflow: row.text(2), key: row.text(3),
            data: (try? JSONReader.parse(row.text(4)))?.objectValue ?? [:],
            outcome: TriggerEvent.Outcome(rawValue: row.text(5)) ?? .refused, depth: Int(clamping: row.int(6)),
            run: row.optionalText(7), at: Timestamp(nanoseconds: row.int(8)), note: row.optionalText(9))
    }

    /// Writes a trigger in place of the one of its name.
    static func write(_ trigger: Trigger, _ connection: Connection, at: Timestamp) throws(StoreError) {
        let statement = try connection.statement(
            """
            INSERT INTO triggers (name, workflow, kind, subject, statuses, rule, created_at, updated_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (name) DO UPDATE SET workflow = excluded.workflow, kind = excluded.kind,
                subject = excluded.subject, statuses = excluded.statuses, rule = excluded.rule,
                updated_at = excluded.updated_at
            """)
        let (kind, subject, statuses) =
            switch trigger.rule.source {
            case .file(let folder, let pattern): ("file", "\(folder)/\(pattern)", "")
            case .workflow(let name, let statuses):
                ("workflow", name, " " + statuses.map { $0.rawValue + " " }.joined())
            case .event(let name): ("event", name, "")
            }
        statement.bind(1, trigger.name)
        statement.bind(2, trigger.workflow)
        statement.bind(3, kind)
        statement.bind(4, subject)
        statement.bind(5, statuses)
        statement.bind(6, JSONWriter.string(.object(trigger.rule.json)))
        statement.bind(7, trigger.createdAt)
        statement.bind(8, at)
        try statement.run()
    }

    /// Writes an event down; one of the same trigger and key stays as it is.
    ///
    /// - Returns: whether it is new.
    static func write(_ event: TriggerEvent, _ connection: Connection) throws(StoreError) -> Bool {
        let insert = try connection.statement(
            """
            INSERT INTO trigger_events (trigger_key, dedup, data, outcome, depth, at, note)
            SELECT key, ?2, ?3, ?4, ?5, ?6, ?7 FROM triggers WHERE name = ?1
            ON CONFLICT (trigger_key, dedup) DO NOTHING
            """)
        insert.bind(1, event.trigger)
        insert.bind(2, event.key)
        insert.bind(3, JSONWriter.string(.object(event.data)))
        insert.bind(4, event.outcome.rawValue)
        insert.bind(5, event.depth)
        insert.bind(6, event.at)
        insert.bind(7, event.note)
        try insert.run()
        return connection.changes == 1
    }
}

extension RunWriter {
    /// Writes down for those that wait for it that a run has ended, in the transaction that ends it.
    ///
    /// Runs that other runs have started are their parents' business.
    func tellTriggers(of row: RunRow) throws(StoreError) {
        guard row.parent == nil else { return }
        let insert = try connection.statement(
            """
            INSERT INTO trigger_events (trigger_key, dedup, data, outcome, depth, at)
            SELECT t.key, ?2, json_object('run', ?2, 'workflow', ?1, 'status', ?3), 'queued',
                coalesce((SELECT e.depth + 1 FROM trigger_events e
                    WHERE e.trigger_key = (SELECT key FROM triggers WHERE name = ?4) AND e.dedup = ?6), 1), ?5
            FROM triggers t INDEXED BY triggers_by_subject
            WHERE t.kind = 'workflow' AND t.subject = ?1 AND instr(t.statuses, ' ' || ?3 || ' ') > 0
            ON CONFLICT (trigger_key, dedup) DO NOTHING
            """)
        insert.bind(1, row.workflow)
        insert.bind(2, row.id)
        insert.bind(3, row.status.rawValue)
        // Its own event may not say yet that this run is its run; the run's key says it.
        let own = TriggerEvent.parts(ofRunKey: row.idempotencyKey)
        insert.bind(4, own?.trigger)
        insert.bind(6, own?.key)
        insert.bind(5, row.endedAt ?? row.acceptedAt)
        try insert.run()
        if connection.changes > 0 { hasToldTriggers = true }
    }
}

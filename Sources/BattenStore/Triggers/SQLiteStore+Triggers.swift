public import BattenCore

extension SQLiteStore {
    /// Gives a workflow these triggers and no others; one that keeps its name keeps its age and what it has seen.
    ///
    /// - Throws: `constraint` when a name is that of another workflow's trigger.
    public func setTriggers(
        ofWorkflow workflow: String, _ triggers: [Trigger], at: Timestamp
    ) throws(StoreError) -> (kept: [Trigger], removed: [String]) {
        try writingTriggers { connection throws(StoreError) in
            let present = try Self.triggers(TriggerTable.ofWorkflow, { $0.bind(1, workflow) }, connection)
            let old = Dictionary(uniqueKeysWithValues: present.map { ($0.name, $0) })
            var kept: [Trigger] = []
            for trigger in triggers {
                var trigger = trigger
                if let before = old[trigger.name] {
                    trigger.createdAt = before.createdAt
                    if trigger == before { continue }
                } else if let holder = try Self.workflow(ofTrigger: trigger.name, connection) {
                    throw StoreError(
                        .constraint, "there is a trigger '\(trigger.name)' of the workflow '\(holder)'",
                        help: "give this one another name")
                }
                try TriggerTable.write(trigger, connection, at: at)
                kept.append(trigger)
            }
            let names = Set(triggers.map(\.name))
            let removed = present.map(\.name).filter { !names.contains($0) }
            for name in removed {
                let remove = try connection.statement("DELETE FROM triggers WHERE name = ?1")
                remove.bind(1, name)
                try remove.run()
            }
            return (kept, removed)
        }
    }

    /// All triggers, by name.
    public func triggers() throws(StoreError) -> [Trigger] {
        try withWriter { writer throws(StoreError) in
            try Self.triggers(
                TriggerTable.page,
                { statement in
                    statement.bind(1, "")
                    statement.bind(2, Int64.max)
                }, writer.connection)
        }
    }

    /// The triggers that wait for an event of this name.
    public func triggers(ofEvent name: String) throws(StoreError) -> [Trigger] {
        try withWriter { writer throws(StoreError) in
            try Self.triggers(
                TriggerTable.ofSubject,
                { statement in
                    statement.bind(1, "event")
                    statement.bind(2, name)
                }, writer.connection)
        }
    }

    /// Writes events down, all or none; they are on the disk when this returns.
    ///
    /// - Returns: for each, whether it is new: of those with one trigger and key the first one counts.
    public func queue(_ events: [TriggerEvent]) throws(StoreError) -> [Bool] {
        if events.isEmpty { return [] }
        return try writingTriggers { connection throws(StoreError) in
            var areNew: [Bool] = []
            for event in events { areNew.append(try TriggerTable.write(event, connection)) }
            return areNew
        }
    }

    /// Whether a trigger has seen an event with this key.
    public func knows(trigger: String, key: String) throws(StoreError) -> Bool {
        try withWriter { writer throws(StoreError) in
            let find = try writer.connection.statement(TriggerTable.known)
            find.bind(1, trigger)
            find.bind(2, key)
            defer { find.reset() }
            return try find.step()
        }
    }

    /// Events whose runs are still to be started, in the order they came.
    public func queuedEvents(limit: Int) throws(StoreError) -> [TriggerEvent] {
        try withWriter { writer throws(StoreError) in
            let find = try writer.connection.statement(TriggerTable.queued)
            find.bind(1, limit)
            defer { find.reset() }
            var events: [TriggerEvent] = []
            while try find.step() { events.append(TriggerTable.readEvent(find)) }
            return events
        }
    }

    /// Writes down what became of events.
    public func settle(_ events: [TriggerEvent]) throws(StoreError) {
        if events.isEmpty { return }
        try writingTriggers { connection throws(StoreError) in
            for event in events {
                let update = try connection.statement(
                    """
                    UPDATE trigger_events SET outcome = ?2, run_key = (SELECT key FROM runs WHERE id = ?3), note = ?4
                    WHERE key = ?1 AND outcome = 'queued'
                    """)
                update.bind(1, event.number)
                update.bind(2, event.outcome.rawValue)
                update.bind(3, event.run)
                update.bind(4, event.note)
                try update.run()
            }
        }
    }

    // MARK: Parts

    private static func workflow(ofTrigger name: String, _ connection: Connection) throws(StoreError) -> String? {
        let find = try connection.statement("SELECT workflow FROM triggers WHERE name = ?1")
        find.bind(1, name)
        defer { find.reset() }
        return try find.step() ? find.text(0) : nil
    }

    private static func triggers(
        _ sql: String, _ bind: (Statement) -> Void, _ connection: Connection
    ) throws(StoreError) -> [Trigger] {
        let find = try connection.statement(sql)
        bind(find)
        defer { find.reset() }
        var triggers: [Trigger] = []
        while try find.step() { triggers.append(try TriggerTable.read(find)) }
        return triggers
    }

    private func writingTriggers<Value: Sendable>(
        _ body: (Connection) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try withWriter { writer throws(StoreError) in
            try writer.connection.transaction { () throws(StoreError) in try body(writer.connection) }
        }
    }
}

extension StoreReader {
    /// Triggers, by name.
    ///
    /// - Parameters:
    ///   - name: the last name of the page before; empty for the first.
    ///   - limit: how many at most.
    public func triggers(after name: String = "", limit: Int = 10_000) throws(StoreError) -> [Trigger] {
        try rows(
            TriggerTable.page,
            { statement in
                statement.bind(1, name)
                statement.bind(2, max(limit, 0))
            }, { row throws(StoreError) in try TriggerTable.read(row) })
    }

    /// What a trigger has waited for, the latest first.
    ///
    /// - Parameter limit: how many at most.
    public func events(ofTrigger name: String, limit: Int) throws(StoreError) -> [TriggerEvent] {
        try rows(
            TriggerTable.lastEvents,
            { statement in
                statement.bind(1, name)
                statement.bind(2, max(limit, 0))
            }, { TriggerTable.readEvent($0) })
    }
}

public import BattenCore

extension SQLiteStore: ScheduleStore {
    /// Schedules that are not paused and have something to decide at an instant, the longest due first.
    public func dueSchedules(at: Timestamp, limit: Int) throws(StoreError) -> [Schedule] {
        try schedules(ScheduleTable.due) { statement in
            statement.bind(1, at)
            statement.bind(2, limit)
        }
    }

    /// When the next schedule has something to decide; nil when none ever has.
    public func nextScheduleDue() throws(StoreError) -> Timestamp? {
        try reading(ScheduleTable.nextDue, { _ in }, { $0.timestamp(0) }).first ?? nil
    }

    /// When a due time was decided about last, as the clock was then; nil when none is known.
    public func lastScheduleDecision() throws(StoreError) -> Timestamp? {
        try reading(ScheduleTable.lastDecision, { _ in }, { $0.timestamp(0) }).first ?? nil
    }

    /// How many runs of each schedule have not ended, by its name.
    public func activeScheduledRuns() throws(StoreError) -> [String: Int] {
        var counts: [String: Int] = [:]
        for (name, count) in try reading(
            ScheduleTable.activeCounts, { _ in }, { ($0.text(0), Int(clamping: $0.int(1))) })
        {
            counts[name] = count
        }
        return counts
    }

    /// Runs of a schedule that have not ended.
    public func activeRuns(ofSchedule name: String) throws(StoreError) -> [String] {
        try reading(ScheduleTable.activeRuns, { $0.bind(1, name) }, { $0.text(0) })
    }

    /// Due times that wait for earlier runs to end, in order.
    public func queuedFires(limit: Int) throws(StoreError) -> [ScheduleFire] {
        try reading(ScheduleTable.queued, { $0.bind(1, limit) }, ScheduleTable.readFire)
    }

    /// Whether so many of a schedule's last runs have ended in failure, one after the other.
    public func hasFailed(schedule name: String, times: Int) throws(StoreError) -> Bool {
        let ends = try reading(
            ScheduleTable.lastEnds,
            { statement in
                statement.bind(1, name)
                statement.bind(2, times)
            }, { $0.int(0) != 0 })
        return ends.count == times && ends.allSatisfy { $0 }
    }

    /// Moves schedules on and writes down what became of due times that started no run, in one transaction.
    public func settle(_ changes: [ScheduleChange]) throws(StoreError) {
        guard !changes.isEmpty else { return }
        try writingSchedules { connection throws(StoreError) in
            for change in changes {
                let move = try connection.statement(
                    """
                    UPDATE schedules SET position = ?2, next_at = ?3
                    WHERE name = ?1 AND position = ?4 AND pause IS NULL AND rule = ?5
                    """)
                move.bind(1, change.schedule.name)
                move.bind(2, change.position)
                move.bind(3, change.nextAt)
                move.bind(4, change.schedule.position)
                move.bind(5, JSONWriter.string(.object(change.schedule.rule.json)))
                try move.run()
                guard connection.changes == 1 else { continue }
                if change.dropsQueue {
                    let drop = try connection.statement(
                        """
                        UPDATE schedule_fires SET outcome = 'skipped', note = 'a later one took its place'
                        WHERE outcome = 'queued' AND schedule_key = (SELECT key FROM schedules WHERE name = ?1)
                        """)
                    drop.bind(1, change.schedule.name)
                    try drop.run()
                }
                for fire in change.fires { try ScheduleTable.write(fire, connection) }
            }
        }
    }

    /// Pauses a schedule; one that is paused keeps its reason.
    public func pauseSchedule(_ name: String, why: String, at: Timestamp) throws(StoreError) {
        try writingSchedules { connection throws(StoreError) in
            let pause = try connection.statement(
                "UPDATE schedules SET pause = ?2, updated_at = ?3 WHERE name = ?1 AND pause IS NULL")
            pause.bind(1, name)
            pause.bind(2, why)
            pause.bind(3, at)
            try pause.run()
        }
    }

    // MARK: For people

    /// A schedule; nil when there is none of this name.
    public func schedule(_ name: String) throws(StoreError) -> Schedule? {
        try schedules(ScheduleTable.one) { $0.bind(1, name) }.first
    }

    /// Writes schedules in place of those of the same names, and removes others, in one transaction.
    ///
    /// - Parameter body: is given the schedules of a workflow as they are now.
    public func changeSchedules(
        ofWorkflow workflow: String, at: Timestamp,
        _ body: ([Schedule]) throws(StoreError) -> (keep: [Schedule], remove: [String])
    ) throws(StoreError) {
        try writingSchedules { connection throws(StoreError) in
            let find = try connection.statement(ScheduleTable.ofWorkflow)
            find.bind(1, workflow)
            var present: [Schedule] = []
            do throws(StoreError) {
                while try find.step() { present.append(try ScheduleTable.read(find)) }
            } catch {
                find.reset()
                throw error
            }
            find.reset()
            let (keep, remove) = try body(present)
            for name in remove { try Self.remove(name, connection) }
            for schedule in keep {
                if let holder = try Self.workflow(ofSchedule: schedule.name, connection), holder != workflow {
                    throw StoreError(
                        .constraint, "there is a schedule '\(schedule.name)' of the workflow '\(holder)'",
                        help: "give this one another name")
                }
                try ScheduleTable.write(schedule, connection, at: at)
            }
        }
    }

    /// Removes a schedule with its history; its runs stay.
    ///
    /// - Returns: false when there was none of this name.
    public func removeSchedule(_ name: String) throws(StoreError) -> Bool {
        try writingSchedules { connection throws(StoreError) in try Self.remove(name, connection) }
    }

    /// Writes down due times to be dealt with; those that are known already stay as they are.
    ///
    /// - Returns: how many are new.
    public func queue(_ fires: [ScheduleFire]) throws(StoreError) -> Int {
        try writingSchedules { connection throws(StoreError) in
            var count = 0
            for fire in fires {
                try ScheduleTable.write(fire, connection)
                count += Int(clamping: connection.changes)
            }
            return count
        }
    }

    // MARK: Parts

    @discardableResult
    private static func remove(_ name: String, _ connection: Connection) throws(StoreError) -> Bool {
        let remove = try connection.statement("DELETE FROM schedules WHERE name = ?1")
        remove.bind(1, name)
        try remove.run()
        return connection.changes == 1
    }

    private static func workflow(ofSchedule name: String, _ connection: Connection) throws(StoreError) -> String? {
        let find = try connection.statement("SELECT workflow FROM schedules WHERE name = ?1")
        find.bind(1, name)
        defer { find.reset() }
        return try find.step() ? find.text(0) : nil
    }

    private func schedules(_ sql: String, _ bind: (Statement) -> Void) throws(StoreError) -> [Schedule] {
        try reading(sql, bind) { row throws(StoreError) in try ScheduleTable.read(row) }
    }

    private func writingSchedules<Value: Sendable>(
        _ body: (Connection) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try withWriter { writer throws(StoreError) in
            try writer.connection.transaction { () throws(StoreError) in try body(writer.connection) }
        }
    }

    private func reading<Value: Sendable>(
        _ sql: String, _ bind: (Statement) -> Void, _ read: (Statement) throws(StoreError) -> Value
    ) throws(StoreError) -> [Value] {
        try withWriter { writer throws(StoreError) in
            let statement = try writer.connection.statement(sql)
            bind(statement)
            defer { statement.reset() }
            var values: [Value] = []
            while try statement.step() { values.append(try read(statement)) }
            return values
        }
    }
}

extension StoreReader {
    /// How many schedules are not paused, and when the next of them has something to decide.
    public func schedulesInForce() throws(StoreError) -> (count: Int, next: Timestamp?) {
        let counts = try rows(ScheduleTable.inForce, { _ in }) { (Int(clamping: $0.int(0)), $0.timestamp(1)) }
        return counts.first.map { (count: $0.0, next: $0.1) } ?? (count: 0, next: nil)
    }

    /// Schedules, by name.
    ///
    /// - Parameters:
    ///   - name: the last name of the page before; empty for the first.
    ///   - limit: how many at most.
    public func schedules(after name: String = "", limit: Int = 1_000) throws(StoreError) -> [Schedule] {
        try rows(
            ScheduleTable.page,
            { statement in
                statement.bind(1, name)
                statement.bind(2, max(limit, 0))
            }, { row throws(StoreError) in try ScheduleTable.read(row) })
    }

    /// A schedule; nil when there is none of this name.
    public func schedule(_ name: String) throws(StoreError) -> Schedule? {
        try rows(ScheduleTable.one, { $0.bind(1, name) }, { row throws(StoreError) in try ScheduleTable.read(row) })
            .first
    }

    /// What became of the due times of a schedule, the latest first.
    ///
    /// - Parameters:
    ///   - before: times before this one; nil for the latest.
    ///   - limit: how many at most.
    public func fires(
        ofSchedule name: String, before: Timestamp? = nil, limit: Int
    ) throws(StoreError) -> [ScheduleFire] {
        try rows(
            ScheduleTable.lastFires,
            { statement in
                statement.bind(1, name)
                statement.bind(2, before?.nanoseconds ?? .max)
                statement.bind(3, max(limit, 0))
            }, { ScheduleTable.readFire($0) })
    }
}

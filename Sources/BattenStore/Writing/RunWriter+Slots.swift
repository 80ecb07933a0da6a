internal import BattenCore

/// Slots that all engines of the store share.
extension RunWriter {
    /// What engines other than the asking one hold, counted by workflow and plugin.
    ///
    /// A slot is another engine's when that engine makes the attempt, or owns its run by now. Slots of dead engines do not
    /// count: their calls have died with them. A slot with an expiry counts until then, whoever lives.
    func slotsOfOthers(
        _ request: SlotRequest, isAlive: (String) throws(StoreError) -> Bool
    ) throws(StoreError) -> [SlotUse] {
        let find = try connection.statement(
            """
            SELECT s.engine, r.workflow, s.plugin, s.expires_at IS NOT NULL, count(*)
            FROM slots s JOIN runs r ON r.key = s.run_key
            WHERE (s.engine <> ?1 OR r.owner <> ?1) AND (s.expires_at IS NULL OR s.expires_at > ?2)
            GROUP BY 1, 2, 3, 4
            """)
        find.bind(1, request.engine)
        find.bind(2, request.at)
        defer { find.reset() }
        var living: [String: Bool] = [request.engine: true]
        var uses: [SlotUse] = []
        while try find.step() {
            let engine = find.text(0)
            if find.int(3) == 0 {
                let lives = if let known = living[engine] { known } else { try isAlive(engine) }
                living[engine] = lives
                if !lives { continue }
            }
            uses.append(SlotUse(workflow: find.text(1), plugin: find.text(2), count: Int(clamping: find.int(4))))
        }
        return uses
    }

    /// Writes the slot of an attempt that starts.
    func take(_ slot: SlotLease, key: Int64) throws(StoreError) {
        let insert = try connection.statement(
            """
            INSERT INTO slots (run_key, idx, number, engine, plugin, taken_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """)
        insert.bind(1, key)
        insert.bind(2, slot.stageIndex)
        insert.bind(3, slot.attempt)
        insert.bind(4, slot.engine)
        insert.bind(5, slot.plugin)
        insert.bind(6, slot.takenAt)
        insert.bind(7, slot.expiresAt)
        try insert.run()
    }

    /// Removes the slot of an attempt that has ended.
    func free(_ slot: SlotChange, key: Int64) throws(StoreError) {
        let delete = try connection.statement("DELETE FROM slots WHERE run_key = ?1 AND idx = ?2 AND number = ?3")
        delete.bind(1, key)
        delete.bind(2, slot.stageIndex)
        delete.bind(3, slot.attempt)
        try delete.run()
        if connection.changes > 0 { slotsFreed = true }
    }

    /// Notes that an engine waits for slots, or does not any more.
    func wait(_ engine: String, _ isWaiting: Bool) throws(StoreError) {
        guard isWaiting != (waitingEngine == engine) else { return }
        let statement = try connection.statement(
            isWaiting
                ? "INSERT INTO slot_waiters (engine, since) VALUES (?1, unixepoch() * 1000000000) ON CONFLICT DO NOTHING"
                : "DELETE FROM slot_waiters WHERE engine = ?1")
        statement.bind(1, engine)
        try statement.run()
        waitingEngine = isWaiting ? engine : nil
    }

    /// The engines that wait for slots, this one's own left out.
    func enginesWaitingForSlots() throws(StoreError) -> [String] {
        let find = try connection.statement("SELECT engine FROM slot_waiters")
        defer { find.reset() }
        var engines: [String] = []
        while try find.step() {
            let engine = find.text(0)
            if engine != waitingEngine { engines.append(engine) }
        }
        return engines
    }
}

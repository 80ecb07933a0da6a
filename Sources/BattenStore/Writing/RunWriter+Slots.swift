internal import BattenCore

/// Slots that all engines of the store share.
extension RunWriter {
    /// What an engine was said to wait for.
    struct OwnWait {
        let wait: SlotWait
        /// Whether a slot, or room in a quota, was left free for it.
        let isCalled: Bool
    }

    /// How long a slot is left free for an engine that has the better turn.
    private static let patience = Duration.seconds(2)
    /// How often it is, before the engine has taken one or waits for something else.
    private static let calls: Int64 = 3
    /// The same of room in a quota, which only the engine itself can tell whether it is enough.
    private static let quotaCalls: Int64 = 10

    /// What engines other than the asking one hold, counted by workflow and plugin, and what they wait for.
    ///
    /// A slot is another engine's when that engine makes the attempt, or owns its run by now. Slots of dead engines do not
    /// count: their calls have died with them. A slot with an expiry counts until then, whoever lives. What dead engines
    /// wait for does not count either, nor what those do that have not come for a slot that was left free for them:
    /// they are stopped, or hold themselves to other limits.
    func slotsOfOthers(
        _ request: SlotRequest, isAlive: (String) throws(StoreError) -> Bool
    ) throws(StoreError) -> (standing: SharedStanding, own: [OwnWait]) {
        let find = try connection.statement(
            """
            SELECT s.engine, r.workflow, s.plugin, s.expires_at IS NOT NULL, count(*), NULL, NULL, NULL, 0, 0
            FROM slots s JOIN runs r ON r.key = s.run_key
            WHERE (s.engine <> ?1 OR r.owner <> ?1) AND (s.expires_at IS NULL OR s.expires_at > ?2)
            GROUP BY 1, 2, 3, 4
            UNION ALL
            SELECT engine, workflow, plugin, 0, 0, turn, called_at, calls, quota, needed FROM slot_waiters
            """)
        find.bind(1, request.engine)
        find.bind(2, request.at)
        defer { find.reset() }
        var living: [String: Bool] = [request.engine: true]
        var standing = SharedStanding()
        var own: [OwnWait] = []
        while try find.step() {
            let engine = find.text(0)
            if find.int(3) == 0 {
                let lives = if let known = living[engine] { known } else { try isAlive(engine) }
                living[engine] = lives
                if !lives { continue }
            }
            guard find.int(4) == 0 else {
                standing.uses.append(
                    SlotUse(workflow: find.text(1), plugin: find.text(2), count: Int(clamping: find.int(4))))
                continue
            }
            let turn = Turn(nanoseconds: find.int(5))
            let quota = find.int(8)
            let wait =
                quota == 0
                ? SlotWait(engine: engine, workflow: find.text(1), plugin: find.text(2), turn: turn)
                : SlotWait(engine: engine, quota: quota, needed: find.int(9), turn: turn)
            if engine == request.engine {
                own.append(OwnWait(wait: wait, isCalled: !find.isNull(6)))
            } else if find.int(7) < (quota == 0 ? Self.calls : Self.quotaCalls) || !find.isNull(6) {
                let waited = find.isNull(6) ? .zero : request.at - Timestamp(nanoseconds: find.int(6))
                // A clock that was set back makes nobody wait longer.
                if waited >= .zero, waited < Self.patience { standing.waits.append(wait) }
            }
        }
        return (standing, own)
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

    /// Notes what an engine waits for, where that has changed.
    func wait(_ engine: String, _ decision: SlotDecision, instead own: [OwnWait]) throws(StoreError) {
        let waits = decision.waits
        waitingEngine = waits.isEmpty ? nil : engine
        let wasCalled = own.contains(where: \.isCalled)
        let hasTaken = decision.commits.contains { !$0.slotsTaken.isEmpty }
        let earlier = Set(own.map(\.wait))
        if Set(waits) == earlier, !(wasCalled && hasTaken) {
            guard wasCalled else { return }
            let update = try connection.statement("UPDATE slot_waiters SET called_at = NULL WHERE engine = ?1")
            update.bind(1, engine)
            return try update.run()
        }
        // Those who left a slot free for it may have what it has not taken.
        if wasCalled { slotsFreed = true }
        // Whoever waits behind it for the same quota may be first now.
        if earlier.contains(where: { $0.quota != 0 && !waits.contains($0) }) { slotsFreed = true }
        if !own.isEmpty {
            let delete = try connection.statement("DELETE FROM slot_waiters WHERE engine = ?1")
            delete.bind(1, engine)
            try delete.run()
        }
        for wait in waits {
            let insert = try connection.statement(
                """
                INSERT INTO slot_waiters (engine, workflow, plugin, turn, quota, needed)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                """)
            insert.bind(1, engine)
            insert.bind(2, wait.workflow)
            insert.bind(3, wait.plugin)
            insert.bind(4, wait.turn.nanoseconds)
            insert.bind(5, wait.quota)
            insert.bind(6, wait.needed)
            try insert.run()
        }
    }

    /// Notes that slots were left free for engines, as far as they have not been told before and not come.
    func call(_ engines: [String], at: Timestamp) throws(StoreError) {
        for engine in engines {
            let update = try connection.statement(
                "UPDATE slot_waiters SET called_at = ?2, calls = calls + 1 WHERE engine = ?1 AND called_at IS NULL")
            update.bind(1, engine)
            update.bind(2, at)
            try update.run()
            if connection.changes > 0 { slotsFreed = true }
        }
    }

    /// The engines that wait for slots, this one's own left out.
    func enginesWaitingForSlots() throws(StoreError) -> [String] {
        let find = try connection.statement("SELECT DISTINCT engine FROM slot_waiters")
        defer { find.reset() }
        var engines: [String] = []
        while try find.step() {
            let engine = find.text(0)
            if engine != waitingEngine { engines.append(engine) }
        }
        return engines
    }
}

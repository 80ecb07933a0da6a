internal import BattenCore

/// Who holds a concurrency group, and who stands in line for it.
extension RunWriter {
    /// A run before another one in a group.
    struct Member {
        let run: String
        let workflow: String
        let owner: String
    }

    /// Stands a run that was just accepted in the line of its group.
    func enter(_ group: String, run key: Int64, at: Timestamp) throws(StoreError) {
        let insert = try connection.statement(
            "INSERT INTO group_runs (run_key, name, holds, joined_at) VALUES (?1, ?2, 0, ?3) ON CONFLICT DO NOTHING")
        insert.bind(1, key)
        insert.bind(2, group)
        insert.bind(3, at)
        try insert.run()
    }

    /// Takes a run that ends out of its group.
    func leave(_ group: String, run key: Int64) throws(StoreError) {
        let delete = try connection.statement("DELETE FROM group_runs WHERE run_key = ?1")
        delete.bind(1, key)
        try delete.run()
        if connection.changes > 0 { groupsLeft.append(group) }
    }

    /// The engines that wait for what was given back since the last look.
    func takeWaiting() throws(StoreError) -> [String] {
        if groupsLeft.isEmpty, !slotsFreed { return [] }
        leaveView()
        defer {
            groupsLeft = []
            slotsFreed = false
        }
        var engines = slotsFreed ? try enginesWaitingForSlots() : []
        for group in groupsLeft {
            let find = try connection.statement(
                """
                SELECT DISTINCT r.owner FROM group_runs g JOIN runs r ON r.key = g.run_key
                WHERE g.name = ?1 AND g.holds = 0
                """)
            find.bind(1, group)
            defer { find.reset() }
            while try find.step() {
                let engine = find.text(0)
                if !engines.contains(engine) { engines.append(engine) }
            }
        }
        return engines
    }

    /// The run's key and group; nil when the epoch is not the run's, or it has ended or has no group.
    func inGroup(_ request: GroupRequest) throws(StoreError) -> (key: Int64, group: String)? {
        let find = try connection.statement(
            """
            SELECT key, concurrency_group FROM runs
            WHERE id = ?1 AND epoch = ?2 AND concurrency_group IS NOT NULL
                AND status IN ('pending', 'running', 'paused', 'waiting')
            """)
        find.bind(1, request.run)
        find.bind(2, request.epoch)
        defer { find.reset() }
        return try find.step() ? (find.int(0), find.text(1)) : nil
    }

    /// Whether a run holds its group.
    func holdsGroup(_ key: Int64) throws(StoreError) -> Bool {
        let find = try connection.statement("SELECT 1 FROM group_runs WHERE run_key = ?1 AND holds = 1")
        find.bind(1, key)
        defer { find.reset() }
        return try find.step()
    }

    /// The runs of a group that hold it, or stand in line before a run; the oldest first.
    func members(_ group: String, holding: Bool, before key: Int64 = .max) throws(StoreError) -> [Member] {
        let find = try connection.statement(
            """
            SELECT r.id, r.workflow, r.owner FROM group_runs g JOIN runs r ON r.key = g.run_key
            WHERE g.name = ?1 AND g.holds = ?2 AND g.run_key < ?3
            ORDER BY g.run_key
            """)
        find.bind(1, group)
        find.bind(2, holding ? 1 : 0)
        find.bind(3, key)
        defer { find.reset() }
        var members: [Member] = []
        while try find.step() {
            members.append(Member(run: find.text(0), workflow: find.text(1), owner: find.text(2)))
        }
        return members
    }

    /// Has a run hold its group.
    func hold(_ group: String, run key: Int64, at: Timestamp) throws(StoreError) {
        try enter(group, run: key, at: at)
        let update = try connection.statement("UPDATE group_runs SET holds = 1 WHERE run_key = ?1")
        update.bind(1, key)
        try update.run()
    }

    /// Asks the runs of a group that came before a run to cancel.
    func cancel(_ group: String, before key: Int64, at: Timestamp) throws(StoreError) {
        let insert = try connection.statement(
            """
            INSERT INTO controls (run_key, control, source, asked_at)
            SELECT run_key, ?1, 'group', ?2 FROM group_runs WHERE name = ?3 AND run_key < ?4
            """)
        insert.bind(1, RunControl.cancel.kind)
        insert.bind(2, at)
        insert.bind(3, group)
        insert.bind(4, key)
        try insert.run()
    }
}

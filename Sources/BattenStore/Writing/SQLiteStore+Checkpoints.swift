public import BattenCore

extension SQLiteStore {
    /// Names the position at which the journal of a run stands.
    ///
    /// - Parameters:
    ///   - run: the whole run id.
    ///   - label: its name, one that no other position of the run has; nil takes the number of the position.
    ///   - at: when.
    /// - Returns: the named position.
    /// - Throws: `notFound` when there is no such run, `constraint` when another position has the name.
    public func addCheckpoint(run: String, label: String?, at: Timestamp) throws(StoreError) -> NamedCheckpoint {
        try withWriter { writer throws(StoreError) in
            let connection = writer.connection
            return try connection.transaction { () throws(StoreError) in
                let find = try connection.statement(
                    """
                    SELECT r.key, (SELECT max(key) & \(EventKey.limit) FROM events WHERE \(EventKey.isOf("r.key")))
                    FROM runs r WHERE r.id = ?1
                    """)
                find.bind(1, run)
                defer { find.reset() }
                guard try find.step() else {
                    throw StoreError(
                        .notFound, "there is no run \(run)", help: "`batten runs` lists the runs there are")
                }
                let key = find.int(0)
                let seq = find.int(1)
                let name = label ?? String(seq)
                let insert = try connection.statement(
                    """
                    INSERT INTO checkpoints (run_key, label, seq, created_at) VALUES (?1, ?2, ?3, ?4)
                    ON CONFLICT DO NOTHING
                    """)
                insert.bind(1, key)
                insert.bind(2, name)
                insert.bind(3, seq)
                insert.bind(4, at)
                try insert.run()
                guard connection.changes == 1 || label == nil else {
                    throw StoreError(
                        .constraint, "run \(run) has a checkpoint '\(name)' already",
                        help: "choose another label; batten checkpoints \(run) lists those there are")
                }
                return NamedCheckpoint(run: run, label: name, seq: seq, createdAt: at)
            }
        }
    }
}

extension RunWriter {
    /// Notes where a new run comes from.
    func write(_ origin: ForkOrigin, key: Int64) throws(StoreError) {
        let note = try connection.statement(
            "UPDATE runs SET origin_run = ?2, origin_seq = ?3, origin_kind = ?4 WHERE key = ?1")
        note.bind(1, key)
        note.bind(2, origin.run)
        note.bind(3, origin.seq)
        note.bind(4, origin.kind.rawValue)
        try note.run()
    }
}

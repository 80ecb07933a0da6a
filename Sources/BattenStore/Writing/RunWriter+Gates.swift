internal import BattenCore

/// The rows of gates and signals.
extension RunWriter {
    /// Writes a gate as it stands, in the place of what it was.
    func write(_ gate: GateRow, _ values: (form: StoredValue, votes: StoredValue), key: Int64) throws(StoreError) {
        let statement = try connection.statement(
            """
            INSERT INTO gates (run_key, idx, prompt, approvers, required, form, approves_on_timeout, opened_at,
                expires_at, votes, decision, decided_by, decided_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            ON CONFLICT (run_key, idx) DO UPDATE SET prompt = excluded.prompt, approvers = excluded.approvers,
                required = excluded.required, form = excluded.form,
                approves_on_timeout = excluded.approves_on_timeout, opened_at = excluded.opened_at,
                expires_at = excluded.expires_at, votes = excluded.votes, decision = excluded.decision,
                decided_by = excluded.decided_by, decided_at = excluded.decided_at
            """)
        statement.bind(1, key)
        statement.bind(2, gate.stageIndex)
        statement.bind(3, gate.prompt)
        statement.bind(4, JSONWriter.string(.array(gate.approvers.map { .string($0) })))
        statement.bind(5, gate.required)
        statement.bind(6, values.form)
        statement.bind(7, gate.approvesOnTimeout ? 1 : 0)
        statement.bind(8, gate.openedAt)
        statement.bind(9, gate.expiresAt)
        statement.bind(10, values.votes)
        statement.bind(11, gate.decision?.rawValue)
        statement.bind(12, gate.decidedBy)
        statement.bind(13, gate.decidedAt)
        try statement.run()
    }

    /// Writes a signal, or who took it.
    func write(_ row: SignalRow, _ data: StoredValue, key: Int64) throws(StoreError) {
        let statement = try connection.statement(
            """
            INSERT INTO signals (run_key, seq, name, data, sent_by, sent_at, taken_by, taken_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (run_key, seq) DO UPDATE SET taken_by = excluded.taken_by, taken_at = excluded.taken_at
            """)
        statement.bind(1, key)
        statement.bind(2, row.seq)
        statement.bind(3, row.signal.name)
        statement.bind(4, data)
        statement.bind(5, row.signal.by)
        statement.bind(6, row.at)
        statement.bind(7, row.takenBy.map { Int64($0) })
        statement.bind(8, row.takenAt)
        try statement.run()
    }
}

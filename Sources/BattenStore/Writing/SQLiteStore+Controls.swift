public import BattenCore

extension SQLiteStore {
    /// Stores a control asked from any process; the owner applies it.
    ///
    /// - Throws: `notFound` when there is no such run.
    public func requestControl(_ request: ControlRequest) throws(StoreError) -> Int64 {
        try withWriter { writer throws(StoreError) in
            let connection = writer.connection
            return try connection.transaction { () throws(StoreError) in
                let insert = try connection.statement(
                    """
                    INSERT INTO controls (run_key, control, source, asked_at)
                    SELECT key, ?2, ?3, ?4 FROM runs WHERE id = ?1
                    """)
                insert.bind(1, request.run)
                insert.bind(2, request.control.kind)
                insert.bind(3, request.source)
                insert.bind(4, request.at)
                try insert.run()
                guard connection.changes == 1 else {
                    throw StoreError(
                        .notFound, "there is no run \(request.run)", help: "`batten runs` lists the runs there are")
                }
                let id = connection.lastRowID
                guard let payload = request.control.payload else { return id }
                let attach = try connection.statement(
                    "INSERT INTO control_payloads (control_key, payload) VALUES (?1, ?2)")
                attach.bind(1, id)
                attach.bind(2, JSONWriter.string(payload))
                try attach.run()
                return id
            }
        }
    }

    /// Controls asked of runs that this engine owns and has not applied, oldest first.
    public func pendingControls(engine: String) throws(StoreError) -> [PendingControl] {
        try withWriter { writer throws(StoreError) in
            let find = try writer.connection.statement(
                """
                SELECT c.key, r.id, c.control, p.payload, r.ended_at IS NOT NULL
                FROM controls c JOIN runs r ON r.key = c.run_key LEFT JOIN control_payloads p ON p.control_key = c.key
                WHERE c.settled = 0 AND r.owner = ?1
                ORDER BY c.key
                """)
            find.bind(1, engine)
            var controls: [PendingControl] = []
            defer { find.reset() }
            while try find.step() {
                let payload = find.isNull(3) ? nil : try? JSONReader.parse(find.text(3))
                guard let control = RunControl(kind: find.text(2), payload: payload) else { continue }
                controls.append(
                    PendingControl(
                        id: find.int(0), run: find.text(1), control: control, comesTooLate: find.int(4) == 1))
            }
            return controls
        }
    }

    /// Which of these runs, which this engine has driven, another engine has taken; a run that is not stored yet is not.
    public func taken(of runs: [String], from engine: String) throws(StoreError) -> [String] {
        if runs.isEmpty { return [] }
        return try withWriter { writer throws(StoreError) in
            let find = try writer.connection.statement(
                "SELECT id FROM runs WHERE id IN (SELECT value FROM json_each(?1)) AND owner <> ?2")
            find.bind(1, JSONWriter.string(.array(runs.map { .string($0) })))
            find.bind(2, engine)
            // A statement that stands on a row would hold this connection's view of the file as it is now.
            defer { find.reset() }
            var taken: [String] = []
            while try find.step() { taken.append(find.text(0)) }
            return taken
        }
    }

    /// Marks controls as applied or refused.
    public func settleControls(_ settled: [SettledControl]) throws(StoreError) {
        if settled.isEmpty { return }
        try withWriter { writer throws(StoreError) in
            try writer.connection.transaction { () throws(StoreError) in
                for control in settled {
                    let update = try writer.connection.statement(
                        "UPDATE controls SET settled = ?2, refusal = ?3 WHERE key = ?1")
                    update.bind(1, control.id)
                    update.bind(2, control.refusal == nil ? 1 : 2)
                    update.bind(3, control.refusal)
                    try update.run()
                }
            }
        }
    }
}

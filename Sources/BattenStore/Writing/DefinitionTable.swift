internal import BattenCore

/// The definitions that runs are locked to, each kept once.
struct DefinitionTable {
    let connection: Connection

    /// Finds or adds a definition.
    ///
    /// - Returns: its key.
    func keep(
        hash: String, workflow: String, version: String, snapshot: StoredValue, at: Timestamp
    ) throws(StoreError) -> Int64 {
        let find = try connection.statement("SELECT key FROM workflow_versions WHERE hash = ?1")
        find.bind(1, hash)
        if try find.step() {
            defer { find.reset() }
            return find.int(0)
        }
        let insert = try connection.statement(
            """
            INSERT INTO workflow_versions (hash, workflow, version, snapshot, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
            """)
        insert.bind(1, hash)
        insert.bind(2, workflow)
        insert.bind(3, version)
        insert.bind(4, snapshot)
        insert.bind(5, at)
        try insert.run()
        return connection.lastRowID
    }
}

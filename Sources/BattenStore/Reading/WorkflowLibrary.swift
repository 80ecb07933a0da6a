public import BattenCore

/// A workflow that was added to the store.
public struct StoredWorkflow: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Its version text.
    public var version: String
    /// Hash of its canonical definition.
    public var hash: String
    /// File it was added from; nil when it came from none.
    public var path: String?
    /// Whether it may be started by name.
    public var isEnabled: Bool
    /// When it was added first.
    public var addedAt: Timestamp
    /// When it was added last.
    public var updatedAt: Timestamp
}

/// A stored workflow with its texts.
public struct StoredDefinition: Sendable, Hashable {
    /// What lists show of it.
    public var workflow: StoredWorkflow
    /// The text as it was authored.
    public var source: [UInt8]
    /// Canonical JSON text of the definition.
    public var snapshot: [UInt8]
}

/// A workflow to add to the store.
public struct NewWorkflow: Sendable {
    /// Its name; a workflow of the same name is replaced.
    public var name: String
    /// Its version text.
    public var version: String
    /// Hash of its canonical definition.
    public var hash: String
    /// Canonical JSON text of the definition.
    public var snapshot: [UInt8]
    /// The text as it was authored.
    public var source: [UInt8]
    /// File it comes from.
    public var path: String?
    /// When it is added.
    public var at: Timestamp

    /// Creates a workflow to add.
    public init(
        name: String, version: String, hash: String, snapshot: [UInt8], source: [UInt8], path: String?, at: Timestamp
    ) {
        self.name = name
        self.version = version
        self.hash = hash
        self.snapshot = snapshot
        self.source = source
        self.path = path
        self.at = at
    }
}

extension StoreReader {
    /// Lists the workflows that were added, by name.
    ///
    /// - Parameters:
    ///   - name: the last name of the page before; empty for the first.
    ///   - limit: how many at most.
    public func workflows(after name: String = "", limit: Int = 1_000) throws(StoreError) -> [StoredWorkflow] {
        try rows(
            ListQuery.workflows,
            { statement in
                statement.bind(1, name)
                statement.bind(2, max(limit, 0))
            }, { WorkflowColumns.read($0) })
    }

    /// What lists show of a workflow; nil when none was added under this name.
    public func workflowHead(_ name: String) throws(StoreError) -> StoredWorkflow? {
        try rows(ListQuery.workflowHead, { $0.bind(1, name) }, { WorkflowColumns.read($0) }).first
    }

    /// A workflow with its texts; nil when none was added under this name.
    public func workflow(_ name: String) throws(StoreError) -> StoredDefinition? {
        try rows(ListQuery.workflow, { $0.bind(1, name) }) { row throws(StoreError) in
            StoredDefinition(
                workflow: WorkflowColumns.read(row), source: try unspill.bytes(row, 7) ?? [],
                snapshot: try unspill.bytes(row, 8) ?? [])
        }.first
    }
}

/// The first columns of a workflow's row.
private enum WorkflowColumns {
    static func read(_ row: Statement) -> StoredWorkflow {
        StoredWorkflow(
            name: row.text(0), version: row.text(1), hash: row.text(2), path: row.optionalText(3),
            isEnabled: row.int(4) != 0, addedAt: Timestamp(nanoseconds: row.int(5)),
            updatedAt: Timestamp(nanoseconds: row.int(6)))
    }
}

extension SQLiteStore {
    /// Adds a workflow, or replaces the one of its name.
    ///
    /// - Returns: whether anything changed: false when this very text was there already.
    @discardableResult
    public func addWorkflow(_ workflow: NewWorkflow) throws(StoreError) -> Bool {
        try BlobTable.retrying { () throws(StoreError) in try tryToAdd(workflow) }
    }

    private func tryToAdd(_ workflow: NewWorkflow) throws(StoreError) -> Bool {
        var spill = Spill(folder: blobs, limit: options.spillLimit)
        let snapshot = try spill.store(workflow.snapshot)
        let source = try spill.store(workflow.source)
        let files = spill.written
        return try withWriter { writer throws(StoreError) in
            let connection = writer.connection
            return try connection.transaction { () throws(StoreError) in
                for (hash, bytes) in files {
                    let table = BlobTable(connection: connection, folder: blobs)
                    guard try table.keep(hash, bytes: bytes, at: workflow.at) else { throw BlobTable.lost(hash) }
                }
                let version = try DefinitionTable(connection: connection).keep(
                    hash: workflow.hash, workflow: workflow.name, version: workflow.version, snapshot: snapshot,
                    at: workflow.at)
                let add = try connection.statement(
                    """
                    INSERT INTO workflows (name, version_key, path, source, added_at, updated_at)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?5)
                    ON CONFLICT (name) DO UPDATE SET version_key = excluded.version_key, path = excluded.path,
                        source = excluded.source, updated_at = excluded.updated_at
                    WHERE version_key <> excluded.version_key OR path IS NOT excluded.path OR source <> excluded.source
                    """)
                add.bind(1, workflow.name)
                add.bind(2, version)
                add.bind(3, workflow.path)
                add.bind(4, source)
                add.bind(5, workflow.at)
                try add.run()
                return connection.changes == 1
            }
        }
    }

    /// Lets a workflow be started by name, or not.
    ///
    /// - Returns: whether that changed anything; false also when there is none of this name.
    @discardableResult
    public func setWorkflow(_ name: String, isEnabled: Bool) throws(StoreError) -> Bool {
        try withWriter { writer throws(StoreError) in
            try writer.connection.transaction { () throws(StoreError) in
                let change = try writer.connection.statement(
                    "UPDATE workflows SET enabled = ?2 WHERE name = ?1 AND enabled <> ?2")
                change.bind(1, name)
                change.bind(2, isEnabled ? 1 : 0)
                try change.run()
                return writer.connection.changes == 1
            }
        }
    }

    /// Removes a workflow; its runs, and the definitions they are locked to, stay.
    ///
    /// - Returns: false when there was none of this name.
    public func removeWorkflow(_ name: String) throws(StoreError) -> Bool {
        try withWriter { writer throws(StoreError) in
            try writer.connection.transaction { () throws(StoreError) in
                let remove = try writer.connection.statement("DELETE FROM workflows WHERE name = ?1")
                remove.bind(1, name)
                try remove.run()
                return writer.connection.changes == 1
            }
        }
    }
}

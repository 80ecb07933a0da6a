public import BattenCore

/// An engine as the store remembers it.
public struct EngineRecord: Sendable, Hashable {
    /// Its id.
    public var id: String
    /// Name of the host it runs on.
    public var host: String
    /// Its process.
    public var pid: Int32
    /// Version of Batten.
    public var version: String
    /// What it was started as, for example `run`.
    public var role: String
    /// When it started.
    public var startedAt: Timestamp
    /// When it ended in an orderly way; nil for one that runs or died.
    public var stoppedAt: Timestamp?

    /// Creates a record of an engine that is starting.
    public init(id: String, host: String, pid: Int32, version: String, role: String, startedAt: Timestamp) {
        self.id = id
        self.host = host
        self.pid = pid
        self.version = version
        self.role = role
        self.startedAt = startedAt
        self.stoppedAt = nil
    }
}

extension SQLiteStore {
    /// Remembers an engine; the record is written with its first commit, so that starting costs no commit of its own.
    public func introduce(_ engine: EngineRecord) throws(StoreError) {
        try withWriter { writer throws(StoreError) in writer.newcomer = engine }
    }

    /// Remembers an engine now, so that others find it before it has anything to commit.
    public func introduceNow(_ engine: EngineRecord) throws(StoreError) {
        try carelessly { writer throws(StoreError) in try writer.write(engine) }
    }

    /// Remembers that an engine ended in an orderly way.
    public func engineStopped(_ id: String, at: Timestamp) throws(StoreError) {
        try carelessly { writer throws(StoreError) in
            let update = try writer.connection.statement("UPDATE engines SET stopped_at = ?2 WHERE id = ?1")
            update.bind(1, id)
            update.bind(2, at)
            try update.run()
        }
    }

    /// Writes something without waiting for the disk: nothing hangs on its being there, and it should not take time.
    private func carelessly(_ body: (RunWriter) throws(StoreError) -> Void) throws(StoreError) {
        try withWriter { writer throws(StoreError) in
            if options.durability == .full { try writer.connection.execute("PRAGMA synchronous = NORMAL") }
            defer {
                if options.durability == .full { try? writer.connection.execute("PRAGMA synchronous = FULL") }
            }
            try writer.connection.transaction { () throws(StoreError) in try body(writer) }
        }
    }
}

extension StoreReader {
    /// Engines that started at an instant or later, oldest first.
    public func engines(since: Timestamp = Timestamp(nanoseconds: .min)) throws(StoreError) -> [EngineRecord] {
        try rows(ListQuery.engines, { $0.bind(1, since) }) { row in
            var engine = EngineRecord(
                id: row.text(0), host: row.text(1), pid: Int32(clamping: row.int(2)), version: row.text(3),
                role: row.text(4), startedAt: Timestamp(nanoseconds: row.int(5)))
            engine.stoppedAt = row.timestamp(6)
            return engine
        }
    }
}

extension StoreReader {
    /// Engines whose processes exist and that were started in a role, for example `serve`.
    public func living(role: String) throws(StoreError) -> [String] {
        let ids = try EngineFolder.living(in: folder)
        if ids.isEmpty { return [] }
        return try withConnection { connection throws(StoreError) in
            var found: [String] = []
            for id in ids {
                let find = try connection.statement("SELECT role FROM engines WHERE id = ?1")
                find.bind(1, id)
                defer { find.reset() }
                if try find.step(), find.text(0) == role { found.append(id) }
            }
            return found
        }
    }
}

extension RunWriter {
    /// Writes the record of an engine that makes its first commit.
    func write(_ engine: EngineRecord) throws(StoreError) {
        let insert = try connection.statement(
            """
            INSERT INTO engines (id, host, pid, version, role, started_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (id) DO UPDATE SET host = excluded.host, pid = excluded.pid, version = excluded.version,
                role = excluded.role, started_at = excluded.started_at, stopped_at = NULL
            """)
        insert.bind(1, engine.id)
        insert.bind(2, engine.host)
        insert.bind(3, Int64(engine.pid))
        insert.bind(4, engine.version)
        insert.bind(5, engine.role)
        insert.bind(6, engine.startedAt)
        try insert.run()
    }
}

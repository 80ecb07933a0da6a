public import BattenCore
internal import BattenSystem

/// What a store holds and how large it is.
public struct StoreInfo: Sendable {
    /// One table.
    public struct Table: Sendable, Hashable {
        /// Its name.
        public var table: String
        /// Its rows.
        public var count: Int64
        /// Bytes of its pages, those of its indexes included; nil when SQLite here does not tell.
        public var bytes: Int64?
        /// How old its oldest row is; nil when it is empty or has no time.
        public var oldest: Timestamp?
    }

    /// Path of the database file.
    public var path: String
    /// Version of the file's schema.
    public var schemaVersion: Int
    /// Version that this program works with.
    public var latestVersion: Int { Migration.latest }
    /// `wal` for a store that was made by Batten.
    public var journalMode = ""
    /// Bytes of a page.
    public var pageSize: Int64 = 0
    /// Pages of the file.
    public var pages: Int64 = 0
    /// Pages that hold nothing and will be used again.
    public var freePages: Int64 = 0
    /// Whether free pages can be given back to the file system step by step.
    public var givesBack = false
    /// Bytes of the database file.
    public var databaseBytes: Int64 = 0
    /// Bytes of the write-ahead log beside it.
    public var logBytes: Int64 = 0
    /// The folder of long values.
    public var blobFolder: String
    /// Values that are kept in files of their own.
    public var blobs: Int64 = 0
    /// Bytes of these.
    public var blobBytes: Int64 = 0
    /// Tables by name, with their rows.
    public var rows: [Table] = []
    /// When the oldest run was accepted.
    public var oldestRun: Timestamp?
    /// When the newest run was accepted.
    public var newestRun: Timestamp?
    /// When a complete sweep removed what is beyond the retention; nil when none was made.
    public var lastSweep: Timestamp?
}

/// Reads what a store holds, in one view of the file.
struct StoreInfoReader {
    let connection: Connection
    let folder: StateFolder

    /// Reads everything.
    func read(version: Int) throws(StoreError) -> StoreInfo {
        var info = StoreInfo(path: folder.database, schemaVersion: version, blobFolder: folder.blobs)
        info.journalMode = try connection.text("PRAGMA journal_mode") ?? ""
        info.pageSize = try connection.integer("PRAGMA page_size") ?? 0
        info.pages = try connection.integer("PRAGMA page_count") ?? 0
        info.freePages = try connection.integer("PRAGMA freelist_count") ?? 0
        info.givesBack = try connection.integer("PRAGMA auto_vacuum") == 2
        info.databaseBytes = size(folder.database)
        info.logBytes = size(folder.database + "-wal")
        let bytes = (try? self.bytes()) ?? [:]
        let tables = try connection.prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        )
        while try tables.step() {
            let name = tables.text(0)
            let count = try connection.integer("SELECT count(*) FROM \"\(name)\"") ?? 0
            info.rows.append(
                StoreInfo.Table(
                    table: name, count: count, bytes: bytes[name], oldest: count == 0 ? nil : try oldest(name)))
        }
        if version >= 1 {
            info.oldestRun = try instant("SELECT min(accepted_at) FROM runs")
            info.newestRun = try instant("SELECT max(accepted_at) FROM runs")
            info.blobs = try connection.integer("SELECT count(*) FROM blobs") ?? 0
            info.blobBytes = try connection.integer("SELECT sum(bytes) FROM blobs") ?? 0
        }
        if version >= Migration.history.version {
            info.lastSweep = try instant("SELECT at FROM upkeep WHERE name = 'history' AND at > 0")
        }
        return info
    }

    /// Bytes of each table with its indexes.
    private func bytes() throws(StoreError) -> [String: Int64] {
        let sizes = try connection.prepare(
            """
            SELECT s.tbl_name, sum(d.pgsize) FROM dbstat('main', 1) d JOIN sqlite_schema s ON s.name = d.name
            GROUP BY s.tbl_name
            """)
        var bytes: [String: Int64] = [:]
        while try sizes.step() { bytes[sizes.text(0)] = sizes.int(1) }
        return bytes
    }

    /// Columns that tell when a row came, the telling ones first.
    private static let times = [
        "accepted_at", "added_at", "created_at", "installed_at", "taken_at", "fired_at", "made_at", "sent_at",
        "asked_at", "opened_at", "started_at", "at",
    ]

    private func oldest(_ table: String) throws(StoreError) -> Timestamp? {
        let describe = try connection.prepare("SELECT name FROM pragma_table_xinfo('\(table)')")
        var columns: Set<String> = []
        while try describe.step() { columns.insert(describe.text(0)) }
        if columns.contains("day") { return try instant("SELECT min(day) * 86400000000000 FROM \(table)") }
        // Keys of runs grow with time, so the first row that belongs to a run belongs to the oldest one.
        if columns.contains("run_key"), table != "usage", table != "audit", table != "schedule_fires" {
            let first = table == "events" && columns.contains("key") ? "key" : "run_key"
            return try instant(
                "SELECT accepted_at FROM runs WHERE key = (SELECT run_key FROM \"\(table)\" ORDER BY \(first) LIMIT 1)")
        }
        guard let column = Self.times.first(where: columns.contains) else { return nil }
        return try instant("SELECT min(\(column)) FROM \"\(table)\"")
    }

    private func instant(_ sql: String) throws(StoreError) -> Timestamp? {
        try connection.integer(sql).map { Timestamp(nanoseconds: $0) }
    }

    private func size(_ path: String) -> Int64 {
        ((try? FileSystem.status(path)) ?? nil)?.bytes ?? 0
    }
}

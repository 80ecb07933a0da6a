public import BattenCore
internal import BattenSystem

/// Looks after a store's files: sizes, checks, backups, versions.
public struct StoreAdministration: Sendable {
    /// Where the store is.
    public let folder: StateFolder
    let busyLimit: Duration

    /// Creates an administration; nothing is opened or made.
    ///
    /// - Parameter busyLimit: how long to wait for a process that has the file locked.
    public init(_ folder: StateFolder, busyLimit: Duration = .seconds(10)) {
        self.folder = folder
        self.busyLimit = busyLimit
    }

    /// Opens the file as it is, whatever its version.
    ///
    /// - Throws: `notFound` when there is no store.
    func open(_ access: Connection.Access) throws(StoreError) -> Connection {
        guard folder.hasStore else {
            throw StoreError(
                .notFound, "there is no store at \(folder.database)",
                help: "the first `batten run` makes it; --home names another place")
        }
        return try Connection(folder.database, access, busyLimit: busyLimit)
    }

    /// What the store holds and how large it is.
    public func info() throws(StoreError) -> StoreInfo {
        let connection = try open(.read)
        var version = 0
        if case .store(let found) = try Migrator(connection: connection).state() { version = found }
        return try connection.snapshot { () throws(StoreError) in
            var info = StoreInfo(path: folder.database, schemaVersion: version)
            info.journalMode = try connection.text("PRAGMA journal_mode") ?? ""
            info.pageSize = try connection.integer("PRAGMA page_size") ?? 0
            info.pages = try connection.integer("PRAGMA page_count") ?? 0
            info.freePages = try connection.integer("PRAGMA freelist_count") ?? 0
            info.databaseBytes = size(folder.database)
            info.logBytes = size(folder.database + "-wal")
            let tables = try connection.prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            )
            while try tables.step() {
                let name = tables.text(0)
                info.rows.append((name, try connection.integer("SELECT count(*) FROM \"\(name)\"") ?? 0))
            }
            if version >= 1 {
                info.oldestRun = try connection.integer("SELECT min(accepted_at) FROM runs")
                    .map { Timestamp(nanoseconds: $0) }
                info.newestRun = try connection.integer("SELECT max(accepted_at) FROM runs")
                    .map { Timestamp(nanoseconds: $0) }
                info.blobs = try connection.integer("SELECT count(*) FROM blobs") ?? 0
                info.blobBytes = try connection.integer("SELECT sum(bytes) FROM blobs") ?? 0
            }
            return info
        }
    }

    private func size(_ path: String) -> Int64 {
        ((try? FileSystem.status(path)) ?? nil)?.bytes ?? 0
    }
}

/// What a store holds and how large it is.
public struct StoreInfo: Sendable {
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
    /// Bytes of the database file.
    public var databaseBytes: Int64 = 0
    /// Bytes of the write-ahead log beside it.
    public var logBytes: Int64 = 0
    /// Values that are kept in files of their own.
    public var blobs: Int64 = 0
    /// Bytes of these.
    public var blobBytes: Int64 = 0
    /// Tables by name, with their rows.
    public var rows: [(table: String, count: Int64)] = []
    /// When the oldest run was accepted.
    public var oldestRun: Timestamp?
    /// When the newest run was accepted.
    public var newestRun: Timestamp?
}

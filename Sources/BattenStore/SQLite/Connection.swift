internal import BattenCore
internal import BattenSystem
internal import CSQLite

/// A connection to the store's file: one thread at a time uses it, so SQLite's own locks are off (NOMUTEX).
@safe final class Connection {
    /// What a connection may do.
    enum Access {
        /// Read and write; the file is made when absent.
        case create
        /// Read and write an existing file.
        case write
        /// Read an existing file.
        case read
        /// Read a file that nobody can change, without locks.
        case readUnchanging
    }

    /// SQLite's own handle.
    let handle: OpaquePointer
    /// Path of the file.
    let path: String
    private let busy: BusyWait
    private var cache: [String: Statement] = [:]

    /// Bytes of a log that is left for the next connection.
    private static let shortLog: Int64 = 2 << 20
    private static let setUp: Int32 = batten_sqlite_set_up()

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - busyLimit: how long to wait for another process's lock.
    ///   - vfs: name of the registered VFS to reach it through; nil is the system's own.
    /// - Throws: `unavailable` when it cannot be opened. Other faults of the file show with the first read.
    init(
        _ path: String, _ access: Access, busyLimit: Duration = .seconds(10), vfs: String? = nil
    ) throws(StoreError) {
        _ = Self.setUp
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        switch access {
        case .create: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        case .write: flags |= SQLITE_OPEN_READWRITE
        case .read: flags |= SQLITE_OPEN_READONLY
        case .readUnchanging: flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
        }
        let name = access == .readUnchanging ? Self.unchangingURI(path) : path
        var opened: OpaquePointer?
        let result = unsafe sqlite3_open_v2(name, &opened, flags, vfs)
        guard result == SQLITE_OK, let opened = unsafe opened else {
            let detail = unsafe String(cString: opened == nil ? sqlite3_errstr(result) : sqlite3_errmsg(opened))
            unsafe sqlite3_close_v2(opened)
            throw SQLiteFailure.error(result, detail: detail, path: path, action: "open")
        }
        unsafe handle = opened
        self.path = path
        busy = BusyWait(limit: busyLimit)
        unsafe batten_sqlite_harden(opened)
        unsafe sqlite3_busy_handler(opened, battenBusyHandler, Unmanaged.passUnretained(busy).toOpaque())
    }

    deinit {
        cache.removeAll()
        // The last one to leave would move the log into the file, which waits for the disk several times. A short log
        // may as well stay: who comes next reads it in a millisecond or two.
        let log = ((try? FileSystem.status(path + "-wal")) ?? nil)?.bytes ?? 0
        if log < Self.shortLog { unsafe batten_sqlite_keep_log(handle) }
        unsafe sqlite3_close_v2(handle)
    }

    /// The URI that tells SQLite to take no locks and make no files.
    private static func unchangingURI(_ path: String) -> String {
        var uri = "file:"
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "%"), 0x80...: uri += "%" + Hex.encode([byte])
            default: uri.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return uri + "?immutable=1"
    }

    /// Runs SQL that gives no rows; several statements are separated by semicolons.
    func execute(_ sql: String) throws(StoreError) {
        let result = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard result == SQLITE_OK else { throw failure(result, "write to") }
    }

    /// Prepares a statement that its owner keeps.
    func prepare(_ sql: String) throws(StoreError) -> Statement {
        try unsafe Statement(sql, connection: handle, path: path)
    }

    /// A statement that stays prepared as long as the connection; it must not be in use already.
    func statement(_ sql: String) throws(StoreError) -> Statement {
        if let known = cache[sql] {
            known.reset()
            return known
        }
        let made = try prepare(sql)
        cache[sql] = made
        return made
    }

    /// The integer in the first column of the first row; nil when there is no row or it is NULL.
    func integer(_ sql: String) throws(StoreError) -> Int64? {
        let statement = try prepare(sql)
        guard try statement.step() else { return nil }
        return statement.optionalInt(0)
    }

    /// The text in the first column of the first row; nil when there is no row or it is NULL.
    func text(_ sql: String) throws(StoreError) -> String? {
        let statement = try prepare(sql)
        guard try statement.step() else { return nil }
        return statement.optionalText(0)
    }

    /// A number that changes whenever another connection has written; in a transaction it is that of its moment.
    var dataVersion: UInt32 { unsafe batten_sqlite_data_version(handle) }

    /// Rows that the last statement inserted, changed or deleted.
    var changes: Int64 { unsafe sqlite3_changes64(handle) }

    /// The rowid of the last inserted row.
    var lastRowID: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

    /// Runs a body in one write transaction; nothing of it stays when it throws.
    ///
    /// The write lock is taken at the beginning, so the body never meets another writer.
    func transaction<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        try statement("BEGIN IMMEDIATE").run()
        do throws(StoreError) {
            let value = try body()
            try statement("COMMIT").run()
            return value
        } catch {
            rollBack()
            throw error
        }
    }

    /// Runs a body on one unchanging view of the file.
    func snapshot<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        try statement("BEGIN").run()
        do throws(StoreError) {
            let value = try body()
            try statement("COMMIT").run()
            return value
        } catch {
            rollBack()
            throw error
        }
    }

    /// Ends a failed transaction; without one it does nothing.
    func rollBack() {
        // SQLite has rolled back by itself after a full disk and the like.
        guard unsafe sqlite3_get_autocommit(handle) == 0 else { return }
        for statement in cache.values { statement.reset() }
        try? statement("ROLLBACK").run()
    }

    /// The error of a call on this connection that failed.
    func failure(_ result: Int32, _ action: String) -> StoreError {
        unsafe SQLiteFailure.error(
            result, detail: String(cString: sqlite3_errmsg(handle)), system: sqlite3_system_errno(handle), path: path,
            action: action)
    }
}

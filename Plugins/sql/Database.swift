import BattenPlugin
import CSQLite
import Synchronization

/// One open SQLite file of one call.
///
/// One thread at a time, but ``interrupt()`` comes from any.
final class Database: @unchecked Sendable {
    // SAFETY: the connection is used by the call's thread; `open` guards it against an interrupt after its end, and
    // SQLite allows an interrupt at any time in between.
    private let open: Mutex<OpenHandle>
    let connection: OpaquePointer
    private let path: String
    private let context: Context
    private let patience: Int64
    private var waitingSince: Int64?
    /// Why the authorizer refused something last.
    private(set) var refusal: String?

    private struct OpenHandle: @unchecked Sendable {
        // SAFETY: only read under the mutex.
        var connection: OpaquePointer?
    }

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - path: free of symbolic links; one that stands there nevertheless is refused.
    ///   - patience: how long to wait for locks, in nanoseconds.
    init(_ path: String, mode: QueryInput.Mode, patience: Int64, context: Context) throws(Failure) {
        self.path = path
        self.context = context
        self.patience = patience
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        if path != ":memory:" { flags |= SQLITE_OPEN_NOFOLLOW }
        switch mode {
        case .readOnly: flags |= path == ":memory:" ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY
        case .readWrite: flags |= SQLITE_OPEN_READWRITE
        case .create: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        }
        var handle: OpaquePointer?
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            let failure = SQLFailure.make(handle, code, path, field: "database")
            sqlite3_close_v2(handle)
            throw failure
        }
        connection = handle
        open = Mutex(OpenHandle(connection: handle))
        batten_sqlite_harden(handle)
        let me = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_busy_handler(handle, waitForLock, me)
        sqlite3_progress_handler(handle, 1000, mustStop, me)
        context.onCancel { [weak self] _ in self?.interrupt() }
    }

    deinit {
        open.withLock { $0.connection = nil }
        sqlite3_close_v2(connection)
    }

    /// From here on, only what a query may do is done.
    func restrict(isReadOnly: Bool) throws(Failure) {
        try run("PRAGMA foreign_keys = ON")
        if isReadOnly { try run("PRAGMA query_only = ON") }
        sqlite3_set_authorizer(connection, authorize, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Attaches another file.
    func attach(_ path: String, as name: String) throws(Failure) {
        var statement: OpaquePointer?
        var code = sqlite3_prepare_v2(connection, "ATTACH ?1 AS ?2", -1, &statement, nil)
        defer { sqlite3_finalize(statement) }
        if code == SQLITE_OK {
            Binding.text(path, 1, statement)
            Binding.text(name, 2, statement)
            code = sqlite3_step(statement)
        }
        guard code == SQLITE_DONE else { throw failure(code, field: "attach.\(name)") }
    }

    /// Carries out SQL of the plugin's own that gives no rows.
    func run(_ sql: String) throws(Failure) {
        let code = sqlite3_exec(connection, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, field: "database") }
    }

    /// Says what went wrong with the connection last.
    func failure(_ code: Int32, field: String) -> Failure {
        if let reason = context.stopReason, code & 0xff == SQLITE_INTERRUPT || code & 0xff == SQLITE_BUSY {
            return .stopped(reason, effect: .none)
        }
        var failure = SQLFailure.make(connection, code, path, field: field)
        // A function that is refused is an error like any other to SQLite.
        if let refusal, code & 0xff == SQLITE_AUTH || code & 0xff == SQLITE_ERROR {
            failure.class = .permanent
            failure.message = "\(field): \(refusal)"
            failure.code = "sql.refused"
        }
        return failure
    }

    func interrupt() {
        open.withLock { if let connection = $0.connection { sqlite3_interrupt(connection) } }
    }

    /// Begins a transaction without the authorizer's refusal.
    func begin(isReadOnly: Bool) throws(Failure) {
        sqlite3_set_authorizer(connection, nil, nil)
        try run(isReadOnly ? "BEGIN" : "BEGIN IMMEDIATE")
        sqlite3_set_authorizer(connection, authorize, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Makes what was done durable.
    func commit() throws(Failure) {
        sqlite3_set_authorizer(connection, nil, nil)
        try run("COMMIT")
    }

    /// Takes back what was done, if that was not done already.
    func rollBack() {
        sqlite3_set_authorizer(connection, nil, nil)
        sqlite3_progress_handler(connection, 0, nil, nil)
        if sqlite3_get_autocommit(connection) == 0 { sqlite3_exec(connection, "ROLLBACK", nil, nil, nil) }
    }

    fileprivate func refuse(_ why: String) -> Int32 {
        refusal = why
        return SQLITE_DENY
    }

    fileprivate var shouldStop: Bool { context.shouldStop }

    /// Whether to wait once more for somebody else's lock.
    fileprivate func waits(_ round: Int32) -> Bool {
        let now = MonotonicTime.now.nanoseconds
        if round == 0 { waitingSince = now }
        guard !context.shouldStop, now - (waitingSince ?? now) < patience else { return false }
        sqlite3_sleep(min(50, 1 << min(round, 5)))
        return true
    }
}

private func database(_ user: UnsafeMutableRawPointer?) -> Database? {
    user.map { Unmanaged<Database>.fromOpaque($0).takeUnretainedValue() }
}

private func mustStop(_ user: UnsafeMutableRawPointer?) -> Int32 {
    database(user)?.shouldStop ?? false ? 1 : 0
}

private func waitForLock(_ user: UnsafeMutableRawPointer?, _ round: Int32) -> Int32 {
    database(user)?.waits(round) ?? false ? 1 : 0
}

/// Pragmas that tell something, or change no more than the call.
private let harmlessPragmas: Set<String> = [
    "application_id", "case_sensitive_like", "collation_list", "compile_options", "data_version", "database_list",
    "defer_foreign_keys", "encoding", "foreign_key_check", "foreign_key_list", "foreign_keys", "freelist_count",
    "function_list", "index_info", "index_list", "index_xinfo", "integrity_check", "module_list", "optimize",
    "page_count", "page_size", "pragma_list", "quick_check", "recursive_triggers", "table_info", "table_list",
    "table_xinfo", "user_version",
]

private func authorize(
    _ user: UnsafeMutableRawPointer?, _ action: Int32, _ first: UnsafePointer<CChar>?, _ second: UnsafePointer<CChar>?,
    _: UnsafePointer<CChar>?, _: UnsafePointer<CChar>?
) -> Int32 {
    guard let database = database(user) else { return SQLITE_DENY }
    switch action {
    case SQLITE_ATTACH, SQLITE_DETACH:
        return database.refuse("ATTACH, DETACH and VACUUM are refused; name further files in attach")
    case SQLITE_TRANSACTION:
        return database.refuse("the whole call is one transaction; leave BEGIN, COMMIT and ROLLBACK out")
    case SQLITE_PRAGMA:
        let name = first.map { String(cString: $0).lowercased() } ?? ""
        return harmlessPragmas.contains(name)
            ? SQLITE_OK : database.refuse("the pragma \(name) is refused; it reaches beyond this query")
    case SQLITE_FUNCTION where second.map { String(cString: $0).lowercased() } == "load_extension":
        return database.refuse("load_extension is refused; it would run code of a file")
    default: return SQLITE_OK
    }
}

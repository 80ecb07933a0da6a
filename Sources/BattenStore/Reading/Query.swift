public import BattenCore
internal import BattenSystem
internal import CSQLite
internal import Synchronization

/// What a query gave.
public struct QueryResult: Sendable, Hashable {
    /// Column names, in order; a name may come more than once.
    public var columns: [String]
    /// Rows, each with a value a column; bytes come as hexadecimal text.
    public var rows: [[JSONValue]]
    /// Whether there were more rows than asked for.
    public var isCut: Bool
}

/// Stops a query from another thread.
public final class QueryStop: Sendable {
    private let asked = Atomic<Bool>(false)

    /// Creates a stop that nobody has asked for.
    public init() {}

    /// Asks the query to end; it does so within milliseconds.
    public func ask() { asked.store(true, ordering: .relaxed) }

    /// Whether somebody asked.
    var isAsked: Bool { asked.load(ordering: .relaxed) }
}

extension StoreReader {
    /// Runs one statement that only reads, over the views and tables.
    ///
    /// - Parameters:
    ///   - sql: a single SELECT, VALUES, WITH or EXPLAIN.
    ///   - limit: how many rows at most.
    ///   - time: how long it may take.
    ///   - stop: stops it earlier, from another thread.
    /// - Throws: `misuse` for SQL that is not valid or not only reading, for one that took too long or was stopped.
    public func query(
        _ sql: String, limit: Int = 10_000, time: Duration = .seconds(30), stop: QueryStop = QueryStop()
    ) throws(StoreError) -> QueryResult {
        try withConnection { connection throws(StoreError) in
            try connection.query(sql, limit: max(limit, 1), time: time, stop: stop)
        }
    }
}

extension Connection {
    fileprivate func query(
        _ sql: String, limit: Int, time: Duration, stop: QueryStop
    ) throws(StoreError) -> QueryResult {
        let progress = QueryProgress(until: MonotonicClock.adding(time, to: MonotonicClock.now()), stop: stop)
        unsafe sqlite3_set_authorizer(handle, authorizeReading, nil)
        unsafe sqlite3_progress_handler(
            handle, 1_000, checkProgress, Unmanaged.passUnretained(progress).toOpaque())
        defer {
            unsafe sqlite3_set_authorizer(handle, nil, nil)
            unsafe sqlite3_progress_handler(handle, 0, nil, nil)
        }
        let statement = try unsafe prepareQuery(sql)
        defer { unsafe sqlite3_finalize(statement) }
        var result = QueryResult(columns: [], rows: [], isCut: false)
        let count = unsafe sqlite3_column_count(statement)
        for column in 0..<count {
            let name = unsafe sqlite3_column_name(statement, column).map { unsafe String(cString: $0) }
            result.columns.append(name ?? "")
        }
        while true {
            let code = unsafe sqlite3_step(statement)
            switch code {
            case SQLITE_ROW: break
            case SQLITE_DONE: return result
            case SQLITE_INTERRUPT: throw progress.error()
            default: throw queryFailure(code)
            }
            if result.rows.count == limit {
                result.isCut = true
                return result
            }
            result.rows.append(result.columns.indices.map { unsafe value(statement, Int32($0)) })
        }
    }

    private func prepareQuery(_ sql: String) throws(StoreError) -> OpaquePointer {
        var statement: OpaquePointer?
        var rest = ""
        let code = unsafe sql.withCString { text in
            var tail: UnsafePointer<CChar>?
            let code = unsafe sqlite3_prepare_v2(handle, text, -1, &statement, &tail)
            if code == SQLITE_OK, let tail = unsafe tail { rest = unsafe String(cString: tail) }
            return code
        }
        guard code == SQLITE_OK else { throw queryFailure(code) }
        guard let prepared = unsafe statement else {
            throw StoreError(.misuse, "the query is empty", help: "for example: SELECT * FROM active_runs")
        }
        let isAlone = rest.utf8.allSatisfy { $0 == UInt8(ascii: ";") || $0 <= UInt8(ascii: " ") }
        guard isAlone, unsafe sqlite3_stmt_readonly(prepared) != 0 else {
            unsafe sqlite3_finalize(prepared)
            throw isAlone
                ? Self.readsOnly
                : StoreError(.misuse, "there is more than one statement", help: "run them one by one")
        }
        return unsafe prepared
    }

    private static var readsOnly: StoreError {
        StoreError(
            .misuse, "a query only reads: this statement would change something, or reads what is kept secret",
            help: "use the commands of batten to change things; SELECT works on all views and tables but `secrets`")
    }

    private func queryFailure(_ code: Int32) -> StoreError {
        switch code & 0xff {
        case SQLITE_AUTH, SQLITE_READONLY: return Self.readsOnly
        case SQLITE_ERROR, SQLITE_MISMATCH, SQLITE_RANGE, SQLITE_TOOBIG, SQLITE_CONSTRAINT:
            let detail = unsafe String(cString: sqlite3_errmsg(handle))
            let place = unsafe sqlite3_error_offset(handle)
            return StoreError(
                .misuse, "the query failed\(place > 0 ? " at character \(place + 1)" : ""): \(detail)",
                help: "`SELECT name, sql FROM sqlite_schema` shows views, tables and columns")
        default: return failure(code, "read")
        }
    }

    private func value(_ statement: OpaquePointer, _ column: Int32) -> JSONValue {
        switch unsafe sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: return .int(unsafe sqlite3_column_int64(statement, column))
        case SQLITE_FLOAT: return .double(unsafe sqlite3_column_double(statement, column))
        case SQLITE_TEXT:
            guard let text = unsafe sqlite3_column_text(statement, column) else { return .null }
            let count = Int(unsafe sqlite3_column_bytes(statement, column))
            return .string(unsafe String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            let start = unsafe sqlite3_column_blob(statement, column)
            let count = Int(unsafe sqlite3_column_bytes(statement, column))
            return .string(unsafe Hex.encode(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)))
        default: return .null
        }
    }
}

/// How far a query may go.
private final class QueryProgress {
    private let until: Int64
    private let stop: QueryStop

    init(until: Int64, stop: QueryStop) {
        self.until = until
        self.stop = stop
    }

    var isOver: Bool { stop.isAsked || MonotonicClock.now() > until }

    func error() -> StoreError {
        stop.isAsked
            ? StoreError(.misuse, "the query was stopped", help: "nothing was changed")
            : StoreError(
                .misuse, "the query took too long and was stopped",
                help: "narrow it down: by run, by time, or with LIMIT")
    }
}

// MARK: C callbacks

private func checkProgress(_ context: UnsafeMutableRawPointer?) -> Int32 {
    guard let context = unsafe context else { return 0 }
    return unsafe Unmanaged<QueryProgress>.fromOpaque(context).takeUnretainedValue().isOver ? 1 : 0
}

/// Lets through what reads, but for the table of secrets and functions that reach outside.
private func authorizeReading(
    _: UnsafeMutableRawPointer?, _ action: Int32, _ first: UnsafePointer<CChar>?, _ second: UnsafePointer<CChar>?,
    _: UnsafePointer<CChar>?, _: UnsafePointer<CChar>?
) -> Int32 {
    switch action {
    case SQLITE_SELECT, SQLITE_RECURSIVE: return SQLITE_OK
    case SQLITE_READ:
        guard let table = unsafe first else { return SQLITE_OK }
        return unsafe String(cString: table) == "secrets" ? SQLITE_DENY : SQLITE_OK
    case SQLITE_FUNCTION:
        guard let name = unsafe second else { return SQLITE_OK }
        return unsafe String(cString: name) == "load_extension" ? SQLITE_DENY : SQLITE_OK
    default: return SQLITE_DENY
    }
}

internal import BattenCore
internal import CSQLite

/// A prepared statement, finalized when its owner ends.
///
/// Texts are bound without an allocation of SQLite's: they are copied into a buffer of the statement and bound in place;
/// what does not fit is copied by SQLite. Every parameter is bound anew before each use.
@safe final class Statement {
    private let handle: OpaquePointer
    private let scratch: UnsafeMutableRawBufferPointer
    private var used = 0
    private let connection: OpaquePointer
    private let path: String
    private let action: String

    /// Prepares SQL for repeated use.
    ///
    /// - Throws: when the SQL is not valid here.
    init(_ sql: String, connection: OpaquePointer, path: String) throws(StoreError) {
        var prepared: OpaquePointer?
        let result = unsafe sqlite3_prepare_v3(
            connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard result == SQLITE_OK, let prepared = unsafe prepared else {
            throw unsafe SQLiteFailure.error(
                result, detail: String(cString: sqlite3_errmsg(connection)), path: path, action: "use")
        }
        unsafe handle = prepared
        unsafe scratch = .allocate(byteCount: 2048, alignment: 8)
        unsafe self.connection = connection
        self.path = path
        // SQLite counts the ends of transactions among what only reads.
        let writes = unsafe sqlite3_stmt_readonly(prepared) == 0 || sql == "COMMIT" || sql == "BEGIN IMMEDIATE"
        action = writes ? "write to" : "read"
    }

    deinit {
        unsafe sqlite3_finalize(handle)
        unsafe scratch.deallocate()
    }

    // MARK: Binding

    /// Binds an integer.
    func bind(_ index: Int32, _ value: Int64) {
        unsafe sqlite3_bind_int64(handle, index, value)
    }

    /// Binds an integer.
    func bind(_ index: Int32, _ value: Int) {
        unsafe sqlite3_bind_int64(handle, index, Int64(value))
    }

    /// Binds a floating-point number.
    func bind(_ index: Int32, _ value: Double) {
        unsafe sqlite3_bind_double(handle, index, value)
    }

    /// Binds NULL.
    func bindNull(_ index: Int32) {
        unsafe sqlite3_bind_null(handle, index)
    }

    /// Binds an integer or NULL.
    func bind(_ index: Int32, _ value: Int64?) {
        if let value { bind(index, value) } else { bindNull(index) }
    }

    /// Binds an instant, in nanoseconds since 1970.
    func bind(_ index: Int32, _ value: Timestamp?) {
        bind(index, value?.nanoseconds)
    }

    /// Binds a text.
    func bind(_ index: Int32, _ value: String) {
        var value = value
        value.withUTF8 { bytes in unsafe bindText(index, UnsafeRawBufferPointer(bytes)) }
    }

    /// Binds a text or NULL.
    func bind(_ index: Int32, _ value: String?) {
        if let value { bind(index, value) } else { bindNull(index) }
    }

    /// Binds UTF-8 bytes as text.
    func bind(_ index: Int32, text: [UInt8]) {
        unsafe text.withUnsafeBytes { bytes in unsafe bindText(index, bytes) }
    }

    /// Binds bytes.
    func bind(_ index: Int32, blob: [UInt8]) {
        unsafe blob.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress {
                _ = unsafe batten_sqlite_bind_blob_copy(handle, index, start, UInt64(bytes.count))
            } else {
                _ = unsafe sqlite3_bind_zeroblob(handle, index, 0)
            }
        }
    }

    private func bindText(_ index: Int32, _ bytes: UnsafeRawBufferPointer) {
        let count = bytes.count
        let room = unsafe scratch.count - used
        if count <= room, let base = unsafe scratch.baseAddress {
            let place = unsafe base + used
            if let start = bytes.baseAddress { unsafe place.copyMemory(from: start, byteCount: count) }
            used += count
            _ = unsafe batten_sqlite_bind_text_static(handle, index, place, UInt64(count))
        } else {
            _ = unsafe batten_sqlite_bind_text_copy(handle, index, bytes.baseAddress, UInt64(count))
        }
    }

    // MARK: Running

    /// Goes to the next row.
    ///
    /// - Returns: false when there is none; the statement is then ready for the next use.
    func step() throws(StoreError) -> Bool {
        let result = unsafe sqlite3_step(handle)
        if result == SQLITE_ROW { return true }
        if result == SQLITE_DONE {
            reset()
            return false
        }
        let error = failure(result)
        reset()
        throw error
    }

    /// Runs a statement that gives no rows, to its end.
    func run() throws(StoreError) {
        while try step() {}
    }

    /// Makes the statement ready for the next use.
    func reset() {
        unsafe sqlite3_reset(handle)
        used = 0
    }

    private func failure(_ result: Int32) -> StoreError {
        unsafe SQLiteFailure.error(
            result, detail: String(cString: sqlite3_errmsg(connection)), system: sqlite3_system_errno(connection),
            path: path, action: action)
    }

    // MARK: Columns

    /// SQLite's type of NULL.
    static var null: Int32 { SQLITE_NULL }
    /// SQLite's type of bytes.
    static var blob: Int32 { SQLITE_BLOB }

    /// How many columns a row has.
    var columnCount: Int { unsafe Int(sqlite3_column_count(handle)) }

    /// The name of a column.
    func name(_ column: Int32) -> String {
        unsafe sqlite3_column_name(handle, column).map { unsafe String(cString: $0) } ?? ""
    }

    /// SQLite's type of the value in the current row.
    func type(_ column: Int32) -> Int32 { unsafe sqlite3_column_type(handle, column) }

    /// Whether the value is NULL.
    func isNull(_ column: Int32) -> Bool { type(column) == SQLITE_NULL }

    /// The value as an integer; 0 for NULL.
    func int(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

    /// The value as an integer, or nil for NULL.
    func optionalInt(_ column: Int32) -> Int64? { isNull(column) ? nil : int(column) }

    /// The value as a floating-point number.
    func double(_ column: Int32) -> Double { unsafe sqlite3_column_double(handle, column) }

    /// The value as an instant, or nil for NULL.
    func timestamp(_ column: Int32) -> Timestamp? { optionalInt(column).map { Timestamp(nanoseconds: $0) } }

    /// The value as text; empty for NULL.
    func text(_ column: Int32) -> String {
        unsafe withBytes(column) { bytes in unsafe String(decoding: bytes, as: UTF8.self) }
    }

    /// The value as text, or nil for NULL.
    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    /// The value's bytes, of a text or a blob.
    func bytes(_ column: Int32) -> [UInt8] {
        unsafe withBytes(column) { bytes in unsafe Array(bytes) }
    }

    /// Lends the value's bytes, of a text or a blob.
    func withBytes<Value>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        let isBlob = type(column) == SQLITE_BLOB
        let start: UnsafeRawPointer?
        if isBlob {
            unsafe start = sqlite3_column_blob(handle, column)
        } else {
            unsafe start = sqlite3_column_text(handle, column).map { unsafe UnsafeRawPointer($0) }
        }
        let count = unsafe Int(sqlite3_column_bytes(handle, column))
        return unsafe body(UnsafeRawBufferPointer(start: start, count: unsafe start == nil ? 0 : count))
    }
}

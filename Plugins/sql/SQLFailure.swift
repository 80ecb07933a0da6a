import BattenPlugin
import CSQLite

/// What SQLite's result codes mean for a call.
enum SQLFailure {
    /// Describes a failure; nothing has been changed, because the transaction is taken back.
    static func make(_ connection: OpaquePointer?, _ code: Int32, _ path: String, field: String) -> Failure {
        let text = connection.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
        let (kind, name, advice) = meaning(code)
        var details: JSONObject = [
            "sqlite_code": .integer(Int64(code)), "database": .string(path), "field": .string(field),
        ]
        if let connection {
            let offset = sqlite3_error_offset(connection)
            if offset >= 0 { details["offset"] = .integer(Int64(offset)) }
        }
        let place = name == "sql.error" || name == "sql.constraint" ? "" : " ('\(path)')"
        return Failure(
            kind, code: name, "\(field): \(text)\(place)\(advice.isEmpty ? "" : "; \(advice)")", effect: .none,
            details: details)
    }

    private static func meaning(_ code: Int32) -> (Failure.Class, code: String, advice: String) {
        switch code & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED:
            (.retry, "sql.busy", "others held the database longer than busy_timeout")
        case SQLITE_CONSTRAINT: (.failed, "sql.constraint", "nothing was changed")
        case SQLITE_READONLY:
            (.permanent, "sql.read_only", "to change something, let mode be read_write or create")
        case SQLITE_CANTOPEN:
            (.failed, "sql.open", "the file must exist, or mode be create; symbolic links are not followed")
        case SQLITE_NOTADB: (.permanent, "sql.not_a_database", "the file is no SQLite database")
        case SQLITE_CORRUPT: (.permanent, "sql.corrupt", "the file is damaged; restore it from a backup")
        case SQLITE_FULL: (.failed, "sql.full", "free some space")
        case SQLITE_IOERR, SQLITE_NOMEM, SQLITE_PROTOCOL, SQLITE_SCHEMA: (.retry, "sql.system", "")
        case SQLITE_AUTH: (.permanent, "sql.refused", "")
        case SQLITE_INTERRUPT: (.failed, "sql.interrupted", "")
        case SQLITE_TOOBIG: (.failed, "sql.limit", "")
        default: (.permanent, "sql.error", "")
        }
    }
}

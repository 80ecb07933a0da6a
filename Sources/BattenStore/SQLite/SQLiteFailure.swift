internal import BattenCore
internal import BattenSystem
internal import CSQLite

/// Turns SQLite's result codes into errors that say what to do next.
enum SQLiteFailure {
    /// The error of a call that failed.
    ///
    /// - Parameters:
    ///   - result: what SQLite returned, extended or not.
    ///   - detail: SQLite's own message.
    ///   - system: error number of the system call under it, 0 when there is none.
    ///   - path: file of the store.
    ///   - action: what was attempted, as in "write to the store".
    static func error(_ result: Int32, detail: String, system: Int32 = 0, path: String, action: String) -> StoreError {
        let failed = "could not \(action) \(path)"
        let code = code(result, system: Errno(rawValue: system), path: path)
        switch code {
        case .busy:
            return busy(failed, path)
        case .full:
            return StoreError(
                .full, "\(failed): no space is left on the disk, or the file may not grow (\(detail))",
                help: "free some space and go on with `batten resume RUN`; nothing that was committed is lost")
        case .readOnly:
            return StoreError(
                .readOnly, "\(failed): the file or its folder is read-only (\(detail))",
                help: "make both writable for this user, or choose another place with --home")
        case .corrupt:
            return StoreError(
                .corrupt, "\(failed): the file is damaged (\(detail))",
                help: "keep a copy of the file with its -wal, run `batten db check`, and restore a backup")
        case .notADatabase:
            return StoreError(
                .notADatabase, "\(failed): it is not a database",
                help: "move the file away, or choose another place with --home")
        case .unavailable:
            return StoreError(
                .unavailable, "\(failed): the file cannot be opened (\(detail))",
                help: "check that the folder exists and is yours, or choose another place with --home")
        case .constraint:
            return StoreError(
                .constraint, "\(failed): a rule of the store was broken (\(detail))",
                help: "run `batten db check`; if it finds nothing, report this as a bug")
        case .io:
            return StoreError(
                .io, "\(failed): the disk gave an error (\(detail), code \(result))",
                help: "check the disk, the file system and your share of it (`quota`), then run `batten db check`")
        default:
            return StoreError(code, "\(failed): \(detail) (code \(result))", help: "report this as a bug")
        }
    }

    /// The kind of trouble that a result code means.
    static func code(_ result: Int32, system: Errno, path: String) -> StoreError.Code {
        switch result & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED: return .busy
        case SQLITE_FULL: return .full
        case SQLITE_READONLY, SQLITE_PERM: return .readOnly
        case SQLITE_CORRUPT: return .corrupt
        case SQLITE_NOTADB: return .notADatabase
        case SQLITE_CANTOPEN: return .unavailable
        case SQLITE_CONSTRAINT: return .constraint
        case SQLITE_IOERR:
            // A used-up share of the disk or a limit of the file's size comes as an input/output error.
            switch system {
            case .noSpace, .quotaExceeded, .fileTooLarge: return .full
            case .readOnlyFileSystem: return .readOnly
            default: return isAtSizeLimit(path) ? .full : .io
            }
        default: return .misuse
        }
    }

    /// Whether the files have reached the size that this process may write: SQLite does not keep that error's number.
    private static func isAtSizeLimit(_ path: String) -> Bool {
        guard let limit = ProcessEnvironment.fileSizeLimit else { return false }
        let largest = [path, path + "-wal"].map { (((try? FileSystem.status($0)) ?? nil)?.bytes) ?? 0 }.max() ?? 0
        return largest + 65_536 > limit
    }

    private static func busy(_ failed: String, _ path: String) -> StoreError {
        guard let pid = WriteLock.holder(of: path) else {
            return StoreError(
                .busy, "\(failed): other processes kept it locked for too long",
                help: "try again; `batten doctor` shows who uses the store")
        }
        let name = ProcessTable.name(of: pid) ?? "unknown"
        return StoreError(
            .busy, "\(failed): process \(pid) (\(name)) has been writing to it for too long",
            help: "if it is stopped, let it go on with `kill -CONT \(pid)`, or end it with `kill \(pid)`")
    }
}

extension StoreError {
    /// An error of the file system under the store.
    init(_ error: SystemError) {
        switch error.number {
        case .noSpace, .quotaExceeded, .fileTooLarge:
            self.init(.full, error.description, help: "free some space and try again")
        case .accessDenied, .notPermitted, .readOnlyFileSystem:
            self.init(
                .readOnly, error.description,
                help: "make the folder writable for this user, or choose another place with --home")
        case .noSuchFile, .notAFolder:
            self.init(.unavailable, error.description, help: "check the path, or choose another place with --home")
        default:
            self.init(.io, error.description, help: "check the disk and the file system")
        }
    }
}

/// Runs a call of the file system, its errors as those of the store.
func storing<Value: ~Copyable>(_ body: () throws(SystemError) -> Value) throws(StoreError) -> Value {
    do throws(SystemError) { return try body() } catch { throw StoreError(error) }
}

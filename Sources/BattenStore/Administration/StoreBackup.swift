public import BattenCore
internal import BattenSystem
internal import CSQLite

/// What a backup holds.
public struct StoreBackup: Sendable, Hashable {
    /// The copy of the database.
    public var file: String
    /// Its length in bytes.
    public var bytes: Int64
    /// The folder with the long values; nil when there are none.
    public var blobFolder: String?
    /// How many long values were copied.
    public var blobs: Int
}

extension StoreAdministration {
    /// Copies the store while others go on using it.
    ///
    /// The copy shows one moment. The file gets its name last, when everything is on the disk; long values go to a folder
    /// `<file>.blobs` beside it. To restore: put the file back as `batten.db`, the folder as `blobs`.
    /// - Throws: `misuse` when the file exists.
    public func backup(to file: String) throws(StoreError) -> StoreBackup {
        let source = try open(.read)
        _ = try Migrator(connection: source).state()
        guard !FileSystem.exists(file) else {
            throw StoreError(.misuse, "\(file) exists already", help: "choose another name, or move the file away")
        }
        let temporary = "\(file).\(ProcessTable.current).new"
        do throws(StoreError) {
            try source.copy(to: temporary)
            let hashes = try hashes(in: temporary)
            let blobFolder = hashes.isEmpty ? nil : file + ".blobs"
            if let blobFolder { try copy(hashes, to: blobFolder) }
            try storing { () throws(SystemError) in
                try FileSystem.open(temporary).synchronize()
                try FileSystem.rename(temporary, to: file)
                try FileSystem.synchronizeFolder(FileSystem.parent(of: file) ?? ".")
            }
            let status = try storing { () throws(SystemError) in try FileSystem.status(file) }
            return StoreBackup(file: file, bytes: status?.bytes ?? 0, blobFolder: blobFolder, blobs: hashes.count)
        } catch {
            for suffix in ["", "-wal", "-shm", "-journal"] { _ = try? FileSystem.remove(temporary + suffix) }
            throw error
        }
    }

    private func hashes(in file: String) throws(StoreError) -> [[UInt8]] {
        let copy = try Connection(file, .read)
        guard try copy.integer("PRAGMA user_version") ?? 0 >= 1 else { return [] }
        let rows = try copy.prepare("SELECT hash FROM blobs ORDER BY hash")
        var hashes: [[UInt8]] = []
        while try rows.step() { hashes.append(rows.bytes(0)) }
        return hashes
    }

    private func copy(_ hashes: [[UInt8]], to path: String) throws(StoreError) {
        let target = BlobFolder(path: path)
        let source = BlobFolder(path: folder.blobs)
        try storing { () throws(SystemError) in try FileSystem.makeFolder(path, mode: 0o700) }
        for hash in hashes { _ = try target.write(try source.read(hash)) }
    }
}

extension Connection {
    /// Copies the database into a new file that needs no log beside it.
    fileprivate func copy(to file: String) throws(StoreError) {
        do throws(SystemError) {
            _ = try FileSystem.open(file, .create, mode: 0o600)
        } catch {
            throw StoreError(error)
        }
        let target = try Connection(file, .write)
        guard let backup = unsafe sqlite3_backup_init(target.handle, "main", handle, "main") else {
            throw target.failure(SQLITE_CANTOPEN, "write the backup")
        }
        // A write by others between two steps is taken in by SQLite; a busy file is tried again.
        let wait = BusyWait(limit: .seconds(10))
        var tries = 0
        var result = SQLITE_OK
        repeat {
            result = unsafe sqlite3_backup_step(backup, 4_096)
            if result == SQLITE_BUSY || result == SQLITE_LOCKED {
                guard wait.pause(tries: tries) else { break }
                tries += 1
                result = SQLITE_OK
            } else {
                tries = 0
            }
        } while result == SQLITE_OK
        let finished = unsafe sqlite3_backup_finish(backup)
        guard result == SQLITE_DONE else {
            throw target.failure(finished == SQLITE_OK ? result : finished, "write the backup")
        }
        _ = try target.text("PRAGMA journal_mode = DELETE")
    }
}

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
        try backup(to: file, whenCopied: {})
    }

    /// Copies the store; `whenCopied` is called whenever the database is copied and the long values are not.
    func backup(to file: String, whenCopied: () -> Void) throws(StoreError) -> StoreBackup {
        let source = try open(.read)
        _ = try Migrator(connection: source).state()
        guard !FileSystem.exists(file) else {
            throw StoreError(.misuse, "\(file) exists already", help: "choose another name, or move the file away")
        }
        let temporary = "\(file).\(ProcessTable.current).new"
        do throws(StoreError) {
            let hashes = try copyBoth(source, to: temporary, blobs: file + ".blobs", whenCopied)
            let blobFolder = hashes.isEmpty ? nil : file + ".blobs"
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

    /// Copies the database and the long values that it names.
    ///
    /// Others may remove history meanwhile, and its values with it. What a copy names and is gone then is no longer named
    /// by the next copy; what that still names is damaged.
    private func copyBoth(
        _ source: Connection, to file: String, blobs: String, _ whenCopied: () -> Void
    ) throws(StoreError) -> [[UInt8]] {
        var missed: Set<[UInt8]> = []
        var copied: Set<[UInt8]> = []
        for _ in 0..<Self.backupTries {
            _ = try? FileSystem.remove(file)
            try source.copy(to: file)
            whenCopied()
            let hashes = try hashes(in: file)
            let missing = try copy(hashes, missed, &copied, to: blobs)
            guard missing.isEmpty else {
                missed = missing
                continue
            }
            let target = BlobFolder(path: blobs)
            for hash in copied.subtracting(hashes) {
                try storing { () throws(SystemError) in _ = try FileSystem.remove(target.file(hash)) }
            }
            return hashes
        }
        throw StoreError(
            .busy, "history is removed faster than it can be copied", help: "try again when 'batten db gc' has ended")
    }

    /// How often a backup begins anew because history was removed meanwhile.
    private static let backupTries = 20

    /// Copies long values that were not copied before.
    ///
    /// - Returns: those that are gone and were not when the copy before was made.
    private func copy(
        _ hashes: [[UInt8]], _ missed: Set<[UInt8]>, _ copied: inout Set<[UInt8]>, to path: String
    ) throws(StoreError) -> Set<[UInt8]> {
        if hashes.isEmpty { return [] }
        let target = BlobFolder(path: path)
        let source = BlobFolder(path: folder.blobs)
        try storing { () throws(SystemError) in try FileSystem.makeFolder(path, mode: 0o700) }
        var missing: Set<[UInt8]> = []
        for hash in hashes where !copied.contains(hash) {
            if !missed.contains(hash), !FileSystem.exists(source.file(hash)) {
                missing.insert(hash)
                continue
            }
            do throws(StoreError) {
                _ = try target.write(try source.read(hash))
                copied.insert(hash)
            } catch {
                // It may have gone between the two looks.
                guard !missed.contains(hash), !FileSystem.exists(source.file(hash)) else { throw error }
                missing.insert(hash)
            }
        }
        return missing
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

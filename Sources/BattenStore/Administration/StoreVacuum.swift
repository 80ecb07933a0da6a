public import BattenCore
internal import BattenSystem

/// What giving space back has given.
public struct StoreVacuum: Sendable, Hashable {
    /// Bytes of the file and its log before.
    public var bytesBefore: Int64
    /// Bytes of the file and its log after.
    public var bytesAfter: Int64
    /// Whether the whole file was written anew.
    public var isRebuilt: Bool
}

extension StoreAdministration {
    /// Gives all free pages back to the file system.
    ///
    /// It is done step by step while others go on. A file that was not made for that is written anew once, as every file
    /// is when that is asked for; others cannot write in the meantime, so no engine may be running.
    /// - Parameter rebuild: whether to write the whole file anew, which also puts its parts in order.
    /// - Throws: `busy` when the file has to be written anew and an engine is running.
    public func vacuum(rebuild: Bool = false) throws(StoreError) -> StoreVacuum {
        let connection = try open(.write)
        _ = try Migrator(connection: connection).state()
        let before = bytes
        let isIncremental = try connection.integer("PRAGMA auto_vacuum") == 2
        let isRebuilt = rebuild || !isIncremental
        if isRebuilt {
            if let engine = try EngineFolder.living(in: folder).first {
                throw StoreError(
                    .busy, "engine \(engine) is running, and \(folder.database) has to be written anew",
                    help:
                        "let the runs end that `batten query 'SELECT run, owner FROM active_runs'` shows, then try again"
                )
            }
            try connection.execute("PRAGMA auto_vacuum = INCREMENTAL; VACUUM")
        } else {
            var free = try connection.integer("PRAGMA freelist_count") ?? 0
            while free > 0 {
                try connection.execute("PRAGMA incremental_vacuum(512)")
                let left = try connection.integer("PRAGMA freelist_count") ?? 0
                if left >= free { break }
                free = left
                Pause.sleep(microseconds: 1_000)
            }
        }
        shortenLog()
        return StoreVacuum(bytesBefore: before, bytesAfter: bytes, isRebuilt: isRebuilt)
    }

    /// Moves the log into the file and empties it, unless somebody is reading from it.
    public func shortenLog() {
        // While this waits for readers nobody can write: so it hardly waits.
        guard let connection = try? Connection(folder.database, .write, busyLimit: .milliseconds(50)) else { return }
        _ = try? connection.text("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    /// Bytes of a page of the file.
    public func pageBytes() throws(StoreError) -> Int64 {
        try open(.read).integer("PRAGMA page_size") ?? 0
    }

    /// Bytes of the file and its log.
    private var bytes: Int64 {
        [folder.database, folder.database + "-wal"].reduce(0) { sum, path in
            sum + (((try? FileSystem.status(path)) ?? nil)?.bytes ?? 0)
        }
    }
}

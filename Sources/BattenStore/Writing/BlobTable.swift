internal import BattenCore
internal import BattenSystem

/// The long values that rows may refer to, each with its file.
struct BlobTable {
    let connection: Connection
    let folder: BlobFolder

    /// Registers a file that was written before this transaction.
    ///
    /// Files are removed only under the write lock, so one that is there now stays as long as a row refers to it.
    /// - Returns: false when the file has been removed since it was written: it must be written again first.
    func keep(_ hash: [UInt8], bytes: Int, at: Timestamp) throws(StoreError) -> Bool {
        let keep = try connection.statement(
            "INSERT INTO blobs (hash, bytes, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
        keep.bind(1, blob: hash)
        keep.bind(2, bytes)
        keep.bind(3, at)
        try keep.run()
        return FileSystem.exists(folder.file(hash))
    }

    /// Lets go of a value that may have lost its last reference; its file goes in a later step.
    func release(_ hash: [UInt8]) throws(StoreError) {
        let find = try connection.statement(HistoryQuery.isReferred)
        find.bind(1, blob: hash)
        defer { find.reset() }
        guard try find.step(), find.int(0) == 0 else { return }
        let loosen = try connection.statement(
            "INSERT OR IGNORE INTO loose_blobs (hash, bytes) SELECT hash, bytes FROM blobs WHERE hash = ?1")
        loosen.bind(1, blob: hash)
        try loosen.run()
        let remove = try connection.statement("DELETE FROM blobs WHERE hash = ?1")
        remove.bind(1, blob: hash)
        try remove.run()
    }

    /// Values that were let go of and whose files may still be there.
    func loose(limit: Int) throws(StoreError) -> [[UInt8]] {
        let find = try connection.statement(HistoryQuery.looseBlobs)
        find.bind(1, limit)
        var loose: [[UInt8]] = []
        while try find.step() { loose.append(find.bytes(0)) }
        return loose
    }

    /// Removes files of values that were let go of; the transactions that let go of them are on the disk already.
    ///
    /// - Returns: what was removed.
    func remove(_ loose: [[UInt8]]) throws(StoreError) -> (files: Int, bytes: Int64) {
        var removed = (files: 0, bytes: Int64(0))
        for hash in loose {
            let forget = try connection.statement("DELETE FROM loose_blobs WHERE hash = ?1 RETURNING bytes")
            forget.bind(1, blob: hash)
            // Another process may have been faster.
            guard try forget.step() else { continue }
            let bytes = forget.int(0)
            try forget.run()
            // A run that came since may have written the same value again.
            if try !isKept(hash) {
                let isThere = try storing { () throws(SystemError) in try FileSystem.remove(folder.file(hash)) }
                if isThere { removed = (removed.files + 1, removed.bytes + bytes) }
            }
        }
        return removed
    }

    /// Whether a value is registered.
    func isKept(_ hash: [UInt8]) throws(StoreError) -> Bool {
        let find = try connection.statement(HistoryQuery.isKept)
        find.bind(1, blob: hash)
        defer { find.reset() }
        return try find.step() && find.int(0) == 1
    }

    /// The error for a value whose file was removed between being written and being referred to.
    static func lost(_ hash: [UInt8]) -> StoreError {
        StoreError(
            .unavailable, "\(lostPrefix)\(Hex.encode(hash))", help: "try again, and see what removes files of the store"
        )
    }

    private static let lostPrefix = "the file of a long value went away while it was stored: "

    /// Does something again whose files the upkeep of another process removed in between: it writes them anew.
    static func retrying<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        for _ in 0..<3 {
            do throws(StoreError) {
                return try body()
            } catch {
                guard error.code == .unavailable, error.message.hasPrefix(lostPrefix) else { throw error }
            }
        }
        return try body()
    }
}

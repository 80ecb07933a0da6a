internal import BattenCore
internal import BattenSystem
internal import Synchronization

/// Makes the file of a new store under a name of its own, and gives it its name when it is complete and on the disk.
///
/// So no one ever sees half a store, and making one waits for the disk twice instead of at every step.
struct NewStore {
    let folder: StateFolder

    private static let counter = Atomic<Int>(0)

    /// Makes the file; when another process was faster, its file stays.
    func make() throws(StoreError) {
        let number = Self.counter.add(1, ordering: .relaxed).newValue
        let file = "\(folder.database).\(ProcessTable.current).\(number).new"
        do throws(StoreError) {
            try storing { () throws(SystemError) in _ = try FileSystem.open(file, .create, mode: 0o600) }
            try fill(file)
            try storing { () throws(SystemError) in
                try FileSystem.open(file).synchronize()
                _ = try FileSystem.link(file, to: folder.database)
                try FileSystem.remove(file)
                try FileSystem.synchronizeFolder(folder.path)
            }
        } catch {
            for suffix in ["", "-journal", "-wal", "-shm"] { _ = try? FileSystem.remove(file + suffix) }
            throw error
        }
    }

    private func fill(_ file: String) throws(StoreError) {
        let connection = try Connection(file, .write)
        // Until the file has its name nobody misses it: no step needs to be safe.
        try connection.execute("PRAGMA synchronous = OFF")
        try connection.layOut()
        _ = try connection.text("PRAGMA journal_mode = MEMORY")
        try Migrator(connection: connection).migrate(to: Migration.latest)
        _ = try connection.text("PRAGMA journal_mode = WAL")
    }
}

extension Connection {
    /// Sets what can be set only while the file is empty.
    ///
    /// Rationale: a commit writes whole pages to the log, and most commits change a few hundred bytes of one. Half of
    /// SQLite's usual page takes the disk and the processor less time, and still holds some rows.
    func layOut() throws(StoreError) {
        try execute("PRAGMA page_size = 2048; PRAGMA auto_vacuum = INCREMENTAL")
    }
}

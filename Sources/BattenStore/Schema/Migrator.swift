internal import BattenCore
internal import BattenSystem
internal import CSQLite

/// Brings a store's file to a version of the schema.
struct Migrator {
    let connection: Connection

    /// What a file is, before anything is done to it.
    enum State: Equatable {
        /// An empty file, or none yet.
        case new
        /// A store with this version of the schema.
        case store(Int)
    }

    /// Looks at the file.
    ///
    /// - Throws: `notADatabase` for a database of another program, `newerVersion` for a store of a later Batten, and
    ///   whatever shows when the file is read for the first time.
    func state() throws(StoreError) -> State {
        let application = try connection.integer("PRAGMA application_id") ?? 0
        let version = Int(try connection.integer("PRAGMA user_version") ?? 0)
        if application == Migration.applicationID {
            guard version <= Migration.latest else {
                throw StoreError(
                    .newerVersion,
                    "\(connection.path) was written by a later Batten: its schema is version \(version), this program "
                        + "knows up to \(Migration.latest)",
                    help: "use the later Batten, or let it run `batten db migrate --to \(Migration.latest)` first")
            }
            return .store(version)
        }
        if application == 0, version == 0, try connection.integer("SELECT count(*) FROM sqlite_schema") == 0 {
            return .new
        }
        throw StoreError(
            .notADatabase, "\(connection.path) is a database of another program",
            help: "choose another place with --home")
    }

    /// Makes a new file a store, or brings an older store up to date.
    ///
    /// Any number of processes may do this at the same time: one does the work, the others find it done.
    func prepare() throws(StoreError) {
        switch try state() {
        case .store(Migration.latest): return
        case .store: break
        case .new: try makeNew()
        }
        try migrate(to: Migration.latest)
    }

    /// Sets what can be set only while the file is empty.
    private func makeNew() throws(StoreError) {
        try connection.layOut()
        _ = try connection.text("PRAGMA journal_mode = WAL")
    }

    /// Steps that lead to a version, in order, from the file's present one.
    func steps(to target: Int) throws(StoreError) -> (from: Int, steps: [Migration]) {
        guard target >= 0, target <= Migration.latest else {
            throw StoreError(
                .misuse, "there is no schema version \(target)",
                help: "choose a version from 0 to \(Migration.latest)")
        }
        var current = 0
        if case .store(let version) = try state() { current = version }
        if target >= current { return (current, Array(Migration.all[current..<target])) }
        return (current, Migration.all[target..<current].reversed())
    }

    /// Goes up or down to a version in one transaction: all steps or none.
    func migrate(to target: Int) throws(StoreError) {
        // Dropping a table must not look for rows that refer to it; what is left is checked before the commit.
        try connection.execute("PRAGMA foreign_keys = OFF")
        defer { try? connection.execute("PRAGMA foreign_keys = ON") }
        try connection.transaction { () throws(StoreError) in
            var plan = try steps(to: target)
            if plan.from >= Migration.trailing.version, target < Migration.trailing.version {
                // Rows are written as the latest version has them.
                for step in Migration.all[plan.from...] { try connection.execute(step.up) }
                try settleTrails()
                plan = (Migration.latest, Migration.all[target...].reversed())
            }
            for step in plan.steps {
                try connection.execute(target > plan.from ? step.up : step.down)
            }
            if !plan.steps.isEmpty, try connection.text("SELECT \"table\" FROM pragma_foreign_key_check") != nil {
                throw StoreError(
                    .corrupt, "\(connection.path) has rows that refer to nothing",
                    help: "run `batten db check` and restore a backup")
            }
            try connection.execute("PRAGMA user_version = \(target)")
            try connection.execute("PRAGMA application_id = \(Migration.applicationID)")
        }
    }

    /// Brings all rows up to their journals, for a program that does not know that they may be behind.
    private func settleTrails() throws(StoreError) {
        let folder = StateFolder(FileSystem.parent(of: connection.path) ?? ".")
        let writer = try RunWriter(
            connection, unspill: Unspill(folder: BlobFolder(path: folder.blobs)), logLimit: 0,
            monotonic: { MonotonicClock.now() })
        let find = try connection.prepare("SELECT r.key, r.id FROM trailing t JOIN runs r ON r.key = t.run_key")
        var runs: [(key: Int64, id: String)] = []
        while try find.step() { runs.append((find.int(0), find.text(1))) }
        for run in runs { try writer.settle(key: run.key, run: run.id) }
    }
}

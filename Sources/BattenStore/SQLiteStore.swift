public import BattenCore
internal import BattenSystem
internal import Synchronization

/// The store in SQLite: one file in WAL mode that any number of processes write to in turn.
///
/// A store has one connection that writes; a lock lets one thread at a time use it.
public final class SQLiteStore: RunStore {
    /// Where the store is.
    public let folder: StateFolder
    let options: StoreOptions
    private let writer: Mutex<RunWriter>
    /// When rows that were put off are due; 0 while there are none.
    private let nextCatchUp = Atomic<Int64>(0)
    /// Whether quotas or what executors use may have changed since they were told.
    let mayHaveNewQuotas = Atomic<Bool>(true)
    let blobs: BlobFolder
    /// Whether an engine lives.
    private let isEngineAlive: (@Sendable (String) -> Bool)?

    /// Opens the store of a folder; both are made when absent, and an older schema is brought up to date.
    ///
    /// - Parameters:
    ///   - options: how it writes.
    ///   - monotonic: the monotonic clock in nanoseconds that the engine goes by too; nil is the system's.
    ///   - isEngineAlive: whether an engine lives; nil looks at the locks of this host's engines.
    /// - Throws: `notADatabase`, `newerVersion`, `corrupt`, `readOnly`, `full`, `busy`, `unavailable`, `io`.
    public init(
        _ folder: StateFolder, options: StoreOptions = StoreOptions(), monotonic: (@Sendable () -> Int64)? = nil,
        isEngineAlive: (@Sendable (String) -> Bool)? = nil
    ) throws(StoreError) {
        try folder.create()
        if !folder.hasStore { try NewStore(folder: folder).make() }
        let connection = try Connection(folder.database, .create, busyLimit: options.busyLimit, vfs: options.vfs)
        try Migrator(connection: connection).prepare()
        try connection.configure(options)
        self.folder = folder
        self.options = options
        self.isEngineAlive = isEngineAlive
        blobs = BlobFolder(path: folder.blobs)
        writer = Mutex(
            try RunWriter(
                connection, unspill: Unspill(folder: blobs), logLimit: options.logLimit,
                monotonic: monotonic ?? { MonotonicClock.now() }))
    }

    /// Lends the writer to one thread.
    func withWriter<Value: Sendable>(
        _ body: (RunWriter) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try writer.withLock { writer throws(StoreError) in
            writer.leaveView()
            return try body(writer)
        }
    }

    /// Writes the changes of several runs in one transaction.
    public func commit(_ batch: [RunCommit]) throws(StoreError) -> [CommitVerdict] {
        if batch.isEmpty { return [] }
        return try BlobTable.retrying { () throws(StoreError) in try tryToCommit(batch) }
    }

    private func tryToCommit(_ batch: [RunCommit]) throws(StoreError) -> [CommitVerdict] {
        let (encoded, files) = try encode(batch)
        return try writing { writer throws(StoreError) in try writer.write(encoded, files: files) }
    }

    /// Encodes commits; the files of their long values are on the disk when this returns.
    func encode(_ batch: [RunCommit]) throws(StoreError) -> ([EncodedCommit], [[UInt8]: Int]) {
        var spill = Spill(folder: blobs, limit: options.spillLimit)
        var encoded: [EncodedCommit] = []
        encoded.reserveCapacity(batch.count)
        for commit in batch { encoded.append(try EncodedCommit(commit, spill: &spill)) }
        return (encoded, spill.written)
    }

    /// Has the writer write in transactions, and wakes engines that wait for what was given back.
    func writing(
        _ body: (RunWriter) throws(StoreError) -> [CommitVerdict]
    ) throws(StoreError) -> [CommitVerdict] {
        let (verdicts, waiting, isTold) = try writer.withLock {
            writer throws(StoreError) -> ([CommitVerdict], [String], Bool) in
            defer {
                noteCatchUp(writer)
                if writer.quotaCache.isChanged { mayHaveNewQuotas.store(true, ordering: .relaxed) }
                writer.hasToldTriggers = false
            }
            return (try body(writer), try writer.takeWaiting(), writer.hasToldTriggers)
        }
        // Whoever serves starts the runs that wait for the end of one.
        if isTold { wake((try? EngineFolder.living(in: folder)) ?? []) }
        // It is on the disk; that an engine is gone is found out again with the next wake.
        if !waiting.isEmpty { try? forgetWaiting(wake(waiting)) }
        return verdicts
    }

    /// Whether an engine lives.
    func isAlive(_ engine: String) throws(StoreError) -> Bool {
        if let isEngineAlive { return isEngineAlive(engine) }
        return try EngineFolder.isAlive(engine, in: folder)
    }

    /// Wakes engines of this host.
    ///
    /// - Returns: those that are gone.
    @discardableResult
    func wake(_ engines: [String]) -> [String] {
        engines.filter { engine in (try? EngineFolder.wake(engine, in: folder)) == false }
    }

    private func noteCatchUp(_ writer: RunWriter) {
        nextCatchUp.store(writer.catchUpDue ?? 0, ordering: .relaxed)
    }

    /// When ``catchUp()`` is due, on the monotonic clock in nanoseconds; nil while no commit has put anything off.
    public var catchUpDue: Int64? {
        let due = nextCatchUp.load(ordering: .relaxed)
        return due == 0 ? nil : due
    }

    /// Writes the rows that commits in quick succession have put off.
    public func catchUp() throws(StoreError) {
        try withWriter { writer throws(StoreError) in
            defer { noteCatchUp(writer) }
            try writer.catchUp()
        }
    }

    /// Reads everything needed to go on with a run.
    public func recover(run: String) throws(StoreError) -> RecoveredRun? {
        let unspill = Unspill(folder: blobs)
        return try withWriter { writer throws(StoreError) in
            try writer.connection.snapshot { () throws(StoreError) in
                try RunRecovery(connection: writer.connection, unspill: unspill).read(run)
            }
        }
    }

    /// Takes over a run whose owner is gone.
    public func claim(run: String, engine: String, fromEpoch: Int64) throws(StoreError) -> Int64? {
        try withWriter { writer throws(StoreError) in
            writer.forget(owner: run)
            return try writer.connection.transaction { () throws(StoreError) in
                try writer.claim(RunClaim(run: run, epoch: fromEpoch), engine: engine)
            }
        }
    }

    /// Finds the run that was accepted under an idempotency key.
    public func run(idempotencyKey: String, workflow: String) throws(StoreError) -> String? {
        try withWriter { writer throws(StoreError) in
            try writer.run(idempotencyKey: idempotencyKey, workflow: workflow)
        }
    }

    /// How the run of a workflow has ended that ended last; of many at once the 200 that were accepted last count.
    public func lastEnd(ofWorkflow workflow: String, besides run: String) throws(StoreError) -> RunStatus? {
        try withWriter { writer throws(StoreError) in
            // Rows that quick commits have put off are those of ends, too.
            try writer.catchUp()
            let find = try writer.connection.statement(Self.lastEnd)
            find.bind(1, workflow)
            find.bind(2, run)
            defer { find.reset() }
            return try find.step() ? RunStatus(rawValue: find.text(0)) : nil
        }
    }

    static let lastEnd = """
        SELECT status FROM (
            SELECT status, ended_at FROM runs INDEXED BY runs_by_workflow
            WHERE workflow = ?1 AND id <> ?2 ORDER BY accepted_at DESC LIMIT 200)
        WHERE status IN ('completed', 'failed', 'timed_out') ORDER BY ended_at DESC LIMIT 1
        """

    /// A number that changes whenever another connection has written to the store.
    public func dataVersion() throws(StoreError) -> Int64 {
        try withWriter { writer throws(StoreError) in
            let statement = try writer.connection.statement("PRAGMA data_version")
            defer { statement.reset() }
            return try statement.step() ? statement.int(0) : 0
        }
    }
}

extension Connection {
    /// Sets what a writing connection works by.
    func configure(_ options: StoreOptions) throws(StoreError) {
        try execute(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA foreign_keys = ON;
            PRAGMA synchronous = \(options.durability.rawValue.uppercased());
            PRAGMA temp_store = MEMORY;
            PRAGMA cache_size = -16384;
            PRAGMA wal_autocheckpoint = 4000;
            """)
        if let limit = options.sizeLimit {
            let size = try integer("PRAGMA page_size") ?? 4096
            _ = try integer("PRAGMA max_page_count = \(max(limit / size, 1))")
        }
    }
}

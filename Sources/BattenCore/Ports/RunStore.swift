/// The store as the engine needs it: commits, claims, recovery and controls.
///
/// Every call may block; none is made from a thread that must not. The engine calls ``commit(_:)`` from one thread.
public protocol RunStore: AnyObject, Sendable {
    /// Writes the changes of several runs in one transaction.
    ///
    /// - Parameter batch: at most one commit a run.
    /// - Returns: one verdict a commit, in order; a fenced run's changes are not written, the others' are.
    /// - Throws: when nothing was written: the disk is full, the file is damaged, another process holds the file.
    func commit(_ batch: [RunCommit]) throws(StoreError) -> [CommitVerdict]

    /// Decides and writes the changes of several runs in one transaction, during which no other engine takes a slot.
    ///
    /// - Parameters:
    ///   - request: who asks.
    ///   - decide: is given what other engines hold and how full quotas are, and says what to write; it is called once, at most, and calls
    ///     nothing of this store.
    /// - Returns: one verdict a commit, in order.
    /// - Throws: as ``commit(_:)`` does; what was decided then never happened.
    func commit(
        _ request: SlotRequest, deciding decide: (SharedStanding) -> SlotDecision
    ) throws(StoreError) -> [CommitVerdict]

    /// Which quotas there are and which executors use what, when that has changed since it was last asked for.
    ///
    /// - Parameter looking: whether to look in any case: another process may have written.
    /// - Returns: nil when it has not.
    func changedQuotas(looking: Bool) throws(StoreError) -> QuotaSetup?

    /// Has the slots of an engine count until an instant, in stores that cannot see whether an engine lives.
    func renewSlots(engine: String, until: Timestamp) throws(StoreError)

    /// When ``catchUp()`` is due, on the monotonic clock in nanoseconds; nil while no commit has put anything off.
    var catchUpDue: Int64? { get }

    /// Writes the rows that commits in quick succession have put off: the journal has them already.
    ///
    /// - Throws: as ``commit(_:)`` does; the rows then follow with the next commit of their run.
    func catchUp() throws(StoreError)

    /// Reads everything needed to go on with a run.
    ///
    /// - Returns: nil when there is no such run.
    func recover(run: String) throws(StoreError) -> RecoveredRun?

    /// Takes over a run whose owner is gone.
    ///
    /// - Parameters:
    ///   - run: run id.
    ///   - engine: id of the engine that takes it.
    ///   - fromEpoch: epoch that the caller saw; another epoch means somebody else was faster.
    /// - Returns: the new epoch, or nil when somebody else was faster or the run has ended.
    func claim(run: String, engine: String, fromEpoch: Int64) throws(StoreError) -> Int64?

    /// Gives a run its place in the group it was accepted in: it holds the group, or stands in the line for it.
    ///
    /// One transaction looks and decides, whatever number of processes ask. The place is given up by the commit that
    /// ends the run, and by nothing else.
    ///
    /// - Parameters:
    ///   - request: the run, and who asks.
    /// - Returns: nil when another engine owns the run by now, or it has ended.
    func joinGroup(_ request: GroupRequest) throws(StoreError) -> GroupPlace?

    /// Finds a result that was kept under a key and is still good.
    func cached(_ key: [UInt8], at: Timestamp) throws(StoreError) -> CachedResult?

    /// Stores a control asked from any process; the owner applies it.
    ///
    /// - Returns: the request's id.
    func requestControl(_ request: ControlRequest) throws(StoreError) -> Int64

    /// Controls asked of runs that this engine owns and has not applied, oldest first.
    func pendingControls(engine: String) throws(StoreError) -> [PendingControl]

    /// Which of these runs, which this engine has driven, another engine has taken; a run that is not stored yet is not.
    func taken(of runs: [String], from engine: String) throws(StoreError) -> [String]

    /// Marks controls as applied or refused.
    func settleControls(_ settled: [SettledControl]) throws(StoreError)

    /// A number that changes whenever another connection has written to the store.
    func dataVersion() throws(StoreError) -> Int64

    /// Finds the run that was accepted under an idempotency key.
    func run(idempotencyKey: String, workflow: String) throws(StoreError) -> String?

    /// How the run of a workflow has ended that ended last, cancelled ones left out; nil when there is none.
    ///
    /// - Parameter run: the run that is not meant.
    func lastEnd(ofWorkflow workflow: String, besides run: String) throws(StoreError) -> RunStatus?
}

extension RunStore {
    /// A store without quotas.
    public func changedQuotas(looking: Bool) throws(StoreError) -> QuotaSetup? { nil }
}

/// What became of one run's commit.
public enum CommitVerdict: Sendable, Hashable {
    case committed
    /// Another engine owns the run by now; nothing of it was written.
    case fenced
    /// The first commit of a run whose idempotency key another run has; nothing of it was written.
    case duplicate(of: String)
}

/// Everything needed to go on with a run.
public struct RecoveredRun: Sendable {
    /// The run's row.
    public var row: RunRow
    /// Canonical JSON text of its definition.
    public var snapshot: [UInt8]
    /// Engine that owned it last.
    public var owner: String
    /// Epoch of that owner.
    public var epoch: Int64
    /// The whole journal, in order, outputs included.
    public var journal: [JournalRecord]
    /// Checkpoints saved by attempts that have not ended, by stage index.
    public var checkpoints: [Int: [UInt8]]

    /// Creates a recovered run.
    public init(
        row: RunRow, snapshot: [UInt8], owner: String, epoch: Int64, journal: [JournalRecord],
        checkpoints: [Int: [UInt8]] = [:]
    ) {
        self.row = row
        self.snapshot = snapshot
        self.owner = owner
        self.epoch = epoch
        self.journal = journal
        self.checkpoints = checkpoints
    }
}

/// A control to store.
public struct ControlRequest: Sendable {
    /// Run id.
    public var run: String
    /// What is asked.
    public var control: RunControl
    /// Who asked, for example `cli`.
    public var source: String
    /// When.
    public var at: Timestamp

    /// Creates a request.
    public init(run: String, control: RunControl, source: String, at: Timestamp) {
        self.run = run
        self.control = control
        self.source = source
        self.at = at
    }
}

/// A stored control that was not applied yet.
public struct PendingControl: Sendable {
    /// The request's id.
    public var id: Int64
    /// Run id.
    public var run: String
    /// What is asked.
    public var control: RunControl
    /// Whether the run has ended, so that nobody will apply it.
    public var comesTooLate: Bool

    /// Creates a pending control.
    public init(id: Int64, run: String, control: RunControl, comesTooLate: Bool = false) {
        self.id = id
        self.run = run
        self.control = control
        self.comesTooLate = comesTooLate
    }
}

/// What became of a control.
public struct SettledControl: Sendable {
    /// The request's id.
    public var id: Int64
    /// Why it was refused; nil when it was applied.
    public var refusal: String?

    /// Creates a result.
    public init(id: Int64, refusal: String?) {
        self.id = id
        self.refusal = refusal
    }
}

/// Why the store could not do what was asked.
public struct StoreError: Error, Sendable, Hashable {
    /// What kind of trouble it is.
    public enum Code: String, Sendable, Hashable {
        case busy, corrupt, full, readOnly = "read_only", newerVersion = "newer_version", unavailable, notADatabase =
            "not_a_database"
        case constraint, notFound = "not_found", misuse, io
    }
    /// What kind of trouble it is.
    public var code: Code
    /// What happened and where.
    public var message: String
    /// What to do next.
    public var help: String

    /// Creates an error.
    public init(_ code: Code, _ message: String, help: String) {
        self.code = code
        self.message = message
        self.help = help
    }
}

internal import BattenCore

/// Writes commits through one connection, with statements that stay prepared.
final class RunWriter {
    let connection: Connection
    let unspill: Unspill
    private let begin: Statement
    private let end: Statement
    /// Stays on its row while the connection keeps its view of the file from one transaction to the next.
    private let view: Statement
    private var keepsView = false
    private let findRun: Statement
    private let checkEpoch: Statement
    private let insertEvent: Statement
    private let updateStage: Statement
    private let insertStage: Statement
    private let updateAttempt: Statement
    private let insertAttempt: Statement
    private let updateRun: Statement
    /// Keys of runs by id, so that a commit looks its run up by key.
    private var keys: [String: Int64] = [:]
    /// Epochs that were read in the present view of the file, by the run's key.
    private var epochs: [Int64: Int64] = [:]
    /// The run that was looked up last.
    private var latest: (run: String, key: Int64)?
    /// Rows that were put off, by the run's key.
    var trails: [Int64: Trail] = [:]
    /// When the first of them are due, or earlier.
    var nextDue = Int64.max
    /// When the last transaction ended, on the monotonic clock.
    private var lastEnd: Int64 = 0
    /// Whether this transaction has written rows that were put off.
    var hasCaughtUp = false
    var logTrimmer: LogTrimmer
    /// The monotonic clock, in nanoseconds.
    private let monotonic: @Sendable () -> Int64
    /// Groups that runs have left since somebody looked.
    var groupsLeft: [String] = []
    /// Engines that gave slots back since somebody looked.
    var slotsFreed = false
    /// Whether triggers were told of ends of runs since somebody looked.
    var hasToldTriggers = false
    /// An engine that has said that it waits for slots.
    var waitingEngine: String?
    /// Quotas as this connection knows them.
    var quotaCache = QuotaCache()
    /// An engine whose record goes with the next commit.
    var newcomer: EngineRecord?

    /// Prepares the statements that commits use.
    init(
        _ connection: Connection, unspill: Unspill, logLimit: Int, monotonic: @escaping @Sendable () -> Int64
    ) throws(StoreError) {
        self.monotonic = monotonic
        self.connection = connection
        self.unspill = unspill
        begin = try connection.prepare("BEGIN IMMEDIATE")
        end = try connection.prepare("COMMIT")
        view = try connection.prepare("SELECT 1 FROM sqlite_schema")
        findRun = try connection.prepare(
            """
            SELECT r.key, r.epoch, t.seq FROM runs r LEFT JOIN trailing t ON t.run_key = r.key WHERE r.id = ?1
            """)
        checkEpoch = try connection.prepare("SELECT epoch FROM runs WHERE key = ?1 AND id = ?2")
        insertEvent = try connection.prepare(
            """
            INSERT INTO events (key, at, type, stage, attempt, spilled, data, item)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """)
        updateStage = try connection.prepare(
            """
            UPDATE stage_runs SET status = ?3, attempts = ?4, started_at = ?5, ended_at = ?6, waiting_on = ?7,
                waiting_detail = ?8, waiting_since = ?9, waiting_until = ?10, reason = ?11, outputs = ?12, error = ?13,
                cached_from = ?18
            WHERE run_key = ?1 AND idx = ?2
            """)
        insertStage = try connection.prepare(
            """
            INSERT INTO stage_runs (run_key, idx, status, attempts, started_at, ended_at, waiting_on, waiting_detail,
                waiting_since, waiting_until, reason, outputs, error, id, uses, is_finally, item, cached_from)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
                ?18)
            """)
        updateAttempt = try connection.prepare(
            """
            UPDATE attempts SET ended_at = ?4, outcome = ?5, effect = ?6, code = ?7, message = ?8
            WHERE run_key = ?1 AND idx = ?2 AND number = ?3
            """)
        insertAttempt = try connection.prepare(
            """
            INSERT INTO attempts (run_key, idx, number, ended_at, outcome, effect, code, message, reason,
                idempotency_key, started_at, item)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """)
        updateRun = try connection.prepare(
            """
            UPDATE runs SET status = ?2, waiting_on = ?3, waiting_detail = ?4, waiting_since = ?5, waiting_until = ?6,
                started_at = ?7, ended_at = ?8, failed_stages = ?9, outputs = ?10, error = ?11
            WHERE key = ?1
            """)
        logTrimmer = LogTrimmer(limit: logLimit)
    }

    /// Writes commits in one transaction.
    ///
    /// - Parameter files: length of each file that was written for values of the batch, by hash.
    func write(_ batch: [EncodedCommit], files: [[UInt8]: Int]) throws(StoreError) -> [CommitVerdict] {
        let now = monotonic()
        let isHurried = now - lastEnd < Trail.haste
        return try transaction { () throws(StoreError) in
            var verdicts: [CommitVerdict] = []
            verdicts.reserveCapacity(batch.count)
            if let newcomer { try write(newcomer) }
            for commit in batch {
                verdicts.append(try write(commit, files: files, now: now, putsOff: isHurried))
            }
            if nextDue <= now { try catchUp(due: now) }
            return verdicts
        }
    }

    /// Decides and writes commits in one transaction, in which nobody else takes a slot.
    ///
    /// - Parameters:
    ///   - request: who asks.
    ///   - isAlive: whether an engine lives.
    ///   - decide: says what to write.
    ///   - encode: writes the files of long values; under the write lock nobody removes them meanwhile.
    func write(
        _ request: SlotRequest, isAlive: (String) throws(StoreError) -> Bool,
        deciding decide: (SharedStanding) -> SlotDecision,
        encode: ([RunCommit]) throws(StoreError) -> ([EncodedCommit], [[UInt8]: Int])
    ) throws(StoreError) -> [CommitVerdict] {
        let now = monotonic()
        let isHurried = now - lastEnd < Trail.haste
        return try transaction { () throws(StoreError) in
            for settlement in request.settlements { try settle(settlement) }
            var (standing, own) = try slotsOfOthers(request, isAlive: isAlive)
            if let runs = request.metered {
                standing.quotas = try book(
                    request, runs: runs, waits: standing.waits, now: now, isAlive: isAlive)
            }
            let decision = decide(standing)
            try wait(request.engine, decision, instead: own)
            if !decision.called.isEmpty { try call(decision.called, at: request.at) }
            if decision.commits.isEmpty { return [] }
            let (encoded, files) = try encode(decision.commits)
            if let newcomer { try write(newcomer) }
            var verdicts: [CommitVerdict] = []
            for commit in encoded {
                verdicts.append(try write(commit, files: files, now: now, putsOff: isHurried))
            }
            if nextDue <= now { try catchUp(due: now) }
            return verdicts
        }
    }

    /// Writes all rows that were put off.
    func catchUp() throws(StoreError) {
        if trails.isEmpty { return }
        try transaction { () throws(StoreError) in try catchUp(due: .max) }
    }

    private func transaction<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        try beginWriting()
        do throws(StoreError) {
            let value = try body()
            try keepView()
            try end.run()
            newcomer = nil
            lastEnd = monotonic()
            return value
        } catch {
            leaveView()
            connection.rollBack()
            // What is found again is found as it is stored; rows that were put off are then made from the journal.
            forget()
            trails.removeAll()
            groupsLeft = []
            slotsFreed = false
            hasToldTriggers = false
            waitingEngine = nil
            quotaCache = QuotaCache()
            nextDue = .max
            logTrimmer.rolledBack()
            throw error
        }
    }

    /// Begins a transaction, on the view that was kept if nobody else has written since.
    private func beginWriting() throws(StoreError) {
        if keepsView {
            do throws(StoreError) { return try begin.run() } catch { leaveView() }
        }
        epochs.removeAll(keepingCapacity: true)
        quotaCache.named = nil
        quotaCache.meters = nil
        try begin.run()
    }

    /// Keeps the view of the file as long as rows are put off, but for one commit now and then: only without a view
    /// can the log be moved into the file.
    private func keepView() throws(StoreError) {
        if trails.isEmpty || hasCaughtUp {
            leaveView()
        } else if !keepsView {
            keepsView = try view.step()
        }
        hasCaughtUp = false
    }

    /// Lets go of the view of the file: what is read next is what is there then.
    func leaveView() {
        guard keepsView else { return }
        view.reset()
        keepsView = false
    }

    /// Forgets where runs are and who owns them.
    private func forget() {
        keys.removeAll()
        epochs.removeAll()
        latest = nil
    }

    /// Forgets what it knows of a run whose owner this connection is about to change.
    func forget(owner run: String) {
        forget()
        trails = trails.filter { $0.value.run != run }
    }

    private func write(
        _ commit: EncodedCommit, files: [[UInt8]: Int], now: Int64, putsOff: Bool
    ) throws(StoreError) -> CommitVerdict {
        let source = commit.source
        let key: Int64
        if source.acceptance != nil {
            switch try accept(commit) {
            case .accepted(let made): key = made
            case .duplicate(let run): return .duplicate(of: run)
            }
        } else {
            guard let known = try self.key(of: source) else { return .fenced }
            key = known
            if let row = source.runRow, let values = commit.run { try update(row, values, key: key) }
        }
        if !files.isEmpty { try refer(commit, key: key, files: files) }
        for place in source.records.indices {
            try insert(source.records[place], commit.records[place], key: key)
        }
        if commit.followsRecords, putsOff {
            try putOff(source, key: key, now: now)
        } else {
            try writeRows(commit, key: key)
        }
        if !source.isPlain { try writeRest(commit, key: key) }
        return .committed
    }

    /// Writes what few commits have.
    private func writeRest(_ commit: EncodedCommit, key: Int64) throws(StoreError) {
        let source = commit.source
        for (checkpoint, state) in zip(source.checkpoints, commit.states) { try write(checkpoint, state, key: key) }
        for (gate, values) in zip(source.gates, commit.gates) { try write(gate, values, key: key) }
        for (signal, data) in zip(source.signals, commit.signals) { try write(signal, data, key: key) }
        if !source.timersArmed.isEmpty || !source.timersCleared.isEmpty { try writeTimers(source, key: key) }
        for (result, value) in zip(source.cached, commit.cached) { try keep(result, value, key: key) }
        for slot in source.slotsFreed { try free(slot, key: key) }
        for slot in source.slotsTaken { try take(slot, key: key) }
        for usage in source.usage { try insert(usage, key: key) }
        for change in source.released { try release(change, key: key) }
        for reservation in source.reserved { try reserve(reservation, key: key) }
        if !commit.logs.isEmpty { try write(commit.logs, key: key) }
        if let row = source.runRow, row.status.isTerminal {
            if let group = row.group { try leave(group, run: key) }
            try tellTriggers(of: row)
            keys[source.run] = nil
            epochs[key] = nil
            logTrimmer.forget(run: key)
            if latest?.key == key { latest = nil }
        }
    }

    /// Writes what a run has used and given back before it is decided what starts.
    private func settle(_ source: RunCommit) throws(StoreError) {
        // What the run's own commit will be refused for is refused here.
        guard let key = try self.key(of: source) else { return }
        for usage in source.usage { try insert(usage, key: key) }
        for change in source.released { try release(change, key: key) }
    }

    /// Writes the rows of stages and attempts, those that were put off before them.
    private func writeRows(_ commit: EncodedCommit, key: Int64) throws(StoreError) {
        let source = commit.source
        if source.records.isEmpty, source.stages.isEmpty, source.attempts.isEmpty { return }
        if !trails.isEmpty { try catchUp(key: key) }
        for (place, stage) in source.stages.enumerated() {
            let values = commit.followsRecords ? EncodedCommit.values(of: stage) : commit.stages[place]
            try write(stage, values, key: key, isNew: source.acceptance != nil)
        }
        for attempt in source.attempts { try write(attempt, key: key) }
    }

    /// Whether a run's epoch is this one.
    func isOwn(_ key: Int64, run: String, epoch: Int64) throws(StoreError) -> Bool {
        if let known = epochs[key] { return known == epoch }
        checkEpoch.bind(1, key)
        checkEpoch.bind(2, run)
        defer { checkEpoch.reset() }
        guard try checkEpoch.step() else { return false }
        epochs[key] = checkEpoch.int(0)
        return checkEpoch.int(0) == epoch
    }

    /// The run's key when the commit's epoch is the run's own, else nil.
    private func key(of commit: RunCommit) throws(StoreError) -> Int64? {
        let found = latest?.run == commit.run ? latest?.key : keys[commit.run]
        if let known = found {
            latest = (commit.run, known)
            if try isOwn(known, run: commit.run, epoch: commit.epoch) { return known }
            forgetTrail(of: known, epoch: commit.epoch)
            return nil
        }
        findRun.bind(1, commit.run)
        defer { findRun.reset() }
        guard try findRun.step() else { return nil }
        let key = findRun.int(0)
        guard findRun.int(1) == commit.epoch else {
            forgetTrail(of: key, epoch: commit.epoch)
            return nil
        }
        if !findRun.isNull(2), trails[key] == nil { try settle(key: key, run: commit.run) }
        if keys.count > 100_000 { forget() }
        keys[commit.run] = key
        return key
    }

    /// Forgets rows that were put off under an epoch which is over; those of a later one, under which the same engine has
    /// the run again, stay.
    private func forgetTrail(of key: Int64, epoch: Int64) {
        if trails[key]?.epoch == epoch { trails[key] = nil }
    }

    // MARK: Acceptance

    private enum Accepted {
        case accepted(Int64)
        case duplicate(String)
    }

    private func accept(_ commit: EncodedCommit) throws(StoreError) -> Accepted {
        guard let acceptance = commit.source.acceptance, let row = commit.source.runRow, let values = commit.run else {
            throw StoreError(
                .misuse, "the first commit of run \(commit.source.run) has no row of the run",
                help: "report this as a bug")
        }
        if let idempotencyKey = row.idempotencyKey,
            let other = try run(idempotencyKey: idempotencyKey, workflow: row.workflow)
        {
            return .duplicate(other)
        }
        if let fire = acceptance.fire, let other = try earlier(fire) { return .duplicate(other) }
        let version = try versionKey(acceptance, row: row, snapshot: commit.snapshot)
        let insert = try connection.statement(
            """
            INSERT INTO runs (id, workflow, version, version_key, status, waiting_on, waiting_detail, waiting_since,
                waiting_until, trigger, owner, epoch, accepted_at, started_at, ended_at, failed_stages, seed,
                idempotency_key, workdir, parameters, host_environment, outputs, error, directory, concurrency_group,
                parent_run, parent_stage, parent_item, parent_attempt)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)
            """)
        insert.bind(1, row.id)
        insert.bind(2, row.workflow)
        insert.bind(3, row.version)
        insert.bind(4, version)
        insert.bind(5, row.status.rawValue)
        insert.bind(6, waiting: row.waiting)
        insert.bind(10, row.trigger)
        insert.bind(11, acceptance.owner)
        insert.bind(12, commit.source.epoch)
        insert.bind(13, row.acceptedAt)
        insert.bind(14, row.startedAt)
        insert.bind(15, row.endedAt)
        insert.bind(16, row.failedStages)
        insert.bind(17, Int64(bitPattern: row.seed))
        insert.bind(18, row.idempotencyKey)
        insert.bind(19, row.workdir)
        insert.bind(20, values.parameters)
        insert.bind(21, values.hostEnvironment)
        insert.bind(22, values.outputs)
        insert.bind(23, values.error)
        insert.bind(24, row.directory)
        insert.bind(25, row.group)
        insert.bind(26, row.parent?.run)
        insert.bind(27, row.parent?.stage)
        insert.bind(28, row.parent?.item.map { Int64($0) })
        insert.bind(29, row.parent.map { Int64($0.attempt) })
        try insert.run()
        let key = connection.lastRowID
        if let origin = row.origin { try write(origin, key: key) }
        if let fire = acceptance.fire { try write(fire, run: key) }
        if let group = row.group, !row.status.isTerminal { try enter(group, run: key, at: row.acceptedAt) }
        if !acceptance.budgets.isEmpty { try write(acceptance.budgets, run: key, at: row.acceptedAt) }
        keys[row.id] = key
        return .accepted(key)
    }

    /// The run that was accepted under an idempotency key.
    func run(idempotencyKey: String, workflow: String) throws(StoreError) -> String? {
        let find = try connection.statement("SELECT id FROM runs WHERE workflow = ?1 AND idempotency_key = ?2")
        find.bind(1, workflow)
        find.bind(2, idempotencyKey)
        defer { find.reset() }
        return try find.step() ? find.text(0) : nil
    }

    private func versionKey(
        _ acceptance: RunAcceptance, row: RunRow, snapshot: StoredValue
    ) throws(StoreError) -> Int64 {
        try DefinitionTable(connection: connection).keep(
            hash: acceptance.definitionHash, workflow: row.workflow, version: row.version, snapshot: snapshot,
            at: row.acceptedAt)
    }

    // MARK: Rows

    private func update(_ row: RunRow, _ values: EncodedCommit.Run, key: Int64) throws(StoreError) {
        updateRun.bind(1, key)
        updateRun.bind(2, row.status.rawValue)
        updateRun.bind(3, waiting: row.waiting)
        updateRun.bind(7, row.startedAt)
        updateRun.bind(8, row.endedAt)
        updateRun.bind(9, row.failedStages)
        updateRun.bind(10, values.outputs)
        updateRun.bind(11, values.error)
        try updateRun.run()
    }

    private func insert(
        _ record: JournalRecord, _ data: (text: [UInt8], spilled: [UInt8]?), key: Int64
    ) throws(StoreError) {
        guard let place = EventKey.of(run: key, seq: record.seq) else {
            throw StoreError(
                .misuse, "the journal of a run has no place \(record.seq)",
                help: "a run has at most \(EventKey.limit) entries: split the workflow")
        }
        insertEvent.bind(1, place)
        insertEvent.bind(2, record.at)
        insertEvent.bind(3, record.type)
        insertEvent.bind(4, record.stage)
        insertEvent.bind(5, record.attempt.map { Int64($0) })
        if let spilled = data.spilled { insertEvent.bind(6, text: spilled) } else { insertEvent.bindNull(6) }
        insertEvent.bind(7, text: data.text)
        insertEvent.bind(8, record.item.map { Int64($0) })
        try insertEvent.run()
    }

    func write(
        _ stage: StageRow, _ values: (outputs: StoredValue, error: StoredValue), key: Int64, isNew: Bool
    ) throws(StoreError) {
        if !isNew {
            bind(stage, values, key: key, to: updateStage)
            try updateStage.run()
            if connection.changes == 1 { return }
        }
        bind(stage, values, key: key, to: insertStage)
        insertStage.bind(14, stage.id)
        insertStage.bind(15, stage.uses)
        insertStage.bind(16, stage.isFinally ? 1 : 0)
        insertStage.bind(17, stage.item.map { Int64($0) })
        try insertStage.run()
    }

    private func bind(
        _ stage: StageRow, _ values: (outputs: StoredValue, error: StoredValue), key: Int64, to statement: Statement
    ) {
        statement.bind(1, key)
        statement.bind(2, stage.index)
        statement.bind(3, stage.status.rawValue)
        statement.bind(4, stage.attempts)
        statement.bind(5, stage.startedAt)
        statement.bind(6, stage.endedAt)
        statement.bind(7, waiting: stage.waiting)
        statement.bind(11, stage.reason)
        statement.bind(12, values.outputs)
        statement.bind(13, values.error)
        statement.bind(18, stage.cachedFrom)
    }

    /// Writes the row of an attempt.
    ///
    /// - Parameter isNew: whether the store has none yet; nil when only trying tells.
    func write(_ attempt: AttemptRow, key: Int64, isNew: Bool? = nil) throws(StoreError) {
        // A row that has ended is there already, unless it began and ended in one commit.
        if !(isNew ?? (attempt.endedAt == nil)) {
            bind(attempt, key: key, to: updateAttempt)
            try updateAttempt.run()
            if connection.changes == 1 { return }
        }
        bind(attempt, key: key, to: insertAttempt)
        insertAttempt.bind(9, attempt.reason)
        insertAttempt.bind(10, attempt.idempotencyKey)
        insertAttempt.bind(11, attempt.startedAt)
        insertAttempt.bind(12, attempt.item.map { Int64($0) })
        try insertAttempt.run()
    }

    private func bind(_ attempt: AttemptRow, key: Int64, to statement: Statement) {
        statement.bind(1, key)
        statement.bind(2, attempt.stageIndex)
        statement.bind(3, attempt.number)
        statement.bind(4, attempt.endedAt)
        statement.bind(5, attempt.outcomeClass?.rawValue)
        statement.bind(6, attempt.effect?.rawValue)
        statement.bind(7, attempt.code)
        statement.bind(8, attempt.message)
    }
}

import BattenCore

/// One run that this engine drives.
///
/// It is confined to the engine's thread.
final class ActiveRun {
    /// A call in flight.
    struct Call {
        let handle: CallHandle
        let attempt: Int
        /// Name of the stage, or of the undo.
        let stage: String
        /// Executor that is called.
        let executor: String
        /// Number of the item; nil when the stage is one.
        let item: Int?
        /// Hides what the run's secrets were when it began.
        let masker: SecretMasker
        var stream: SecretMasker.Stream?
        /// What it holds of quotas.
        var leases: [HeldLease] = []
        /// Lines of its log that may be in the middle of a secret, by the log's stream.
        var lines: [String: LineMasker] = [:]
        /// Prices what it reports.
        var pricing = CallPricing()
    }

    /// The run that started this one, and the attempt that did.
    struct Parent {
        let number: Int
        let stage: Int
        let attempt: Int
    }
    /// A run that an attempt of this one has started.
    struct Child {
        let number: Int
        let attempt: Int
    }

    /// Number of the run in this engine; it is part of its calls' tags.
    let number: Int
    /// Run id.
    let id: String
    /// Epoch under which this engine writes.
    let epoch: Int64
    /// Folder that the executors' relative paths start from.
    let directory: String
    /// The run's own folder, made when the run is taken up; nil when the workflow does not mention it.
    let workdir: String?
    /// What the run is locked to.
    let plan: Plan
    /// Decides what happens; looking at its state copies it, so what each step needs is kept beside it.
    var machine: RunMachine
    /// The run's status after the last step.
    private(set) var status = RunStatus.pending
    /// Whether ready stages wait for their turn after the last step.
    private(set) var hasQueue = false
    /// How much the machine has decided here.
    private(set) var decisions = 0
    /// What waits for a slot after the last step.
    private(set) var heads: [SlotHead] = []
    /// Whether nothing in this engine can move the run after the last step.
    private(set) var isStuck = false
    /// Whether the run waits in the line of its group after the last step.
    private(set) var isInLine = false
    /// What its calls were granted since the last commit; they are told once it stands.
    var granted: [(lease: UInt64, output: Int64, answer: @Sendable (QuotaAnswer) -> Void)] = []
    /// Whether what the run uses counts against budgets.
    var isBudgeted = false
    /// Whether the run is in the list of those that ask for shared slots.
    var isAsking = false
    /// Calls in flight, by the place of the stage's or item's row.
    var calls: [Int: Call] = [:]
    /// What started it, when that is a run of this engine.
    var parent: Parent?
    /// Children in this engine that have not ended, by stage index.
    var children: [Int: Child] = [:]
    /// Names of armed timers, by key.
    var timers: [String: UInt64] = [:]
    /// Threads that follow the run.
    var watches: [RunWatch] = []
    /// Hides the values of the run's secrets.
    var masker = SecretMasker(secrets: [])
    /// Values of the run's secrets as they were last resolved, by name.
    var secrets: [String: String] = [:]
    /// Secrets that were found sealed in what its stages read, and earlier values of its own.
    var revealed: Set<String> = []
    /// Whether the run is in the list of those to commit.
    var isTouched = false
    /// Whether another engine has taken the run, so that nothing this one decides stands.
    var isReleased = false
    /// What the instances of executors are opened with, by executor.
    var configurations: [String: CallConfiguration] = [:]
    /// Values in them that are masked.
    var configurationSecrets: [String] = []
    /// Keys of the results that its stages' calls will give, or that they wait for, by the place of the stage's or item's row.
    var flightKeys: [Int: [UInt8]] = [:]
    /// State that attempts saved for the next one, by the place of the stage's or item's row.
    var checkpoints: [Int: [UInt8]] = [:]
    /// When its stored log has to catch up, on the monotonic clock; nil when it has.
    var logDue: Int64?

    private var commit: RunCommit
    /// Where the rows of stages are in the commit; made when a second step adds to it.
    private var stagePlaces: [Int: Int] = [:]
    /// What was decided since the last commit asks for.
    private var effects: [RunEffect] = []
    /// What is committed, or about to be, asks for; more may be decided before it is done.
    private var due: [RunEffect] = []
    private var logBytes = 0

    /// Creates a run around its machine.
    init(number: Int, id: String, epoch: Int64, directory: String, workdir: String?, machine: RunMachine) {
        self.number = number
        self.id = id
        self.epoch = epoch
        self.directory = directory
        self.workdir = workdir
        self.machine = machine
        plan = machine.plan
        commit = RunCommit(run: id, epoch: epoch)
    }

    /// Adds what a step of the machine changed to the next commit, the newest image of each stage winning.
    func add(_ step: RunStep) {
        status = step.status
        hasQueue = step.hasQueue
        heads = step.heads
        isStuck = step.isStuck
        isInLine = step.isInLine
        if step.records.isEmpty { return }
        decisions += step.records.count
        join(&commit.records, step.records)
        if let row = step.runRow { commit.runRow = row }
        add(step.stages)
        join(&commit.attempts, step.attempts)
        join(&effects, step.effects)
        addWaits(of: step)
    }

    /// Adds rows to those that wait: to be taken over as they are when none do, which is nearly always.
    private func join<Row>(_ rows: inout [Row], _ more: [Row]) {
        if rows.isEmpty { rows = more } else { rows.append(contentsOf: more) }
    }

    private func add(_ rows: [StageRow]) {
        if commit.stages.isEmpty {
            commit.stages = rows
            return
        }
        if stagePlaces.isEmpty {
            for (place, row) in commit.stages.enumerated() { stagePlaces[row.index] = place }
        }
        for row in rows {
            if let place = stagePlaces[row.index] {
                commit.stages[place] = row
            } else {
                stagePlaces[row.index] = commit.stages.count
                commit.stages.append(row)
            }
        }
    }

    private func addWaits(of step: RunStep) {
        if step.gates.isEmpty, step.signals.isEmpty, step.timersCleared.isEmpty, step.timersArmed.isEmpty { return }
        if !step.gates.isEmpty { forgetCheckpoints(of: step.records) }
        for row in step.gates {
            commit.gates.removeAll { $0.stageIndex == row.stageIndex }
            commit.gates.append(row)
        }
        for row in step.signals {
            commit.signals.removeAll { $0.seq == row.seq }
            commit.signals.append(row)
        }
        for key in step.timersCleared { commit.timersArmed.removeAll { $0.key == key } }
        commit.timersCleared.append(contentsOf: step.timersCleared)
        for timer in step.timersArmed { commit.timersCleared.removeAll { $0 == timer.key } }
        commit.timersArmed.append(contentsOf: step.timersArmed)
    }

    /// Adds a result that later stages take over to the next commit.
    func add(_ result: CachedResult) {
        commit.cached.append(result)
    }

    /// Adds shared slots that attempts took or gave back to the next commit.
    ///
    /// - Parameter lease: makes the lease of a slot that is taken.
    func add(_ changes: [SlotChange], lease: (SlotChange) -> SlotLease) {
        for change in changes {
            if change.isTaken {
                commit.slotsTaken.append(lease(change))
            } else if let place = commit.slotsTaken.firstIndex(where: {
                $0.stageIndex == change.stageIndex && $0.attempt == change.attempt
            }) {
                commit.slotsTaken.remove(at: place)
            } else {
                commit.slotsFreed.append(change)
            }
        }
    }

    /// What attempts of an earlier round have saved is not for those of the next one.
    private func forgetCheckpoints(of records: [JournalRecord]) {
        for record in records where record.type == "stage_rewound" {
            guard let index = record.stage.flatMap({ plan.indexByID[$0] }),
                checkpoints.removeValue(forKey: index) != nil
            else { continue }
            add(CheckpointRow(stageIndex: index, attempt: record.attempt ?? 0, state: []))
        }
    }

    /// Makes the next commit the run's first.
    func accept(_ acceptance: RunAcceptance) {
        commit.acceptance = acceptance
    }

    /// Adds a log line to the next commit.
    ///
    /// - Returns: bytes of log that wait for a commit.
    func add(_ line: LogLine) -> Int {
        commit.logs.append(line)
        logBytes += line.text.utf8.count + 32
        return logBytes
    }

    /// Adds a report of usage to the next commit.
    func add(_ row: UsageRow) {
        commit.usage.append(row)
    }

    /// Adds what attempts have reserved of quotas to the next commit.
    func add(_ reservation: Reservation) {
        commit.reserved.append(reservation)
    }

    /// Has reservations given back with the next commit.
    func release(_ changes: [ReservationChange]) {
        for change in changes {
            // What began and ended in one commit was never there.
            commit.reserved.removeAll {
                $0.change.stageIndex == change.stageIndex && $0.change.attempt == change.attempt
                    && (change.lease == 0 || $0.change.lease == max(change.lease, 0))
            }
        }
        commit.released.append(contentsOf: changes)
    }

    /// Tells calls that what they were granted has not come to stand.
    func refuseGranted() {
        let refused = granted
        granted = []
        for grant in refused { grant.answer(.refused(retryAfter: -1)) }
    }

    /// Takes out what was used and given back, so that it can be written before starts are decided.
    func takeSettlement() -> RunCommit? {
        guard isStored, !commit.isPlain, !commit.usage.isEmpty || !commit.released.isEmpty else { return nil }
        var settlement = RunCommit(run: id, epoch: epoch)
        settlement.usage = commit.usage
        settlement.released = commit.released
        commit.usage = []
        commit.released = []
        return settlement
    }

    /// Adds state for the next attempt to the next commit.
    func add(_ row: CheckpointRow) {
        commit.checkpoints.removeAll { $0.stageIndex == row.stageIndex }
        commit.checkpoints.append(row)
    }

    /// Whether its budgets are not on disk yet, so that nothing can be reserved of them: its acceptance goes first.
    var awaitsBudgets: Bool { isBudgeted && !isStored }

    /// Whether the run is on disk.
    var isStored: Bool { commit.acceptance == nil }

    /// Whether a machine's decision waits for its commit.
    var hasDecisions: Bool { !commit.records.isEmpty || !effects.isEmpty || commit.acceptance != nil }

    /// Whether nothing that was decided is still to be committed or done.
    var isSettled: Bool { !hasDecisions && due.isEmpty }

    /// Takes out what is to be committed; what comes later belongs to the commit after, with all that it asks for.
    func takeCommit() -> RunCommit {
        defer {
            due = effects
            effects = []
            commit = RunCommit(run: id, epoch: epoch)
            if !stagePlaces.isEmpty { stagePlaces.removeAll(keepingCapacity: true) }
            logBytes = 0
            logDue = nil
            isTouched = false
        }
        return commit
    }

    /// Takes out what is to be done once the commit stands.
    func takeEffects() -> [RunEffect] {
        defer { due = [] }
        return due
    }

    /// The tag of a stage's attempt.
    func tag(stage: Int, attempt: Int) -> UInt64 {
        CallTag(run: number, stage: stage, attempt: attempt).bits
    }
}

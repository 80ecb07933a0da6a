import BattenCore

/// What the simulation knows to be true from watching every commit: the promises are held against it.
final class Oracle: @unchecked Sendable {
    // SAFETY: a simulation has one thread.

    /// A run as its commits have shown it.
    struct Run {
        let plan: Plan
        var journal: [JournalRecord] = []
        /// Records of a commit that failed in a way that leaves open whether it stands.
        var doubt: [JournalRecord] = []
        var epoch: Int64 = 1
        var ended: Set<String> = []
        var isEnded = false
        var started: [String: Int] = [:]
        var keys: [String: String] = [:]
        var voters: Set<String> = []
        var decided: Set<String> = []
        /// How often stages were taken back.
        var rewound = 0
        var signals: Set<String> = []
        var taken: Set<Int64> = []
        /// The group in which it excludes others.
        var group: String? { journal.first?.data["group"]?.stringValue }
        var hasStarted: Bool { journal.prefix(64).contains { $0.type == "run_started" } }

        mutating func add(_ records: [JournalRecord], _ complain: (String) -> Void) {
            for record in records {
                if record.seq != Int64(journal.count) + 1 { complain("record \(record.seq) follows \(journal.count)") }
                if isEnded { complain("'\(record.type)' was committed after the run's end") }
                journal.append(record)
                addAnswer(record, complain)
                if record.type == "stage_rewound", let stage = record.stage { rewind(stage) }
                if let stage = record.stage {
                    if Oracle.stageEnds.contains(record.type), !ended.insert(stage).inserted {
                        complain("stage '\(stage)' has two outcomes")
                    }
                    if record.type == "stage_started" {
                        if ended.contains(stage) { complain("stage '\(stage)' started after its outcome") }
                        let attempt = record.attempt ?? 0
                        if attempt != (started[stage] ?? 0) + 1 { complain("'\(stage)' skips to attempt \(attempt)") }
                        started[stage] = attempt
                    }
                } else if Oracle.runEnds.contains(record.type) {
                    isEnded = true
                    let open = plan.stages.filter { !ended.contains($0.id) }.map(\.id)
                    if !open.isEmpty { complain("the run ended with stages that have not: \(open)") }
                }
            }
        }

        /// A stage begins another round: its outcome, its key and its answers are those of the round.
        private mutating func rewind(_ stage: String) {
            ended.remove(stage)
            keys = keys.filter { !$0.key.hasPrefix(stage + "/") }
            decided.remove(stage)
            voters = voters.filter { !$0.hasPrefix(stage + " ") }
            rewound += 1
        }

        /// At most one answer a person, none after the decision; each signal comes in once and is taken once.
        private mutating func addAnswer(_ record: JournalRecord, _ complain: (String) -> Void) {
            let stage = record.stage ?? ""
            switch record.type {
            case "gate_answered":
                if decided.contains(stage) { complain("gate '\(stage)' was answered after its decision") }
                if !voters.insert("\(stage) \(record.data["by"]?.stringValue ?? "")").inserted {
                    complain("gate '\(stage)' has two answers of one person")
                }
            case "gate_decided":
                if !decided.insert(stage).inserted { complain("gate '\(stage)' was decided twice") }
            case "signal_received":
                if !signals.insert("\(record.data["data"] ?? .null)").inserted { complain("a signal came in twice") }
            case "signal_taken":
                if !taken.insert(record.data["signal"]?.intValue ?? 0).inserted { complain("a signal was taken twice") }
            default: break
            }
        }
    }

    private static let stageEnds: Set = [
        "stage_completed", "stage_failed", "stage_timed_out", "stage_cancelled", "stage_skipped",
    ]
    private static let runEnds: Set = ["run_completed", "run_failed", "run_cancelled", "run_timed_out"]

    private(set) var runs: [String: Run] = [:]
    /// Names of the runs in the order of their acceptance, for choices that do not depend on hashing.
    private(set) var names: [String] = []
    /// What was promised and not kept.
    private(set) var violations: [String] = []
    /// Ids of the processes that live, stopped ones among them.
    var living: Set<String> = []
    /// Calls begun.
    private(set) var callCount = 0

    func complain(_ text: String) {
        violations.append(text)
    }

    /// A run was asked for.
    func expect(_ run: String, _ plan: Plan) {
        runs[run] = Run(plan: plan)
        names.append(run)
    }

    /// A run was claimed.
    func claimed(_ run: String, epoch: Int64) {
        runs[run]?.epoch = epoch
    }

    /// A run that another one starts is heard of with its first commit.
    private func meet(_ commit: RunCommit) {
        guard runs[commit.run] == nil, commit.acceptance != nil, let parent = commit.runRow?.parent else { return }
        guard let above = runs[parent.run]?.plan, let place = above.indexByID[parent.stage],
            let plan = above.stages[place].child
        else { return complain("run \(commit.run) is a child of \(parent.run)/\(parent.stage), which starts none") }
        if runs[parent.run]?.started[parent.stage] != parent.attempt {
            complain("run \(commit.run) is a child of an attempt of \(parent.run)/\(parent.stage) that is not on disk")
        }
        expect(commit.run, plan)
    }

    /// A commit stands.
    func committed(_ commit: RunCommit) {
        meet(commit)
        if runs[commit.run]?.epoch != commit.epoch {
            complain("run \(commit.run): a write under epoch \(commit.epoch) stands")
        }
        runs[commit.run]?.doubt = []
        runs[commit.run]?.add(commit.records) { complain("run \(commit.run): \($0)") }
        if commit.records.contains(where: { $0.type == "run_started" }) { checkGroup(of: commit.run) }
    }

    /// Of the runs of a group one at a time has started and not ended.
    private func checkGroup(of run: String) {
        guard let group = runs[run]?.group else { return }
        for name in names where name != run {
            guard let other = runs[name], other.group == group, other.hasStarted, !other.isEnded else { continue }
            // The end may be on the disk although its commit failed.
            if other.doubt.contains(where: { Self.runEnds.contains($0.type) }) { continue }
            complain("run \(run) started while run \(name) holds the group '\(group)'")
        }
    }

    /// A commit failed and may stand all the same.
    func doubted(_ commit: RunCommit) {
        meet(commit)
        guard runs[commit.run]?.epoch == commit.epoch else { return }
        runs[commit.run]?.doubt = commit.records
    }

    /// Holds what is on the disk against what was committed.
    func reconcile(_ run: String, _ stored: RecoveredRun?) {
        guard var known = runs[run] else { return }
        let journal = stored?.journal ?? []
        // A commit whose sync failed can come back as long as nobody has written over it: SQLite finds its frames in the
        // log when the log's index is made anew.
        let doubt = known.doubt
        if journal.count > known.journal.count, journal == known.journal + doubt {
            known.doubt = []
            known.add(doubt) { complain("run \(run): \($0)") }
        } else if journal != known.journal {
            known.doubt = []
            let same = zip(journal, known.journal).prefix { $0 == $1 }.count
            complain(
                "run \(run): the disk has \(journal.count) records, \(known.journal.count) were committed and "
                    + "\(doubt.count) in doubt; the first \(same) are equal")
        }
        runs[run] = known
    }

    /// An executor is called.
    func called(_ call: ExecutorCall) {
        callCount += 1
        guard var run = runs[call.run] else { return complain("a call for the unknown run \(call.run)") }
        let place = "run \(call.run), stage '\(call.stage)', attempt \(call.attempt)"
        if run.ended.contains(call.stage) { complain("\(place): called although its outcome is committed") }
        if run.started[call.stage] != call.attempt { complain("\(place): called before its start was committed") }
        if run.isEnded { complain("\(place): called after the run's end") }
        let body = call.input["body"]?.stringValue ?? ""
        if let key = run.keys[call.stage + "/" + body], key != call.idempotencyKey {
            complain("\(place): another idempotency key than before")
        }
        run.keys[call.stage + "/" + body] = call.idempotencyKey
        runs[call.run] = run
    }
}

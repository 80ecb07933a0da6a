import BattenCore

/// What the simulation knows to be true from watching every commit: the promises are held against it.
final class Oracle: @unchecked Sendable {
    // SAFETY: a simulation has one thread.

    /// A result that was kept for later calls.
    private struct Kept {
        let run: String
        let output: JSONValue
        let storedAt: Timestamp
        let ttl: Duration?

        func isGood(at now: Timestamp, ttl other: Duration?) -> Bool {
            (ttl.map { storedAt + $0 > now } ?? true) && (other.map { storedAt + $0 > now } ?? true)
        }
    }

    /// What makes a call of a stage with `cache` the same one.
    struct CallIdentity: Hashable {
        let executor: String
        let input: JSONValue
        let key: String
    }

    private struct Attempt: Hashable {
        let run: String
        let place: Place
        let number: Int
    }

    private(set) var runs: [String: OracleRun] = [:]
    /// Names of the runs in the order of their acceptance, for choices that do not depend on hashing.
    private(set) var names: [String] = []
    /// What was promised and not kept.
    private(set) var violations: [String] = []
    /// Ids of the processes that live, stopped ones among them.
    var living: Set<String> = []
    /// Calls begun.
    private(set) var callCount = 0
    /// Results taken over from other calls.
    private(set) var takenOverCount = 0
    private let clock: SimulatedClock
    private var identities: [Attempt: CallIdentity] = [:]
    private var results: [CallIdentity: [Kept]] = [:]
    /// What calls of runs have given, committed or not.
    private var answers: [String: [JSONValue]] = [:]
    private var asked: [Int64: ControlRequest] = [:]
    /// What runs begin with that continue others.
    private var forks: [String: OracleFork] = [:]
    /// The runs that have started others.
    private(set) var parents: [String: String] = [:]

    init(clock: SimulatedClock) { self.clock = clock }

    func complain(_ text: String) {
        violations.append(text)
    }

    /// A run was asked for.
    func expect(_ run: String, _ plan: Plan, fork: OracleFork? = nil) {
        runs[run] = OracleRun(plan: plan)
        forks[run] = fork
        names.append(run)
    }

    /// A run was claimed.
    func claimed(_ run: String, epoch: Int64) {
        runs[run]?.epoch = epoch
    }

    // MARK: Commits

    /// A transaction stands.
    func committed(_ commits: [RunCommit]) {
        for commit in commits {
            meet(commit)
            if runs[commit.run]?.epoch != commit.epoch {
                complain("run \(commit.run): a write under epoch \(commit.epoch) stands")
            }
            runs[commit.run]?.doubt = []
            add(commit.records, to: commit.run)
        }
        for commit in commits {
            checkTakenOver(commit.records, of: commit.run)
            if commit.records.contains(where: { $0.type == "run_started" }) { checkGroup(of: commit.run) }
            checkChildren(commit.records, of: commit.run)
        }
    }

    /// A run that another one starts is heard of with its first commit.
    private func meet(_ commit: RunCommit) {
        guard runs[commit.run] == nil, commit.acceptance != nil, let parent = commit.runRow?.parent else { return }
        guard let plan = runs[parent.run]?.childPlan(Place(stage: parent.stage, item: parent.item)) else {
            return complain("run \(commit.run): a child of \(parent.run)/\(parent.stage), which starts none")
        }
        let standing = runs[parent.run]?.standing(Place(stage: parent.stage, item: parent.item))
        if standing?.attempts != parent.attempt {
            complain("run \(commit.run): a child of an attempt of \(parent.run)/\(parent.stage) that is not on disk")
        }
        expect(commit.run, plan)
        parents[commit.run] = parent.run
    }

    /// A stage gives what its child gave, and no run outlives the one that started it.
    private func checkChildren(_ records: [JournalRecord], of name: String) {
        guard let run = runs[name] else { return }
        for record in records where record.type == "stage_completed" {
            guard let stage = record.stage, let attempt = record.attempt,
                run.childPlan(Place(stage: stage, item: record.item)) != nil
            else { continue }
            let child = ParentStage(run: name, stage: stage, item: record.item, attempt: attempt).childRun
            let end = runs[child]?.journal.last
            if end?.type != "run_completed" || end?.data["outputs"] != record.data["outputs"] {
                complain("run \(name): '\(stage)' completed and its child \(child) gave \(end?.type ?? "nothing")")
            }
        }
        guard run.isEnded, records.contains(where: { Self.runEnds.contains($0.type) }) else { return }
        for other in names where parents[other] == name {
            guard let child = runs[other], !child.journal.isEmpty, !child.isEnded, child.doubt.isEmpty else { continue }
            complain("run \(name): it ended and its child \(other) has not")
        }
    }

    private func add(_ records: [JournalRecord], to name: String) {
        guard var run = runs[name] else { return complain("run \(name) was not asked for") }
        let isFirst = run.journal.isEmpty
        run.add(records, now: clock.monotonicNanoseconds()) { complain("run \(name): \($0)") }
        runs[name] = run
        if isFirst, let fork = forks[name] { fork.check(records, plan: run.plan) { complain("run \(name): \($0)") } }
        for record in records where record.type == "stage_completed" && record.data["cached_from"] == nil {
            guard let stage = record.stage, let number = record.attempt,
                let identity = identities[
                    Attempt(run: name, place: Place(stage: stage, item: record.item), number: number)],
                let outputs = record.data["outputs"]
            else { continue }
            let ttl = run.plan.indexByID[stage].flatMap { run.plan.stages[$0].cache?.ttl }
            results[identity, default: []].append(Kept(run: name, output: outputs, storedAt: record.at, ttl: ttl))
        }
    }

    /// What was taken over from another call is what that call gave.
    private func checkTakenOver(_ records: [JournalRecord], of name: String) {
        for record in records {
            guard record.type == "stage_completed", let source = record.data["cached_from"]?.stringValue,
                let outputs = record.data["outputs"]
            else { continue }
            takenOverCount += 1
            if !(answers[source] ?? []).contains(outputs) {
                complain("run \(name): stage '\(record.stage ?? "")' has from \(source) what no call of that gave")
            }
        }
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
        guard let known = runs[run] else { return }
        let journal = stored?.journal ?? []
        // A commit whose sync failed can come back as long as nobody has written over it: SQLite finds its frames in the
        // log when the log's index is made anew.
        let doubt = known.doubt
        runs[run]?.doubt = []
        if journal.count > known.journal.count, journal == known.journal + doubt {
            add(doubt, to: run)
        } else if journal != known.journal {
            let same = zip(journal, known.journal).prefix { $0 == $1 }.count
            complain(
                "run \(run): the disk has \(journal.count) records, \(known.journal.count) were committed and "
                    + "\(doubt.count) in doubt; the first \(same) are equal")
        } else {
            runs[run]?.doubt = doubt
        }
    }

    // MARK: Controls

    /// A control was stored.
    func asked(_ id: Int64, _ request: ControlRequest) { asked[id] = request }

    /// What was settled as applied is in the journal.
    func settled(_ controls: [SettledControl]) {
        for control in controls where control.refusal == nil {
            guard let request = asked[control.id], let run = runs[request.run] else { continue }
            let isThere =
                switch request.control {
                case .cancel: run.journal.contains { $0.type == "run_cancel_requested" }
                case .cancelNow: run.journal.contains { $0.data["cause"]?.stringValue == "now" }
                case .pause: run.journal.contains { $0.type == "run_paused" }
                case .resume: run.journal.contains { $0.type == "run_resumed" }
                case .answer, .signal: run.journal.contains { $0.data["request"]?.intValue == control.id }
                }
            if !isThere {
                complain(
                    "run \(request.run): \(request.control.kind) \(control.id) was settled and is not in the journal")
            }
        }
    }

    // MARK: Calls

    /// What makes a call the same as another one; nil for one whose result is not kept.
    func identity(of call: ExecutorCall) -> CallIdentity? {
        guard let plan = runs[call.run]?.plan, let index = plan.indexByID[call.stage],
            let cache = plan.stages[index].definition.cache, call.input["body"] == "main"
        else { return nil }
        // A key that is an expression is the item's number.
        var key = cache["key"]?.stringValue ?? ""
        if key.hasPrefix("${{") { key = place(of: call).item.map { "\($0)" } ?? key }
        return CallIdentity(executor: call.executor, input: call.input, key: key)
    }

    /// The stage or item that is called, as the call's key names it.
    func place(of call: ExecutorCall) -> Place {
        let parts = call.idempotencyKey.dropFirst(call.run.count + 1).split(separator: "/")
        return Place(stage: call.stage, item: parts.count > 1 ? Int(parts[1]) : nil)
    }

    /// An executor is called.
    func called(_ call: ExecutorCall) {
        callCount += 1
        guard var run = runs[call.run] else { return complain("a call for the unknown run \(call.run)") }
        let place = place(of: call)
        let text = "run \(call.run), \(place), attempt \(call.attempt)"
        let standing = run.standing(place)
        if standing.end != nil { complain("\(text): called although its outcome is committed") }
        if standing.attempts != call.attempt || !standing.isRunning {
            complain("\(text): called before its start was committed")
        }
        if run.isEnded { complain("\(text): called after the run's end") }
        if call.isAlone != (standing.losses >= 2) {
            complain("\(text): lost \(standing.losses) times, \(call.isAlone)")
        }
        let body = call.input["body"]?.stringValue ?? ""
        if let wrong = run.called(place, body: body, key: call.idempotencyKey) { complain("\(text): \(wrong)") }
        runs[call.run] = run
        guard let identity = identity(of: call) else { return }
        identities[Attempt(run: call.run, place: place, number: call.attempt)] = identity
        let ttl = run.plan.indexByID[call.stage].flatMap { run.plan.stages[$0].cache?.ttl }
        if run.round(call.stage) == 1, let last = results[identity]?.last, last.isGood(at: clock.now(), ttl: ttl) {
            complain("\(text): called although run \(last.run) has committed an answer to it")
        }
    }

    /// A call gave a result.
    func answered(_ call: ExecutorCall, _ outcome: StageOutcome) {
        if outcome.outcomeClass == .ok { answers[call.run, default: []].append(outcome.output) }
    }

    private static let runEnds: Set = ["run_completed", "run_failed", "run_cancelled", "run_timed_out"]
}

import BattenCore
import BattenStore
import BattenSystem
import CSQLite

/// What the store costs, beside what SQLite and the disk allow at the same moment.
struct StoreFigure {
    /// What was measured.
    let name: String
    /// How often it was done.
    let count: Int
    /// How long all of it took, in nanoseconds.
    let nanoseconds: Int64
    /// Processor time of the thread in it, in nanoseconds: what is left when the machine is busy with others.
    let processor: Int64

    /// Nanoseconds of one.
    var each: Double { Double(nanoseconds) / Double(max(count, 1)) }
    /// How many a second.
    var rate: Double { 1e9 / max(each, 1) }
}

/// Measures commits: the limit (one row a commit in WAL mode), a chain of stages, and batches of several runs.
///
/// - Parameters:
///   - durability: what a commit survives, for the limit and the store alike.
///   - commits: how many of each to make.
func storeFigures(_ durability: StoreOptions.Durability, commits: Int) throws -> [StoreFigure] {
    let root = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-bench-")
    defer { try? FileSystem.removeTree(root) }
    var figures: [StoreFigure] = []
    // The limit is measured before and after, because disks change their mind.
    figures.append(try oneRowCommits(root + "/before.db", durability, commits))
    figures.append(try chain(root + "/chain", durability, commits))
    figures.append(try manyRuns(root + "/runs", durability, runs: 500, stages: 3, batch: 50))
    figures.append(try fanOut(root + "/fan", durability, width: 1_000))
    figures.append(try oneRowCommits(root + "/after.db", durability, commits))
    return figures
}

func timed(_ name: String, _ count: Int, _ body: () throws -> Void) rethrows -> StoreFigure {
    let start = MonotonicClock.now()
    let processor = MonotonicClock.threadProcessorTime()
    try body()
    return StoreFigure(
        name: name, count: count, nanoseconds: MonotonicClock.now() - start,
        processor: MonotonicClock.threadProcessorTime() - processor)
}

func oneRowCommits(
    _ path: String, _ durability: StoreOptions.Durability, _ count: Int
) throws -> StoreFigure {
    var connection: OpaquePointer?
    sqlite3_open_v2(
        path, &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nil)
    defer { sqlite3_close_v2(connection) }
    sqlite3_exec(
        connection,
        """
        PRAGMA journal_mode = WAL; PRAGMA synchronous = \(durability.rawValue); PRAGMA wal_autocheckpoint = 4000;
        CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)
        """, nil, nil, nil)
    var insert: OpaquePointer?
    sqlite3_prepare_v2(
        connection, "INSERT INTO t (text) VALUES ('one row of some length, as a journal has')", -1, &insert, nil)
    defer { sqlite3_finalize(insert) }
    return timed("one-row commits of SQLite", count) {
        for _ in 0..<count {
            sqlite3_step(insert)
            sqlite3_reset(insert)
        }
    }
}

func chain(_ path: String, _ durability: StoreOptions.Durability, _ count: Int) throws -> StoreFigure {
    let store = try SQLiteStore(StateFolder(path), options: StoreOptions(durability: durability))
    var runs: [BenchmarkRun] = []
    var commits: [RunCommit] = []
    for number in 0..<max(count / 1_000, 1) {
        var run = BenchmarkRun("chain\(number)")
        _ = try store.commit([run.accept(stages: 1_000)])
        for stage in 0..<min(count, 1_000) {
            commits.append(run.step(done: stage == 0 ? [] : [stage - 1], next: [stage]))
        }
        runs.append(run)
    }
    return try timed("commits of a chain", commits.count) {
        for commit in commits { _ = try store.commit([commit]) }
    }
}

func manyRuns(
    _ path: String, _ durability: StoreOptions.Durability, runs: Int, stages: Int, batch: Int
) throws -> StoreFigure {
    let store = try SQLiteStore(StateFolder(path), options: StoreOptions(durability: durability))
    var scripts = (0..<runs).map { BenchmarkRun("run\($0)") }
    var batches: [[RunCommit]] = []
    for step in -1...stages + 1 {
        for first in stride(from: 0, to: runs, by: batch) {
            var commits: [RunCommit] = []
            for place in first..<min(first + batch, runs) {
                switch step {
                case -1: commits.append(scripts[place].accept(stages: stages))
                case stages + 1: commits.append(scripts[place].finish())
                default:
                    commits.append(
                        scripts[place].step(done: step == 0 ? [] : [step - 1], next: step == stages ? [] : [step]))
                }
            }
            batches.append(commits)
        }
    }
    return try timed("stages of \(runs) runs of \(stages)", runs * stages) {
        for batch in batches { _ = try store.commit(batch) }
    }
}

func fanOut(_ path: String, _ durability: StoreOptions.Durability, width: Int) throws -> StoreFigure {
    let store = try SQLiteStore(StateFolder(path), options: StoreOptions(durability: durability))
    var run = BenchmarkRun("fan")
    var commits = [run.accept(stages: width), run.step(done: [], next: Array(0..<width))]
    for first in stride(from: 0, to: width, by: 50) {
        commits.append(run.step(done: Array(first..<min(first + 50, width)), next: []))
    }
    commits.append(run.finish())
    return try timed("stages of a fan-out of \(width)", width) {
        for commit in commits { _ = try store.commit([commit]) }
    }
}

/// Makes the commits that an engine makes.
struct BenchmarkRun {
    let id: String
    private var seq: Int64 = 0

    init(_ id: String) {
        self.id = id
    }

    func at(_ offset: Int64) -> Timestamp { Timestamp(nanoseconds: 1_700_000_000_000_000_000 + offset * 1_000) }

    func row() -> RunRow {
        RunRow(
            id: id, workflow: "bench", version: "1.0", definitionHash: "bench", trigger: "cli", parameters: [:],
            hostEnvironment: [:], seed: 1, workdir: "/tmp", idempotencyKey: nil, acceptedAt: at(0))
    }

    private mutating func record(_ type: String, _ stage: Int?, _ data: JSONValue) -> JournalRecord {
        seq += 1
        return JournalRecord(
            seq: seq, at: at(seq), stage: stage.map { "stage_\($0)" }, attempt: stage == nil ? nil : 1, type: type,
            data: data)
    }

    mutating func accept(stages: Int) -> RunCommit {
        var commit = RunCommit(run: id, epoch: 1)
        commit.runRow = row()
        commit.acceptance = RunAcceptance(definitionHash: "bench", snapshot: Array("{}".utf8), owner: "bench")
        commit.stages = (0..<stages).map { StageRow(index: $0, id: "stage_\($0)", uses: "test.noop", isFinally: false) }
        commit.records = [record("run_accepted", nil, [:])]
        return commit
    }

    mutating func step(done: [Int], next: [Int]) -> RunCommit {
        var commit = RunCommit(run: id, epoch: 1)
        for index in done {
            let outputs: JSONValue = ["value": .int(Int64(index)), "text": "done"]
            commit.records.append(record("stage_completed", index, ["outputs": outputs, "effect": "none"]))
            var stage = StageRow(index: index, id: "stage_\(index)", uses: "test.noop", isFinally: false)
            stage.status = .completed
            stage.attempts = 1
            stage.startedAt = at(seq - 1)
            stage.endedAt = at(seq)
            stage.outputs = outputs
            commit.stages.append(stage)
            var attempt = self.attempt(index)
            attempt.endedAt = at(seq)
            attempt.outcomeClass = .ok
            attempt.effect = Effect.none
            commit.attempts.append(attempt)
        }
        for index in next {
            commit.records.append(record("stage_started", index, ["reason": "first"]))
            var stage = StageRow(index: index, id: "stage_\(index)", uses: "test.noop", isFinally: false)
            stage.status = .running
            stage.attempts = 1
            stage.startedAt = at(seq)
            commit.stages.append(stage)
            commit.attempts.append(attempt(index))
        }
        return commit
    }

    func attempt(_ index: Int) -> AttemptRow {
        AttemptRow(
            stageIndex: index, number: 1, reason: "first", idempotencyKey: "\(id)/stage_\(index)", startedAt: at(seq))
    }

    mutating func finish() -> RunCommit {
        var commit = RunCommit(run: id, epoch: 1)
        commit.records = [record("run_completed", nil, ["outputs": [:]])]
        var row = row()
        row.status = .completed
        row.startedAt = at(1)
        row.endedAt = at(seq)
        row.outputs = [:]
        commit.runRow = row
        return commit
    }
}

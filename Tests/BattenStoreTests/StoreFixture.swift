import BattenCore
import BattenStore
import BattenSystem

/// A state folder of a test's own, removed at its end.
final class TemporaryState {
    let folder: StateFolder

    init() throws {
        folder = StateFolder(try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-store-"))
    }

    deinit {
        try? FileSystem.removeTree(folder.path)
    }

    /// Opens the store; commits do not wait for the disk unless a test is about that.
    func open(_ options: StoreOptions = StoreOptions(durability: .off)) throws -> SQLiteStore {
        try SQLiteStore(folder, options: options)
    }
}

/// An instant some nanoseconds into the tests' day.
func at(_ nanoseconds: Int64) -> Timestamp {
    Timestamp(nanoseconds: 1_700_000_000_000_000_000 + nanoseconds)
}

/// Builds the commits of a run as an engine would.
struct RunScript {
    let id: String
    let epoch: Int64
    private(set) var seq: Int64 = 0

    init(_ id: String, epoch: Int64 = 1) {
        self.id = id
        self.epoch = epoch
    }

    /// The row of the run as it is accepted.
    func row(workflow: String = "brief", key: String? = nil, acceptedAt: Timestamp = at(0)) -> RunRow {
        RunRow(
            id: id, workflow: workflow, version: "1.0", definitionHash: SHA256.hex(workflow), trigger: "cli",
            parameters: ["city": "Oslo"], hostEnvironment: [:], seed: .max, workdir: "/tmp/\(id)", idempotencyKey: key,
            acceptedAt: acceptedAt)
    }

    /// The next journal record.
    mutating func record(_ type: String, stage: String? = nil, attempt: Int? = nil, data: JSONValue = [:])
        -> JournalRecord
    {
        seq += 1
        return JournalRecord(seq: seq, at: at(seq), stage: stage, attempt: attempt, type: type, data: data)
    }

    /// The first commit: row, definition, stages.
    mutating func accept(
        stages: Int, workflow: String = "brief", owner: String = "engine-a", key: String? = nil,
        acceptedAt: Timestamp = at(0), snapshot: String = #"{"name":"brief"}"#
    ) -> RunCommit {
        var commit = RunCommit(run: id, epoch: epoch)
        commit.runRow = row(workflow: workflow, key: key, acceptedAt: acceptedAt)
        commit.acceptance = RunAcceptance(
            definitionHash: SHA256.hex(workflow), snapshot: Array(snapshot.utf8), owner: owner)
        commit.stages = (0..<stages).map { StageRow(index: $0, id: "s\($0)", uses: "shell.run", isFinally: false) }
        commit.records = [record("run_accepted", data: ["parameters": ["city": "Oslo"]])]
        return commit
    }

    /// The commit between two stages of a chain: one completes, the next starts.
    ///
    /// - Parameters:
    ///   - done: the stage that completes; nil before the first.
    ///   - next: the stage that starts; nil after the last.
    mutating func step(done: Int?, next: Int?, outputs: JSONValue = ["n": 1]) -> RunCommit {
        var commit = RunCommit(run: id, epoch: epoch)
        if let done {
            commit.records.append(
                record("stage_completed", stage: "s\(done)", attempt: 1, data: ["outputs": outputs, "effect": "none"]))
            var stage = StageRow(index: done, id: "s\(done)", uses: "shell.run", isFinally: false)
            stage.status = .completed
            stage.attempts = 1
            stage.startedAt = at(seq - 1)
            stage.endedAt = at(seq)
            stage.outputs = outputs
            commit.stages.append(stage)
            var attempt = AttemptRow(
                stageIndex: done, number: 1, reason: "first", idempotencyKey: "\(id)/s\(done)", startedAt: at(seq - 1))
            attempt.endedAt = at(seq)
            attempt.outcomeClass = .ok
            attempt.effect = BattenCore.Effect.none
            commit.attempts.append(attempt)
        }
        if let next {
            commit.records.append(record("stage_started", stage: "s\(next)", attempt: 1, data: ["reason": "first"]))
            var stage = StageRow(index: next, id: "s\(next)", uses: "shell.run", isFinally: false)
            stage.status = .running
            stage.attempts = 1
            stage.startedAt = at(seq)
            commit.stages.append(stage)
            commit.attempts.append(
                AttemptRow(
                    stageIndex: next, number: 1, reason: "first", idempotencyKey: "\(id)/s\(next)", startedAt: at(seq)))
        }
        return commit
    }

    /// The last commit.
    mutating func finish(_ status: RunStatus = .completed, outputs: JSONValue = ["ok": true]) -> RunCommit {
        var commit = RunCommit(run: id, epoch: epoch)
        commit.records.append(record("run_\(status.rawValue)", data: ["outputs": outputs]))
        var row = row()
        row.status = status
        row.startedAt = at(1)
        row.endedAt = at(seq)
        row.outputs = outputs
        commit.runRow = row
        return commit
    }
}

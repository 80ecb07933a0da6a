import BattenCore
import BattenStore
import BattenSystem
import Testing

@Suite struct CommitTests {
    @Test func aChainComesBackAsItWasCommitted() throws {
        let state = try TemporaryState()
        var script = RunScript("aaaabbbbcccc")
        var committed: [JournalRecord] = []
        do {
            let store = try state.open()
            var commits = [script.accept(stages: 3)]
            for number in 0...3 {
                commits.append(script.step(done: number == 0 ? nil : number - 1, next: number == 3 ? nil : number))
            }
            commits.append(script.finish())
            for commit in commits {
                #expect(try store.commit([commit]) == [.committed])
                committed += commit.records
            }
        }
        // Another process, later.
        let found = try #require(try state.open().recover(run: "aaaabbbbcccc"))
        #expect(found.journal == committed)
        #expect(found.row.status == .completed)
        #expect(found.row.parameters == ["city": "Oslo"])
        #expect(found.row.seed == .max)
        #expect(found.row.definitionHash == SHA256.hex("brief"))
        #expect(found.row.outputs == ["ok": true])
        #expect(String(decoding: found.snapshot, as: UTF8.self) == #"{"name":"brief"}"#)
        #expect(found.owner == "engine-a")
        #expect(found.epoch == 1)
        #expect(try state.open().recover(run: "aaaabbbbcccd") == nil)
    }

    @Test func aStaleOwnerIsFencedAndTheOthersOfItsBatchAreNot() throws {
        let state = try TemporaryState()
        let store = try state.open()
        var one = RunScript("one")
        var two = RunScript("two")
        #expect(try store.commit([one.accept(stages: 2), two.accept(stages: 2)]) == [.committed, .committed])
        #expect(try store.claim(run: "one", engine: "engine-b", fromEpoch: 7) == nil, "somebody else was faster")
        #expect(try store.claim(run: "one", engine: "engine-b", fromEpoch: 1) == 2)
        #expect(try store.claim(run: "one", engine: "engine-c", fromEpoch: 1) == nil, "the epoch has moved on")
        let batch = [one.step(done: nil, next: 0), two.step(done: nil, next: 0)]
        #expect(try store.commit(batch) == [.fenced, .committed])
        #expect(try store.recover(run: "one")?.journal.count == 1)
        #expect(try store.recover(run: "two")?.journal.count == 2)
        var heir = RunScript("one", epoch: 2)
        _ = heir.record("run_accepted")
        #expect(try store.commit([heir.step(done: nil, next: 0)]) == [.committed])
        #expect(try store.recover(run: "one")?.owner == "engine-b")
        #expect(try store.commit([heir.finish()]) == [.committed])
        #expect(try store.claim(run: "one", engine: "engine-c", fromEpoch: 2) == nil, "the run has ended")
        var stranger = RunScript("nobody")
        #expect(try store.commit([stranger.step(done: nil, next: 0)]) == [.fenced])
    }

    @Test func anIdempotencyKeyGivesOneRunAWorkflow() throws {
        let state = try TemporaryState()
        let store = try state.open()
        var scripts = [RunScript("first"), RunScript("again"), RunScript("other")]
        #expect(try store.commit([scripts[0].accept(stages: 1, key: "k")]) == [.committed])
        #expect(try store.commit([scripts[1].accept(stages: 1, key: "k")]) == [.duplicate(of: "first")])
        #expect(try store.commit([scripts[2].accept(stages: 1, workflow: "b", key: "k")]) == [.committed])
        #expect(try store.run(idempotencyKey: "k", workflow: "brief") == "first")
        #expect(try store.run(idempotencyKey: "k", workflow: "b") == "other")
        #expect(try store.run(idempotencyKey: "k2", workflow: "b") == nil)
        #expect(try store.recover(run: "again") == nil)
    }

    @Test func aBatchThatFailsLeavesNothing() throws {
        let state = try TemporaryState()
        let store = try state.open()
        var one = RunScript("one")
        var two = RunScript("two")
        _ = try store.commit([one.accept(stages: 1)])
        let good = two.accept(stages: 1)
        var twice = one.step(done: nil, next: 0)
        twice.records[0].seq = 1
        let error = #expect(throws: StoreError.self) { try store.commit([good, twice]) }
        #expect(error?.code == .constraint)
        #expect(try store.recover(run: "two") == nil)
        #expect(try store.recover(run: "one")?.journal.count == 1)
        #expect(try store.commit([good]) == [.committed], "the store goes on after a failure")
    }

    @Test func longValuesGoToFilesAndComeBack() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let long = JSONValue.string(String(repeating: "æ", count: 50_000))
        let medium = JSONValue.object(
            JSONObject((0..<8).map { ("m\($0)", .string(String(repeating: "m", count: 30_000))) }))
        var script = RunScript("long")
        var commits = [script.accept(stages: 3, snapshot: #"{"x":""# + String(repeating: "y", count: 70_000) + #""}"#)]
        commits.append(script.step(done: nil, next: 0))
        commits.append(script.step(done: 0, next: 1, outputs: ["text": long, "n": 2]))
        // Every member is short enough for a row, together they are not.
        commits.append(script.step(done: 1, next: 2, outputs: ["n": 1]))
        commits[3].records[0].data = medium
        commits[3].checkpoints = [
            CheckpointRow(stageIndex: 2, attempt: 1, state: [0, 1, 255]),
            CheckpointRow(stageIndex: 1, attempt: 1, state: [UInt8](repeating: 7, count: 100_000)),
        ]
        commits.append(script.step(done: nil, next: nil))
        commits[4].checkpoints = [CheckpointRow(stageIndex: 2, attempt: 1, state: [UInt8](repeating: 9, count: 99_999))]
        for commit in commits { #expect(try store.commit([commit]) == [.committed]) }
        let found = try #require(try store.recover(run: "long"))
        #expect(found.journal == commits.flatMap(\.records))
        #expect(found.snapshot.count > 70_000)
        #expect(found.checkpoints == [2: [UInt8](repeating: 9, count: 99_999)], "only stages that are not decided")
        // Snapshot, outputs (one file for row and journal), data, two states.
        let files = try FileSystem.list(state.folder.blobs).flatMap { folder in
            try FileSystem.list(state.folder.blobs + "/" + folder)
        }
        #expect(files.count == 5)
        #expect(files.allSatisfy { $0.utf8.count == 62 })
    }

    @Test func aDamagedFileOfALongValueIsNoticed() throws {
        let state = try TemporaryState()
        let store = try state.open()
        var script = RunScript("long")
        _ = try store.commit([script.accept(stages: 1)])
        let long = JSONValue.string(String(repeating: "x", count: 70_000))
        _ = try store.commit([script.step(done: nil, next: 0)])
        _ = try store.commit([script.step(done: 0, next: nil, outputs: long)])
        let folder = try #require(try FileSystem.list(state.folder.blobs).first)
        let name = try #require(try FileSystem.list(state.folder.blobs + "/" + folder).first)
        let path = state.folder.blobs + "/\(folder)/\(name)"
        try FileSystem.writeAtomically(Array("\"short\"".utf8), to: path)
        #expect(throws: StoreError.self) { try store.recover(run: "long") }
        try FileSystem.remove(path)
        let error = #expect(throws: StoreError.self) { try store.recover(run: "long") }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains(path) == true)
    }

    @Test func controlsReachTheOwnerOnceAndKeepTheirOrder() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let other = try state.open()
        var script = RunScript("one")
        _ = try store.commit([script.accept(stages: 1)])
        let before = try store.dataVersion()
        #expect(try store.dataVersion() == before)
        let first = try other.requestControl(ControlRequest(run: "one", control: .cancel, source: "cli", at: at(5)))
        let second = try other.requestControl(ControlRequest(run: "one", control: .cancelNow, source: "cli", at: at(6)))
        #expect(try store.dataVersion() != before, "another connection has written")
        let pending = try store.pendingControls(engine: "engine-a")
        #expect(pending.map(\.id) == [first, second])
        #expect(pending.map(\.control) == [.cancel, .cancelNow])
        #expect(try store.pendingControls(engine: "engine-b").isEmpty)
        try store.settleControls([
            SettledControl(id: first, refusal: nil), SettledControl(id: second, refusal: "the run has ended"),
        ])
        #expect(try store.pendingControls(engine: "engine-a").isEmpty)
        let error = #expect(throws: StoreError.self) {
            try other.requestControl(ControlRequest(run: "none", control: .cancel, source: "cli", at: at(7)))
        }
        #expect(error?.code == .notFound)
    }
}

import BattenCore
import BattenSystem
import Testing

@testable import BattenStore

/// Rows that quick commits put off: never seen to be missing, always written in the end.
@Suite struct TrailTests {
    /// A run whose last commits came quickly enough for their rows to be put off.
    private func hurried(_ store: SQLiteStore, _ id: String, steps: Int = 20) throws -> RunScript {
        var script = RunScript(id)
        _ = try store.commit([script.accept(stages: steps + 2)])
        for stage in 0..<steps {
            #expect(try store.commit([script.step(done: stage == 0 ? nil : stage - 1, next: stage)]) == [.committed])
        }
        return script
    }

    private func trailing(_ reader: StoreReader) throws -> [[JSONValue]] {
        try reader.query(
            "SELECT r.id, t.seq < (SELECT max(seq) FROM events e WHERE e.run_key = t.run_key) "
                + "FROM trailing t JOIN runs r ON r.key = t.run_key ORDER BY 1"
        ).rows
    }

    /// What the tables hold, without the help of the journal.
    private func stored(_ reader: StoreReader, _ id: String) throws -> (stages: [StageRow], attempts: [AttemptRow]) {
        try reader.withConnection { connection throws(StoreError) in
            let tail = RunTail(connection: connection, unspill: reader.unspill)
            return (try tail.stages(id), try tail.attempts(id))
        }
    }

    /// Opens a store and commits until some rows are put off; a busy machine may pause at any commit.
    private func untilPutOff(_ store: SQLiteStore, _ reader: StoreReader) throws -> RunScript? {
        for number in 0..<100 {
            let script = try hurried(store, "run\(number)")
            if try trailing(reader).contains([.string(script.id), 1]) { return script }
        }
        return nil
    }

    @Test func readersSeeWhatIsPutOff() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let reader = try #require(try StoreReader(state.folder))
        let script = try #require(try untilPutOff(store, reader))
        #expect(store.catchUpDue != nil)
        let seen = (try reader.stages(run: script.id), try reader.attempts(run: script.id))
        #expect(try stored(reader, script.id).stages != seen.0, "the tables are behind")
        #expect(try StoreAdministration(state.folder).check().problems == [], "which is no damage")
        try store.catchUp()
        #expect(try trailing(reader) == [])
        #expect(store.catchUpDue == nil)
        #expect(try reader.stages(run: script.id) == seen.0 && reader.attempts(run: script.id) == seen.1)
        let after = try stored(reader, script.id)
        #expect(after.stages == seen.0 && after.attempts == seen.1, "the tables say the same")
        #expect(seen.0.map(\.status) == Array(repeating: .completed, count: 19) + [.running, .pending, .pending])
        #expect(seen.1.map(\.endedAt).count { $0 == nil } == 1)
    }

    @Test func aCommitThatChangesMoreWritesWhatWasPutOff() throws {
        let changes: [(String, (inout RunCommit) -> Void)] = [
            ("the run's row", { $0.runRow = RunScript($0.run).row() }),
            ("another fact", { $0.records[1].type = "stage_waiting" }),
            (
                "a long value",
                { commit in
                    let long = JSONValue.string(String(repeating: "x", count: 70_000))
                    commit.records[0].data = ["outputs": long, "effect": "none"]
                    commit.stages[0].outputs = long
                }
            ),
            ("an earlier failure", { $0.stages[1].error = StageError(.transient, code: "c", message: "m") }),
        ]
        for (what, change) in changes {
            let state = try TemporaryState()
            let store = try state.open()
            let reader = try #require(try StoreReader(state.folder))
            var script = try #require(try untilPutOff(store, reader))
            var commit = script.step(done: 19, next: 20)
            change(&commit)
            #expect(try store.commit([commit]) == [.committed])
            #expect(try !trailing(reader).contains { $0[0] == .string(script.id) }, "\(what)")
            let rows = try stored(reader, script.id)
            #expect(rows.stages[19] == commit.stages[0] && rows.stages[20] == commit.stages[1], "\(what)")
            #expect(rows.stages[18].status == .completed && rows.attempts.count == 21, "\(what)")
        }
    }

    @Test func aViewThatIsKeptHidesNothingOfOthers() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let reader = try #require(try StoreReader(state.folder))
        var script = try #require(try untilPutOff(store, reader))
        let other = try state.open()
        // The other's write comes between two quick commits: the next one neither fails nor overlooks it.
        let version = try store.dataVersion()
        #expect(try store.commit([script.step(done: 19, next: 20)]) == [.committed])
        let id = try other.requestControl(
            ControlRequest(run: script.id, control: .pause, source: "test", at: at(1)))
        #expect(try store.pendingControls(engine: "engine-a").map(\.id) == [id])
        #expect(try store.dataVersion() != version)
        #expect(try store.commit([script.step(done: 20, next: 21)]) == [.committed])
        #expect(try other.claim(run: script.id, engine: "heir", fromEpoch: 1) == 2)
        #expect(try store.commit([script.step(done: 21, next: nil)]) == [.fenced])
    }

    @Test func aCommitOfAnEarlierEpochForgetsNothingOfALaterOne() throws {
        for _ in 0..<20 {
            let state = try TemporaryState()
            let store = try state.open()
            let reader = try #require(try StoreReader(state.folder))
            let script = try #require(try untilPutOff(store, reader))
            // The run goes to another engine and comes back to this one, which still has something of before to say.
            let other = try state.open()
            #expect(try other.claim(run: script.id, engine: "heir", fromEpoch: 1) == 2)
            #expect(try store.claim(run: script.id, engine: "engine-a", fromEpoch: 2) == 3)
            var stale = script
            var again = RunScript(script.id, epoch: 3)
            for _ in 0..<script.seq { _ = again.record("") }
            for stage in 19..<21 {
                #expect(try store.commit([again.step(done: stage, next: stage + 1)]) == [.committed])
            }
            guard try trailing(reader).contains([.string(script.id), 1]) else { continue }
            #expect(try store.commit([stale.step(done: 19, next: 20)]) == [.fenced])
            var commit = RunCommit(run: script.id, epoch: 3)
            commit.records = [again.record("stage_waiting", stage: "s21")]
            var row = StageRow(index: 21, id: "s21", uses: "shell.run", isFinally: false)
            row.status = .waiting
            commit.stages = [row]
            #expect(try store.commit([commit]) == [.committed])
            #expect(try reader.stages(run: script.id).last?.status == .waiting)
            #expect(try !trailing(reader).contains { $0[0] == .string(script.id) })
            return
        }
        Issue.record("no rows were put off in twenty tries")
    }

    @Test func theLogIsMovedWhileRunsHurry() throws {
        let state = try TemporaryState()
        let store = try state.open()
        var longest: Int64 = 0
        for number in 0..<30 {
            _ = try hurried(store, "run\(number)", steps: 300)
            longest = max(longest, try FileSystem.status(state.folder.database + "-wal")?.bytes ?? 0)
        }
        #expect(longest > 0 && longest < 6_000 * 4_120, "9,000 commits leave no log of 9,000 pages")
    }

    @Test func theRowsOfATakenRunAreItsNewOwners() throws {
        let state = try TemporaryState()
        let reader: StoreReader
        let store = try state.open()
        reader = try #require(try StoreReader(state.folder))
        var script = try #require(try untilPutOff(store, reader))
        let seen = try reader.stages(run: script.id)
        let other = try state.open()
        #expect(try other.claim(run: script.id, engine: "heir", fromEpoch: 1) == 2)
        // The old owner's rows are not written any more, whoever asks for it.
        try store.catchUp()
        #expect(try trailing(reader).contains { $0[0] == .string(script.id) })
        #expect(try store.commit([script.step(done: 19, next: 20)]) == [.fenced])
        var heir = RunCommit(run: script.id, epoch: 2)
        heir.records = [
            JournalRecord(seq: 22 + 18, at: at(0), stage: nil, attempt: nil, type: "run_recovered", data: [:])
        ]
        heir.records[0].seq = Int64(try reader.events(run: script.id, limit: 1_000).count) + 1
        #expect(try other.commit([heir]) == [.committed])
        #expect(try trailing(reader) == [])
        #expect(try stored(reader, script.id).stages == seen)
    }

    @Test func whoTakesARunThroughTheSameStoreWritesItsRows() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let reader = try #require(try StoreReader(state.folder))
        let script = try #require(try untilPutOff(store, reader))
        let seen = try reader.stages(run: script.id)
        #expect(try store.claim(run: script.id, engine: "heir", fromEpoch: 1) == 2)
        var heir = RunCommit(run: script.id, epoch: 2)
        heir.records = [
            JournalRecord(seq: script.seq + 1, at: at(0), stage: nil, attempt: nil, type: "run_recovered", data: [:])
        ]
        #expect(try store.commit([heir]) == [.committed])
        #expect(try !trailing(reader).contains { $0[0] == .string(script.id) })
        #expect(try stored(reader, script.id).stages == seen)
        heir.epoch = 1
        #expect(try store.commit([heir]) == [.fenced], "an epoch that was read is not kept beyond a claim")
    }

    @Test func aFailedTransactionLosesNoRows() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let reader = try #require(try StoreReader(state.folder))
        var script = try #require(try untilPutOff(store, reader))
        var twice = RunCommit(run: script.id, epoch: 1)
        twice.records = try reader.events(run: script.id, limit: 1)
        #expect(throws: StoreError.self) { try store.commit([twice]) }
        let before = try reader.stages(run: script.id)
        #expect(before[19].status == .running)
        #expect(try store.commit([script.step(done: 19, next: nil)]) == [.committed])
        try store.catchUp()
        let rows = try stored(reader, script.id).stages
        #expect(rows[18] == before[18] && rows[19].status == .completed)
        #expect(try StoreAdministration(state.folder).check().problems == [])
    }

    @Test(arguments: [Migration.latest, Migration.journal.version - 1, Migration.trailing.version])
    func goingDownWritesTheRowsFirst(from version: Int) throws {
        let state = try TemporaryState()
        let store = try state.open()
        let reader = try #require(try StoreReader(state.folder))
        let script = try #require(try untilPutOff(store, reader))
        let seen = (try reader.stages(run: script.id), try reader.attempts(run: script.id))
        _ = try StoreAdministration(state.folder).migrate(to: version)
        _ = try StoreAdministration(state.folder).migrate(to: Migration.trailing.version - 1)
        // What reads the rows knows the latest version only; going up again makes no rows of the journal.
        _ = try StoreAdministration(state.folder).migrate(to: Migration.latest)
        let after = try stored(reader, script.id)
        #expect(after.stages == seen.0 && after.attempts == seen.1)
    }

    @Test func aTailThatFitsNoRowsIsDamage() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let reader = try #require(try StoreReader(state.folder))
        let script = try #require(try untilPutOff(store, reader))
        let damages = [
            "UPDATE events SET stage = 'nobody' WHERE seq = (SELECT max(seq) FROM events)",
            "UPDATE events SET type = 'stage_moved'", "UPDATE events SET data = '{}'",
        ]
        for damage in damages {
            try Connection(state.folder.database, .write).execute(damage)
            let error = #expect(throws: StoreError.self) { try reader.stages(run: script.id) }
            #expect(error?.code == .corrupt && error?.message.contains(script.id) == true, "\(damage)")
        }
        try Connection(state.folder.database, .write).execute("UPDATE runs SET status = 'completed', ended_at = 1")
        let problems = try StoreAdministration(state.folder).check().problems
        #expect(problems.contains { $0.message.contains("behind its journal") })
    }
}

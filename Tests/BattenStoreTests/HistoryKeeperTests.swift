import BattenCore
import BattenSystem
import Testing

@testable import BattenStore

/// History that stays bounded: what goes, what stays, and that nothing is lost on the way.
@Suite struct HistoryKeeperTests {
    private static let day: Int64 = 86_400_000_000_000

    /// An instant some days into the tests' calendar.
    private static func day(_ days: Double) -> Timestamp { at(Int64(days * Double(day))) }

    /// A keeper whose clock stands some days into the tests' calendar.
    private func keeper(
        _ state: TemporaryState, day: Double, age: Double? = 30, runs: Int? = 10_000, isThorough: Bool = false
    ) throws -> HistoryKeeper {
        let now = Self.day(day)
        return try HistoryKeeper(
            state.folder, policy: RetentionPolicy(age: age.map { .seconds($0 * 86_400) }, runsPerWorkflow: runs),
            options: StoreOptions(durability: .off), isThorough: isThorough, now: { now })
    }

    /// Does a whole sweep in steps, and tells how many they were.
    @discardableResult
    private func sweep(_ keeper: HistoryKeeper, rows: Int = 1_000) throws -> Int {
        var steps = 1
        while try keeper.step(limit: UpkeepLimit(rows: rows, time: .seconds(1))) { steps += 1 }
        return steps
    }

    /// Puts a run into the store as it is when it has ended, or has not.
    private func add(
        _ store: SQLiteStore, _ id: String, day: Double, ended: Double?, workflow: String = "brief", key: String? = nil,
        stages: Int = 1, outputs: JSONValue = ["n": 1], logs: [String] = []
    ) throws {
        var script = RunScript(id)
        let accepted = Self.day(day)
        _ = try store.commit([
            script.accept(
                stages: stages, workflow: workflow, key: key, acceptedAt: accepted, snapshot: "{\"n\":\"\(workflow)\"}")
        ])
        for stage in 0..<stages {
            var step = script.step(done: stage == 0 ? nil : stage - 1, next: stage, outputs: outputs)
            step.logs = logs.map {
                LogLine(at: accepted, stage: "s\(stage)", attempt: 1, stream: "stdout", text: $0)
            }
            _ = try store.commit([step])
        }
        guard let ended else { return }
        _ = try store.commit([script.step(done: stages - 1, next: nil, outputs: outputs)])
        var end = script.finish()
        end.runRow?.endedAt = Self.day(ended)
        _ = try store.commit([end])
    }

    private func ids(_ state: TemporaryState) throws -> Set<String> {
        let reader = try #require(try StoreReader(state.folder))
        return Set(try reader.runs(limit: 10_000).items.map(\.id))
    }

    private func count(_ state: TemporaryState, _ sql: String) throws -> Int64 {
        let reader = try #require(try StoreReader(state.folder))
        return try reader.query(sql).rows[0][0].intValue ?? -1
    }

    @Test func whatIsOldGoesAndWhatIsAliveStays() throws {
        let state = try TemporaryState()
        let store = try state.open()
        try add(store, "old", day: 0, ended: 1)
        try add(store, "long", day: 0, ended: 20)
        try add(store, "active", day: 0, ended: nil)
        try add(store, "fresh", day: 39, ended: 39.5)
        try add(store, "keyed", day: 15, ended: 15.5, key: "request")
        try sweep(try keeper(state, day: 40))
        #expect(try ids(state) == ["long", "active", "fresh", "keyed"], "thirty days after its end a run goes")
        try sweep(try keeper(state, day: 44, age: 5))
        #expect(try ids(state) == ["active", "fresh", "keyed"], "a key is kept thirty days, whatever the policy")
        try sweep(try keeper(state, day: 46, age: 5))
        #expect(try ids(state) == ["active"])
        try sweep(try keeper(state, day: 4_000, age: nil, runs: nil))
        #expect(try ids(state) == ["active"])
        for table in ["events", "stage_runs", "runs"] {
            let column = table == "runs" ? "key" : "run_key"
            #expect(try count(state, "SELECT count(DISTINCT \(column)) FROM \(table)") == 1, "\(table)")
        }
        #expect(try StoreAdministration(state.folder).check().problems == [])
        #expect(try store.recover(run: "active")?.journal.count == 2)
    }

    @Test func eachWorkflowKeepsItsLastRuns() throws {
        let state = try TemporaryState()
        let store = try state.open()
        for number in 0..<30 {
            try add(store, "a\(number)", day: Double(number) / 100, ended: number == 3 ? nil : 1, workflow: "alpha")
            if number < 5 { try add(store, "b\(number)", day: 0.5, ended: 1, workflow: "beta") }
        }
        try sweep(try keeper(state, day: 2, runs: 10))
        let alpha = (20..<30).map { "a\($0)" } + ["a3"]
        #expect(try ids(state) == Set(alpha + (0..<5).map { "b\($0)" }))
        try sweep(try keeper(state, day: 2, runs: 10, isThorough: true))
        #expect(try ids(state).count == 16, "a second sweep finds nothing")
    }

    @Test func filesGoWithTheLastReference() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let shared = JSONValue.string(String(repeating: "s", count: 70_000))
        let own = JSONValue.string(String(repeating: "o", count: 70_000))
        try add(store, "first", day: 0, ended: 1, outputs: shared)
        try add(store, "second", day: 20, ended: 21, outputs: shared)
        try add(store, "third", day: 0, ended: 1, workflow: String(repeating: "w", count: 80_000), outputs: own)
        #expect(try count(state, "SELECT count(*) FROM blobs") == 3, "two values, and a definition")
        let keeper = try keeper(state, day: 40)
        try sweep(keeper)
        #expect(keeper.removed.runs == 2 && keeper.removed.files == 2 && keeper.removed.definitions == 1)
        #expect(try count(state, "SELECT count(*) FROM blobs") == 1)
        let check = try StoreAdministration(state.folder).check()
        #expect(check.problems == [] && check.unusedFiles == [] && check.valuesChecked == 1)
        // The same value comes again after its file is gone.
        try sweep(try self.keeper(state, day: 60))
        #expect(try count(state, "SELECT count(*) FROM blobs") == 0)
        try add(store, "fourth", day: 60, ended: 60, outputs: shared)
        #expect(try StoreAdministration(state.folder).check().problems == [])
        #expect(try store.recover(run: "fourth")?.journal.count == 4)
    }

    @Test func aFileThatIsRemovedBeforeTheCommitIsWrittenAgain() throws {
        let state = try TemporaryState()
        let store = try state.open()
        var script = RunScript("one")
        let value = JSONValue.string(String(repeating: "v", count: 70_000))
        var spill = Spill(folder: BlobFolder(path: state.folder.blobs), limit: 1_000)
        let encoded = try EncodedCommit(
            script.accept(stages: 1, snapshot: String(repeating: "s", count: 2_000)), spill: &spill)
        let files = spill.written
        let folder = BlobFolder(path: state.folder.blobs)
        for hash in files.keys { #expect(try FileSystem.remove(folder.file(hash))) }
        let error = #expect(throws: StoreError.self) {
            try store.withWriter { writer throws(StoreError) in _ = try writer.write([encoded], files: files) }
        }
        #expect(error?.message.contains("went away") == true)
        var tries = 0
        try BlobTable.retrying { () throws(StoreError) in
            tries += 1
            if tries < 3, let error { throw error }
        }
        #expect(tries == 3)
        _ = value
        // The store is none the worse.
        try add(store, "two", day: 0, ended: 1, outputs: value)
        #expect(try StoreAdministration(state.folder).check().problems == [])
    }

    @Test func aLargeRunGoesInSmallSteps() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let lines = (0..<40).map { "\($0) " + String(repeating: "l", count: 2_000) }
        try add(store, "large", day: 0, ended: 1, stages: 120, logs: lines)
        try add(store, "small", day: 0, ended: 1)
        try add(store, "other", day: 0, ended: nil, stages: 3)
        let keeper = try keeper(state, day: 40)
        let reader = try #require(try StoreReader(state.folder))
        var steps = 0
        var widest: Int64 = 0
        var before = try count(state, "SELECT count(*) FROM events")
        while try keeper.step(limit: UpkeepLimit(rows: 50, time: .seconds(1))) {
            steps += 1
            let now = try count(state, "SELECT count(*) FROM events")
            widest = max(widest, before - now)
            before = now
            let listed = try reader.runs().items.map(\.id)
            #expect(!listed.contains("large") || steps < 2, "from the first step on it is in no list")
            #expect(try listed.contains("large") || reader.stages(run: "large").isEmpty)
            #expect(try StoreAdministration(state.folder).check().problems == [], "after step \(steps)")
        }
        #expect(steps > 10)
        #expect(widest <= 60, "no transaction removed more than it may")
        #expect(try ids(state) == ["other"])
        #expect(keeper.removed.runs == 2)
        for table in ["logs", "events", "attempts", "stage_runs"] {
            #expect(try count(state, "SELECT count(DISTINCT run_key) FROM \(table)") <= 1, "\(table)")
        }
    }

    @Test func usageIsSummedUpByDay() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let table =
            "SELECT day, workflow, plugin, metric, subject, provider, model, amount, cost_usd, reports FROM usage_by_day"
        for (id, day, cost) in [("one", 0.1, 0.25), ("two", 0.2, nil), ("three", 35.0, 0.5)] {
            var script = RunScript(id)
            var commit = script.accept(stages: 1, acceptedAt: Self.day(day))
            commit.usage = [
                UsageRow(
                    stage: "s0", attempt: 1, plugin: "llm", metric: "tokens", subject: "openai/gpt", amount: 5,
                    cost: cost, at: Self.day(day))
            ]
            _ = try store.commit([commit])
            var end = script.finish()
            end.runRow?.endedAt = Self.day(day)
            _ = try store.commit([end])
        }
        let reader = try #require(try StoreReader(state.folder))
        let before = try reader.query(table + " ORDER BY day").rows
        #expect(before.map { $0[7] } == [10, 5])
        let ledger = try reader.usage(UsageFilter(), by: [.day, .model])
        #expect(Set(ledger.map(\.unpriced)) == [5, 0] && ledger.reduce(0) { $0 + ($1.cost ?? 0) } == 0.75)
        let keeper = try keeper(state, day: 40)
        try sweep(keeper)
        #expect(keeper.removed.usageReports == 2 && keeper.removed.runs == 2)
        #expect(try reader.query(table + " ORDER BY day").rows == before, "the days say what they said")
        #expect(Set(try reader.usage(UsageFilter(), by: [.day, .model])) == Set(ledger))
        #expect(try count(state, "SELECT count(*) FROM usage") == 1)
    }

    @Test func enginesThatAreGoneAreForgotten() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let seat = try EngineSeat(state.folder, id: "alive")
        for (id, day) in [("killed", 0.0), ("stopped", 0.0), ("alive", 0.0), ("owner", 0.0), ("young", 39.0)] {
            try store.introduce(
                EngineRecord(id: id, host: "h", pid: 1, version: "1", role: "run", startedAt: Self.day(day)))
            var script = RunScript("run-\(id)")
            _ = try store.commit([script.accept(stages: 0, owner: id, acceptedAt: Self.day(day))])
            if id == "owner" { continue }
            var end = script.finish()
            end.runRow?.endedAt = Self.day(day)
            _ = try store.commit([end])
        }
        try store.engineStopped("stopped", at: Self.day(1))
        let keeper = try keeper(state, day: 40)
        #expect(try keeper.isDue(every: .seconds(60)))
        try sweep(keeper)
        #expect(keeper.removed.engines == 2)
        let reader = try #require(try StoreReader(state.folder))
        #expect(Set(try reader.engines().map(\.id)) == ["alive", "owner", "young"])
        #expect(try !keeper.isDue(every: .seconds(60)), "a sweep was just done")
        #expect(try self.keeper(state, day: 40.1).isDue(every: .seconds(60)))
        #expect(try self.keeper(state, day: 39).isDue(every: .seconds(60)), "a clock that was set back")
        _ = seat
    }

    @Test func itsQueriesAreServedByIndexes() throws {
        let state = try TemporaryState()
        _ = try state.open()
        let connection = try Connection(state.folder.database, .read)
        for sql in HistoryQuery.all {
            let plan = try connection.prepare("EXPLAIN QUERY PLAN " + sql)
            while try plan.step() {
                let step = plan.text(3)
                let isBounded = step == "SCAN CONSTANT ROW" || !step.hasPrefix("SCAN") || sql == HistoryQuery.looseBlobs
                #expect(isBounded && !step.contains("TEMP B-TREE"), "\(step) in \(sql)")
            }
        }
    }

    /// A run every hour for a year: a year of one run a minute, scaled down by sixty, the limit of runs with it.
    @Test func aYearOfScheduleKeepsItsFileBounded() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let perDay = 24
        var sizes: [Int64] = []
        for day in 0..<365 {
            var accepted: [RunCommit] = []
            var ended: [RunCommit] = []
            for number in 0..<perDay {
                var script = RunScript("d\(day)n\(number)")
                let instant = Self.day(Double(day) + Double(number) / Double(perDay))
                accepted.append(script.accept(stages: 1, acceptedAt: instant))
                ended.append(script.step(done: nil, next: 0))
                ended.append(script.step(done: 0, next: nil))
                var end = script.finish()
                end.runRow?.endedAt = instant
                ended.append(end)
            }
            try store.introduce(
                EngineRecord(
                    id: "e\(day)", host: "h", pid: 1, version: "1", role: "run", startedAt: Self.day(Double(day))))
            _ = try store.commit(accepted)
            _ = try store.commit(ended)
            try sweep(try keeper(state, day: Double(day + 1), runs: 500))
            let info = try StoreAdministration(state.folder).info()
            sizes.append(info.pages * info.pageSize)
        }
        let runs = try count(state, "SELECT count(*) FROM runs")
        #expect(runs == 500, "the last ones")
        #expect(try count(state, "SELECT count(*) FROM engines") <= 31)
        let settled = sizes[60]
        let largest = sizes[60...].max() ?? 0
        print("a year of \(perDay) runs a day: \(settled >> 10) KiB after 60 days, at most \(largest >> 10) KiB later")
        #expect(Double(largest) < Double(settled) * 1.2, "\(sizes[60]) … \(sizes[364])")
        #expect(try StoreAdministration(state.folder).check().problems == [])
    }
}

import BattenCore
import BattenSystem
import Testing

@testable import BattenStore

@Suite struct ReaderTests {
    /// A store with runs of two workflows in several states, one accepted a second.
    private func filled(_ state: TemporaryState, runs: Int) throws -> (SQLiteStore, StoreReader) {
        let store = try state.open()
        let statuses: [RunStatus] = [.completed, .failed, .running]
        var batch: [RunCommit] = []
        for number in 0..<runs {
            var script = RunScript(id(number))
            let time = at(Int64(number / 2) * 1_000_000_000)
            var commit = script.accept(stages: 1, workflow: number % 3 == 0 ? "feed" : "brief", acceptedAt: time)
            commit.runRow?.status = statuses[number % 3]
            commit.runRow?.trigger = number % 5 == 0 ? "exec" : "cli"
            batch.append(commit)
        }
        #expect(try store.commit(batch).allSatisfy { $0 == .committed })
        return (store, try #require(try StoreReader(state.folder)))
    }

    private func id(_ number: Int) -> String {
        let digits = String(number, radix: 26).map { Character(UnicodeScalar(UInt8(97 + ($0.wholeNumberValue ?? 10)))) }
        return "run" + String(repeating: "x", count: 5 - digits.count) + String(number * 7919 % 10_000)
    }

    @Test func listsOfRunsGoOnWhereTheyStopped() throws {
        let state = try TemporaryState()
        let (_, reader) = try filled(state, runs: 100)
        let all = try reader.runs(limit: 1_000).items
        #expect(all.count == 100)
        let filters: [(RunFilter, (RunSummary) -> Bool)] = [
            (RunFilter(), { _ in true }),
            (RunFilter(workflow: "feed"), { $0.workflow == "feed" }),
            (RunFilter(statuses: [.failed]), { $0.status == .failed }),
            (RunFilter(statuses: [.failed, .running, .paused]), { $0.status == .failed || $0.status == .running }),
            (
                RunFilter(workflow: "brief", statuses: [.running], trigger: "cli"),
                { $0.workflow == "brief" && $0.status == .running && $0.trigger == "cli" }
            ),
            (RunFilter(since: at(20_000_000_000)), { $0.acceptedAt >= at(20_000_000_000) }),
            (RunFilter(trigger: "exec"), { $0.trigger == "exec" }),
            (RunFilter(workflow: "none"), { _ in false }),
        ]
        for (filter, matches) in filters {
            for limit in [1, 7, 100] {
                var found: [RunSummary] = []
                var cursor: String?
                repeat {
                    let page = try reader.runs(filter, after: cursor, limit: limit)
                    #expect(page.items.count <= limit)
                    found += page.items
                    cursor = page.nextCursor
                } while cursor != nil
                #expect(found == all.filter(matches), "\(filter), pages of \(limit)")
            }
        }
        #expect(all.map(\.acceptedAt) == all.map(\.acceptedAt).sorted(by: >))
        for text in ["", "r", "x00", "r" + String(repeating: "z", count: 32), "l" + String(repeating: "0", count: 32)] {
            let error = #expect(throws: StoreError.self) { try reader.runs(after: text) }
            #expect(error?.code == .misuse)
        }
    }

    @Test func anyUniquePrefixNamesARun() throws {
        let state = try TemporaryState()
        #expect(try StoreReader(state.folder) == nil, "nothing is made by looking")
        #expect(try FileSystem.list(state.folder.path) == [])
        let store = try state.open()
        let reader = try #require(try StoreReader(state.folder))
        #expect(try reader.run("-") == .none)
        for (number, name) in ["abcd2345efgh", "abce2345efgh", "abcd"].enumerated() {
            var script = RunScript(name)
            _ = try store.commit([script.accept(stages: 1, acceptedAt: at(Int64(number % 2)))])
        }
        func found(_ name: String) throws -> String? {
            if case .found(let run) = try reader.run(name) { return run.row.id }
            return nil
        }
        #expect(try found("abce") == "abce2345efgh")
        #expect(try found("abcd2") == "abcd2345efgh")
        #expect(try found("abcd") == "abcd", "a whole id is not ambiguous")
        #expect(try reader.run("abc") == .ambiguous(["abcd", "abcd2345efgh", "abce2345efgh"]))
        #expect(try reader.run("b") == .none)
        #expect(try reader.run("") == .none)
        #expect(try found("@last") == "abce2345efgh")
        #expect(try found("-") == "abce2345efgh")
        // Characters that mean something to SQL's LIKE and GLOB mean nothing here.
        for name in ["%", "_", "*", "abc%", "'", "\u{7f}"] { #expect(try reader.run(name) == .none, "\(name)") }
    }

    @Test func detailsOfARunComeBackAsWritten() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let reader = try #require(try StoreReader(state.folder))
        var script = RunScript("one")
        _ = try store.commit([script.accept(stages: 3)])
        let first = script.step(done: nil, next: 0)
        var second = script.step(done: 0, next: 1)
        second.stages[1].status = .waiting
        second.stages[1].waiting = WaitReason(on: "sleep", detail: "until tomorrow", since: at(4), until: at(9))
        second.timersArmed = [TimerRow(key: "sleep:1", at: at(9)), TimerRow(key: "timeout", at: at(99))]
        let usage = UsageRow(
            stage: "s0", attempt: 1, plugin: "llm", metric: "input_tokens", subject: "openai/gpt/x", amount: 12,
            at: at(3))
        second.usage = [usage]
        let third = {
            var commit = script.step(done: 1, next: nil)
            commit.stages[0].status = .failed
            commit.stages[0].outputs = nil
            commit.stages[0].error = StageError(.permanent, code: "http.404", message: "gone", details: ["n": 1])
            commit.attempts[0].outcomeClass = .permanent
            commit.attempts[0].effect = .unknown
            commit.attempts[0].code = "http.404"
            commit.attempts[0].message = "gone"
            commit.timersCleared = ["sleep:1", "never armed"]
            commit.timersArmed = [TimerRow(key: "timeout", at: at(100))]
            return commit
        }()
        for commit in [first, second] { _ = try store.commit([commit]) }
        #expect(try reader.stages(run: "one")[1] == second.stages[1])
        #expect(try reader.timers(run: "one") == second.timersArmed)
        _ = try store.commit([third])
        let stages = try reader.stages(run: "one")
        #expect(stages.map(\.id) == ["s0", "s1", "s2"])
        #expect(stages[0] == second.stages[0])
        #expect(stages[1] == third.stages[0])
        #expect(stages[2] == StageRow(index: 2, id: "s2", uses: "shell.run", isFinally: false))
        let attempts = try reader.attempts(run: "one")
        #expect(attempts.map(\.stageIndex) == [0, 1])
        #expect(attempts[1].endedAt == third.attempts[0].endedAt)
        #expect(attempts[1].outcomeClass == .permanent && attempts[1].effect == .unknown)
        #expect(attempts[1].code == "http.404" && attempts[1].idempotencyKey == "one/s1")
        #expect(try reader.timers(run: "one") == [TimerRow(key: "timeout", at: at(100))])
        #expect(try reader.usage(run: "one") == [usage])
        #expect(try reader.events(run: "one", after: 2, limit: 2) == second.records)
        #expect(try reader.events(run: "none") == [])
        #expect(try reader.definition(run: "one") == Array(#"{"name":"brief"}"#.utf8))
        let id = try store.requestControl(ControlRequest(run: "one", control: .cancel, source: "cli", at: at(50)))
        #expect(try reader.controls(run: "one").map(\.state) == [.open])
        try store.settleControls([SettledControl(id: id, refusal: "it has ended")])
        #expect(try reader.controls(run: "one").map(\.state) == [.refused("it has ended")])
        let day = try reader.query("SELECT provider, model, amount FROM usage_by_day")
        #expect(day.rows == [["openai", "gpt/x", 12]])
    }

    @Test func logsKeepTheirLinesWhateverIsInThem() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let reader = try #require(try StoreReader(state.folder))
        let texts = ["plain", "", "with\ttabs\tin it", "two\nlines\n", "+7\tlooks like a mark", "æøå 🌊", "+", "\n"]
        var script = RunScript("one")
        var accept = script.accept(stages: 2)
        accept.logs = texts.enumerated().map { number, text in
            LogLine(
                at: at(Int64(number)), stage: number % 2 == 0 ? "s0" : "s1", attempt: 1, stream: "stdout", text: text)
        }
        _ = try store.commit([accept])
        let more = LogLine(at: at(77), stage: "s0", attempt: 2, stream: "stderr", text: "later")
        let page = try reader.logs(run: "one")
        #expect(Set(page.items) == Set(accept.logs))
        for stage in ["s0", "s1"] {
            #expect(try reader.logs(run: "one", stage: stage).items == accept.logs.filter { $0.stage == stage })
        }
        // Following: the cursor of an exhausted list gives what comes later, once.
        var step = script.step(done: nil, next: 0)
        step.logs = [more]
        _ = try store.commit([step])
        let next = try reader.logs(run: "one", after: page.nextCursor)
        #expect(next.items == [more])
        #expect(try reader.logs(run: "one", after: next.nextCursor).items.isEmpty)
        // Pages of any size give the same lines.
        for limit in [1, 3, 100] {
            var found: [LogLine] = []
            var cursor: String?
            while true {
                let page = try reader.logs(run: "one", after: cursor, limit: limit)
                if page.items.isEmpty { break }
                found += page.items
                cursor = page.nextCursor
            }
            #expect(found == page.items + [more], "pages of \(limit)")
        }
    }

    @Test func aLongLogKeepsItsHeadAndTail() throws {
        let state = try TemporaryState()
        let store = try state.open(StoreOptions(durability: .off, logLimit: 200_000))
        let reader = try #require(try StoreReader(state.folder))
        var script = RunScript("one")
        _ = try store.commit([script.accept(stages: 2)])
        let count = 20_000
        for first in stride(from: 0, to: count, by: 1_000) {
            var commit = RunCommit(run: "one", epoch: 1)
            commit.logs = (first..<first + 1_000).flatMap { number in
                ["s0", "s1"].map { stage in
                    LogLine(
                        at: at(Int64(number)), stage: stage, attempt: 1, stream: "stdout", text: "line number \(number)"
                    )
                }
            }
            _ = try store.commit([commit])
        }
        for stage in ["s0", "s1"] {
            let lines = try reader.logs(run: "one", stage: stage, limit: count).items
            let bytes = lines.reduce(0) { $0 + $1.text.utf8.count + 16 }
            #expect(bytes < 260_000 && bytes > 150_000)
            let gap = try #require(lines.firstIndex { $0.stream == "gap" })
            #expect(lines[..<gap].map(\.text) == (0..<gap).map { "line number \($0)" })
            let tail = lines[(gap + 1)...]
            #expect(tail.map(\.text) == (count - tail.count..<count).map { "line number \($0)" })
            #expect(lines[gap].text == "\(count - gap - tail.count) lines in the middle were not kept")
        }
    }

    @Test func workflowsAreAddedReplacedAndRemoved() throws {
        let state = try TemporaryState()
        let store = try state.open()
        let reader = try #require(try StoreReader(state.folder))
        func workflow(_ name: String, _ text: String, at time: Int64) -> NewWorkflow {
            NewWorkflow(
                name: name, version: "1.0", hash: SHA256.hex(text), snapshot: Array("{\(text)}".utf8),
                source: Array(text.utf8), path: "/tmp/\(name).yaml", at: at(time))
        }
        let long = String(repeating: "y", count: 70_000)
        #expect(try store.addWorkflow(workflow("b", "one", at: 1)))
        #expect(try !store.addWorkflow(workflow("b", "one", at: 2)), "the same text changes nothing")
        #expect(try store.addWorkflow(workflow("b", long, at: 3)))
        #expect(try store.addWorkflow(workflow("a", "one", at: 4)))
        #expect(try reader.workflows().map(\.name) == ["a", "b"])
        #expect(try reader.workflows(after: "a").map(\.name) == ["b"])
        let found = try #require(try reader.workflow("b"))
        #expect(found.source == Array(long.utf8))
        #expect(found.snapshot == Array("{\(long)}".utf8))
        #expect(found.workflow.addedAt == at(1) && found.workflow.updatedAt == at(3))
        #expect(found.workflow.path == "/tmp/b.yaml")
        #expect(try store.removeWorkflow("b"))
        #expect(try !store.removeWorkflow("b"))
        #expect(try reader.workflow("b") == nil)
        #expect(try StoreAdministration(state.folder).check().problems == [])
    }

    @Test func everyListIsServedByAnIndex() throws {
        let state = try TemporaryState()
        let (_, reader) = try filled(state, runs: 10)
        try reader.withConnection { connection throws(StoreError) in
            for sql in ListQuery.all + CheckpointQuery.all {
                let plan = try connection.prepare("EXPLAIN QUERY PLAN " + sql)
                var steps: [String] = []
                while try plan.step() { steps.append(plan.text(3)) }
                #expect(!steps.isEmpty)
                for step in steps {
                    #expect(!step.hasPrefix("SCAN") && !step.contains("TEMP B-TREE"), "\(step) in \(sql)")
                }
            }
        }
    }
}

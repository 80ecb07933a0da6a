import BattenCore
import BattenEngine
import BattenStore
import BattenSystem
import Synchronization
import TestSupport
import Testing

/// The engine over a real store.
struct EngineTests {
    @Test func aChainOfNStagesTakesNPlusOneCommits() throws {
        let harness = try EngineHarness()
        defer { harness.remove() }
        let stages = (0..<20).map { stage("s\($0)", after: $0 == 0 ? [] : ["s\($0 - 1)"]) }
        let run = try harness.submit(stages)
        #expect(try harness.engine.wait(run: run) == .ended(.completed))
        #expect(harness.store.counts.commits == 21)
        #expect(try harness.stored(run).row.status == .completed)
    }

    @Test func runsShareCommits() throws {
        let harness = try EngineHarness()
        defer { harness.remove() }
        let submission = try harness.submission((0..<3).map { stage("s\($0)", after: $0 == 0 ? [] : ["s\($0 - 1)"]) })
        let engine = harness.engine
        let left = Monitor(50)
        for client in 0..<50 {
            try Thread.detach(name: "client-\(client)") {
                if let run = try? engine.submit(submission) { _ = try? engine.wait(run: run) }
                left.signal { $0 -= 1 }
            }
        }
        let _: Bool? = left.wait { $0 == 0 ? true : nil }
        let counts = harness.store.counts
        #expect(counts.runs == 200, "50 runs of 3 stages change 4 times each")
        #expect(counts.commits < 200, "\(counts.commits) transactions for 200 changes")
    }

    @Test func nothingIsShownOrDoneBeforeItsCommit() throws {
        let harness = try EngineHarness()
        defer { harness.remove() }
        let run = try harness.submit([stage("one")])
        _ = try harness.engine.wait(run: run)
        let shown = harness.record.types
        harness.store.fail(with: StoreError(.full, "the disk is full", help: "make room"))
        let calls = harness.host.calls.count
        let error = #expect(throws: EngineError.self) { try harness.submit([stage("two")]) }
        #expect(error?.cause?.code == .full)
        #expect(harness.host.calls.count == calls, "no executor was called")
        #expect(harness.record.types == shown, "nothing was shown")
        #expect(throws: EngineError.self) { try harness.submit([stage("three")]) }
    }

    @Test func aFailingStoreTellsEverybodyWhoWaits() throws {
        let harness = try EngineHarness(script: { _ in })
        defer { harness.remove() }
        let run = try harness.submit([stage("one")])
        let call = try #require(harness.record.wait { _ in harness.host.calls.first })
        harness.store.fail(with: StoreError(.full, "the disk is full", help: "make room"))
        call.succeed()
        let error = #expect(throws: EngineError.self) { try harness.engine.wait(run: run) }
        #expect(error?.help == "make room")
        #expect(try harness.stored(run).row.status == .running, "on disk it still runs, and can be resumed")
    }

    @Test func aDeadEnginesRunGoesOnWithoutRepeatingWhatIsCommitted() throws {
        let first = try EngineHarness(script: { $0.call.stage == "done" ? $0.succeed(["n": 1]) : () })
        let stages = [stage("done"), stage("lost", after: ["done"]), stage("after", after: ["lost"])]
        let run = try first.submit(stages)
        let lost = try #require(first.record.wait { _ in first.host.calls.first { $0.call.stage == "lost" } })
        first.engine.stop()
        let second = try EngineHarness(home: first.home, engineID: "engine-two")
        defer { second.remove() }
        let before = try second.stored(run)
        let epoch = try #require(try second.store.claim(run: run, engine: "engine-two", fromEpoch: before.epoch))
        try second.engine.adopt(try second.stored(run), plan: try second.plan(stages), epoch: epoch)
        #expect(try second.engine.wait(run: run) == .ended(.completed))
        #expect(second.host.calls.map(\.call.stage) == ["lost", "after"])
        let again = try #require(second.host.calls.first)
        #expect(again.call.idempotencyKey == lost.call.idempotencyKey, "the other side can recognise it")
        #expect(again.call.attempt == 2)
        let journal = try second.stored(run).journal
        #expect(journal.map(\.seq) == Array(1...Int64(journal.count)))
        #expect(journal.filter { $0.type == "stage_completed" && $0.stage == "done" }.count == 1)
    }

    @Test func whatAStoppedEngineGivesBackIsNoLoss() throws {
        let stages = [stage("slow"), stage("quick"), stage("after", after: ["slow", "quick"])]
        var harness = try EngineHarness(engineID: "engine-0", script: { _ in })
        let home = harness.home
        let run = try harness.submit(stages)
        for number in 1...4 {
            let calls = try #require(
                harness.record.wait { _ in
                    let calls = harness.host.calls
                    return Set(calls.map(\.call.stage)).isSuperset(of: number == 1 ? ["slow", "quick"] : ["slow"])
                        ? calls : nil
                })
            let slow = try #require(calls.last { $0.call.stage == "slow" })
            #expect(slow.call.attempt == number && slow.call.isAlone == false)
            let (engine, host) = (harness.engine, harness.host)
            let stopping = try Thread.start(name: "stop", stackSize: 256 << 10) {
                // The last call does not stop, and is given back all the same.
                engine.stopCalls(within: number < 4 ? .seconds(20) : .milliseconds(20))
            }
            _ = harness.record.wait { _ in host.cancelled.contains(slow.call.tag) ? true : nil }
            // One ends well in spite of being asked to stop, which counts; one stops.
            if number == 1 { try #require(calls.first { $0.call.stage == "quick" }).succeed() }
            if number < 4 { slow.finish(StageOutcome(.cancelled, effect: .unknown)) }
            stopping.join()
            engine.giveBack()
            engine.stop()
            let stored = try harness.stored(run)
            #expect(stored.journal.filter { $0.type == "attempt_lost" }.count == number)
            #expect(stored.row.status == .running)
            harness = try EngineHarness(
                home: home, engineID: "engine-\(number)", script: { number == 4 ? $0.succeed() : () })
            let before = try harness.stored(run)
            let epoch = try #require(
                try harness.store.claim(run: run, engine: "engine-\(number)", fromEpoch: before.epoch))
            try harness.engine.adopt(try harness.stored(run), plan: try harness.plan(stages), epoch: epoch)
        }
        defer { harness.remove() }
        #expect(try harness.engine.wait(run: run) == .ended(.completed))
        #expect(harness.host.calls.map(\.call.stage) == ["slow", "after"])
        let reasons = try harness.stored(run).journal.filter { $0.type == "stage_started" && $0.stage == "slow" }
        #expect(reasons.map { $0.data["reason"] } == ["first"] + Array(repeating: "engine_stopped", count: 4))
    }

    @Test func aStaleOwnerIsFencedAndLetsGo() throws {
        let harness = try EngineHarness(script: { _ in })
        defer { harness.remove() }
        let run = try harness.submit([stage("one"), stage("two", after: ["one"])])
        let call = try #require(harness.record.wait { _ in harness.host.calls.first })
        let stored = try harness.stored(run)
        #expect(try harness.store.claim(run: run, engine: "another", fromEpoch: stored.epoch) != nil)
        call.succeed()
        #expect(try harness.engine.wait(run: run) == .takenOver)
        #expect(try harness.engine.wait(run: run) == .takenOver, "also for who asks after it was let go")
        #expect(try harness.stored(run).journal.count == stored.journal.count, "its write was refused")
    }

    @Test func anotherProcessCancelsThroughTheStore() throws {
        let harness = try EngineHarness(script: { _ in })
        defer { harness.remove() }
        let run = try harness.submit([stage("one")])
        let call = try #require(harness.record.wait { _ in harness.host.calls.first })
        _ = try harness.store.requestControl(
            ControlRequest(run: run, control: .cancel, source: "cli", at: SystemEngineClock().now()))
        harness.engine.storeChanged()
        _ = harness.record.wait { _ in harness.host.cancelled.isEmpty ? nil : true }
        #expect(harness.host.cancelled == [call.call.tag])
        call.finish(StageOutcome(.cancelled, effect: .none))
        #expect(try harness.engine.wait(run: run) == .ended(.cancelled))
        #expect(try harness.store.pendingControls(engine: "engine-one").isEmpty)
    }

    @Test func aLateResultChangesNothing() throws {
        let harness = try EngineHarness(script: { call in
            call.call.attempt == 1 ? call.finish(StageOutcome(.transient, effect: .none)) : call.succeed(["n": 2])
        })
        defer { harness.remove() }
        var one = stage("one")
        one.retry = RetryDefinition()
        one.retry?.initial = .milliseconds(1)
        one.retry?.jitter = Jitter.none
        let gate = stage("two", after: ["one"])
        let run = try harness.submit([one, gate])
        _ = try harness.engine.wait(run: run)
        let first = try #require(harness.host.calls.first)
        first.succeed(["n": 1])
        let stored = try harness.stored(run)
        #expect(stored.journal.first { $0.type == "stage_completed" && $0.stage == "one" }?.data["outputs"]?["n"] == 2)
    }

    @Test func aMissingSecretParksTheStageAndAResumeGoesOn() throws {
        let box = SecretBox()
        let harness = try EngineHarness(adjust: { $0.secrets = { name in name == "TOKEN" ? box.value : nil } })
        defer { harness.remove() }
        let run = try harness.submit([stage("one", with: ["token": "${{ secrets.TOKEN }}"])]) { $0.secrets = ["TOKEN"] }
        guard case .awaiting(let awaited) = try harness.engine.wait(run: run) else {
            Issue.record("the run should wait for its secret")
            return
        }
        #expect(awaited.contains { $0.stage == "one" && $0.reason.detail.contains("TOKEN") })
        #expect(harness.host.calls.isEmpty)
        harness.engine.stop()
        box.value = "a-token-of-some-length"
        let second = try EngineHarness(
            home: harness.home, engineID: "engine-two", adjust: { $0.secrets = { _ in box.value } },
            script: { call in
                call.sink.log(tag: call.call.tag, stream: "stdout", text: "with \(call.call.input["token"] ?? .null)")
                call.succeed(["echo": call.call.input["token"] ?? .null])
            })
        defer { second.engine.stop() }
        let before = try second.stored(run)
        let epoch = try #require(try second.store.claim(run: run, engine: "engine-two", fromEpoch: before.epoch))
        let plan = try second.plan([stage("one", with: ["token": "${{ secrets.TOKEN }}"])]) { $0.secrets = ["TOKEN"] }
        try second.engine.adopt(try second.stored(run), plan: plan, epoch: epoch)
        #expect(try second.engine.wait(run: run) == .ended(.completed))
        #expect(second.host.calls.first?.call.input["token"] == "a-token-of-some-length", "the executor gets the value")
        let stored = try second.stored(run)
        #expect(!"\(stored)".contains("a-token-of-some-length"), "the store does not")
        #expect(stored.journal.contains { $0.data["outputs"]?["echo"] == "***" })
    }

    @Test func logsAreShownAtOnceAndStoredWithTheAttempt() throws {
        let harness = try EngineHarness(script: { call in
            for number in 1...100 { call.sink.log(tag: call.call.tag, stream: "stdout", text: "line \(number)") }
            call.succeed()
        })
        defer { harness.remove() }
        let run = try harness.submit([stage("one")])
        _ = try harness.engine.wait(run: run)
        let shown = harness.record.wait { $0.lines.count == 100 ? $0.lines : nil }
        #expect(shown?.last?.text == "line 100")
        let reader = try #require(try StoreReader(StateFolder(harness.home)))
        let stored = try reader.logs(run: run, stage: nil, after: nil, limit: 1_000)
        #expect(stored.items.map(\.text) == (1...100).map { "line \($0)" })
    }

    /// What started a run reaches the executors, also in the engine that goes on with it.
    @Test func executorsAreConfiguredByWhatStartedTheRun() throws {
        let adjust: (inout EngineSettings) -> Void = { settings in
            settings.callConfiguration = { (plugin, source) throws(EngineError) in
                CallConfiguration(["told": .string("\(plugin) \(source.trigger)")])
            }
        }
        let harness = try EngineHarness(adjust: adjust, script: { $0.succeed() })
        defer { harness.remove() }
        for trigger in ["cli", "schedule"] {
            var submission = try harness.submission([stage("a")])
            submission.trigger = trigger
            #expect(try harness.engine.wait(run: try harness.engine.submit(submission)) == .ended(.completed))
        }
        #expect(harness.host.calls.map(\.call.config) == [["told": "test cli"], ["told": "test schedule"]])
    }

    @Test func limitsHoldOverRuns() throws {
        let harness = try EngineHarness(adjust: { $0.pluginLimits = ["test": 3] }, script: { _ in })
        defer { harness.remove() }
        let runs = try (0..<4).map { _ in try harness.submit([stage("a"), stage("b")]) }
        var finished = 0
        var most = 0
        while finished < 8 {
            let calls = try #require(
                harness.record.wait { _ in harness.host.calls.count > finished ? harness.host.calls : nil })
            most = max(most, calls.count - finished)
            calls[finished].succeed()
            finished += 1
        }
        for run in runs { #expect(try harness.engine.wait(run: run) == .ended(.completed)) }
        #expect(most <= 3, "at most three calls were in flight")
    }
}

/// A value a test sets while an engine reads it.
final class SecretBox: Sendable {
    private let state = Mutex(String?.none)
    var value: String? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

import BattenCore
import BattenEngine
import BattenStore
import BattenSystem
import TestSupport
import Testing

/// Runs that exclude one another, over any number of engines on one store.
@Suite struct GroupTests {
    private static func grouped(
        _ policy: ConcurrencyDefinition.OnConflict = .queue, group: String = "g"
    ) -> (inout WorkflowDefinition) -> Void {
        { $0.concurrency = ConcurrencyDefinition(group: group, onConflict: policy) }
    }

    /// Calls that wait until they are told to end, in the order in which they began.
    private final class Held: Sendable {
        private let calls = Monitor<[ScriptedHost.Call]>([])

        func hold(_ call: ScriptedHost.Call) { calls.signal(all: true) { $0.append(call) } }

        /// Waits for the call with this place in the order.
        func call(_ place: Int) throws -> ScriptedHost.Call {
            try #require(
                calls.wait(until: MonotonicClock.now() + 120_000_000_000) { $0.count > place ? $0[place] : nil })
        }

        var runs: [String] { calls.withLock { $0.map(\.call.run) } }
    }

    /// Waits until an engine has said of a number of runs that they wait.
    private func waitForLine(_ harness: EngineHarness, _ count: Int) -> Bool {
        harness.record.wait { seen in seen.records.count { $0.type == "run_waiting" } >= count ? true : nil } == true
    }

    @Test func oneRunOfAGroupRunsAndTheOthersFollowInTheOrderTheyCame() throws {
        let held = Held()
        let harness = try EngineHarness(script: { held.hold($0) })
        defer { harness.remove() }
        let runs = try (0..<4).map { _ in try harness.submit([stage("a")], Self.grouped()) }
        let other = try harness.submit([stage("a")], Self.grouped(group: "other"))
        _ = try held.call(1)
        #expect(Set(held.runs) == [runs[0], other])
        #expect(waitForLine(harness, 3))
        for place in 1..<4 {
            let waiting = try harness.stored(runs[place]).row
            #expect(waiting.status == .pending)
            #expect(waiting.waiting?.on == "group")
            #expect(waiting.waiting?.detail == "waits for run \(runs[0]) of tested, which holds the group 'g'")
        }
        try held.call(1).succeed()
        try held.call(0).succeed()
        for place in 1..<4 {
            let call = try held.call(place + 1)
            #expect(call.call.run == runs[place])
            call.succeed()
            #expect(try harness.engine.wait(run: runs[place]) == .ended(.completed))
        }
    }

    @Test func twoEnginesNeverRunTwoRunsOfAGroup() throws {
        let first = try EngineHarness(engineID: "engine-one")
        defer { first.remove() }
        let second = try EngineHarness(home: first.home, engineID: "engine-two")
        defer { second.engine.stop() }
        let folder = StateFolder(first.home)
        let seats = try ["engine-one", "engine-two"].map { try EngineSeat(folder, id: $0) }
        var runs: [(EngineHarness, String)] = []
        for _ in 0..<3 {
            for harness in [first, second] {
                runs.append((harness, try harness.submit([stage("a"), stage("b", after: ["a"])], Self.grouped())))
            }
        }
        for (harness, run) in runs {
            // Nobody passes the datagrams on here, so a wake is said by hand.
            first.engine.storeChanged()
            second.engine.storeChanged()
            #expect(try harness.engine.wait(run: run) == .ended(.completed))
        }
        #expect(first.host.calls.count + second.host.calls.count == 12)
        // What was committed tells the same: between the start of one and its end no other has one.
        let spans = try runs.map { entry in
            let row = try first.stored(entry.1).row
            return (try #require(row.startedAt), try #require(row.endedAt))
        }.sorted { $0.0 < $1.0 }
        for (earlier, later) in zip(spans, spans.dropFirst()) { #expect(earlier.1 <= later.0) }
        _ = seats
    }

    @Test(arguments: [
        (ConcurrencyDefinition.OnConflict.skip, RunStatus.cancelled, RunMachine.skippedCode),
        (.fail, .failed, RunMachine.takenCode),
    ])
    func aRunWhoseGroupIsTakenEndsAtOnceAndSaysWhoHasIt(
        policy: ConcurrencyDefinition.OnConflict, status: RunStatus, code: String
    ) throws {
        let held = Held()
        let harness = try EngineHarness(script: { held.hold($0) })
        defer { harness.remove() }
        let holder = try harness.submit([stage("a")], Self.grouped())
        let late = try harness.submit([stage("a")], Self.grouped(policy))
        #expect(try harness.engine.wait(run: late) == .ended(status))
        let row = try harness.stored(late).row
        #expect(row.error?.code == code)
        #expect(row.error?.details["run"] == .string(holder))
        #expect(row.startedAt == nil)
        try held.call(0).succeed()
        #expect(try harness.engine.wait(run: holder) == .ended(.completed))
        // Once the group is free the policy means nothing.
        let after = try harness.submit([stage("a")], Self.grouped(policy))
        try held.call(1).succeed()
        #expect(try harness.engine.wait(run: after) == .ended(.completed))
    }

    @Test func cancelRunningEndsTheRunsBeforeItInWhateverEngine() throws {
        let held = Held()
        let first = try EngineHarness(engineID: "engine-one", script: { held.hold($0) })
        defer { first.remove() }
        let second = try EngineHarness(home: first.home, engineID: "engine-two", script: { held.hold($0) })
        defer { second.engine.stop() }
        let holder = try first.submit([stage("a")], Self.grouped())
        let inLine = try first.submit([stage("a")], Self.grouped())
        let call = try held.call(0)
        let newcomer = try second.submit([stage("a")], Self.grouped(.cancelRunning))
        first.engine.storeChanged()
        #expect(try first.engine.wait(run: inLine) == .ended(.cancelled))
        let tag = call.call.tag
        #expect(first.record.wait { _ in first.host.cancelled.contains(tag) ? true : nil } == true)
        #expect(try second.stored(newcomer).row.status == .pending)
        call.finish(StageOutcome(.cancelled, effect: .none))
        #expect(try first.engine.wait(run: holder) == .ended(.cancelled))
        second.engine.storeChanged()
        try held.call(1).succeed()
        #expect(try second.engine.wait(run: newcomer) == .ended(.completed))
    }

    @Test func aRunInLineCanBeCancelledAndNothingOfItRuns() throws {
        let held = Held()
        let harness = try EngineHarness(script: { held.hold($0) })
        defer { harness.remove() }
        let holder = try harness.submit([stage("a")], Self.grouped())
        var waiting = try harness.submission([stage("a")], Self.grouped())
        waiting.plan = try harness.plan([stage("a")]) {
            Self.grouped()(&$0)
            $0.finally = [stage("f")]
        }
        let run = try harness.engine.submit(waiting)
        harness.engine.control(run: run, .pause)
        harness.engine.control(run: run, .cancel)
        #expect(try harness.engine.wait(run: run) == .ended(.cancelled))
        try held.call(0).succeed()
        #expect(try harness.engine.wait(run: holder) == .ended(.completed))
        #expect(held.runs == [holder])
    }

    @Test(arguments: [RunControl.pause, .cancel])
    func aChildInLineFollowsItsParent(control: RunControl) throws {
        let held = Held()
        let harness = try EngineHarness(script: { held.hold($0) })
        defer { harness.remove() }
        let holder = try harness.submit([stage("a")], Self.grouped())
        let first = try held.call(0)
        var below = WorkflowDefinition(name: "below", stages: [stage("b")])
        Self.grouped()(&below)
        var parent = StageDefinition(id: "child", uses: "workflow")
        parent.child = below
        let run = try harness.submit([parent])
        #expect(waitForLine(harness, 1))
        #expect(try harness.stored(run).row.status == .waiting, "it waits with its child")
        harness.engine.control(run: run, control)
        if control == .cancel {
            #expect(try harness.engine.wait(run: run) == .ended(.cancelled))
            first.succeed()
            #expect(try harness.engine.wait(run: holder) == .ended(.completed))
            return #expect(held.runs == [holder])
        }
        first.succeed()
        let hasStarted = harness.record.wait { seen in
            seen.records.count { $0.type == "run_started" } == 3 ? true : nil
        }
        #expect(hasStarted == true, "the group's turn comes in a pause as well")
        guard case .awaiting = try harness.engine.wait(run: run) else {
            Issue.record("the run goes on in its pause")
            return
        }
        #expect(held.runs == [holder])
        harness.engine.control(run: run, .resume)
        try held.call(1).succeed()
        #expect(try harness.engine.wait(run: run, staying: true) == .ended(.completed))
    }

    @Test func whoTakesUpADeadEnginesRunsKeepsTheirPlaces() throws {
        let held = Held()
        let first = try EngineHarness(engineID: "engine-one", script: { held.hold($0) })
        defer { first.remove() }
        let holder = try first.submit([stage("a")], Self.grouped())
        let inLine = try first.submit([stage("a")], Self.grouped())
        _ = try held.call(0)
        let second = try EngineHarness(home: first.home, engineID: "engine-two", script: { held.hold($0) })
        defer { second.engine.stop() }
        let late = try second.submit([stage("a")], Self.grouped())
        #expect(waitForLine(second, 1))
        #expect(
            try second.stored(late).row.waiting?.detail.hasSuffix("no process drives it: batten resume \(holder)")
                == true)
        first.engine.stop()
        for run in [inLine, holder] {
            let recovered = try second.stored(run)
            let epoch = try #require(
                try second.store.claim(run: run, engine: "engine-two", fromEpoch: recovered.epoch))
            try second.engine.adopt(
                try second.stored(run), plan: try second.plan([stage("a")], Self.grouped()), epoch: epoch)
        }
        // The lost attempt of the run that holds the group is made again; nobody else has started meanwhile.
        for (place, run) in [holder, inLine, late].enumerated() {
            let call = try held.call(place + 1)
            #expect(call.call.run == run)
            call.succeed()
            #expect(try second.engine.wait(run: run) == .ended(.completed))
        }
    }

    @Test func aGroupCanHaveRoomForSeveral() throws {
        let held = Held()
        let harness = try EngineHarness(adjust: { $0.groupLimits = ["g": 2] }, script: { held.hold($0) })
        defer { harness.remove() }
        let runs = try (0..<3).map { _ in try harness.submit([stage("a")], Self.grouped()) }
        _ = try held.call(1)
        #expect(held.runs == Array(runs.prefix(2)))
        #expect(try harness.stored(runs[2]).row.status == .pending)
        try held.call(1).succeed()
        #expect(try held.call(2).call.run == runs[2])
        try held.call(0).succeed()
        try held.call(2).succeed()
        for run in runs { #expect(try harness.engine.wait(run: run) == .ended(.completed)) }
    }

    @Test func aGroupWithoutANameFailsTheRun() throws {
        let harness = try EngineHarness()
        defer { harness.remove() }
        let run = try harness.submit([stage("a")], Self.grouped(group: "${{ parameters.missing }}"))
        #expect(try harness.engine.wait(run: run) == .ended(.failed))
        #expect(try harness.stored(run).row.error?.message.contains("concurrency.group") == true)
    }
}

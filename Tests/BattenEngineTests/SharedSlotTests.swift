import BattenCore
import BattenEngine
import BattenStore
import BattenSystem
import TestSupport
import Testing

/// Limits over all engines of a store: never exceeded, never leaked.
@Suite struct SharedSlotTests {
    /// Calls that run until they are ended, over any number of engines.
    private final class Running: Sendable {
        private struct State {
            var open: [ScriptedHost.Call] = []
            var most = 0
            var count = 0
            var isOver = false
        }
        private let state = Monitor(State())

        func begin(_ call: ScriptedHost.Call) {
            state.signal(all: true) { state in
                state.open.append(call)
                state.count += 1
                state.most = max(state.most, state.open.count)
            }
        }

        /// Takes an open call away; nil when none came in time.
        func take(_ place: UInt64 = 0) -> ScriptedHost.Call? {
            let call: ScriptedHost.Call?? = state.wait(until: MonotonicClock.now() + 120_000_000_000) { state in
                if state.open.isEmpty { return state.isOver ? .some(nil) : nil }
                return state.open.remove(at: Int(place % UInt64(state.open.count)))
            }
            return call ?? nil
        }

        /// Nothing more is waited for.
        func end() { state.signal(all: true) { $0.isOver = true } }

        var open: [ScriptedHost.Call] { state.withLock { $0.open } }
        var most: Int { state.withLock { $0.most } }
        var count: Int { state.withLock { $0.count } }
    }

    /// An engine with a place on this host, so that others see whether it lives.
    private final class Seated {
        let harness: EngineHarness
        var seat: EngineSeat?

        init(_ id: String, home: String? = nil, _ limits: SharedLimits, _ running: Running) throws {
            harness = try EngineHarness(
                home: home, engineID: id, adjust: { $0.sharedLimits = limits }, script: { running.begin($0) })
            seat = try EngineSeat(StateFolder(harness.home), id: id)
        }

        /// Ends like a process that was killed: nothing more is written, and its lock is free.
        func die() {
            harness.engine.stop()
            seat = nil
        }
    }

    private func slots(_ home: String) throws -> Int {
        let reader = try #require(try StoreReader(StateFolder(home)))
        return try reader.query("SELECT run_key FROM slots").rows.count
    }

    private static let fan = (0..<4).map { stage("s\($0)") } + [stage("end", after: ["s0", "s1"])]

    @Test(arguments: [
        SharedLimits(stages: 3), SharedLimits(workflows: ["tested": 3]), SharedLimits(plugins: ["test": 3]),
        SharedLimits(stages: 5, workflows: ["tested": 3], plugins: ["test": 4]),
    ])
    func twoEnginesNeverExceedALimitAndLeaveNoSlotBehind(limits: SharedLimits) throws {
        let running = Running()
        let first = try Seated("engine-one", limits, running)
        defer { first.harness.remove() }
        let second = try Seated("engine-two", home: first.harness.home, limits, running)
        defer { second.harness.engine.stop() }
        var runs: [(EngineHarness, String)] = []
        for _ in 0..<4 {
            for harness in [first.harness, second.harness] { runs.append((harness, try harness.submit(Self.fan))) }
        }
        var choices: UInt64 = 7
        for ended in 0..<40 {
            choices = choices &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let call = try #require(running.take(choices >> 33), "after \(ended) calls")
            #expect(try slots(first.harness.home) <= 3)
            let outcome: OutcomeClass = choices >> 60 == 0 ? .transient : .ok
            call.finish(StageOutcome(outcome, effect: .none, retryAfter: nil, code: "test", message: ""))
            first.harness.engine.storeChanged()
            second.harness.engine.storeChanged()
            if outcome == .transient { break }
        }
        // What is left ends too, retries among it.
        let engines = [first.harness.engine, second.harness.engine]
        let pump = try Thread.start(name: "pump", stackSize: 256 << 10) {
            while let call = running.take() {
                call.succeed()
                for engine in engines { engine.storeChanged() }
            }
        }
        for (harness, run) in runs { #expect(try harness.engine.wait(run: run) == .ended(.completed)) }
        running.end()
        pump.join()
        #expect(running.most == 3, "the limit was used and kept")
        #expect(running.count >= 40)
        #expect(try slots(first.harness.home) == 0)
    }

    /// The engine that gives a slot back leaves it to another one whose stage has the better turn.
    @Test func aSlotGoesToWhoseTurnItIsOverAllEngines() throws {
        let running = Running()
        let limits = SharedLimits(stages: 1)
        let first = try Seated("engine-one", limits, running)
        defer { first.harness.remove() }
        let second = try Seated("engine-two", home: first.harness.home, limits, running)
        defer { second.harness.engine.stop() }
        func awaitQueue(_ seated: Seated) {
            let isWaiting = seated.harness.record.wait { seen in
                seen.records.contains { $0.type == "stage_waiting" } ? true : nil
            }
            #expect(isWaiting == true)
        }
        let held = try first.harness.submit([stage("a")])
        let call = try #require(running.take())
        let low = try first.harness.submit([stage("low")])
        awaitQueue(first)
        var urgent = stage("high")
        urgent.priority = 6
        let high = try second.harness.submit([urgent])
        awaitQueue(second)
        call.succeed()
        #expect(try first.harness.engine.wait(run: held) == .ended(.completed))
        second.harness.engine.storeChanged()
        let next = try #require(running.take())
        #expect(next.call.run == high)
        next.succeed()
        #expect(try second.harness.engine.wait(run: high) == .ended(.completed))
        first.harness.engine.storeChanged()
        let last = try #require(running.take())
        #expect(last.call.run == low)
        last.succeed()
        #expect(try first.harness.engine.wait(run: low) == .ended(.completed))
        let reader = try #require(try StoreReader(StateFolder(first.harness.home)))
        #expect(try reader.query("SELECT engine FROM slot_waiters").rows.isEmpty)
    }

    /// One that lives and does not come is waited for a moment and no longer.
    @Test func nobodyWaitsForAnEngineThatStandsStill() throws {
        let running = Running()
        let first = try Seated("engine-one", SharedLimits(stages: 1), running)
        defer { first.harness.remove() }
        let seat = try EngineSeat(StateFolder(first.harness.home), id: "still")
        let wait = SlotWait(engine: "still", workflow: "w", plugin: "p", turn: Turn(nanoseconds: 1))
        _ = try first.harness.store.commit(SlotRequest(engine: "still", at: SystemEngineClock().now())) { _ in
            SlotDecision(commits: [], waits: [wait])
        }
        let run = try first.harness.submit([stage("a")])
        let call = try #require(running.take())
        #expect(call.call.run == run)
        #expect(try first.harness.stored(run).journal.contains { $0.type == "stage_waiting" }, "it was waited for")
        call.succeed()
        #expect(try first.harness.engine.wait(run: run) == .ended(.completed))
        _ = seat
    }

    @Test func aSlotOfADeadEngineIsFreeAndItsRunTakesOneAgainWhenItIsTakenUp() throws {
        let running = Running()
        let limits = SharedLimits(stages: 1)
        let first = try Seated("engine-one", limits, running)
        defer { first.harness.remove() }
        let second = try Seated("engine-two", home: first.harness.home, limits, running)
        defer { second.harness.engine.stop() }
        let held = try first.harness.submit([stage("a")])
        let dead = try #require(running.take())
        let waiting = try second.harness.submit([stage("b")])
        #expect(
            second.harness.record.wait { seen in seen.records.contains { $0.type == "stage_waiting" } ? true : nil }
                == true)
        let row = try second.harness.stored(waiting).journal.last { $0.type == "stage_waiting" }
        #expect(row?.data["detail"] == "the only slot of this store is taken")
        #expect(running.open.isEmpty)
        first.die()
        // Nothing is written by a death: the engine that waits looks once a second.
        let call = try #require(running.take())
        #expect(call.call.run == waiting)
        #expect(try slots(first.harness.home) == 2, "the row of the dead engine's attempt is there until it is lost")
        let recovered = try second.harness.stored(held)
        let epoch = try #require(
            try second.harness.store.claim(run: held, engine: "engine-two", fromEpoch: recovered.epoch))
        try second.harness.engine.adopt(
            try second.harness.stored(held), plan: try second.harness.plan([stage("a")]), epoch: epoch)
        #expect(try slots(first.harness.home) == 1)
        #expect(running.open.isEmpty, "the lost attempt waits for its slot like any other")
        call.succeed()
        let again = try #require(running.take())
        #expect(again.call.run == held)
        #expect(again.call.attempt == 2)
        again.succeed()
        for run in [waiting, held] { #expect(try second.harness.engine.wait(run: run) == .ended(.completed)) }
        #expect(try slots(first.harness.home) == 0)
        _ = dead
    }

    @Test func aStoppedEngineKeepsItsSlotsUntilItsRunIsTakenOver() throws {
        let running = Running()
        let limits = SharedLimits(plugins: ["test": 1])
        let first = try Seated("engine-one", limits, running)
        defer { first.harness.remove() }
        let second = try Seated("engine-two", home: first.harness.home, limits, running)
        defer { second.harness.engine.stop() }
        let held = try first.harness.submit([stage("a")])
        let stopped = try #require(running.take())
        let waiting = try second.harness.submit([stage("b")])
        second.harness.engine.storeChanged()
        #expect(try second.harness.stored(waiting).row.status == .running)
        #expect(running.open.isEmpty)
        let recovered = try second.harness.stored(held)
        let epoch = try #require(
            try second.harness.store.claim(run: held, engine: "engine-two", fromEpoch: recovered.epoch))
        try second.harness.engine.adopt(
            try second.harness.stored(held), plan: try second.harness.plan([stage("a")]), epoch: epoch)
        let next = try #require(running.take())
        // The old owner's call ends now: its write is refused, and no slot is given back twice.
        stopped.succeed()
        first.harness.engine.storeChanged()
        #expect(try first.harness.engine.wait(run: held) == .takenOver)
        #expect(try slots(first.harness.home) == 1)
        next.succeed()
        try #require(running.take()).succeed()
        for run in [waiting, held] { #expect(try second.harness.engine.wait(run: run) == .ended(.completed)) }
        #expect(running.most == 1)
        #expect(try slots(first.harness.home) == 0)
    }

    /// Where nobody sees whether an engine lives, its slots count as long as it renews them.
    @Test func leasesAreRenewedWhileTheEngineHasRuns() throws {
        let running = Running()
        let term = Duration.milliseconds(90)
        let harness = try EngineHarness(
            adjust: {
                $0.sharedLimits = SharedLimits(stages: 1)
                $0.leaseTerm = term
            }, script: { running.begin($0) })
        defer { harness.remove() }
        let begun = SystemEngineClock().now()
        let run = try harness.submit([stage("a")])
        let call = try #require(running.take())
        let reader = try #require(try StoreReader(StateFolder(harness.home)))
        func expiry() throws -> Int64 {
            try #require(try reader.query("SELECT expires_at FROM slots").rows.first?.first?.intValue)
        }
        let first = try expiry()
        #expect(first >= (begun + term).nanoseconds)
        let renewals = try #require(harness.store.renewals(3))
        #expect(renewals == renewals.sorted() && Set(renewals).count == renewals.count)
        let renewed = try expiry()
        #expect(renewed > first && renewed >= renewals[2].nanoseconds)
        call.succeed()
        #expect(try harness.engine.wait(run: run) == .ended(.completed))
        #expect(try slots(harness.home) == 0)
    }

    @Test func stagesWithoutASharedLimitWriteNoSlot() throws {
        let running = Running()
        let engine = try Seated("engine-one", SharedLimits(workflows: ["other": 1]), running)
        defer { engine.harness.remove() }
        let run = try engine.harness.submit([stage("a")])
        let call = try #require(running.take())
        #expect(try slots(engine.harness.home) == 0)
        call.succeed()
        #expect(try engine.harness.engine.wait(run: run) == .ended(.completed))
    }
}

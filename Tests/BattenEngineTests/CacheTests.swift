import BattenCore
import BattenEngine
import BattenStore
import BattenSystem
import Synchronization
import TestSupport
import Testing

/// Results that are used again.
@Suite struct CacheTests {
    private func cached(
        _ id: String = "a", with: JSONObject = ["n": 1], key: String = "k", ttl: String? = nil,
        _ change: (inout StageDefinition) -> Void = { _ in }
    ) -> StageDefinition {
        var made = stage(id, with: with)
        made.cache = ["key": .string(key)]
        if let ttl { made.cache?["ttl"] = .string(ttl) }
        change(&made)
        return made
    }

    private func end(_ harness: EngineHarness, _ run: String) throws -> (status: RunStatus?, from: String?) {
        guard case .ended(let status) = try harness.engine.wait(run: run) else { return (nil, nil) }
        let last = try harness.stored(run).journal.last { $0.type == "stage_completed" }
        return (status, last?.data["cached_from"]?.stringValue)
    }

    @Test func aKeptResultIsTakenOverAndNothingIsCalledOrBooked() throws {
        let harness = try EngineHarness(script: { call in
            call.sink.usage(tag: call.call.tag, metric: "tokens", subject: "m", amount: 5)
            call.succeed(["answer": 42])
        })
        defer { harness.remove() }
        let first = try harness.submit([cached()])
        #expect(try end(harness, first) == (.completed, nil))
        let reader = try #require(try StoreReader(StateFolder(harness.home)))
        // Another stage of another workflow makes the same call; the contract is the taking stage's own.
        let second = try harness.submit([
            cached("other") { $0.outputs = [OutputDefinition(name: "answer", type: .integer)] }
        ]) { $0.name = "another" }
        #expect(try end(harness, second) == (.completed, first))
        #expect(harness.host.calls.count == 1)
        #expect(try reader.stages(run: second).first?.outputs == ["answer": 42])
        #expect(try reader.stages(run: second).first?.cachedFrom == first)
        #expect(try reader.usage(run: first).count == 1)
        #expect(try reader.usage(run: second).isEmpty)
    }

    @Test func whatMakesACallAnotherOneIsInTheKey() throws {
        let harness = try EngineHarness(script: { $0.succeed() })
        defer { harness.remove() }
        _ = try end(harness, try harness.submit([cached()]))
        let others = [
            cached(with: ["n": 2]), cached(key: "l"), cached { $0.uses = "test.other" },
            cached { $0.env = [EnvironmentEntry(name: "E", source: .text("v"))] },
            cached { $0.workingDirectory = "/tmp" },
        ]
        for (place, other) in others.enumerated() {
            #expect(try end(harness, try harness.submit([other])) == (.completed, nil))
            #expect(harness.host.calls.count == place + 2)
        }
    }

    @Test func aResultOfOtherSettingsIsNotTakenOver() throws {
        let identity = Mutex(JSONValue.null)
        let harness = try EngineHarness(
            adjust: { settings in
                settings.callConfiguration = { (_, _) throws(EngineError) in
                    CallConfiguration(identity: identity.withLock { $0 })
                }
            }, script: { $0.succeed() })
        defer { harness.remove() }
        var first: [JSONValue: String] = [:]
        let providers: [JSONValue] = [.null, ["near"], ["far"], ["near"], .null]
        for provider in providers {
            identity.withLock { $0 = provider }
            let run = try harness.submit([cached()])
            #expect(try end(harness, run) == (.completed, first[provider]))
            if first[provider] == nil { first[provider] = run }
        }
        #expect(harness.host.calls.count == 3)
    }

    @Test func whoRejectsAResultGetsAnotherOne() throws {
        let harness = try EngineHarness(script: { call in
            call.succeed(["n": .int(Int64(call.call.attempt))])
        })
        defer { harness.remove() }
        _ = try end(harness, try harness.submit([cached()]))
        let run = try harness.submit([
            cached(),
            StageDefinition(
                id: "ask", uses: "gate", with: ["prompt": "Good?", "rewind_to": "a"], dependsOn: ["a"]),
        ])
        for approves in [false, true] {
            let opened = approves ? 2 : 1
            #expect(
                harness.record.wait { seen in
                    seen.records.count { $0.stage == "ask" && $0.type == "stage_waiting" } >= opened ? true : nil
                } == true)
            harness.engine.control(
                run: run, .answer(GateAnswer(stage: "ask", approves: approves, by: "ann")))
        }
        guard case .ended(.completed) = try harness.engine.wait(run: run) else {
            Issue.record("the run did not complete")
            return
        }
        let completed = try harness.stored(run).journal.filter { $0.type == "stage_completed" && $0.stage == "a" }
        #expect(completed.map { $0.data["cached_from"] != nil } == [true, false])
        let reader = try #require(try StoreReader(StateFolder(harness.home)))
        #expect(try reader.stages(run: run).first?.cachedFrom == nil)
        #expect(try reader.stages(run: run).first?.outputs == ["n": 2])
        // What was made anew is what later runs take over.
        #expect(try end(harness, try harness.submit([cached()])) == (.completed, run))
        #expect(harness.host.calls.count == 2)
    }

    @Test func aResultIsGoodForItsTimeOnly() throws {
        let harness = try EngineHarness(script: { $0.succeed() })
        defer { harness.remove() }
        let first = try harness.submit([cached(ttl: "1h")])
        _ = try end(harness, first)
        let kept = try #require(try harness.stored(first).row.endedAt)
        MonotonicClock.sleep(until: MonotonicClock.now() + 2_000_000)
        #expect(SystemEngineClock().now() - kept > .milliseconds(1))
        // It is too old for a stage that wants it fresher, and that one's own is so soon.
        #expect(try end(harness, try harness.submit([cached(ttl: "1ms")])).from == nil)
        MonotonicClock.sleep(until: MonotonicClock.now() + 2_000_000)
        #expect(try end(harness, try harness.submit([cached(ttl: "1h")])).from == nil)
        #expect(try end(harness, try harness.submit([cached(ttl: "1h")])).from != nil)
    }

    @Test func failuresAndWhatBreaksTheContractAreNotKept() throws {
        let harness = try EngineHarness(script: { call in
            call.call.input["fails"] == true
                ? call.finish(StageOutcome(.permanent, effect: .none)) : call.succeed(["x": "text"])
        })
        defer { harness.remove() }
        for _ in 0..<2 {
            #expect(try end(harness, try harness.submit([cached(with: ["fails": true])])).status == .failed)
        }
        #expect(harness.host.calls.count == 2)
        let broken = cached { $0.outputs = [OutputDefinition(name: "x", type: .integer)] }
        #expect(try end(harness, try harness.submit([broken])).status == .failed)
        #expect(try end(harness, try harness.submit([cached()])) == (.completed, nil))
    }

    /// Holds calls until they are told to end.
    private final class Held: Sendable {
        private let calls = Monitor<[ScriptedHost.Call]>([])
        func hold(_ call: ScriptedHost.Call) { calls.signal(all: true) { $0.append(call) } }
        func call(_ place: Int) throws -> ScriptedHost.Call {
            try #require(
                calls.wait(until: MonotonicClock.now() + 120_000_000_000) { $0.count > place ? $0[place] : nil })
        }
        var count: Int { calls.withLock { $0.count } }
    }

    /// Starts runs that make the same call; all of them have started when this returns.
    private func together(_ harness: EngineHarness, _ count: Int) throws -> [String] {
        let runs = try (0..<count).map { _ in try harness.submit([cached { $0.retry = RetryDefinition() }]) }
        #expect(
            harness.record.wait { seen in
                seen.records.count { $0.type == "stage_started" } >= count ? true : nil
            } == true)
        return runs
    }

    @Test func theSameCallsInFlightAreMadeOnce() throws {
        let held = Held()
        let harness = try EngineHarness(script: { held.hold($0) })
        defer { harness.remove() }
        let runs = try together(harness, 4)
        try held.call(0).succeed(["n": 7])
        let leader = try held.call(0).call.run
        for run in runs {
            #expect(try end(harness, run) == (.completed, run == leader ? nil : leader))
        }
        #expect(held.count == 1)
    }

    @Test(arguments: [OutcomeClass.permanent, .cancelled])
    func afterAFailureTheNextOneCalls(outcome: OutcomeClass) throws {
        let held = Held()
        let harness = try EngineHarness(script: { held.hold($0) })
        defer { harness.remove() }
        let runs = try together(harness, 3)
        let first = try held.call(0)
        #expect(first.call.run == runs[0])
        if outcome == .cancelled { harness.engine.control(run: runs[0], .cancel) }
        first.finish(StageOutcome(outcome, effect: .none))
        let next = try held.call(1)
        #expect(next.call.run == runs[1])
        // One that waits can be cancelled, and one that has gone is passed over.
        harness.engine.control(run: runs[2], .cancel)
        #expect(try harness.engine.wait(run: runs[2]) == .ended(.cancelled))
        harness.engine.control(run: runs[1], .cancelNow)
        #expect(try harness.engine.wait(run: runs[1]) == .ended(.cancelled))
        let late = try harness.submit([cached()])
        try held.call(2).succeed()
        #expect(try end(harness, late) == (.completed, nil))
    }

    @Test func oneThatWaitsHasItsOwnTime() throws {
        let held = Held()
        let harness = try EngineHarness(script: { held.hold($0) })
        defer { harness.remove() }
        let leader = try harness.submit([cached()])
        let call = try held.call(0)
        let impatient = try harness.submit([cached { $0.timeout = .milliseconds(20) }])
        #expect(try end(harness, impatient).status == .failed)
        #expect(try harness.stored(impatient).row.error?.code == "batten.cache_timeout")
        call.succeed()
        #expect(try end(harness, leader) == (.completed, nil))
    }
}

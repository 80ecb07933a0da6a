import BattenCore
import BattenPluginHost
import BattenSystem
import Testing

@Suite struct AbandonedCallTests {
    @Test func aCallThatIgnoresItsDeadlineIsGivenUp() throws {
        let fixture = try HostFixture(["slow"], blockingLimit: 1, abandonedLimit: 2)
        let sink = RecordingSink()
        let gate = "\(fixture.folder)/gate"
        func start(_ tag: UInt64) -> CallHandle {
            fixture.host.start(
                HostFixture.request("slow.go", tag: tag, input: .string(gate), grace: .milliseconds(1)), sink: sink)
        }
        // Each runs although the one thread that is allowed is lost to the one before.
        for tag in 1...3 as ClosedRange<UInt64> {
            let handle = start(tag)
            #expect(sink.waitForLine("log \(tag) info: entered"))
            fixture.host.cancel(handle, why: .deadline)
            let outcome = try #require(sink.outcomes(Int(tag))?.last?.outcome)
            #expect(outcome.outcomeClass == .timeout && outcome.effect == .unknown, "\(outcome)")
            #expect(outcome.code == "plugin.abandoned")
        }
        #expect(fixture.waitForReport { $0 == .abandoned(plugin: "slow", executor: "slow.go", outstanding: 3) })
        _ = start(4)
        let refused = try #require(sink.outcomes(4)?.last?.outcome)
        #expect(refused.code == "plugin.quarantined" && refused.message.contains("3 given-up calls"), "\(refused)")
        // Once the plugin lets go, it is called again, and nobody hears of the old calls.
        try FileSystem.writeAtomically([], to: gate)
        var outcome: StageOutcome?
        for tag in 5... as PartialRangeFrom<UInt64> {
            _ = start(tag)
            outcome = sink.outcomes(Int(tag))?.last?.outcome
            if outcome?.code != "plugin.quarantined" { break }
        }
        #expect(outcome?.outcomeClass == .ok)
        fixture.host.shutdown(within: .seconds(60))
        #expect(sink.soFar.filter { $0.tag <= 3 }.count == 3)
    }

    @Test func lateCompletionsOfBegunCallsAreStale() throws {
        let fixture = try HostFixture(["late-complete"], abandonedLimit: 1_000)
        let sink = RecordingSink()
        for tag in 0..<50 as Range<UInt64> {
            let request = HostFixture.request("late_complete.go", tag: tag, grace: .zero)
            fixture.host.cancel(fixture.host.start(request, sink: sink), why: .cancelled)
        }
        let outcomes = try #require(sink.outcomes(50))
        #expect(Set(outcomes.map(\.tag)).count == 50)
        #expect(outcomes.allSatisfy { $0.outcome.outcomeClass == .cancelled })
        // The plugin's threads end, each with a STALE of its own: it traps otherwise.
        let deadline = MonotonicClock.now() + 120_000_000_000
        while fixture.host.statistics.outstanding > 0, MonotonicClock.now() < deadline {
            MonotonicClock.sleep(until: MonotonicClock.now() + 500_000)
        }
        let statistics = fixture.host.statistics
        #expect(statistics.outstanding == 0 && statistics.live == 0 && statistics.stale == statistics.abandoned)
        #expect(sink.soFar.count == 50)
    }

    @Test func shutdownEndsCallsAndLeavesAHangingPluginBehind() throws {
        let fixture = try HostFixture(["noop", "slow"])
        let sink = RecordingSink()
        let gate = "\(fixture.folder)/gate"
        let stuck = HostFixture.request("slow.go", tag: 1, input: .string(gate), grace: .seconds(100))
        _ = fixture.host.start(stuck, sink: sink)
        #expect(sink.waitForLine("log 1 info: entered"))
        _ = fixture.host.start(HostFixture.request("noop.wait", tag: 2, attempt: 2), sink: sink)
        #expect(fixture.call("noop.begin")?.outcomeClass == .ok)
        let begin = MonotonicClock.now()
        fixture.host.shutdown(within: .milliseconds(400))
        #expect(MonotonicClock.now() - begin < 30_000_000_000)
        let outcomes = try #require(sink.outcomes(2)).sorted { $0.tag < $1.tag }
        #expect(outcomes.allSatisfy { $0.outcome.outcomeClass == .cancelled })
        #expect(fixture.waitForReport { if case .notStopped("slow", _) = $0 { true } else { false } })
        #expect(fixture.call("noop.begin")?.code == "plugin.host_shut_down")
        try FileSystem.writeAtomically([], to: gate)
    }

    @Test func tenThousandCallsInFlightNeedNoThreadEach() throws {
        let fixture = try HostFixture(["noop"])
        let sink = RecordingSink()
        let before = threads()
        for tag in 1...10_000 as ClosedRange<UInt64> {
            _ = fixture.host.start(HostFixture.request("noop.hold", tag: tag), sink: sink)
        }
        #expect(fixture.host.statistics.live == 10_000)
        #expect(threads() - before < 100, "a few threads, and what other tests start meanwhile")
        #expect(fixture.host.blockingThreads <= 1)
        _ = fixture.host.start(HostFixture.request("noop.hold", tag: 0, attempt: 2), sink: sink)
        let outcomes = try #require(sink.outcomes(10_001))
        #expect(Set(outcomes.map(\.tag)).count == 10_001)
        #expect(outcomes.allSatisfy { $0.outcome.outcomeClass == .ok })
        #expect(fixture.host.statistics.live == 0)
    }

    private func threads() -> Int {
        (try? FileSystem.list("/proc/self/task").count) ?? 0
    }
}

import BattenCore
import BattenPluginHost
import BattenSystem
import Testing

@Suite struct StormTests {
    /// Calls of every kind, with cancels and deadlines at random moments: each has exactly one outcome, and in the end
    /// nothing is left.
    @Test(arguments: [1, Entropy.bits()], CallTests.modes)
    func everyCallEndsExactlyOnce(_ seed: UInt64, _ mode: IsolationMode) throws {
        var random = SplitMix(state: seed)
        let fixture = try HostFixture(
            ["noop", "late-complete", "slow"], blockingLimit: 4, abandonedLimit: .max, isolation: mode)
        let sink = RecordingSink()
        let gate = "\(fixture.folder)/gate"
        let types = [
            "noop.begin", "noop.run", "noop.later", "noop.wait", "noop.narrow", "noop.echo", "late_complete.go",
            "noop.hold",
        ]
        var handles: [CallHandle] = []
        // Each call that is given up costs a worker process.
        let count = mode == .inProcess ? 3_000 : 600
        for tag in 0..<UInt64(count) {
            let type = random.below(200) == 0 ? "slow.go" : types[random.below(types.count)]
            // Attempts above 1 wait in some of the executors until they are cancelled; those get a deadline.
            let attempt = type == "noop.wait" ? 1 + random.below(2) : 1
            let needsEnd = attempt > 1 || ["late_complete.go", "slow.go", "noop.hold"].contains(type)
            let hasDeadline = needsEnd || random.below(4) == 0
            var request = HostFixture.request(
                type, tag: tag, attempt: attempt, input: type == "slow.go" ? .string(gate) : [:],
                deadline: hasDeadline ? MonotonicClock.now() + Int64(random.below(20_000_000)) : nil,
                grace: .microseconds(random.below(3_000)))
            request.config = .object(["n": .int(Int64(random.below(3)))])
            handles.append(fixture.host.start(request, sink: sink))
            if random.below(3) == 0 {
                fixture.host.cancel(handles[random.below(handles.count)], why: .cancelled)
            }
        }
        _ = fixture.host.start(HostFixture.request("noop.hold", tag: UInt64(count), attempt: 2), sink: sink)
        let outcomes = try #require(sink.outcomes(count + 1), "seed \(seed): \(fixture.host.statistics)")
        #expect(Set(outcomes.map(\.tag)).count == count + 1, "seed \(seed)")
        #expect(outcomes.allSatisfy { !$0.outcome.code.hasPrefix("plugin.bug") }, "seed \(seed)")
        try FileSystem.writeAtomically([], to: gate)
        fixture.host.shutdown(within: .seconds(60))
        #expect(sink.soFar.count == count + 1, "seed \(seed)")
        #expect(fixture.host.statistics.live == 0, "seed \(seed)")
        for handle in handles { fixture.host.cancel(handle, why: .cancelled) }
    }

    /// A small generator of repeatable random numbers.
    struct SplitMix {
        var state: UInt64

        mutating func below(_ bound: Int) -> Int {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
        }
    }
}

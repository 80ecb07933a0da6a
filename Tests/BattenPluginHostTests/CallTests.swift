import BattenCore
import BattenPluginHost
import BattenSystem
import Testing

@Suite struct CallTests {
    /// What holds in this process holds in a worker.
    static let modes: [IsolationMode] = [.inProcess, .worker]

    @Test(arguments: ["noop.begin", "noop.run", "noop.later", "noop.wait", "noop.narrow"], modes)
    func completesOnce(_ type: String, _ mode: IsolationMode) throws {
        let fixture = try HostFixture(["noop"], isolation: mode)
        let sink = RecordingSink()
        for tag in 0..<300 as Range<UInt64> { _ = fixture.host.start(HostFixture.request(type, tag: tag), sink: sink) }
        let outcomes = try #require(sink.outcomes(300))
        #expect(Set(outcomes.map(\.tag)).count == 300)
        #expect(outcomes.allSatisfy { $0.outcome.outcomeClass == .ok && $0.outcome.effect == .none })
        fixture.host.shutdown(within: .seconds(60))
        #expect(sink.soFar.count == 300)
        #expect(fixture.host.statistics.stale == 0 && fixture.host.statistics.live == 0)
    }

    /// A loop's thread is lent only while nobody could need it.
    @Test func aLoopIsLentWhenItHasNothingElseToDo() throws {
        let fixture = try HostFixture(["noop"])
        let alone = RecordingSink()
        for tag in 0..<3 as Range<UInt64> {
            _ = fixture.host.start(HostFixture.request("noop.begin", tag: tag), sink: alone)
            _ = alone.outcomes(Int(tag) + 1)
        }
        #expect(alone.soFar.map(\.isFree) == [true, true, true])
        // The same with a call that goes on beside it.
        let sink = RecordingSink()
        let long = fixture.host.start(HostFixture.request("noop.wait", tag: 9, attempt: 2), sink: RecordingSink())
        _ = fixture.host.start(HostFixture.request("noop.begin", tag: 1), sink: sink)
        #expect(sink.outcomes(1)?.first?.isFree == false)
        fixture.host.cancel(long, why: .cancelled)
        // Of a blocking executor no thread is lent.
        let other = RecordingSink()
        _ = fixture.host.start(HostFixture.request("noop.run", tag: 1), sink: other)
        #expect(other.outcomes(1)?.first?.isFree == false)
    }

    @Test(arguments: modes) func reportsReachTheSinkBeforeTheOutcome(_ mode: IsolationMode) throws {
        let fixture = try HostFixture(["noop"], isolation: mode)
        let sink = RecordingSink(refusals: 1)
        var request = HostFixture.request("noop.echo", input: ["a": [1, 2.5, "ü"]])
        request.environment = [("A", "x\"y"), ("B", "")]
        request.workingDirectory = "/tmp/somewhere"
        request.checkpoint = Array("before".utf8)
        _ = fixture.host.start(request, sink: sink)
        let outcome = try #require(sink.outcomes(1)?.first?.outcome)
        #expect(outcome.outcomeClass == .ok, "\(outcome)")
        #expect(
            outcome.output == [
                "input": ["a": [1, 2.5, "ü"]], "env": ["A": "x\"y", "B": ""], "folder": "/tmp/somewhere",
                "key": "key-1", "checkpoint": "before",
            ])
        #expect(
            sink.lines == [
                "log 7 warning: careful {\"n\":1}", "progress 7 0.5 half", "checkpoint 7 state", "usage 7 units echo 3",
                "log 7 stdout: first", "log 7 stdout: second", "stream 7 gr", "stream 7 üß", "log 7 stdout: rest",
            ])
        #expect(fixture.waitForReport { $0 == .log(plugin: "noop", level: "info", text: "of the plugin") })
    }

    @Test(arguments: modes) func inputAndConfigurationAreChecked(_ mode: IsolationMode) throws {
        let fixture = try HostFixture(["noop"], isolation: mode)
        let input = try #require(fixture.call("noop.echo", input: [1]))
        #expect(input.code == "plugin.bad_input" && input.outcomeClass == .permanent && input.effect == .none)
        let config = try #require(fixture.call("noop.later", config: ["x": "!"]))
        #expect(config.code == "plugin.open_failed" && config.message.contains("no exclamation marks, please"))
        #expect(fixture.call("noop.later", config: ["x": "."])?.outcomeClass == .ok)
        #expect(fixture.call("noop.later", config: ["x": "!"])?.code == "plugin.open_failed", "it stays refused")
    }

    @Test(arguments: modes) func aLifeGoesThroughItsStagesInOrder(_ mode: IsolationMode) throws {
        let fixture = try HostFixture(["noop"], isolation: mode)
        for config in [["n": 1], ["n": 2], ["n": 1]] as [JSONValue] {
            #expect(fixture.call("noop.later", config: config)?.outcomeClass == .ok)
        }
        #expect(fixture.call("noop.run")?.outcomeClass == .ok)
        fixture.host.shutdown(within: .seconds(60))
        fixture.host.shutdown(within: .seconds(60))
        #expect(fixture.pluginLog == ["started", "opened", "opened", "closed", "closed", "stopped"])
    }

    @Test func loopServicesKeepToTheirThread() throws {
        let fixture = try HostFixture(["noop"])
        #expect(fixture.call("noop.post")?.output == ["thread": "loop"])
        let sink = RecordingSink(refusals: 2)
        _ = fixture.host.start(HostFixture.request("noop.stream"), sink: sink)
        #expect(sink.outcomes(1)?.first?.outcome.output == ["pauses": 2])
        #expect(sink.lines == Array(repeating: "stream 7 piece", count: 3))
    }

    /// What a plugin's broken word becomes, by the attempt that the fixture answers to.
    static let lies: [(attempt: Int, outcomeClass: OutcomeClass, code: String)] = [
        (1, .permanent, "plugin.bug.output_schema"),
        (2, .permanent, "plugin.bug.bad_output"),
        (3, .permanent, "plugin.bug.bad_outcome"),
        (4, .permanent, "plugin.bug.bad_output"),
        (5, .failed, ""),
        (6, .permanent, "plugin.bug.bad_outcome"),
    ]

    @Test(arguments: modes) func liesAreFoundOut(_ mode: IsolationMode) throws {
        let fixture = try HostFixture(["lying-schema"], isolation: mode)
        for lie in Self.lies {
            let outcome = try #require(fixture.call("lying_schema.go", attempt: lie.attempt))
            #expect(outcome.outcomeClass == lie.outcomeClass && outcome.code == lie.code, "\(lie.attempt): \(outcome)")
        }
    }

    @Test(arguments: modes) func secondCompletionsAreStaleAndReported(_ mode: IsolationMode) throws {
        let fixture = try HostFixture(["double-complete"], isolation: mode)
        let sink = RecordingSink()
        _ = fixture.host.start(HostFixture.request("double_complete.go"), sink: sink)
        #expect(sink.outcomes(1)?.first?.outcome.output == ["first": true])
        let isReported = fixture.waitForReport {
            if case .misbehaviour("double_complete", let rule) = $0 { rule.contains("exactly once") } else { false }
        }
        #expect(isReported)
        fixture.host.shutdown(within: .seconds(60))
        #expect(sink.soFar.count == 1)
        // A worker counts its own.
        #expect(fixture.host.statistics.stale == (mode == .inProcess ? 3 : 0))
    }

    @Test(arguments: modes) func aRunThatForgetsToCompleteIsABug(_ mode: IsolationMode) throws {
        let fixture = try HostFixture(["no-complete"], isolation: mode)
        let outcome = try #require(fixture.call("no_complete.go"))
        #expect(outcome.outcomeClass == .permanent && outcome.effect == .unknown)
        #expect(outcome.code == "plugin.bug.no_completion", "\(outcome)")
    }

    @Test(arguments: modes) func cancelAndDeadlineReachAnExecutorThatListens(_ mode: IsolationMode) throws {
        let fixture = try HostFixture(["noop"], isolation: mode)
        let sink = RecordingSink()
        let handle = fixture.host.start(HostFixture.request("noop.wait", tag: 1, attempt: 2), sink: sink)
        fixture.host.cancel(handle, why: .cancelled)
        fixture.host.cancel(handle, why: .deadline)
        let soon = MonotonicClock.now() + 20_000_000
        _ = fixture.host.start(HostFixture.request("noop.wait", tag: 2, attempt: 2, deadline: soon), sink: sink)
        let past = HostFixture.request("noop.wait", tag: 3, attempt: 2, deadline: MonotonicClock.now() - 1)
        _ = fixture.host.start(past, sink: sink)
        let outcomes = try #require(sink.outcomes(3)).sorted { $0.tag < $1.tag }
        #expect(outcomes.map(\.outcome.outcomeClass) == [.cancelled, .timeout, .timeout])
        #expect(outcomes.allSatisfy { $0.outcome.effect == .none })
        #expect(MonotonicClock.now() >= soon)
        fixture.host.cancel(handle, why: .cancelled)
        #expect(fixture.host.statistics.abandoned == 0)
    }

    /// A call that meets the opening of its instance is not outrun by those that come later.
    @Test(arguments: [IsolationMode.inProcess, .worker])
    func callsBeginInTheOrderTheyCame(_ isolation: IsolationMode) throws {
        let fixture = try HostFixture(["noop"], isolation: isolation)
        if isolation == .worker { #expect(fixture.call("noop.run")?.outcomeClass == .ok) }
        let sink = RecordingSink()
        let count = 5_000
        for tag in 0..<UInt64(count) {
            _ = fixture.host.start(HostFixture.request("noop.place", tag: tag), sink: sink)
        }
        let outcomes = try #require(sink.outcomes(count))
        let outrun = outcomes.count { $0.outcome.output["place"]?.intValue != Int64($0.tag) }
        #expect(outrun == 0)
    }

    @Test func waitingCallsEndAtOnceWhenCancelled() throws {
        let fixture = try HostFixture(["noop", "slow"], blockingLimit: 1)
        let sink = RecordingSink()
        let gate = "\(fixture.folder)/gate"
        _ = fixture.host.start(HostFixture.request("slow.go", tag: 0, input: .string(gate)), sink: sink)
        // The one thread is taken before the others come.
        #expect(sink.waitForLine("log 0 info: entered"))
        let handles = (1...50 as ClosedRange<UInt64>).map { tag in
            fixture.host.start(HostFixture.request("slow.go", tag: tag, input: .string(gate)), sink: sink)
        }
        for handle in handles.dropLast() { fixture.host.cancel(handle, why: .cancelled) }
        let cancelled = try #require(sink.outcomes(49))
        #expect(cancelled.allSatisfy { $0.outcome.outcomeClass == .cancelled && $0.outcome.effect == .none })
        try FileSystem.writeAtomically([], to: gate)
        let all = try #require(sink.outcomes(51))
        #expect(Set(all.suffix(2).map(\.tag)) == [0, 50])
        #expect(fixture.host.blockingThreads <= 1)
    }
}

import BattenCore
import BattenPluginHost
import BattenSystem
import Testing

/// A host that holds plugins to the rules of the header while they work, in this process and in workers.
@Suite struct RuleTests {
    /// What a call does, as its input says, and the rule that the host must name for it.
    static let offences: [(type: String, offence: String, rule: PluginRule)] = [
        ("rules.run", "log utf8", .text), ("rules.run", "log lines", .services), ("rules.run", "log fields", .text),
        ("rules.run", "log nowhere", .text), ("rules.run", "beat much", .services),
        ("rules.run", "beat long", .services), ("rules.run", "stream channel", .services),
        ("rules.begin", "stream wait", .quick), ("rules.run", "usage negative", .services),
        ("rules.run", "quota meter", .services), ("rules.run", "secret other", .services),
        ("rules.run", "blob none", .services), ("rules.run", "blob seal", .services),
        ("rules.begin", "quick", .quick),
        ("rules.run", "class none", .outcome), ("rules.run", "class crashed", .outcome),
        ("rules.run", "no code", .outcome), ("rules.run", "odd code", .outcome),
        ("rules.run", "done message", .outcome), ("rules.run", "message utf8", .text),
        ("rules.run", "details list", .text), ("rules.run", "reserved", .outcome), ("rules.run", "short", .complete),
    ]

    /// Offences that no live call can be blamed for, or that come after its end: the host reports them.
    static let reported: [(type: String, offence: String, rule: PluginRule)] = [
        ("rules.run", "log token", .token), ("rules.run", "log late", .token), ("rules.run", "stop token", .shouldStop),
        ("rules.run", "quota lease", .services), ("rules.run", "loop thread", .loop),
        ("rules.begin", "loop events", .services), ("rules.run", "loop post", .services),
        ("rules.run", "twice", .complete), ("rules.run", "forget", .run), ("rules.begin", "refuse", .begin),
        ("rules.silent", "nothing", .refusal),
    ]

    private static func fixture(_ mode: IsolationMode) throws -> HostFixture {
        try HostFixture(["rules"], isolation: mode) { $0.keepsRules = true }
    }

    @Test(arguments: CallTests.modes) func aCallThatBreaksARuleEndsForIt(_ mode: IsolationMode) throws {
        let fixture = try Self.fixture(mode)
        for (type, offence, rule) in Self.offences {
            let outcome = try #require(fixture.call(type, input: .string(offence)), "\(offence)")
            let named = (outcome.details["rules"]?.arrayValue ?? []).compactMap { $0["rule"]?.stringValue }
            #expect(outcome.code == "plugin.bug.rule" && outcome.outcomeClass == .permanent, "\(offence): \(outcome)")
            #expect(named == [rule.rawValue], "\(offence): \(outcome)")
            #expect(outcome.message.contains(rule.sentence), "\(offence): \(outcome)")
        }
        let fine = try #require(fixture.call("rules.run", input: "nothing"))
        #expect(fine.outcomeClass == .ok && fine.output == .null, "\(fine)")
    }

    @Test(arguments: CallTests.modes) func whatNoCallIsToBlameForIsReported(_ mode: IsolationMode) throws {
        let fixture = try Self.fixture(mode)
        for (type, offence, rule) in Self.reported {
            _ = try #require(fixture.call(type, input: .string(offence)), "\(offence)")
            let isTold = fixture.waitForReport { report in
                if case .misbehaviour("rules", let text) = report {
                    text.contains("rule \(rule.rawValue):")
                } else {
                    false
                }
            }
            #expect(isTold, "\(offence): \(fixture.reports)")
        }
    }

    /// What the plugin leaves in the whole process; each in a worker of its own, so that this one stays as it is.
    @Test(arguments: [
        ("folder", PluginRule.processState), ("umask", .processState), ("signals", .signals),
        ("environment", .processState),
    ]) func whatIsLeftInTheProcessIsReported(_ entry: (offence: String, rule: PluginRule)) throws {
        let fixture = try Self.fixture(.workerPerCall)
        _ = fixture.call("rules.run", input: .string(entry.offence))
        #expect(
            fixture.waitForReport { report in
                if case .misbehaviour(_, let text) = report {
                    text.contains("rule \(entry.rule.rawValue):")
                } else {
                    false
                }
            }, "\(fixture.reports)")
    }

    @Test(arguments: [
        ("read beyond", "beyond the end of its input"), ("write input", "only lent"), ("write call", "only lent"),
        ("use after", "had completed"),
    ]) func whoUsesWhatWasLentIsStopped(_ entry: (offence: String, says: String)) throws {
        // A worker of a single call may be ended by the host before it uses what it had.
        let fixture = try Self.fixture(entry.offence == "use after" ? .worker : .workerPerCall)
        let outcome = try #require(fixture.call("rules.run", input: .string(entry.offence)))
        if entry.offence == "use after" {
            // The call had its outcome; what its worker wrote last concerns no call.
            #expect(
                fixture.waitForReport { report in
                    if case .log(_, _, let text) = report { text.contains(entry.says) } else { false }
                }, "\(fixture.reports)")
        } else {
            #expect(outcome.outcomeClass == .crashed, "\(outcome)")
            #expect(outcome.message.contains("rule borrowed") && outcome.message.contains(entry.says), "\(outcome)")
        }
        // Without the rules the same is not noticed, as before.
        if entry.offence == "read beyond" {
            let lenient = try HostFixture(["rules"], isolation: .workerPerCall)
            #expect(lenient.call("rules.run", input: .string(entry.offence))?.outcomeClass == .ok)
        }
    }

    @Test(arguments: CallTests.modes) func whatRunsOnAfterTheEndIsReported(_ mode: IsolationMode) throws {
        let fixture = try Self.fixture(mode)
        #expect(fixture.call("rules.begin", input: "loop timer")?.outcomeClass == .ok)
        fixture.host.shutdown(within: .seconds(60))
        #expect(
            fixture.waitForReport { report in
                if case .misbehaviour(_, let text) = report { text.contains("1 timers still run") } else { false }
            }, "\(fixture.reports)")
    }

    @Test(arguments: CallTests.modes) func blobsThatAreLeftOpenAreReported(_ mode: IsolationMode) throws {
        let fixture = try HostFixture(["leaky-blob"], isolation: mode) { $0.keepsRules = true }
        for _ in 0..<3 { #expect(fixture.call("leaky_blob.go")?.outcomeClass == .ok) }
        fixture.host.shutdown(within: .seconds(60))
        #expect(
            fixture.waitForReport { report in
                if case .misbehaviour(_, let text) = report {
                    text.contains("3 descriptors of blobs are left open")
                } else {
                    false
                }
            }, "\(fixture.reports)")
    }

    /// In a worker, whose threads are all known.
    @Test func aThreadThatRunsOnIsReported() throws {
        let fixture = try HostFixture(["stray-thread"], isolation: .worker) { $0.keepsRules = true }
        #expect(fixture.call("stray_thread.go")?.outcomeClass == .ok)
        fixture.host.shutdown(within: .seconds(60))
        #expect(
            fixture.waitForReport { report in
                if case .misbehaviour(_, let text) = report { text.contains("still runs after stop") } else { false }
            }, "\(fixture.reports)")
    }

    /// Plugins that keep the rules are told nothing, and calls have the outcomes they always have.
    @Test(arguments: CallTests.modes) func whoKeepsTheRulesNoticesNothing(_ mode: IsolationMode) throws {
        let fixture = try HostFixture(["noop"], isolation: mode) { $0.keepsRules = true }
        let plain = try HostFixture(["noop"], isolation: mode)
        for type in ["noop.begin", "noop.run", "noop.later", "noop.echo", "noop.stream"] {
            let input: JSONValue = ["text": "x"]
            #expect(fixture.call(type, input: input) == plain.call(type, input: input), "\(type)")
        }
        #expect(!fixture.reports.contains { if case .misbehaviour = $0 { true } else { false } }, "\(fixture.reports)")
    }
}

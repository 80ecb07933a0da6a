import BattenCore
import BattenPluginHost
import BattenSystem
import TestSupport
import Testing

/// Plugins that do harm, each with what must come of it; the host and the calls of others go on.
@Suite struct HostileTests {
    /// What a call must end with.
    struct Verdict: Sendable {
        let outcomeClass: OutcomeClass
        /// The outcome's code; nil for any.
        var code: String?
        /// A member of what is told of the worker, and its value.
        var worker: (member: String, value: JSONValue)?
        /// What the message says among other things.
        var phrase = ""

        static let ok = Verdict(outcomeClass: .ok, code: "")
        static let givenUp = Verdict(outcomeClass: .timeout, code: "plugin.abandoned")

        static func signal(_ name: String) -> Verdict {
            Verdict(
                outcomeClass: .crashed, code: StageOutcome.lostWorkerCode, worker: ("signal", .string(name)),
                phrase: name)
        }

        static func exit(_ status: Int64) -> Verdict {
            Verdict(
                outcomeClass: .crashed, code: StageOutcome.lostWorkerCode, worker: ("exit_status", .int(status)),
                phrase: "left with status \(status)")
        }

        static func ended(_ phrase: String) -> Verdict {
            Verdict(outcomeClass: .crashed, code: StageOutcome.lostWorkerCode, phrase: phrase)
        }

        static func refused(_ what: String) -> Verdict {
            Verdict(outcomeClass: .failed, code: "hostile.refused.\(what)")
        }

        static func bug(_ code: String) -> Verdict { Verdict(outcomeClass: .permanent, code: code) }
    }

    /// One harm, and its verdicts.
    struct Harm: Sendable, CustomTestStringConvertible {
        let name: String
        /// In a worker.
        let isolated: Verdict
        /// In the host's process; nil where that would be its end.
        var inProcess: Verdict?
        /// Whether it goes on until it is ended.
        var isEndless = false

        var testDescription: String { name }
    }

    static let harms: [Harm] = [
        Harm(name: "fine", isolated: .ok, inProcess: .ok),
        // Ends of the process.
        Harm(name: "segfault", isolated: .signal("SIGSEGV")),
        Harm(name: "divide", isolated: .signal("SIGFPE")),
        Harm(name: "trap", isolated: .signal("SIGILL")),
        Harm(name: "abort", isolated: .signal("SIGABRT")),
        Harm(name: "exit", isolated: .exit(0)),
        Harm(name: "exit_at_once", isolated: .exit(7)),
        Harm(name: "kill_itself", isolated: .signal("SIGKILL")),
        Harm(name: "overflow", isolated: .signal("SIGSEGV")),
        Harm(name: "free_twice", isolated: .signal("SIGABRT")),
        Harm(name: "alarm", isolated: .signal("SIGALRM")),
        Harm(name: "fall_elsewhere", isolated: .signal("SIGSEGV")),
        // Never ending.
        Harm(name: "hang", isolated: .givenUp, inProcess: .givenUp, isEndless: true),
        Harm(name: "spin", isolated: .givenUp, isEndless: true),
        Harm(name: "steal_signals", isolated: .givenUp, isEndless: true),
        Harm(name: "print_for_ever", isolated: .givenUp, isEndless: true),
        Harm(name: "log_for_ever", isolated: .givenUp, isEndless: true),
        // Memory, of which there are 128 MiB.
        Harm(name: "hog", isolated: .refused("memory.12")),
        Harm(name: "hog_shared", isolated: .ended("of memory where 128 MiB are allowed")),
        // What belongs to the host.
        // Who is first says why: the host, which misses the socket, or the worker, which leaves without it.
        Harm(name: "close_all", isolated: .ended("the worker process of hostile.go")),
        Harm(name: "write_everywhere", isolated: .ended("broke the rules between worker and host")),
        Harm(name: "garbage_on_stdout", isolated: .ok),
        Harm(name: "closed_pipe", isolated: .ok),
        // What was not declared.
        Harm(name: "fork_bomb", isolated: .refused("fork.1")),
        Harm(name: "start_program", isolated: .refused("exec.1")),
        Harm(name: "kill_host", isolated: .refused("kill.1")),
        Harm(name: "call_home", isolated: .refused("socket.1")),
        Harm(name: "read_passwords", isolated: .refused("open.13")),
        Harm(name: "leave_a_file", isolated: .refused("create.13")),
        // What the header forbids.
        Harm(name: "nothing", isolated: .bug("plugin.bug.no_completion"), inProcess: .bug("plugin.bug.no_completion")),
        Harm(name: "twice", isolated: .ok, inProcess: .ok),
        Harm(name: "invented", isolated: .ok, inProcess: .ok),
        Harm(name: "null_outcome", isolated: .bug("plugin.bug.bad_outcome"), inProcess: .bug("plugin.bug.bad_outcome")),
        Harm(
            name: "short_outcome", isolated: .bug("plugin.bug.bad_outcome"), inProcess: .bug("plugin.bug.bad_outcome")),
        Harm(
            name: "no_text", isolated: Verdict(outcomeClass: .failed, phrase: "\u{fffd}"),
            inProcess: Verdict(outcomeClass: .failed, phrase: "\u{fffd}")),
        Harm(name: "no_json", isolated: .bug("plugin.bug.bad_output"), inProcess: .bug("plugin.bug.bad_output")),
        Harm(
            name: "no_class", isolated: Verdict(outcomeClass: .failed), inProcess: Verdict(outcomeClass: .failed)),
        Harm(name: "null_span", isolated: .bug("plugin.bug.bad_outcome"), inProcess: .bug("plugin.bug.bad_outcome")),
        Harm(name: "long_span", isolated: .bug("plugin.bug.bad_outcome"), inProcess: .bug("plugin.bug.bad_outcome")),
        Harm(name: "far_span", isolated: .ended("was ended by SIG")),
        Harm(name: "deep_json", isolated: .bug("plugin.bug.bad_output"), inProcess: .bug("plugin.bug.bad_output")),
    ]

    @Test(arguments: harms) func isolatedPluginsHarmNobodyElse(_ harm: Harm) throws {
        let fixture = try HostFixture(["hostile", "noop"], isolation: .worker) { settings in
            settings.limits["hostile"] = WorkerLimits(
                memory: 128 << 20, processorTime: nil, files: 256, processes: 64)
            settings.configurations["hostile"] = ["stop": "segfault"]
        }
        Self.expect(try #require(Self.outcome(of: harm, fixture)), harm.isolated)
        // Calls of others go on, and so do further ones of the plugin itself.
        #expect(fixture.call("noop.begin")?.outcomeClass == .ok)
        #expect(fixture.call("hostile.go", input: ["do": "fine"])?.outcomeClass == .ok)
        #expect(!FileSystem.exists("/tmp/batten-hostile"))
    }

    /// What all processes of a worker hold together is counted by its control group: the kernel ends it at once, and the
    /// verdict says why.
    @Test func aGroupThatRunsOutOfMemoryIsNamed() throws {
        let groups = ControlGroups.delegated()
        guard groups.limit(.memory) else {
            try Test.cancel("no control group with memory is delegated to this process")
        }
        let fixture = try HostFixture(["hostile", "noop"], isolation: .worker) { settings in
            settings.groups = { groups }
            settings.limits["hostile"] = WorkerLimits(
                memory: 128 << 20, processorTime: nil, files: nil, processes: nil)
        }
        let outcome = try #require(Self.outcome(of: Harm(name: "hog_shared", isolated: .ok), fixture))
        var verdict = Verdict.signal("SIGKILL")
        verdict.phrase = "held 128 MiB of memory where 128 MiB are allowed"
        Self.expect(outcome, verdict)
        #expect(fixture.call("noop.begin")?.outcomeClass == .ok)
        #expect(fixture.call("hostile.go", input: ["do": "fine"])?.outcomeClass == .ok)
    }

    @Test(arguments: harms.filter { $0.inProcess != nil }) func pluginsInTheHostAreContained(_ harm: Harm) throws {
        let verdict = try #require(harm.inProcess)
        let fixture = try HostFixture(["hostile", "noop"])
        Self.expect(try #require(Self.outcome(of: harm, fixture)), verdict)
        #expect(fixture.call("noop.begin")?.outcomeClass == .ok)
        #expect(fixture.call("hostile.go", input: ["do": "fine"])?.outcomeClass == .ok)
    }

    private static func outcome(of harm: Harm, _ fixture: HostFixture) -> StageOutcome? {
        let input: JSONValue = ["do": .string(harm.name)]
        guard harm.isEndless else { return fixture.call("hostile.go", input: input) }
        return fixture.callOutOfTime(after: .seconds(1)) {
            HostFixture.request("hostile.go", input: input, deadline: $0, grace: .milliseconds(100))
        }
    }

    private static func expect(
        _ outcome: StageOutcome, _ verdict: Verdict, location: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.outcomeClass == verdict.outcomeClass, "\(outcome)", sourceLocation: location)
        if let code = verdict.code { #expect(outcome.code == code, "\(outcome)", sourceLocation: location) }
        #expect(
            verdict.phrase.isEmpty || outcome.message.contains(verdict.phrase), "\(outcome)", sourceLocation: location)
        if let worker = verdict.worker {
            #expect(outcome.details["worker"]?[worker.member] == worker.value, "\(outcome)", sourceLocation: location)
        }
    }

    @Test(arguments: [("hostile-cpp", "SIGABRT"), ("hostile-swift", "SIGILL")])
    func whatLeavesALanguageEndsTheWorker(_ fixtureName: String, _ signal: String) throws {
        let fixture = try HostFixture([fixtureName, "noop"], isolation: .worker)
        let outcome = try #require(fixture.call("\(HostFixture.id(fixtureName)).go"))
        Self.expect(outcome, .signal(signal))
        // What the language's runtime said of it is kept.
        let said = fixtureName == "hostile-cpp" ? "thrown by a plugin" : "Index out of range"
        #expect(JSONWriter.string(outcome.details).contains(said), "\(outcome)")
        #expect(fixture.call("noop.begin")?.outcomeClass == .ok)
    }

    /// Harm in the functions that open and start.
    @Test func controlFunctionsThatFallEndTheWorkerAlone() throws {
        let opening = try HostFixture(["hostile", "noop"], isolation: .worker)
        let outcome = try #require(opening.call("hostile.go", config: ["do": "segfault"]))
        Self.expect(outcome, .signal("SIGSEGV"))
        #expect(opening.call("hostile.go", input: ["do": "fine"])?.outcomeClass == .ok)
        let starting = try HostFixture(["hostile", "noop"], isolation: .worker) { settings in
            settings.configurations["hostile"] = ["start": "abort"]
        }
        let refused = try #require(starting.call("hostile.go", input: ["do": "fine"]))
        #expect(refused.outcomeClass != .ok && refused.message.contains("SIGABRT"), "\(refused)")
        #expect(starting.call("noop.begin")?.outcomeClass == .ok)
    }

    /// Harm on the loop thread, which a plugin shares with itself only.
    @Test func aLoopThatHangsIsEnded() throws {
        let fixture = try HostFixture(["hostile", "noop"], isolation: .worker)
        let outcome = fixture.callOutOfTime(
            after: .milliseconds(300),
            meanwhile: {
                #expect(fixture.call("noop.begin")?.outcomeClass == .ok)
            }
        ) {
            HostFixture.request("hostile.loop", input: ["do": "hang"], deadline: $0, grace: .milliseconds(100))
        }
        Self.expect(try #require(outcome), .givenUp)
        #expect(fixture.call("hostile.loop", input: ["do": "fine"])?.outcomeClass == .ok)
    }

    /// A descriptor that lies: its number in the source, and the refusal it must meet.
    struct Lie: Sendable, CustomTestStringConvertible {
        let name: String
        let code: PluginError.Code
        let phrase: String
        /// Whether it may also be loaded into the host's process.
        var isSafe = true

        var testDescription: String { name }
    }

    static let lies: [Lie] = [
        Lie(name: "MANY_EXECUTORS", code: .badDescriptor, phrase: "offers 4000000000 executors"),
        Lie(name: "NULL_TABLE", code: .badDescriptor, phrase: "executors"),
        Lie(name: "NULL_ENTRY", code: .badDescriptor, phrase: "executor 0 is NULL"),
        Lie(name: "WILD_TABLE", code: .probeFailed, phrase: "SIGSEGV", isSafe: false),
        Lie(name: "NO_TEXT", code: .badDescriptor, phrase: "title is not UTF-8"),
        Lie(name: "LONG_TYPE", code: .badDescriptor, phrase: "executor type"),
        Lie(name: "OTHER_PLUGIN", code: .badDescriptor, phrase: "its id is \"another\""),
        Lie(name: "BAD_SCHEMA", code: .badDescriptor, phrase: "output_schema"),
        Lie(name: "DEEP_SCHEMA", code: .badDescriptor, phrase: "output_schema"),
        Lie(name: "BAD_CAPABILITIES", code: .badDescriptor, phrase: "network.tcp_ports has 70000"),
        Lie(name: "UPWARD_PATH", code: .badDescriptor, phrase: "may not lead upwards"),
        Lie(name: "BAD_MANIFEST", code: .badDescriptor, phrase: "manifest_json"),
        Lie(name: "RESERVED", code: .badDescriptor, phrase: "reserved0 is not 0"),
        Lie(name: "NEITHER", code: .badDescriptor, phrase: "neither run nor begin"),
        Lie(name: "CONSTRUCTOR_FALLS", code: .probeFailed, phrase: "SIGSEGV", isSafe: false),
        Lie(name: "ENTRY_EXITS", code: .probeFailed, phrase: "status 0", isSafe: false),
        Lie(name: "NULL_DESCRIPTOR", code: .refusedHost, phrase: "does not want this host"),
    ]

    @Test(arguments: lies) func descriptorsThatLieAreRefused(_ lie: Lie) throws {
        let fixture = try HostFixture(["noop"], isolation: .worker)
        try Self.compile(lie.name, into: fixture.folder)
        Self.expectRefusal(of: lie, fixture)
        #expect(fixture.call("noop.begin")?.outcomeClass == .ok)
        guard lie.isSafe else { return }
        let trusting = try HostFixture(["noop"])
        try Self.compile(lie.name, into: trusting.folder)
        Self.expectRefusal(of: lie, trusting)
    }

    private static func expectRefusal(
        of lie: Lie, _ fixture: HostFixture, location: SourceLocation = #_sourceLocation
    ) {
        guard case .failure(let error) = fixture.host.information(of: "subject") else {
            Issue.record("\(lie.name) was believed", sourceLocation: location)
            return
        }
        #expect(error.code == lie.code && error.description.contains(lie.phrase), "\(error)", sourceLocation: location)
        let outcome = fixture.call("subject.go")
        #expect(outcome?.outcomeClass == .permanent && outcome?.code == lie.code.rawValue, sourceLocation: location)
    }

    /// What a plugin prints while it is asked what it is does not become its description.
    @Test func aForgedDescriptionIsNotBelieved() throws {
        let fixture = try HostFixture([], isolation: .worker) { $0.isolation["subject"] = .worker }
        try Self.compile("ENTRY_PRINTS", into: fixture.folder)
        guard case .success(let plugin) = fixture.host.information(of: "subject") else {
            Issue.record("refused")
            return
        }
        #expect(plugin.id == "subject" && plugin.executors.map(\.type) == ["subject.go"])
        #expect(fixture.call("subject.go")?.outcomeClass == .ok)
    }

    private static func compile(_ lie: String, into folder: String) throws {
        let source = "\(SourceTree.root)/Tests/Fixtures/hostile-descriptor/descriptor.c"
        let result = try Command.run([
            "gcc", "-std=c11", "-shared", "-fPIC", "-DLIE=\(lie)", "-I\(SourceTree.root)/sdk/c/include", "-o",
            "\(folder)/libbatten-plugin-subject.so", source,
        ])
        try #require(result.status == 0, "\(result.output)")
    }
}

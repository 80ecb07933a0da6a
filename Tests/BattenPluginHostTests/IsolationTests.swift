import BattenCore
import BattenPluginHost
import BattenSystem
import Testing

/// Calls in worker processes, and what becomes of them when a process ends.
@Suite struct IsolationTests {
    private static func request(
        _ action: String, tag: UInt64 = 7, key: String = "key", deadline: Int64? = nil,
        grace: Duration = .milliseconds(100)
    ) -> ExecutorCall {
        ExecutorCall(
            tag: tag, executor: "poison.go", run: "run", stage: "stage", idempotencyKey: key,
            deadline: deadline, grace: grace, input: ["do": .string(action)])
    }

    private static func outcome(_ fixture: HostFixture, _ call: ExecutorCall) -> StageOutcome? {
        let sink = RecordingSink()
        _ = fixture.host.start(call, sink: sink)
        return sink.outcomes(1)?.first?.outcome
    }

    /// The process that answers a call.
    private static func pid(_ fixture: HostFixture, key: String = "key") -> Int32? {
        outcome(fixture, request("pid", key: key))?.output["pid"]?.intValue.map { Int32(clamping: $0) }
    }

    private static func waitUntil(_ condition: () -> Bool) -> Bool {
        let end = MonotonicClock.now() + 120_000_000_000
        while !condition() {
            if MonotonicClock.now() > end { return false }
            Pause.sleep(microseconds: 2_000)
        }
        return true
    }

    static let deaths: [(action: String, member: String, value: JSONValue)] = [
        ("segfault", "signal", "SIGSEGV"), ("abort", "signal", "SIGABRT"), ("exit", "exit_status", 3),
        ("overflow", "signal", "SIGSEGV"),
    ]

    @Test(arguments: deaths)
    func theDeathOfAWorkerIsAnOutcome(_ death: (action: String, member: String, value: JSONValue)) throws {
        let fixture = try HostFixture(["poison"], isolation: .worker)
        let before = try #require(Self.pid(fixture))
        #expect(before != ProcessEnvironment.processID)
        let outcome = try #require(Self.outcome(fixture, Self.request(death.action)))
        #expect(outcome.outcomeClass == .crashed && outcome.effect == .unknown, "\(outcome)")
        #expect(outcome.code == StageOutcome.lostWorkerCode)
        #expect(outcome.details["worker"]?[death.member] == death.value, "\(outcome)")
        if death.member == "signal" {
            #expect(outcome.details["worker"]?["backtrace"]?.arrayValue?.isEmpty == false, "\(outcome)")
        }
        if death.action == "segfault" { #expect(outcome.message.contains("about to fall"), "\(outcome.message)") }
        let after = try #require(Self.pid(fixture, key: "other"))
        #expect(after != before)
        #expect(
            fixture.reports.contains { if case .crashed("poison", before, _, 1) = $0 { true } else { false } },
            "\(fixture.reports)")
    }

    @Test func aPoisonousCallTakesItsNeighboursDownOnlyOnce() throws {
        let fixture = try HostFixture(["poison"], blockingLimit: 32, isolation: .worker)
        let sink = RecordingSink()
        for tag in 0..<20 as Range<UInt64> {
            _ = fixture.host.start(Self.request("wait", tag: tag, key: "key-\(tag)"), sink: sink)
        }
        #expect(Self.waitUntil { sink.lines.filter { $0.hasSuffix("entered") }.count == 20 })
        let first = try #require(Self.outcome(fixture, Self.request("segfault", key: "poison")))
        #expect(first.code == StageOutcome.lostWorkerCode && first.message.contains("21 calls were inside"))
        let lost = try #require(sink.outcomes(20))
        #expect(lost.allSatisfy { $0.outcome.code == StageOutcome.lostWorkerCode })

        // From now on each of them is alone: the poison harms nobody, and the others are cleared by ending.
        let again = RecordingSink()
        for tag in 0..<4 as Range<UInt64> {
            _ = fixture.host.start(Self.request("pid", tag: tag, key: "key-\(tag)"), sink: again)
        }
        let second = try #require(Self.outcome(fixture, Self.request("segfault", key: "poison")))
        #expect(second.outcomeClass == .crashed && second.details["worker"]?["calls"] == 1)
        let outcomes = try #require(again.outcomes(4))
        #expect(outcomes.allSatisfy { $0.outcome.outcomeClass == .ok })
        #expect(Set(outcomes.compactMap { $0.outcome.output["pid"]?.intValue }).count == 4, "each in its own process")
        #expect(Self.pid(fixture, key: "key-0") == Self.pid(fixture, key: "key-1"), "cleared ones share again")
    }

    @Test func aPluginThatKeepsCrashingIsTurnedOffUntilItsFileChanges() throws {
        let fixture = try HostFixture(["poison"], isolation: .worker)
        for round in 0..<5 {
            let outcome = try #require(Self.outcome(fixture, Self.request("exit", key: "round-\(round)")))
            #expect(outcome.outcomeClass == .crashed, "\(round): \(outcome)")
        }
        let refused = try #require(Self.outcome(fixture, Self.request("pid", key: "new")))
        #expect(refused.code == "plugin.turned_off" && refused.effect == .none, "\(refused)")
        try HostFixture.install("poison", in: fixture.folder)
        fixture.host.lookAgain()
        #expect(Self.pid(fixture, key: "new") != nil)
    }

    @Test func aCallThatDoesNotStopCostsItsWorker() throws {
        let fixture = try HostFixture(["poison"], isolation: .worker)
        let pid = try #require(Self.pid(fixture))
        let outcome = try #require(
            fixture.callOutOfTime(after: .milliseconds(200)) {
                Self.request("hang", deadline: $0, grace: .milliseconds(50))
            })
        #expect(outcome.outcomeClass == .timeout && outcome.code == "plugin.abandoned", "\(outcome)")
        #expect(Self.waitUntil { !ProcessTable.exists(pid) })
        #expect(Self.pid(fixture) != nil)
    }

    /// In a control group what a worker starts is counted with it, and ends with it, whatever session it has made.
    @Test func aWorkerAndWhatItStartsShareAGroup() throws {
        let groups = ControlGroups.delegated()
        guard groups.limit(.processes) else {
            try Test.cancel("no control group with pids is delegated to this process")
        }
        let fixture = try HostFixture(["poison"], isolation: .worker) { settings in
            settings.groups = { groups }
            settings.limits["poison"] = WorkerLimits(memory: nil, processorTime: nil, files: nil, processes: 16)
        }
        var children: [Int32] = []
        for number in 0..<40 {
            let outcome = try #require(Self.outcome(fixture, Self.request("session", key: "\(number)")))
            let child = Int32(clamping: outcome.output["child"]?.intValue ?? -1)
            if child > 0 { children.append(child) }
        }
        #expect((1..<16).contains(children.count), "\(children.count) were started")
        let worker = try #require(fixture.host.workerProcesses.first)
        let place = try #require(groups.places.first { $0.controllers.contains(.processes) }).folder
        let own = "batten-\(ProcessEnvironment.processID)-"
        let folder = try #require(
            try FileSystem.list(place).filter { $0.hasPrefix(own) }.first { name in
                String(decoding: try FileSystem.read("\(place)/\(name)/cgroup.procs"), as: UTF8.self)
                    .split(separator: "\n").contains("\(worker)")
            })
        ProcessTable.kill(worker)
        #expect(Self.waitUntil { !children.contains(where: ProcessTable.isRunning) })
        #expect(Self.waitUntil { !FileSystem.exists("\(place)/\(folder)") })
        #expect(Self.pid(fixture) != nil)
    }

    /// A limit that somebody has asked for holds, or the plugin does not run.
    @Test func aGroupThatCannotBeMadeIsNamed() throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-group-")
        defer { try? FileSystem.removeTree(folder) }
        // No folder: nothing can be made in it.
        try FileSystem.writeAtomically([], to: "\(folder)/gone")
        let missing = ControlGroups(places: [
            .init(folder: "\(folder)/gone", controllers: [.processes], isUnified: true)
        ])
        let asked = try HostFixture(["poison"], isolation: .worker) { settings in
            settings.groups = { missing }
            settings.limits["poison"] = WorkerLimits(memory: nil, processorTime: nil, files: nil, processes: 16)
        }
        let outcome = try #require(Self.outcome(asked, Self.request("pid")))
        #expect(outcome.outcomeClass == .transient && outcome.code == "plugin.no_resources", "\(outcome)")
        #expect(outcome.message.contains("\(folder)/gone"), "\(outcome)")
        let standard = try HostFixture(["poison"], isolation: .worker) { $0.groups = { missing } }
        #expect(Self.pid(standard) != nil)
        #expect(
            standard.reports.contains { report in
                if case .log("poison", "warning", let text) = report {
                    text.contains("no control group")
                } else {
                    false
                }
            })
        // A folder that is no control group cannot be joined.
        let fake = ControlGroups(places: [.init(folder: folder, controllers: [.processes], isUnified: true)])
        let joining = try HostFixture(["poison"], isolation: .worker) { $0.groups = { fake } }
        let refused = try #require(Self.outcome(joining, Self.request("pid")))
        #expect(refused.outcomeClass != .ok && refused.message.contains("could not be confined"), "\(refused)")
    }

    /// Folders of the user are named to a plugin only where it may look into them.
    @Test func aWorkerIsToldOfNoFolderThatItCannotReach() throws {
        let fixture = try HostFixture(["poison"], isolation: .worker)
        let pid = try #require(Self.pid(fixture))
        let names = try FileSystem.read("/proc/\(pid)/environ").split(separator: 0).compactMap {
            String(decoding: $0, as: UTF8.self).split(separator: "=").first.map(String.init)
        }
        #expect(names.contains("PATH"))
        #expect(!names.contains("HOME") && !names.contains("TMPDIR"), "\(names)")
    }

    @Test func cancelAndDeadlineReachTheWorker() throws {
        let fixture = try HostFixture(["poison"], isolation: .worker)
        let sink = RecordingSink()
        let handle = fixture.host.start(Self.request("wait"), sink: sink)
        #expect(sink.waitForLine("log 7 info: entered"))
        fixture.host.cancel(handle, why: .cancelled)
        #expect(sink.outcomes(1)?.first?.outcome.outcomeClass == .cancelled)
        let timed = try #require(
            fixture.callOutOfTime(after: .milliseconds(50)) {
                Self.request("wait", deadline: $0, grace: .seconds(60))
            })
        #expect(timed.outcomeClass == .cancelled && timed.code.isEmpty, "the plugin's own word: \(timed)")
        #expect(fixture.host.statistics.live == 0)
    }

    @Test func killedWorkersLoseTheirCallsAndNothingElse() throws {
        let fixture = try HostFixture(["poison"], blockingLimit: 16, isolation: .workerPool(2))
        let sink = RecordingSink()
        for tag in 0..<10 as Range<UInt64> {
            _ = fixture.host.start(Self.request("wait", tag: tag, key: "key-\(tag)"), sink: sink)
        }
        #expect(Self.waitUntil { sink.lines.filter { $0.hasSuffix("entered") }.count == 10 })
        #expect(fixture.host.workerProcesses.count == 2)
        let victim = try #require(fixture.host.workerProcesses.first)
        ProcessTable.kill(victim)
        #expect(Self.waitUntil { !sink.soFar.isEmpty })
        #expect(sink.soFar.allSatisfy { $0.outcome.details["worker"]?["signal"] == "SIGKILL" })
        #expect(sink.soFar.count < 10)
        #expect(Self.pid(fixture, key: "new") != nil)
        fixture.host.shutdown(within: .seconds(60))
        #expect(sink.outcomes(10)?.count == 10)
    }

    @Test func shutdownEndsWorkersAndTheirChildren() throws {
        let fixture = try HostFixture(["poison"], isolation: .worker)
        let made = try #require(Self.outcome(fixture, Self.request("child"))?.output)
        let child = try #require(made["child"]?.intValue.map { Int32(clamping: $0) })
        let worker = try #require(made["pid"]?.intValue.map { Int32(clamping: $0) })
        #expect(child > 0 && ProcessTable.exists(child))
        fixture.host.shutdown(within: .seconds(60))
        #expect(!ProcessTable.exists(worker))
        #expect(Self.waitUntil { !ProcessTable.isRunning(child) })
        #expect(fixture.host.workerProcesses.isEmpty)
        #expect(Self.outcome(fixture, Self.request("pid"))?.code == "plugin.host_shut_down")
    }

    @Test func standardStreamsBecomeLogLines() throws {
        let fixture = try HostFixture(["poison"], isolation: .worker)
        let sink = RecordingSink()
        _ = fixture.host.start(Self.request("print"), sink: sink)
        #expect(sink.outcomes(1)?.first?.outcome.outcomeClass == .ok)
        let output = "to the standard output"
        #expect(
            Self.waitUntil {
                sink.lines.contains("log 7 stdout: \(output)")
                    || fixture.reports.contains(.log(plugin: "poison", level: "info", text: output))
            })
    }

    @Test(arguments: [10, 300_000, 1_100_000, 9_000_000])
    func payloadsOfAnySizeComeBackAsTheyWere(_ size: Int) throws {
        let fixture = try HostFixture(["poison"], isolation: .worker)
        let input: JSONValue = ["do": "echo", "text": .string(String(repeating: "ü", count: size / 2))]
        let sink = RecordingSink()
        var call = Self.request("echo")
        call.input = input
        _ = fixture.host.start(call, sink: sink)
        let outcome = try #require(sink.outcomes(1)?.first?.outcome)
        #expect(outcome.outcomeClass == .ok && outcome.output == input, "\(outcome.code) \(outcome.message)")
    }

    @Test func modesGiveAsManyProcessesAsTheySay() throws {
        let perCall = try HostFixture(["poison"], isolation: .workerPerCall)
        let pids = (0..<3).compactMap { _ in Self.pid(perCall) }
        #expect(Set(pids).count == 3)
        #expect(Self.waitUntil { perCall.host.workerProcesses.isEmpty })
        let crashed = try #require(Self.outcome(perCall, Self.request("segfault")))
        #expect(crashed.code == "plugin.crashed" && crashed.outcomeClass == .crashed)

        let worn = try HostFixture(["poison"], isolation: .worker) { settings in
            settings.recycling["poison"] = WorkerRecycling(calls: 2)
        }
        let served = (0..<6).compactMap { _ in Self.pid(worn) }
        #expect(served.count == 6 && Set(served).count == 3, "\(served)")
    }

    @Test func aStageMayAskForMoreIsolationAndNeverForLess() throws {
        let fixture = try HostFixture(["poison"])
        #expect(Self.pid(fixture) == ProcessEnvironment.processID)
        var call = Self.request("pid")
        call.isolation = .process
        let own = Int64(ProcessEnvironment.processID)
        let pid = try #require(Self.outcome(fixture, call)?.output["pid"]?.intValue)
        #expect(pid != own)
        call.isolation = .inherit
        call.isAlone = true
        let alone = try #require(Self.outcome(fixture, call)?.output["pid"]?.intValue)
        #expect(alone != own && alone != pid)
        call.isAlone = false
        call.executor = "poison.bound"
        #expect(Self.outcome(fixture, call)?.outcomeClass == .ok)
        call.isolation = .process
        #expect(Self.outcome(fixture, call)?.code == "plugin.host_process_only")

        let untrusted = try HostFixture(["poison"], isolation: .worker) { $0.isolation["poison"] = .inProcess }
        #expect(Self.outcome(untrusted, Self.request("pid"))?.code == "plugin.too_little_isolation")
    }

    @Test func tenThousandCallsInFlightNeedNoThreadEach() throws {
        let fixture = try HostFixture(["noop"], isolation: .worker)
        #expect(fixture.call("noop.run")?.outcomeClass == .ok)
        let threads = ProcessTable.threads(of: ProcessEnvironment.processID)
        let worker = try #require(fixture.host.workerProcesses.first)
        let sink = RecordingSink()
        for tag in 0..<10_000 as Range<UInt64> {
            _ = fixture.host.start(HostFixture.request("noop.hold", tag: tag), sink: sink)
        }
        #expect(fixture.host.statistics.live == 10_000)
        // Other tests run in this process at the same time; the worker's threads are its own.
        #expect(ProcessTable.threads(of: ProcessEnvironment.processID) < threads + 200)
        #expect(ProcessTable.threads(of: worker) < 12)
        _ = fixture.host.start(HostFixture.request("noop.hold", tag: 10_000, attempt: 2), sink: sink)
        let outcomes = try #require(sink.outcomes(10_001))
        #expect(Set(outcomes.map(\.tag)).count == 10_001)
        #expect(outcomes.allSatisfy { $0.outcome.outcomeClass == .ok })
    }
}

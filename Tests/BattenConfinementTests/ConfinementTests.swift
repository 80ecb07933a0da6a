import BattenCore
import BattenPluginHost
import BattenSystem
import Synchronization
import TestSupport
import Testing

/// What a confined process can and cannot do, tried in real processes.
@Suite struct ConfinementTests {
    @Test func filesOutsideAreOutOfReach() throws {
        let trial = try Trial()
        defer { try? FileSystem.removeTree(trial.scratch) }
        try trial.needs(landlock: 3)
        try FileSystem.writeAtomically([1, 2, 3], to: "\(trial.scratch)/mine")
        let mine = "\(trial.scratch)/mine"
        try trial.expect(
            [:],
            [
                ("read:/etc/shadow", .denied), ("read:/etc/passwd", .denied), ("read:\(mine)", .denied),
                ("make:\(trial.scratch)/new", .denied), ("empty:\(mine)", .denied), ("remove:\(mine)", .denied),
                ("memory_of:1", .denied), ("memory_of:\(ProcessEnvironment.processID)", .denied),
                ("read:/dev/tty", .denied),
            ])
        #expect(try FileSystem.read(mine) == [1, 2, 3])
        #expect(!FileSystem.exists("\(trial.scratch)/new"))
    }

    @Test func declaredPathsAreWithinReachAndNoOthers() throws {
        let trial = try Trial()
        defer { try? FileSystem.removeTree(trial.scratch) }
        try trial.needs(landlock: 3, filter: true)
        for name in ["in", "out", "other"] {
            try FileSystem.makeFolder("\(trial.scratch)/\(name)")
            try FileSystem.writeAtomically([1], to: "\(trial.scratch)/\(name)/file")
        }
        let (inside, outside, other) = (
            "\(trial.scratch)/in", "\(trial.scratch)/out", "\(trial.scratch)/other"
        )
        try trial.expect(
            ["paths": ["read": [.string(inside)], "write": [.string(outside)]]],
            [
                ("read:\(inside)/file", .done), ("make:\(inside)/new", .denied), ("empty:\(inside)/file", .denied),
                ("read:\(outside)/file", .done), ("make:\(outside)/new", .done), ("mode:\(outside)/new", .done),
                ("times:\(outside)/file", .done), ("empty:\(outside)/file", .done), ("remove:\(outside)/new", .done),
                ("device:\(outside)/zero", ProcessRights.userID == 0 ? .denied : .notPermitted),
                ("read:\(other)/file", .denied), ("remove:\(other)/file", .denied), ("fork", .notPermitted),
            ])
        // Without a path to write to, attributes of files stay as they are; Landlock does not watch over them.
        try trial.expect(
            ["paths": ["read": [.string(inside)]]],
            [("mode:\(inside)/file", .notPermitted), ("times:\(inside)/file", .notPermitted)])
    }

    @Test func whatTheEnvironmentNamesIsWithinReach() throws {
        let trial = try Trial()
        defer { try? FileSystem.removeTree(trial.scratch) }
        try trial.needs(landlock: 1, filter: true)
        for name in ["libown.so.1", "certificate.pem", "secret"] {
            try FileSystem.writeAtomically([1], to: "\(trial.scratch)/\(name)")
        }
        try FileSystem.makeFolder("\(trial.scratch)/certificates")
        try FileSystem.writeAtomically([1], to: "\(trial.scratch)/certificates/one.pem")
        let environment = [
            "LD_LIBRARY_PATH": "relative::\(trial.scratch)", "SSL_CERT_FILE": "\(trial.scratch)/certificate.pem",
            "SSL_CERT_DIR": "/nowhere:\(trial.scratch)/certificates", "HOME": trial.scratch, "TMPDIR": trial.scratch,
        ]
        func answers(_ certificates: Trial.Answer) -> [(attempt: String, answer: Trial.Answer)] {
            [
                ("read:\(trial.scratch)/libown.so.1", .done), ("read:\(trial.scratch)/secret", .denied),
                ("make:\(trial.scratch)/new", .denied), ("read:\(trial.scratch)/certificate.pem", certificates),
                ("read:\(trial.scratch)/certificates/one.pem", certificates),
            ]
        }
        try trial.expect([:], environment: environment, answers(.denied))
        try trial.expect(["network": "any"], environment: environment, answers(.done))
    }

    @Test func aDeclaredPathThatIsMissingIsNamed() throws {
        let trial = try Trial()
        defer { try? FileSystem.removeTree(trial.scratch) }
        try trial.needs(landlock: 1)
        let gone = "\(trial.scratch)/gone"
        let (lines, _) = try trial.run(["paths": ["write": [.string(gone)]]], ["make:\(gone)"])
        #expect(
            lines == [
                "note: the declared path \(gone) cannot be found, so it stays out of reach", "make:\(gone) 13",
            ])
    }

    @Test func noProcessIsStartedWithoutTheCapability() throws {
        let trial = try Trial()
        defer { try? FileSystem.removeTree(trial.scratch) }
        try trial.needs(filter: true)
        try trial.expect(
            ["network": "any", "paths": ["write": ["/"]]],
            [
                ("fork", .notPermitted), ("clone", .notPermitted), ("clone3", .noSuchCall),
                ("spawn:/bin/true", .notPermitted), ("execute:/bin/true", .notPermitted),
                ("execute_memory:/bin/true", .notPermitted), ("thread", .done),
                ("signal:\(ProcessEnvironment.processID)", .notPermitted), ("signal_self", .done),
            ])
    }

    @Test func processesAreStartedWithTheCapability() throws {
        let trial = try Trial()
        defer { try? FileSystem.removeTree(trial.scratch) }
        try trial.needs(filter: true)
        try trial.expect(
            ["process": true],
            [
                ("fork", .done), ("clone", .done), ("clone3", .noSuchCall), ("spawn:/bin/true", .done),
                ("processes:5", .done), ("clone_user_space", .notPermitted), ("unshare", .notPermitted),
                ("tcp", .notPermitted),
            ])
        guard trial.kernel.landlock >= 6 else { return }
        // Not even as the super-user: whom a worker may signal is whom it has started.
        try trial.expect(
            ["process": true],
            [("signal:\(ProcessEnvironment.processID)", .notPermitted), ("read:/etc/shadow", .denied)])
    }

    @Test func withoutNetworkThereAreNoSockets() throws {
        let trial = try Trial()
        defer { try? FileSystem.removeTree(trial.scratch) }
        try trial.needs(filter: true)
        try trial.expect(
            ["process": true],
            [
                ("tcp", .notPermitted), ("tcp6", .notPermitted), ("udp", .notPermitted), ("local", .notPermitted),
                ("packet", .notPermitted), ("crypto", .notPermitted), ("ring", .noSuchCall), ("pair", .done),
            ])
    }

    @Test func declaredPortsAreReachedAndNoOthers() throws {
        let trial = try Trial()
        defer { try? FileSystem.removeTree(trial.scratch) }
        try trial.needs(landlock: 4, filter: true)
        let (one, other) = (try LoopbackListener(), try LoopbackListener())
        try trial.expect(
            ["network": ["tcp_ports": [.int(Int64(one.port))]]],
            [
                ("connect:\(one.port)", .done), ("connect:\(other.port)", .denied),
                ("fast_open:\(other.port)", .notPermitted), ("listen:0", .denied), ("udp", .notPermitted),
                ("mptcp", .notPermitted), ("local", .notPermitted),
            ])
        try trial.expect(
            ["network": "any"],
            [
                ("connect:\(one.port)", .done), ("connect:\(other.port)", .done), ("listen:0", .done),
                ("udp", .done), ("local", .done), ("packet", .notPermitted), ("crypto", .notPermitted),
            ])
    }

    /// Whatever a plugin declares, some calls are nobody's.
    @Test(
        arguments: [
            [:], ["process": true, "network": "any", "paths": ["read": ["/"], "write": ["/"]]],
        ] as [JSONValue])
    func theKernelAndOtherProcessesStayOutOfReach(_ capabilities: JSONValue) throws {
        let trial = try Trial()
        defer { try? FileSystem.removeTree(trial.scratch) }
        try trial.needs(filter: true)
        try trial.expect(
            capabilities,
            [
                ("attach:1", .notPermitted), ("limit_of:1", .notPermitted), ("mount:\(trial.scratch)", .notPermitted),
                ("bpf", .notPermitted), ("keyctl", .notPermitted), ("userfault", .notPermitted),
                ("kexec", .notPermitted), ("ring", .noSuchCall), ("perf", .notPermitted), ("unshare", .notPermitted),
                ("setuid", .notPermitted), ("shared_memory", .notPermitted), ("outlive", .notPermitted),
                ("call:511", .noSuchCall), ("privileges", .done), ("core", .done),
                ("raise_files:1000000", .notPermitted),
                ("work", .done), ("thread", .done), ("library:libz.so.1", .done),
            ])
    }

    @Test func limitsHold() throws {
        let trial = try Trial()
        defer { try? FileSystem.removeTree(trial.scratch) }
        try trial.expect(
            [:], settings: ["memory": "256 MiB", "files": 64],
            [
                ("memory:64", .done), ("memory:512", .noMemory), ("files:20", .done), ("files:100", .tooManyFiles),
                ("core", .done),
            ])
        try trial.expect([:], settings: ["memory": "none"], [("memory:1500", .done)])
        // SIGXCPU, which has no handler.
        let (lines, end) = try trial.run([:], ["burn:20"], settings: ["cpu": "1s"])
        #expect(lines == [])
        #expect(end == .signalled(24))
    }

    @Test func aControlGroupLimitsAllProcessesTogether() throws {
        let trial = try Trial()
        defer { try? FileSystem.removeTree(trial.scratch) }
        guard trial.kernel.groups.limit(.processes) else {
            try Test.cancel("no control group with pids is delegated to this process")
        }
        let group = try #require(
            try ControlGroup.make(in: trial.kernel.groups, memory: nil, processes: 20))
        defer { group.remove() }
        let capabilities = PluginCapabilities(startsProcesses: true)
        let confinement = WorkerConfinement(
            capabilities: capabilities, groupFolders: group.folders, requirement: .available)
        try trial.expect(
            capabilities.json, settings: confinement.settings, [("processes:10", .done), ("processes:40", .again)])
        #expect(group.processes() == [])
        #expect(group.remove())
        #expect(group.folders.allSatisfy { !FileSystem.exists($0) })
    }

    @Test func fullConfinementIsRefusedWhereSomethingIsMissing() throws {
        let trial = try Trial()
        defer { try? FileSystem.removeTree(trial.scratch) }
        // Processes without a group to count them.
        let (lines, end) = try trial.run(["process": true], ["fork"], settings: ["require": "full"])
        #expect(lines.count == 1 && lines[0].hasPrefix("refused: confine the plugin fully: "), "\(lines)")
        #expect(lines[0].contains("processes: not limited: no control group that counts them is delegated"), "\(lines)")
        #expect(end == .exited(1))
        try trial.needs(landlock: 6, filter: true)
        try trial.expect([:], settings: ["require": "full"], [("work", .done)])
    }

    @Test(arguments: [
        (#"{"network": 5}"#, "{}", "network is neither"),
        (#"{"paths": {"read": ["../up"]}}"#, "{}", "a path may not lead upwards"),
        ("[]", "{}", "capabilities is no object"),
        ("{}", #"{"memory": "1 KiB"}"#, "memory must be at least 64 MiB"),
        ("{}", #"{"require": "some"}"#, "require is \"some\""),
        ("{}", #"{"colour": 1}"#, "colour is no limit"),
    ])
    func whatCannotBeReadIsRefused(_ capabilities: String, _ settings: String, _ reason: String) throws {
        let trial = try Trial()
        defer { try? FileSystem.removeTree(trial.scratch) }
        let (lines, end) = try trial.run(
            try JSONReader.parse(capabilities), ["work"], settings: try JSONReader.parse(settings))
        #expect(lines.count == 1 && lines[0].hasPrefix("refused: ") && lines[0].contains(reason), "\(lines)")
        #expect(end == .exited(1))
    }
}

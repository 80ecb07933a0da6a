import BattenCore
import BattenPluginHost
import BattenSystem
import TestSupport
import Testing

/// What is declared, limited and enforced, as values.
@Suite struct EnforcementTests {
    @Test(arguments: [
        ("{}", "{}"),
        (#"{"network":"none","process":false,"paths":{}}"#, "{}"),
        (#"{"network":{"tcp_ports":[443,80,443]}}"#, #"{"network":{"tcp_ports":[80,443]}}"#),
        (#"{"network":{"tcp_ports":[]},"colour":"red"}"#, "{}"),
        (
            #"{"paths":{"read":["/a","/a","~/b"],"write":["."]},"secrets":["KEY"],"process":true,"network":"any"}"#,
            #"{"paths":{"read":["/a","~/b"],"write":["."]},"secrets":["KEY"],"process":true,"network":"any"}"#
        ),
    ])
    func capabilitiesAreRead(_ text: String, _ needs: String) throws {
        let capabilities = try PluginCapabilities(try JSONReader.parse(text))
        #expect(JSONWriter.string(capabilities.json) == needs)
        #expect(try PluginCapabilities(capabilities.json) == capabilities)
    }

    @Test(arguments: [
        ("null", "capabilities is no object"),
        (#"{"paths":[]}"#, "paths is no object"),
        (#"{"paths":{"read":"/a"}}"#, "paths.read is no list of at most 256 texts"),
        (#"{"paths":{"write":["/a",7]}}"#, "paths.write[1] is no text of 1 to 4095 bytes"),
        (#"{"paths":{"write":[""]}}"#, "paths.write[0] is no text of 1 to 4095 bytes"),
        (#"{"paths":{"write":["/a\u0000b"]}}"#, "paths.write[0] is no text of 1 to 4095 bytes"),
        (#"{"paths":{"read":["/a/../b"]}}"#, "paths.read names /a/../b: a path may not lead upwards"),
        (#"{"process":"yes"}"#, "process is not true or false"),
        (#"{"network":"some"}"#, #"network is neither "none" nor "any" nor {"tcp_ports": [port…]}"#),
        (#"{"network":{"tcp_ports":[0]}}"#, "network.tcp_ports has 0, which is no port"),
        (#"{"network":{"tcp_ports":[65536]}}"#, "network.tcp_ports has 65536, which is no port"),
        (#"{"network":{"tcp_ports":[80.5]}}"#, "network.tcp_ports has 80.5, which is no port"),
        (#"{"network":{"tcp_ports":[80],"udp_ports":[53]}}"#, "network is neither"),
    ])
    func capabilitiesThatCannotBeReadAreRefused(_ text: String, _ reason: String) throws {
        let failure = #expect(throws: PluginCapabilities.Failure.self) {
            try PluginCapabilities(try JSONReader.parse(text))
        }
        #expect(failure?.description.hasPrefix(reason) == true, "\(failure?.description ?? "none")")
    }

    @Test func oneProcessNeedsWhatItsExecutorsNeedTogether() throws {
        func read(_ text: String) throws -> PluginCapabilities { try PluginCapabilities(try JSONReader.parse(text)) }
        let one = try read(#"{"paths":{"read":["/a"]},"network":{"tcp_ports":[443]},"secrets":["K"]}"#)
        let two = try read(#"{"paths":{"read":["/b","/a"],"write":["~/w","out"]},"network":{"tcp_ports":[25]}}"#)
        let both = try read(
            """
            {"paths":{"read":["/a","/b"],"write":["~/w","out"]},"network":{"tcp_ports":[25,443]},"secrets":["K"]}
            """)
        #expect(one.union(two) == both)
        #expect(one.union(try read("{}")) == one)
        #expect(try one.union(read(#"{"network":"any"}"#)).network == .any)
        #expect(!one.dependOnCallFolder && two.dependOnCallFolder)
        #expect(two.resolved(home: "/home/x", callFolder: "/work").writePaths == ["/home/x/w", "/work/out"])
        #expect(two.resolved(home: nil, callFolder: nil).writePaths == [])
        #expect(try read(#"{"paths":{"read":["."]}}"#).resolved(home: nil, callFolder: "/work").readPaths == ["/work"])
    }

    @Test func limitsAreRead() throws {
        func read(_ text: String) throws -> WorkerLimits { try WorkerLimits(try JSONReader.parse(text)) }
        #expect(try read("{}") == .standard)
        #expect(
            try read(#"{"memory":"512 MiB","cpu":"90s","files":100,"processes":32}"#)
                == WorkerLimits(memory: 512 << 20, processorTime: .seconds(90), files: 100, processes: 32))
        #expect(
            try read(#"{"memory":"none","cpu":"none","files":"none","processes":"none"}"#)
                == WorkerLimits(memory: nil, processorTime: nil, files: nil, processes: nil))
        let odd = WorkerLimits(memory: 77 << 20, processorTime: .milliseconds(1500), files: nil, processes: 16)
        #expect(try WorkerLimits(odd.json) == odd)
        let wrong = [
            ("[]", "limits is no mapping"), (#"{"memory":"much"}"#, "memory needs a size"),
            (#"{"memory":-1}"#, "memory must be at least 64 MiB"), (#"{"cpu":5}"#, "cpu needs a duration"),
            (#"{"cpu":"20ms"}"#, "cpu needs a duration of at least 1s"),
            (#"{"files":1}"#, "files needs a whole number"),
            (#"{"processes":true}"#, "processes needs a whole number"), (#"{"disk":1}"#, "disk is no limit"),
        ]
        for (text, reason) in wrong {
            let failure = #expect(throws: WorkerLimits.Failure.self) { try read(text) }
            #expect(failure?.description.hasPrefix(reason) == true, "\(text): \(failure?.description ?? "none")")
        }
    }

    /// What is said of kernels of different ages; `!` marks a gap, `~` a gap in part, `-` what is open as declared.
    @Test(
        arguments: [
            (0, false, false, "{}", "files! network! system calls! processes! signals! memory privileges"),
            (0, true, false, "{}", "files! network system calls processes signals memory privileges"),
            (2, true, false, "{}", "files~ network system calls processes signals memory privileges"),
            (
                3, true, false, #"{"network":{"tcp_ports":[443]}}"#,
                "files network~ system calls processes signals memory privileges"
            ),
            (
                4, true, false, #"{"network":{"tcp_ports":[443]},"process":true}"#,
                "files network system calls processes! signals! memory~ privileges"
            ),
            (
                6, true, true, #"{"network":"any","process":true,"paths":{"write":["/"]}}"#,
                "files- network- system calls processes signals memory privileges"
            ),
        ] as [(Int, Bool, Bool, String, String)])
    func gapsOfAKernelAreNamed(
        _ landlock: Int, _ filters: Bool, _ groups: Bool, _ capabilities: String, _ expected: String
    ) throws {
        let place = ControlGroups.Place(folder: "/g", controllers: [.processes, .memory], isUnified: true)
        let kernel = KernelConfinement(
            landlock: landlock, filtersCalls: filters, groups: ControlGroups(places: groups ? [place] : []))
        let enforcement = Enforcement(
            of: try PluginCapabilities(try JSONReader.parse(capabilities)), limits: .standard, on: kernel)
        let signs: [Enforcement.Degree: String] = [.enforced: "", .partly: "~", .missing: "!", .open: "-"]
        #expect(
            enforcement.items.map { $0.subject + (signs[$0.degree] ?? "?") }.joined(separator: " ") == expected)
        #expect(enforcement.gaps.allSatisfy { !$0.text.isEmpty })
    }

    /// How control groups are found, in trees of files like those of a kernel; `self` stands for this process.
    @Test(
        arguments: [
            (
                "version 2, delegated by a parent that passes them on", "0::/app/batten-host\n",
                "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
                ["sys/fs/cgroup/app/cgroup.subtree_control": "memory pids\n", "sys/fs/cgroup/app/batten-host/x": ""],
                "/sys/fs/cgroup/app memory pids unified"
            ),
            (
                "version 2, alone in a delegated group", "0::/app\n",
                "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
                [
                    "sys/fs/cgroup/app/cgroup.subtree_control": "\n",
                    "sys/fs/cgroup/app/cgroup.controllers": "cpu memory pids\n",
                    "sys/fs/cgroup/app/cgroup.procs": "self\n",
                ],
                "/sys/fs/cgroup/app memory pids unified leaf"
            ),
            (
                "version 2, beside a shell", "0::/app\n", "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
                [
                    "sys/fs/cgroup/app/cgroup.subtree_control": "\n",
                    "sys/fs/cgroup/app/cgroup.controllers": "memory pids\n",
                    "sys/fs/cgroup/app/cgroup.procs": "1\nself\n",
                ], ""
            ),
            (
                "version 1, mounted at a group", "8:pids:/box/inner\n4:memory:/elsewhere\n",
                "30 1 0:26 /box /cg/pids rw shared:9 - cgroup cgroup rw,pids\n"
                    + "31 1 0:27 /box /cg/memory rw - cgroup cgroup rw,memory\n",
                ["cg/pids/inner/pids.max": "max\n", "cg/memory/x": ""], "/cg/pids/inner pids"
            ),
            ("nothing", "0::/\n", "30 1 0:26 / / rw - ext4 /dev/x rw\n", [:], ""),
        ] as [(String, String, String, [String: String], String)])
    func delegatedControlGroupsAreFound(
        _ name: String, _ groups: String, _ mounts: String, _ files: [String: String], _ expected: String
    ) throws {
        let root = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-groups-")
        defer { try? FileSystem.removeTree(root) }
        var files = files
        files["proc/self/cgroup"] = groups
        files["proc/self/mountinfo"] = mounts
        for (path, text) in files {
            try FileSystem.makeFolder(FileSystem.parent(of: "\(root)/\(path)") ?? root)
            let line = text.split(separator: "\n", omittingEmptySubsequences: false).map {
                $0 == "self" ? "\(ProcessEnvironment.processID)" : String($0)
            }.joined(separator: "\n")
            try FileSystem.writeAtomically(Array(line.utf8), to: "\(root)/\(path)")
        }
        let found = ControlGroups.delegated(root: root).places.map { place in
            ([String(place.folder.dropFirst(root.count))] + place.controllers.map(\.rawValue)
                + (place.isUnified ? ["unified"] : []) + (place.needsLeaf ? ["leaf"] : [])).joined(separator: " ")
        }
        #expect(found == (expected.isEmpty ? [] : [expected]), "\(name)")
    }
}

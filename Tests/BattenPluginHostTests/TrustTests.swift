import BattenCore
import BattenPluginHost
import BattenSystem
import TestSupport
import Testing

/// A user's plugin folder, empty at first, and a folder with plugins to install.
final class PluginHome {
    let root: String
    var plugins: String { root + "/plugins" }
    var source: String { root + "/source" }

    init() throws {
        root = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-trust-")
        try FileSystem.makeFolder(source)
    }

    deinit { try? FileSystem.removeTree(root) }

    func settings(
        versions: [String: VersionRange] = [:], folders: [String] = [], signatures: SignaturePolicy = .init(),
        safeMode: Bool = false
    ) -> HostSettings {
        HostSettings(
            bundledFolder: nil, userFolder: plugins, folders: folders, lockFile: plugins + "/plugins.lock",
            descriptionFolder: root + "/descriptions", versions: versions, signatures: signatures, safeMode: safeMode,
            allowInProcessPlugins: true)
    }

    /// Installs a fixture under its id, with further bytes behind it that make it another file.
    func install(_ fixture: String, tail: String = "") throws -> String {
        let file = try write(fixture, tail: tail, to: source)
        let installer = try PluginInstaller(settings())
        return try installer.install(try installer.examine(file), at: "2026-01-01T00:00:00Z")
    }

    func write(_ fixture: String, tail: String = "", to folder: String) throws -> String {
        let id = String(fixture.map { $0 == "-" ? "_" : $0 })
        let path = "\(folder)/libbatten-plugin-\(id).so"
        try FileSystem.makeFolder(folder)
        let bytes = try FileSystem.read(HostFixture.library(fixture)) + Array(tail.utf8)
        try FileSystem.writeAtomically(bytes, to: path, mode: 0o755)
        return path
    }
}

@Suite struct TrustTests {
    private func code(_ home: PluginHome, _ type: String = "noop.echo", _ settings: HostSettings? = nil) -> String {
        let host = PluginHost(settings ?? home.settings())
        defer { host.shutdown(within: .seconds(2)) }
        let sink = RecordingSink()
        _ = host.start(HostFixture.request(type), sink: sink)
        guard let outcome = sink.outcomes(1)?.first?.outcome else { return "no outcome" }
        return outcome.outcomeClass == .ok ? "ran" : outcome.code
    }

    @Test func whatWasInstalledRunsUntilItChanges() throws {
        let home = try PluginHome()
        #expect(code(home) == "plugin.unknown")
        let path = try home.install("noop")
        #expect(path == "\(home.plugins)/noop/1.2.3/libbatten-plugin-noop.so")
        #expect(code(home) == "ran")
        let listing = try #require(PluginHost(home.settings()).listing().plugins.first)
        let known = try #require(try PluginHost(home.settings()).note(on: listing))
        #expect(
            known.trust == .accepted && known.version == "1.2.3" && known.executors.contains { $0.type == "noop.echo" })

        _ = try home.write("noop", tail: "changed", to: "\(home.plugins)/noop/1.2.3")
        #expect(code(home) == "plugin.changed")
        let installer = try PluginInstaller(home.settings())
        try installer.accept(try installer.examine(listing), at: "2026-01-02T00:00:00Z")
        #expect(code(home) == "ran")

        try installer.remove(listing, version: nil)
        #expect(code(home) == "plugin.unknown")
        #expect(try PluginLock.read(home.plugins + "/plugins.lock").entries.isEmpty)
        #expect(!FileSystem.exists(home.plugins + "/noop"))
    }

    /// The file is exchanged after it was looked at and before it is loaded: here, and in a worker.
    @Test(arguments: [true, false]) func whatWasHashedIsWhatIsLoaded(_ inProcess: Bool) throws {
        let home = try PluginHome()
        let path = try home.install("noop")
        var settings = home.settings()
        settings.allowInProcessPlugins = inProcess
        let host = PluginHost(settings)
        defer { host.shutdown(within: .seconds(2)) }
        guard case .found = host.executor("noop.echo") else {
            Issue.record("it was not found")
            return
        }
        try FileSystem.writeAtomically(Array("no plugin at all".utf8), to: path, mode: 0o755)
        let sink = RecordingSink()
        _ = host.start(HostFixture.request("noop.echo", input: ["a": 1]), sink: sink)
        let outcome = try #require(sink.outcomes(1)?.first?.outcome)
        #expect(outcome.outcomeClass == .ok && outcome.output["input"] == ["a": 1], "\(outcome)")
        #expect(code(home) == "plugin.not_shared_object", "the next host sees the other file")
    }

    @Test func aBareFileIsAskedOnceAndNeedsToBeAccepted() throws {
        let home = try PluginHome()
        let path = try home.write("noop", to: home.plugins)
        let listing = try #require(PluginHost(home.settings()).listing().plugins.first)
        #expect(listing.path == path && listing.folderVersion == nil)
        #expect(try PluginHost(home.settings()).note(on: listing) == nil, "listing asks nobody")
        #expect(code(home) == "plugin.not_accepted")
        let sidecar = home.plugins + "/libbatten-plugin-noop.json"
        let before = try #require(try FileSystem.status(sidecar))
        #expect(try PluginHost(home.settings()).note(on: listing)?.trust == .notAccepted)
        let installer = try PluginInstaller(home.settings())
        try installer.accept(try installer.examine(listing), at: "2026-01-01T00:00:00Z")
        #expect(code(home) == "ran")
        #expect(try FileSystem.status(sidecar)?.inode == before.inode, "it was asked once")
        // A description of another file is worth nothing.
        _ = try home.write("noop", tail: "x", to: home.plugins)
        #expect(code(home) == "plugin.changed")
        #expect(try FileSystem.status(sidecar)?.inode != before.inode, "it was asked again")
    }

    /// What somebody may have written beside a plugin.
    static let forgeries: [String] = [
        "", "{", "[]", "null", #"{"sha256":"HASH"}"#, #"{"sha256":"HASH","plugin":{}}"#,
        #"{"sha256":"HASH","plugin":{"format":1,"id":"shell"}}"#, #"{"sha256":"HASH","plugin":{"format":99}}"#,
        #"{"sha256":"HASH","plugin":{"format":1,"id":"noop","version":"1","title":"","summary":"","sdk":"","abi_minor":0,"manifest":{},"config_schema":true,"executors":[{"type":"shell.run"}]}}"#,
        #"{"sha256":"HASH","plugin":{"format":1,"id":"noop","version":"1","title":"","summary":"","sdk":"","abi_minor":-1,"manifest":{},"config_schema":{"type":7},"executors":[]}}"#,
    ]

    @Test(arguments: forgeries) func aDescriptionThatCannotBeUsedIsWrittenAnew(_ forgery: String) throws {
        let home = try PluginHome()
        let folder = home.root + "/named"
        let path = try home.write("noop", to: folder)
        let hash = SHA256.hex(try FileSystem.read(path))
        let sidecar = folder + "/libbatten-plugin-noop.json"
        let text = String(forgery.replacing("HASH", with: hash))
        try FileSystem.writeAtomically(Array(text.utf8), to: sidecar, mode: 0o644)
        #expect(code(home, "noop.echo", home.settings(folders: [folder])) == "ran")
        let written = try JSONReader.parse(try FileSystem.read(sidecar))
        #expect(written["plugin"]?["id"] == "noop")
    }

    @Test func aDescriptionThatCannotStandBesideIsKeptElsewhere() throws {
        let home = try PluginHome()
        let folder = home.root + "/named"
        _ = try home.write("noop", to: folder)
        // Something stands where the description would.
        try FileSystem.makeFolder(folder + "/libbatten-plugin-noop.json/x")
        #expect(code(home, "noop.echo", home.settings(folders: [folder])) == "ran")
        let kept = try FileSystem.list(home.root + "/descriptions")
        #expect(kept.count == 1 && kept[0].hasPrefix("noop-"))
    }

    @Test func theNewestVersionInTheRangeIsUsed() throws {
        let home = try PluginHome()
        _ = try home.install("noop")
        func version(_ range: String?) -> String {
            let versions = range.flatMap { VersionRange($0) }.map { ["noop": $0] } ?? [:]
            switch PluginHost(home.settings(versions: versions)).information(of: "noop") {
            case .success(let plugin): return plugin.version
            case .failure(let error): return error.code.rawValue
            case nil: return "none"
            }
        }
        #expect(version(nil) == "1.2.3" && version("^1") == "1.2.3" && version(">=2") == "plugin.no_version")
        // A folder whose name is not the version of what it holds is told, not believed.
        _ = try home.write("noop", to: home.plugins + "/noop/2.0.0")
        #expect(version(nil) == "plugin.bad_descriptor" && version("<2") == "1.2.3")
        try FileSystem.removeTree(home.plugins + "/noop/2.0.0")
        // The same version twice.
        _ = try home.write("noop", to: home.plugins)
        #expect(version(nil) == "plugin.duplicate")
    }

    /// Who may write where, and what must be said about it.
    static let rights: [(path: String, mode: String, phrase: String)] = [
        ("plugins/noop/1.2.3/libbatten-plugin-noop.so", "o+w", "everybody may write"),
        ("plugins/noop/1.2.3", "o+w", "everybody may write"), ("plugins/noop", "a+w", "everybody may write"),
        ("plugins", "o+w", "everybody may write"), ("plugins/plugins.lock", "o+w", "everybody may write"),
        ("plugins", "o+w,+t", "everybody may write"), ("", "o+w,+t", ""), ("", "o+w", "everybody may write"),
        ("plugins/noop/1.2.3", "o+w,+t", "everybody may write"),
    ]

    @Test(arguments: rights) func whatOthersMayChangeIsRefused(
        _ entry: (path: String, mode: String, phrase: String)
    ) throws {
        let home = try PluginHome()
        _ = try home.install("noop")
        let path = entry.path.isEmpty ? home.root : "\(home.root)/\(entry.path)"
        try #require(try Command.run(["chmod", entry.mode, path]).status == 0)
        switch PluginHost(home.settings()).information(of: "noop") {
        case .failure(let error):
            #expect(
                !entry.phrase.isEmpty && error.code == .untrusted && error.message.contains(entry.phrase), "\(error)")
            #expect(error.message.contains(path) && error.help.contains("chmod o-w \(path)"), "\(error)")
        case .success: #expect(entry.phrase.isEmpty)
        case nil: Issue.record("it was not found")
        }
    }

    @Test func anotherUsersFileIsRefused() throws {
        guard ProcessRights.userID == 0 else { try Test.cancel("only root can give files away") }
        let home = try PluginHome()
        let path = try home.install("noop")
        try #require(try Command.run(["chown", "12345", path]).status == 0)
        guard case .failure(let error) = PluginHost(home.settings()).information(of: "noop") else {
            Issue.record("it was not refused")
            return
        }
        #expect(error.code == .untrusted && error.message.contains("belongs to another user"))
    }

    @Test func signaturesAreHeldAgainstTheKeys() throws {
        let home = try PluginHome()
        let file = try home.write("noop", to: home.source)
        func openssl(_ line: String) throws {
            let result = try Command.run(["sh", "-c", "cd '\(home.root)' && openssl \(line)"])
            try #require(result.status == 0, "\(result.output)")
        }
        for name in ["good", "other"] {
            try openssl("genpkey -algorithm ed25519 -out \(name).pem")
            try openssl("pkey -in \(name).pem -pubout -out \(name).pub")
        }
        try openssl("genpkey -algorithm x25519 -out wrong.pem")
        try openssl("pkey -in wrong.pem -pubout -out wrong.pub")
        func verdict(_ keys: [String], required: Bool) -> String {
            let policy = SignaturePolicy(isRequired: required, keys: keys.map { "\(home.root)/\($0)" })
            do throws(PluginError) {
                let installer = try PluginInstaller(home.settings(signatures: policy))
                return try installer.examine(file).signedBy?.split(separator: "/").last.map(String.init) ?? "none"
            } catch {
                return error.code.rawValue
            }
        }
        #expect(verdict([], required: false) == "none" && verdict(["good.pub"], required: true) == "plugin.signature")
        try openssl("pkeyutl -sign -inkey good.pem -rawin -in '\(file)' -out '\(file).sig'")
        #expect(verdict(["good.pub"], required: true) == "good.pub")
        #expect(verdict(["other.pub", "good.pub"], required: true) == "good.pub")
        #expect(verdict(["other.pub"], required: false) == "plugin.signature", "a wrong signature is never overlooked")
        #expect(verdict([], required: true) == "plugin.signature")
        #expect(verdict(["wrong.pub"], required: true) == "plugin.signature")
        #expect(verdict(["missing.pub"], required: true) == "plugin.signature")
        // What was signed is the file, not its name.
        _ = try home.write("noop", tail: "x", to: home.source)
        #expect(verdict(["good.pub"], required: true) == "plugin.signature")
    }

    @Test func archivesAndFoldersAreInstalledFrom() throws {
        let home = try PluginHome()
        _ = try home.write("noop", to: home.source + "/noop-1.2.3")
        let tar = "cd '\(home.source)' && tar czf ../noop.tar.gz noop-1.2.3"
        try #require(try Command.run(["sh", "-c", tar]).status == 0)
        let installer = try PluginInstaller(home.settings())
        for source in ["source", "source/noop-1.2.3", "noop.tar.gz"] {
            let offer = try installer.examine("\(home.root)/\(source)")
            #expect(offer.plugin.id == "noop" && offer.plugin.version == "1.2.3")
        }
        _ = try installer.install(try installer.examine("\(home.root)/noop.tar.gz"), at: "2026-01-01T00:00:00Z")
        #expect(code(home) == "ran")
        // As Cargo names it.
        let cargos = home.root + "/libbatten_plugin_noop.so"
        try FileSystem.writeAtomically(
            try FileSystem.read(HostFixture.library("noop")) + [0], to: cargos, mode: 0o755)
        let path = try installer.install(try installer.examine(cargos), at: "2026-01-01T00:00:00Z")
        #expect(path.hasSuffix("/libbatten-plugin-noop.so") && code(home) == "ran")
        try FileSystem.writeAtomically([1, 2, 3], to: home.root + "/bad.tar.gz")
        try FileSystem.makeFolder(home.root + "/empty")
        for (source, phrase) in [
            ("bad.tar.gz", "cannot be unpacked"), ("empty", "libbatten-plugin-<id>.so"), ("nowhere", "there is no"),
        ] {
            let error = #expect(throws: PluginError.self) { try installer.examine("\(home.root)/\(source)") }
            #expect(error?.description.contains(phrase) == true, "\(source): \(String(describing: error))")
        }
    }

    @Test func safeModeKnowsBundledPluginsOnly() throws {
        let home = try PluginHome()
        _ = try home.install("noop")
        #expect(code(home, "noop.echo", home.settings(safeMode: true)) == "plugin.unknown")
        #expect(PluginHost(home.settings(safeMode: true)).listing().plugins.isEmpty)
    }

    @Test(arguments: ["no-entry", "wrong-major", "short-struct"]) func aBadPluginIsNotInstalled(_ fixture: String)
        throws
    {
        let home = try PluginHome()
        #expect(throws: PluginError.self) { try home.install(fixture) }
        #expect(!FileSystem.exists(home.plugins + "/plugins.lock"))
    }

    @Test(arguments: ["", "{", "[]", #"{"version":2,"plugins":[]}"#, #"{"version":1,"plugins":[{"id":1}]}"#])
    func aBrokenListOfAcceptedPluginsStopsThemAll(_ text: String) throws {
        let home = try PluginHome()
        _ = try home.install("noop")
        try FileSystem.writeAtomically(Array(text.utf8), to: home.plugins + "/plugins.lock", mode: 0o644)
        #expect(code(home) == "plugin.lock_file")
    }
}

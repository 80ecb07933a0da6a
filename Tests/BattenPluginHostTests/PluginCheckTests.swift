import BattenCore
import BattenPluginHost
import BattenSystem
import TestSupport
import Testing

@Suite struct PluginCheckTests {
    private static let folder = FileSystem.parent(of: ProcessEnvironment.executablePath) ?? "."

    /// The plugins that come with Batten.
    static let bundled: [String] = {
        let names = (try? FileSystem.list(folder)) ?? []
        return names.filter { $0.hasPrefix("libbatten-plugin-") && $0.hasSuffix(".so") }
    }()

    private func check(
        _ path: String, _ names: [String]? = nil, seed: UInt64 = 1, bundled: Bool = false
    ) throws -> [PluginCheckResult] {
        let checks = PluginCheck.all.filter { names?.contains($0.name) ?? true }
        #expect(names == nil || checks.count == names?.count, "every name is a check's")
        let settings = HostSettings(bundledFolder: bundled ? Self.folder : nil)
        return try PluginChecker(path, settings: settings, seed: seed).run(checks)
    }

    @Test(arguments: bundled) func bundledPluginsKeepTheRules(_ name: String) throws {
        let seed = UInt64.random(in: 1...1_000_000)
        for result in try check("\(Self.folder)/\(name)", seed: seed, bundled: true) {
            #expect(result.broken == [], "\(name) --reproduce \(result.check.name):\(seed)")
        }
    }

    @Test func thereAreBundledPlugins() { #expect(Self.bundled.count >= 5) }

    /// Fixtures that break a rule, and the check and the rule that must tell.
    static let broken: [(fixture: String, check: String, rule: PluginRule)] = [
        ("double-complete", "calls", .complete), ("no-complete", "calls", .run), ("lying-schema", "calls", .output),
        ("wrong-major", "load", .descriptor), ("short-struct", "load", .descriptor), ("no-entry", "load", .entry),
        ("no-entry", "exports", .exports), ("noop", "nodelete", .nodelete), ("noop", "naked", .crash),
        ("stray-thread", "life", .stop), ("leaky-blob", "calls", .descriptors), ("own-process", "modes", .modes),
        ("full-table", "in-flight", .cancel),
    ]

    @Test(arguments: broken) func aBrokenRuleIsNamed(
        _ entry: (fixture: String, check: String, rule: PluginRule)
    ) throws {
        let home = try PluginHome()
        let path = try home.write(entry.fixture, to: home.source)
        let result = try #require(try check(path, [entry.check]).first)
        #expect(result.verdict == .failed && result.broken.contains { $0.rule == entry.rule }, "\(result)")
    }

    /// In a process that may write nothing else, a large blob lies where those of a worker lie.
    @Test func largeBlobsLieInTheSpool() throws {
        let home = try PluginHome()
        let path = try home.write("services", to: home.source)
        let checks = PluginCheck.all.filter { $0.name == "modes" }
        var settings = HostSettings(bundledFolder: nil)
        settings.spoolFolder = home.source + "/spool"
        let results = try PluginChecker(path, settings: settings, seed: 1).run(checks)
        let broken = results.flatMap(\.broken).filter { $0.message.hasPrefix("services.blob") }
        #expect(broken == [])
        #expect(try FileSystem.list(home.source + "/spool").isEmpty)
    }

    @Test func theSameSeedGivesTheSame() throws {
        let home = try PluginHome()
        let path = try home.write("lying-schema", to: home.source)
        let one = try check(path, ["inputs"], seed: 42).first?.broken
        #expect(try check(path, ["inputs"], seed: 42).first?.broken == one && one?.isEmpty == false)
    }

    /// Bytes of a plugin with one of them changed, and files that are none: nothing may trap.
    @Test func damagedFilesAreTold() throws {
        let home = try PluginHome()
        let path = try home.write("noop", to: home.source)
        let whole = try FileSystem.read(path)
        let names = PluginCheck.all.filter { $0.group == .static }.map(\.name)
        var state: UInt64 = 0x5eed
        for round in 0..<400 {
            var bytes = whole
            for _ in 0..<8 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                // The tables that say how the file is loaded stand at its beginning; any place may be wrong.
                let place = Int(state >> 33) % (round % 2 == 0 ? 4_096 : bytes.count)
                bytes[place] = UInt8(truncatingIfNeeded: state >> 24)
            }
            try FileSystem.writeAtomically(bytes, to: path, mode: 0o755)
            // Refused, or looked at: both are answers.
            _ = try? check(path, names)
        }
    }

    @Test func everyRuleIsExplained() {
        let page = SourceTree.lines(of: "docs/plugins/rules.md").joined(separator: "\n")
        for rule in PluginRule.allCases {
            #expect(page.contains("`\(rule.rawValue)` | \(rule.sentence) |"), "\(rule.rawValue)")
        }
        for check in PluginCheck.all {
            #expect(page.contains("| \(check.group.rawValue) | `\(check.name)` | \(check.title) |"), "\(check.name)")
        }
    }
}

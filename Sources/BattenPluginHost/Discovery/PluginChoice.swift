import BattenCore
import BattenSystem

/// Chooses among the files that offer one plugin.
struct PluginChoice: Sendable {
    /// The file that is used.
    enum Chosen {
        case bundled(PluginFile)
        case other(VerifiedPlugin)
    }

    private let settings: HostSettings
    private let verifier: PluginVerifier

    init(_ settings: HostSettings) {
        self.settings = settings
        verifier = PluginVerifier(settings)
    }

    /// Chooses: a bundled plugin if it is alone, else the newest version in the range that the configuration names.
    ///
    /// - Throws: ``PluginError`` when two files claim to be the same, none is in the range, or the chosen one is refused.
    func choose(_ id: String, _ candidates: [PluginFile]) throws(PluginError) -> Chosen {
        if let bundled = candidates.first(where: \.isBundled) {
            guard candidates.count == 1 else { throw Self.duplicate(id, candidates.map(\.path)) }
            try Self.checkBundled(bundled)
            return .bundled(bundled)
        }
        var known: [(file: PluginFile, version: SemanticVersion, plugin: VerifiedPlugin?)] = []
        for file in candidates {
            if let version = file.folderVersion.flatMap({ SemanticVersion($0) }) {
                known.append((file, version, nil))
            } else {
                let plugin = try verify(file)
                known.append((file, SemanticVersion(plugin.descriptor.version) ?? .zero, plugin))
            }
        }
        let range = settings.versions[id]
        var fitting = known.filter { (range ?? .any).contains($0.version) }
        // Who asks for nothing gets a forerunner only where there is no release.
        if fitting.isEmpty, range == nil { fitting = known }
        fitting.sort { $0.version > $1.version }
        guard let best = fitting.first else {
            let versions = known.map(\.version).sorted().map(\.description).joined(separator: ", ")
            throw PluginError(
                .noVersion,
                "no version of the plugin \(id) is in the range \"\(range?.description ?? "*")\"; there is \(versions)",
                help: "install one that is, or change plugins.\(id).version in the configuration")
        }
        let same = fitting.filter { $0.version == best.version }
        guard same.count == 1 else { throw Self.duplicate(id, same.map(\.file.path)) }
        if let plugin = best.plugin { return .other(plugin) }
        return .other(try verify(best.file))
    }

    private func verify(_ file: PluginFile) throws(PluginError) -> VerifiedPlugin {
        guard let plugin = try verifier.verify(file, mayProbe: true) else {
            throw PluginError(.probeFailed, "the plugin \(file.path) is not described", help: "try again")
        }
        return plugin
    }

    private static func duplicate(_ id: String, _ paths: [String]) -> PluginError {
        PluginError(
            .duplicate,
            "the plugin \(id) is there \(paths.count) times, and each offers the same executors: "
                + paths.joined(separator: " and "),
            help: "remove all but one, or leave a folder out of the search")
    }

    /// Bundled plugins are as trusted as this program, whose folder may belong to anybody; but not everybody's to change.
    private static func checkBundled(_ file: PluginFile) throws(PluginError) {
        for path in [file.path, FileSystem.parent(of: file.path) ?? "/"] {
            // What cannot be looked at is refused with its reason when the file is opened.
            guard let status = try? FileSystem.status(path), status.mode & 0o002 != 0 else { continue }
            throw PluginError(
                .untrusted, "the plugin \(file.path) is not loaded because everybody may write to \(path)",
                help: "take that right away: chmod o-w \(path)")
        }
    }
}

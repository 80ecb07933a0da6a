import BattenCore
import BattenSystem

/// Decides about one plugin file: what it is, and whether it may run.
struct PluginVerifier: Sendable {
    private let settings: HostSettings

    init(_ settings: HostSettings) {
        self.settings = settings
    }

    /// Hashes a file and finds out what it is, without running anything of it in this process.
    ///
    /// - Parameter mayProbe: whether a plugin without a description may be asked in a confined process.
    /// - Returns: nil when it has no description and may not be asked.
    /// - Throws: ``PluginError`` when it cannot be read, others can change it, or it does not answer.
    func verify(_ file: PluginFile, mayProbe: Bool) throws(PluginError) -> VerifiedPlugin? {
        let (image, bytes) = try PluginImage.read(file.path)
        let lock = try settings.lockFile.map { path throws(PluginError) in try PluginLock.read(path) } ?? PluginLock()
        _ = try settings.signatures.check(bytes, at: file.path)
        if let version = file.folderVersion, let entry = lock.entry(file.id, version), entry.sha256 != image.sha256 {
            // Not even asked what it is.
            throw Self.changed(file, version: version, image, accepted: entry.sha256)
        }
        guard let descriptor = try describe(file, image, mayProbe: mayProbe) else { return nil }
        if let promised = file.folderVersion, promised != descriptor.version {
            throw PluginError(
                .badDescriptor,
                "the plugin \(file.path) says it is version \(descriptor.version), its folder \(promised)",
                help: "rename the folder, or install the plugin again with `batten plugin install`")
        }
        let entry = lock.entry(file.id, descriptor.version)
        let trust: PluginTrust =
            switch entry {
            case let entry? where entry.sha256 == image.sha256: .accepted
            case let entry?: .changed(accepted: entry.sha256)
            case nil: file.origin == .installed ? .notAccepted : .named
            }
        return VerifiedPlugin(
            file, descriptor, image: image, trust: trust,
            granted: Self.granted(descriptor, trust == .accepted ? entry?.capabilities : nil))
    }

    /// Refuses a plugin that may not run.
    static func requireTrust(_ plugin: VerifiedPlugin) throws(PluginError) {
        let (id, version) = (plugin.descriptor.id, plugin.descriptor.version)
        switch plugin.trust {
        case .bundled, .accepted, .named: return
        case .notAccepted:
            throw PluginError(
                .notAccepted, "the plugin \(plugin.file.path) lies in the plugin folder and nobody has accepted it",
                help: "look at what it asks for and accept it: batten plugin trust \(id)@\(version)")
        case .changed(let accepted):
            throw changed(plugin.file, version: version, plugin.image, accepted: accepted)
        }
    }

    private static func changed(
        _ file: PluginFile, version: String, _ image: PluginImage, accepted: String
    ) -> PluginError {
        PluginError(
            .changed,
            "the plugin \(file.path) is not the file that was accepted: its hash is \(image.sha256.prefix(16))…, "
                + "accepted was \(accepted.prefix(16))…",
            help: "if you changed it yourself: batten plugin trust \(file.id)@\(version); otherwise install it again")
    }

    private func describe(
        _ file: PluginFile, _ image: PluginImage, mayProbe: Bool
    ) throws(PluginError) -> PluginDescriptor? {
        if let known = PluginSidecar.read(file.sidecar, of: file, sha256: image.sha256) { return known }
        let kept = settings.descriptionFolder.map { "\($0)/\(file.id)-\(image.sha256.prefix(32)).json" }
        if let kept, let known = PluginSidecar.read(kept, of: file, sha256: image.sha256) { return known }
        guard mayProbe else { return nil }
        let descriptor = try PluginProbe(workerPath: settings.workerPath).describe(file, image)
        if !PluginSidecar.write(descriptor, to: file.sidecar, image: image), let kept,
            let folder = settings.descriptionFolder, (try? FileSystem.makeFolder(folder, mode: 0o700)) != nil
        {
            _ = PluginSidecar.write(descriptor, to: kept, image: image)
        }
        return descriptor
    }

    /// The capabilities by executor type: what is declared, and where a grant was recorded, only if it is the same.
    private static func granted(_ descriptor: PluginDescriptor, _ recorded: JSONObject?) -> JSONObject {
        var granted = JSONObject()
        for executor in descriptor.executors {
            guard let recorded else {
                granted[executor.type] = executor.capabilities
                continue
            }
            // The hash is the accepted one, so a difference is the user's own restriction.
            granted[executor.type] = Self.intersection(executor.capabilities, recorded[executor.type] ?? .object([:]))
        }
        return granted
    }

    /// What is both declared and granted, member by member; nil when that is nothing.
    private static func intersection(_ declared: JSONValue, _ granted: JSONValue) -> JSONValue? {
        if declared == granted { return declared }
        switch (declared, granted) {
        case (.object(let declared), .object(let granted)):
            var both = JSONObject()
            for (name, value) in declared { both[name] = granted[name].flatMap { intersection(value, $0) } }
            return .object(both)
        case (.array(let declared), .array(let granted)): return .array(declared.filter(granted.contains))
        case (.bool(let declared), .bool(let granted)): return .bool(declared && granted)
        case (.string("any"), _): return granted
        case (_, .string("any")): return declared
        default: return nil
        }
    }
}

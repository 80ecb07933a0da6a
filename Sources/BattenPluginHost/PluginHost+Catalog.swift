public import BattenCore
internal import BattenSystem
import Synchronization

/// What the host knows of plugins and executors.
extension PluginHost {
    /// Finds an executor by type name.
    ///
    /// A plugin that came with Batten is loaded. Of any other nothing runs in this process: what it offers is read beside
    /// it, or, the first time, asked in a confined process.
    public func executor(_ type: String) -> ExecutorLookup {
        let id = String(type.prefix { $0 != "." })
        switch catalog.describe(id, host: self) {
        case .success(let plugin):
            guard let found = plugin.descriptor.executors.first(where: { $0.type == type }) else {
                return .unknownExecutor(plugin: id, offers: plugin.descriptor.executors.map(\.type).sorted())
            }
            if let refusal = refusal(of: plugin) { return refusal }
            do throws(PluginError) {
                let mode = try mode(of: plugin.descriptor, isBundled: plugin.verified == nil)
                return .found(found.info(pluginVersion: plugin.descriptor.version, isIsolated: mode != .inProcess))
            } catch {
                return Self.lookup(error)
            }
        case .failure(.unknownPlugin(let id, let searched)): return .unknownPlugin(id: id, searched: searched)
        case .failure(.unknownExecutor(let plugin, let offers)):
            return .unknownExecutor(plugin: plugin, offers: offers)
        case .failure(.refused(let error)): return Self.lookup(error)
        }
    }

    /// Why an executor cannot be called now, when installing or accepting a plugin would mend it.
    public func missing(_ executor: String) -> String? {
        if catalog.isLoadedForGood(executor) { return nil }
        let id = String(executor.prefix { $0 != "." })
        func gone(_ offers: [String]) -> String {
            "the plugin '\(id)' has no executor '\(executor)' any more (it has \(offers.joined(separator: ", "))); "
                + "install the version that has it"
        }
        switch catalog.describe(id, host: self) {
        case .success(let plugin):
            let executors = plugin.descriptor.executors
            guard executors.contains(where: { $0.type == executor }) else {
                return gone(executors.map(\.type).sorted())
            }
            guard let verified = plugin.verified else { return nil }
            do throws(PluginError) {
                try PluginVerifier.requireTrust(verified)
                return nil
            } catch {
                return Self.reason(error)
            }
        case .failure(.unknownPlugin(let id, let searched)):
            let places = searched.isEmpty ? "no folder is searched" : "searched \(searched.joined(separator: ", "))"
            return "there is no plugin '\(id)' (\(places)); install it"
        case .failure(.unknownExecutor(_, let offers)): return gone(offers)
        case .failure(.refused(let error)): return Self.reason(error)
        }
    }

    private static func reason(_ error: PluginError) -> String? {
        error.code.isMissing ? "\(error.message); \(error.help)" : nil
    }

    private func refusal(of plugin: PluginCatalog.Description) -> ExecutorLookup? {
        guard let verified = plugin.verified else { return nil }
        do throws(PluginError) {
            try PluginVerifier.requireTrust(verified)
            return nil
        } catch {
            return Self.lookup(error)
        }
    }

    private static func lookup(_ error: PluginError) -> ExecutorLookup {
        .refused(
            code: error.code.rawValue,
            message: error.cause.isEmpty ? error.message : "\(error.message): \(error.cause)", help: error.help)
    }

    /// All type names, sorted; loads every bundled plugin that can be loaded.
    public func knownTypes() -> [String] {
        catalog.files().files.keys.flatMap { id -> [String] in
            guard case .success(let plugin) = catalog.describe(id, host: self) else { return [] }
            return plugin.descriptor.executors.map(\.type)
        }.sorted()
    }

    /// The plugin files in all folders, sorted by id; loads nothing.
    ///
    /// - Returns: the files, and for each folder that could not be searched why.
    public func listing() -> (plugins: [PluginListing], problems: [String]) {
        let (files, problems) = catalog.files()
        let plugins = files.values.joined().map {
            PluginListing(id: $0.id, path: $0.path, origin: $0.origin, folderVersion: $0.folderVersion)
        }
        return (plugins.sorted { ($0.id, $0.path) < ($1.id, $1.path) }, problems)
    }

    /// What a plugin says of itself: the version of it that would be used.
    ///
    /// Of one that did not come with Batten nothing runs in this process.
    /// - Returns: nil when no folder has it.
    public func information(of id: String) -> Result<PluginInformation, PluginError>? {
        switch catalog.describe(id, host: self) {
        case .success(let plugin): .success(PluginInformation(plugin))
        case .failure(.refused(let error)): .failure(error)
        case .failure: nil
        }
    }

    /// What one file says of itself, without asking it: what is written beside it, if that is about this very file.
    ///
    /// - Returns: nil when nothing is written about it yet.
    /// - Throws: ``PluginError`` when it cannot be read or others can change it.
    public func note(on listing: PluginListing) throws(PluginError) -> PluginInformation? {
        let file = PluginFile(
            id: listing.id, path: listing.path, origin: listing.origin, folderVersion: listing.folderVersion)
        guard let plugin = try PluginVerifier(settings).verify(file, mayProbe: false) else { return nil }
        return PluginInformation(
            PluginCatalog.Description(file: plugin.file, descriptor: plugin.descriptor, verified: plugin))
    }

    /// What the kernel holds a plugin to when it runs in a worker.
    public func enforcement(of plugin: PluginInformation) -> Enforcement {
        let confinement = WorkerConfinement.of(plugin.id, granted: plugin.granted, settings: settings)
        let hasGroup = confinement.needsGroup(
            isBundled: plugin.isBundled, hasSettings: settings.limits[plugin.id] != nil)
        return Enforcement(
            of: confinement.capabilities, limits: confinement.limits,
            on: KernelConfinement(
                landlock: KernelConfinement.landlockVersion, filtersCalls: KernelConfinement.canFilterCalls,
                groups: hasGroup ? controlGroups : ControlGroups()))
    }

    /// Looks at the folders anew from now on, and at what was refused.
    ///
    /// Workers of a plugin whose file is another one then take no more calls.
    public func lookAgain() {
        catalog.forget()
        routes.withLock { $0 = [:] }
    }
}

/// Names of plugins' files.
public enum PluginFileName {
    /// The plugin id in a file's name, for example `hello` in `libbatten-plugin-hello.so`; nil when it is no plugin's.
    public static func id(of name: String) -> String? {
        PluginFolders.pluginID(ofFile: name).flatMap { PluginFolders.isName($0) ? $0 : nil }
    }
}

/// A plugin file that was found.
public struct PluginListing: Sendable, Hashable {
    /// The id, from the file's name.
    public let id: String
    /// Path of the file.
    public let path: String
    /// Where it lies.
    public let origin: PluginOrigin
    /// The version that its folder promises; nil for a bare file.
    public let folderVersion: String?

    /// Whether it came with Batten.
    public var isBundled: Bool { origin == .bundled }
}

/// What a plugin says of itself.
public struct PluginInformation: Sendable {
    /// The id.
    public let id: String
    /// Semantic version.
    public let version: String
    /// A few words; may be empty.
    public let title: String
    /// Some sentences; may be empty.
    public let summary: String
    /// What it was built with; may be empty.
    public let sdk: String
    /// Minor version of the ABI it was built for.
    public let abiMinor: Int
    /// Path of the file.
    public let path: String
    /// Whether it came with Batten.
    public let isBundled: Bool
    /// How it stands to what the user has accepted.
    public let trust: PluginTrust
    /// Hash of its file; nil for a bundled plugin, which is not hashed.
    public let sha256: String?
    /// What its executors may reach, by type.
    public let granted: JSONObject
    /// Whatever else it says, an object.
    public let manifest: JSONValue
    /// JSON Schema of its configuration.
    public let configSchema: JSONValue
    /// Its executors, sorted by type.
    public let executors: [ExecutorInfo]

    init(_ plugin: PluginCatalog.Description) {
        let descriptor = plugin.descriptor
        id = descriptor.id
        version = descriptor.version
        title = descriptor.title
        summary = descriptor.summary
        sdk = descriptor.sdk
        abiMinor = descriptor.abiMinor
        path = plugin.file.path
        isBundled = plugin.file.isBundled
        trust = plugin.verified?.trust ?? .bundled
        sha256 = plugin.verified?.image.sha256
        granted =
            plugin.verified?.granted ?? JSONObject(descriptor.executors.map { ($0.type, $0.capabilities) })
        manifest = descriptor.manifest
        configSchema = descriptor.configSchema.source
        executors = descriptor.executors.map { $0.info(pluginVersion: descriptor.version) }.sorted {
            $0.type < $1.type
        }
    }
}

extension ExecutorDescriptor {
    /// The description that planning and checks need.
    func info(pluginVersion: String, isIsolated: Bool = false) -> ExecutorInfo {
        ExecutorInfo(
            type: type, pluginVersion: pluginVersion, summary: title.isEmpty ? summary : title, input: input,
            output: output, inputSchema: input.source, outputSchema: output.source, isIdempotent: isIdempotent,
            isPure: isPure, isCancellable: isCancellable, isAsynchronous: isAsynchronous, capabilities: capabilities,
            isIsolated: isIsolated,
            isHostProcessOnly: isHostProcessOnly)
    }
}

public import BattenCore

/// What the host knows of plugins and executors.
extension PluginHost {
    /// Finds an executor by type name; loads its plugin.
    public func executor(_ type: String) -> ExecutorLookup {
        switch catalog.find(type, host: self) {
        case .success(let found): .found(found.info)
        case .failure(.unknownPlugin(let id, let searched)): .unknownPlugin(id: id, searched: searched)
        case .failure(.unknownExecutor(let plugin, let offers)): .unknownExecutor(plugin: plugin, offers: offers)
        case .failure(.refused(let error)):
            .refused(
                code: error.code.rawValue,
                message: error.cause.isEmpty ? error.message : "\(error.message): \(error.cause)",
                help: error.help)
        }
    }

    /// All type names, sorted; loads every plugin that can be loaded.
    public func knownTypes() -> [String] {
        catalog.files().files.keys.flatMap { id -> [String] in
            guard case .success(let plugin) = catalog.plugin(id, host: self) else { return [] }
            return Array(plugin.executors.keys)
        }.sorted()
    }

    /// The plugin files in all folders, sorted by id; loads nothing.
    ///
    /// - Returns: the files, and for each folder that could not be searched why.
    public func listing() -> (plugins: [PluginListing], problems: [String]) {
        let (files, problems) = catalog.files()
        let plugins = files.values.joined().map { PluginListing(id: $0.id, path: $0.path, isBundled: $0.isBundled) }
        return (plugins.sorted { ($0.id, $0.path) < ($1.id, $1.path) }, problems)
    }

    /// Loads a plugin and answers what it says of itself.
    ///
    /// - Returns: nil when no folder has it.
    public func information(of id: String) -> Result<PluginInformation, PluginError>? {
        switch catalog.plugin(id, host: self) {
        case .success(let plugin): .success(PluginInformation(plugin))
        case .failure(.refused(let error)): .failure(error)
        case .failure: nil
        }
    }
}

/// A plugin file that was found.
public struct PluginListing: Sendable, Hashable {
    /// The id, from the file's name.
    public let id: String
    /// Path of the file.
    public let path: String
    /// Whether it came with Batten.
    public let isBundled: Bool
}

/// What a loaded plugin says of itself.
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
    /// Whatever else it says, an object.
    public let manifest: JSONValue
    /// JSON Schema of its configuration.
    public let configSchema: JSONValue
    /// Its executors, sorted by type.
    public let executors: [ExecutorInfo]

    init(_ plugin: LoadedPlugin) {
        id = plugin.descriptor.id
        version = plugin.descriptor.version
        title = plugin.descriptor.title
        summary = plugin.descriptor.summary
        sdk = plugin.descriptor.sdk
        abiMinor = plugin.descriptor.abiMinor
        path = plugin.file.path
        isBundled = plugin.file.isBundled
        manifest = plugin.descriptor.manifest
        configSchema = plugin.descriptor.configSchema.source
        executors = plugin.executors.values.map(\.info).sorted { $0.type < $1.type }
    }
}

extension HostedExecutor {
    /// The description that planning and checks need.
    var info: ExecutorInfo {
        ExecutorInfo(
            type: descriptor.type, pluginVersion: plugin.descriptor.version,
            summary: descriptor.title.isEmpty ? descriptor.summary : descriptor.title, input: descriptor.input,
            output: descriptor.output, inputSchema: descriptor.input.source,
            outputSchema: descriptor.output.source, isIdempotent: descriptor.isIdempotent, isPure: descriptor.isPure,
            isCancellable: descriptor.isCancellable, isAsynchronous: descriptor.isAsynchronous,
            capabilities: descriptor.capabilities)
    }
}

import BattenCore
import BattenSystem
import Synchronization

/// A plugin whose calls are carried out in worker processes.
final class IsolatedPlugin: Sendable {
    let descriptor: PluginDescriptor
    /// The plugin's file, for messages.
    let path: String
    let mode: IsolationMode
    let limits: WorkerLimits
    let recycling: WorkerRecycling
    /// What all its workers' crashes have taught.
    let history: CrashHistory
    /// Its executors with the capabilities that they were granted, by type.
    let executors: [String: GrantedExecutor]
    /// Whether what it may reach starts from the folder of each call, so that one process cannot serve two folders.
    private let dependsOnFolder: Bool
    /// Keeps the bytes that are loaded.
    private let verified: VerifiedPlugin?
    private let settings: HostSettings
    private let groups = Mutex<[String: WorkerGroup]>([:])

    /// - Parameter granted: what the executors may reach, by type; nil is what was granted when the plugin was accepted,
    ///   or else what they declare.
    init(
        _ descriptor: PluginDescriptor, path: String, verified: VerifiedPlugin?, mode: IsolationMode,
        settings: HostSettings, granted: JSONObject? = nil
    ) {
        self.descriptor = descriptor
        self.path = path
        self.verified = verified
        self.mode = mode
        self.settings = settings
        limits = settings.limits[descriptor.id] ?? .standard
        recycling = settings.recycling[descriptor.id] ?? WorkerRecycling()
        history = CrashHistory(path: path)
        let rights = granted ?? verified?.granted
        var executors: [String: GrantedExecutor] = [:]
        for executor in descriptor.executors {
            var granted = executor
            if let rights { granted.capabilities = rights[executor.type] ?? [:] }
            executors[executor.type] = GrantedExecutor(granted)
        }
        self.executors = executors
        let capabilities = executors.values.compactMap { try? PluginCapabilities($0.descriptor.capabilities) }
        dependsOnFolder = capabilities.contains { needs in
            (needs.readPaths + needs.writePaths).contains { !$0.hasPrefix("/") && !$0.hasPrefix("~") }
        }
    }

    /// Whether a description is of the very file that its workers load, with the same rights.
    func serves(_ description: PluginCatalog.Description) -> Bool {
        path == description.file.path && verified?.image.sha256 == description.verified?.image.sha256
            && verified?.granted == description.verified?.granted
    }

    /// The workers for calls from a folder; all folders share them unless the plugin's rights depend on it.
    func group(folder: String?, host: PluginHost) -> WorkerGroup {
        let key = dependsOnFolder ? folder ?? "" : ""
        return groups.withLock { groups in
            if let found = groups[key] { return found }
            let made = WorkerGroup(plugin: self, folder: key.isEmpty ? nil : key, host: host)
            groups[key] = made
            return made
        }
    }

    /// All groups made so far.
    var allGroups: [WorkerGroup] { groups.withLock { Array($0.values) } }

    /// What its workers are held to, but for their control groups.
    private func confinement(for group: WorkerGroup) -> WorkerConfinement {
        var granted = JSONObject()
        for executor in executors.values { granted[executor.descriptor.type] = executor.descriptor.capabilities }
        return WorkerConfinement.of(descriptor.id, granted: granted, settings: settings, callFolder: group.folder)
    }

    /// The environment of its workers.
    func environment(for group: WorkerGroup) -> [String] {
        WorkerEnvironment.variables(for: confinement(for: group).capabilities)
    }

    /// Makes a control group for a worker.
    ///
    /// - Returns: nil when it needs none, or nothing is delegated to make it in.
    /// - Throws: ``SystemError`` when it cannot be made although the settings ask for limits.
    func makeControlGroup(for group: WorkerGroup) throws(SystemError) -> ControlGroup? {
        let hasSettings = settings.limits[descriptor.id] != nil
        guard confinement(for: group).needsGroup(isBundled: verified == nil, hasSettings: hasSettings) else {
            return nil
        }
        do throws(SystemError) {
            return try ControlGroup.make(
                in: group.host.controlGroups, memory: limits.memory, processes: limits.processes)
        } catch {
            guard !hasSettings else { throw error }
            let text = "a worker of it has no control group, so what it starts is not limited: \(error.description)"
            settings.report(.log(plugin: descriptor.id, level: "warning", text: text))
            return nil
        }
    }

    /// What a worker of a group is told.
    func hello(for group: WorkerGroup, in controlGroup: ControlGroup?) -> WorkerHello {
        var confinement = confinement(for: group)
        confinement.groupFolders = controlGroup?.folders ?? []
        confinement.groupControllers = controlGroup?.controllers ?? []
        // The kernel counts what is reserved, such as large stacks; those that came with Batten are held to what they use.
        if verified == nil, settings.limits[descriptor.id] == nil { confinement.limits.memory = nil }
        return WorkerHello(
            plugin: descriptor.id, path: path, hostVersion: settings.hostVersion,
            config: settings.configurations[descriptor.id] ?? .object([:]),
            capabilities: confinement.capabilities.json, limits: confinement.settings,
            blockingLimit: settings.blockingLimit, keepsRules: settings.keepsRules)
    }

    /// A descriptor of the bytes to load, the caller's; -1 when the file itself is loaded, nil when there is none left: then
    /// nothing is loaded, because only these bytes were checked.
    var copy: Int32? {
        guard let verified else { return -1 }
        guard let copy = try? MemoryFile.duplicate(verified.image.descriptor) else { return nil }
        return copy.release()
    }
}

/// An executor of an isolated plugin, shared by all its calls.
final class GrantedExecutor: Sendable {
    /// What it says of itself, with the capabilities that it was granted.
    let descriptor: ExecutorDescriptor

    init(_ descriptor: ExecutorDescriptor) {
        self.descriptor = descriptor
    }
}

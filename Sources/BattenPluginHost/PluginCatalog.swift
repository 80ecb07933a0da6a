import BattenCore
import BattenSystem
import Synchronization

/// The plugins that the folders offer, those that were looked at, and those that are loaded.
final class PluginCatalog: Sendable {
    fileprivate struct State {
        var files: [String: [PluginFile]]?
        var problems: [String] = []
        var verified: [String: VerifiedPlugin] = [:]
        var loaded: [String: LoadedPlugin] = [:]
        var refused: [String: PluginError] = [:]
        var executors: [String: HostedExecutor] = [:]
        var isClosed = false
    }

    private let settings: HostSettings
    private let folders: PluginFolders
    private let choice: PluginChoice
    private let state = Mutex(State())

    init(_ settings: HostSettings) {
        self.settings = settings
        folders = PluginFolders(
            bundled: settings.bundledFolder, user: settings.safeMode ? nil : settings.userFolder,
            others: settings.safeMode ? [] : settings.folders)
        choice = PluginChoice(settings)
    }

    /// Why an executor was not found.
    enum Miss: Error {
        case unknownPlugin(String, searched: [String])
        case unknownExecutor(plugin: String, offers: [String])
        case refused(PluginError)
    }

    /// What a plugin says of itself, wherever that is known from.
    struct Description: Sendable {
        let file: PluginFile
        let descriptor: PluginDescriptor
        /// Nil for a plugin that came with Batten.
        let verified: VerifiedPlugin?
    }

    /// Finds an executor to call, loading its plugin if need be.
    func find(_ type: String, host: PluginHost) -> Result<HostedExecutor, Miss> {
        state.withLock { state in
            if let found = state.executors[type] { return .success(found) }
            let id = String(type.prefix { $0 != "." })
            switch load(id, &state, host) {
            case .failure(let miss): return .failure(miss)
            case .success(let plugin):
                guard let found = plugin.executors[type] else {
                    return .failure(.unknownExecutor(plugin: id, offers: plugin.executors.keys.sorted()))
                }
                state.executors[type] = found
                return .success(found)
            }
        }
    }

    /// Whether an executor has been called before and came with Batten: its plugin stays as it was loaded.
    func isLoadedForGood(_ type: String) -> Bool {
        state.withLock { state in
            guard let found = state.executors[type] else { return false }
            return found.plugin.verified == nil
        }
    }

    /// Finds out what a plugin is; nothing of one that did not come with Batten runs in this process.
    func describe(_ id: String, host: PluginHost) -> Result<Description, Miss> {
        state.withLock { state in
            if let plugin = state.loaded[id], plugin.verified == nil {
                return .success(Description(file: plugin.file, descriptor: plugin.descriptor, verified: nil))
            }
            switch choose(id, &state) {
            case .failure(let miss): return .failure(miss)
            case .success(.bundled):
                return load(id, &state, host).map {
                    Description(file: $0.file, descriptor: $0.descriptor, verified: nil)
                }
            case .success(.other(let plugin)):
                return .success(Description(file: plugin.file, descriptor: plugin.descriptor, verified: plugin))
            }
        }
    }

    /// All plugin files by id, and what could not be searched; loads nothing.
    func files() -> (files: [String: [PluginFile]], problems: [String]) {
        state.withLock { state in
            (scan(&state), state.problems)
        }
    }

    /// Forgets what was found and chosen; what is loaded in this process stays.
    func forget() {
        state.withLock { state in
            state.files = nil
            state.refused = [:]
            state.verified = [:]
        }
    }

    /// Loads no more plugins; those that are loaded.
    func close() -> [LoadedPlugin] {
        state.withLock { state in
            state.isClosed = true
            return Array(state.loaded.values)
        }
    }

    private func scan(_ state: inout State) -> [String: [PluginFile]] {
        if let files = state.files { return files }
        let (files, problems) = folders.scan()
        state.files = files
        state.problems = problems
        return files
    }

    private func choose(_ id: String, _ state: inout State) -> Result<PluginChoice.Chosen, Miss> {
        if let plugin = state.verified[id] { return .success(.other(plugin)) }
        if let error = state.refused[id] { return .failure(.refused(error)) }
        var candidates = scan(&state)[id] ?? []
        if candidates.isEmpty {
            // It may have been installed since the last look.
            state.files = nil
            candidates = scan(&state)[id] ?? []
        }
        guard !candidates.isEmpty else { return .failure(.unknownPlugin(id, searched: folders.searched)) }
        do throws(PluginError) {
            let chosen = try choice.choose(id, candidates)
            if case .other(let plugin) = chosen { state.verified[id] = plugin }
            return .success(chosen)
        } catch {
            state.refused[id] = error
            return .failure(.refused(error))
        }
    }

    private func load(_ id: String, _ state: inout State, _ host: PluginHost) -> Result<LoadedPlugin, Miss> {
        if let plugin = state.loaded[id] { return .success(plugin) }
        guard !state.isClosed else {
            let error = PluginError(.shutDown, "the plugin host has been shut down", help: "use a new process")
            return .failure(.refused(error))
        }
        let chosen: PluginChoice.Chosen
        switch choose(id, &state) {
        case .failure(let miss): return .failure(miss)
        case .success(let found): chosen = found
        }
        do throws(PluginError) {
            let plugin = try load(chosen, host)
            state.loaded[id] = plugin
            return .success(plugin)
        } catch {
            state.refused[id] = error
            return .failure(.refused(error))
        }
    }

    private func load(_ chosen: PluginChoice.Chosen, _ host: PluginHost) throws(PluginError) -> LoadedPlugin {
        switch chosen {
        case .bundled(let file):
            return LoadedPlugin(file, try PluginLoader.load(file), verified: nil, host: host)
        case .other(let plugin):
            try PluginVerifier.requireTrust(plugin)
            guard settings.allowInProcessPlugins else {
                throw PluginError(
                    .untrusted,
                    "the plugin \(plugin.file.path) did not come with Batten and is not loaded into this process",
                    help: "if you trust it with everything this process may do, give --in-process-plugins")
            }
            let descriptor = try PluginLoader.load(
                plugin.file, from: settings.loadsFilesForDebugging ? nil : plugin.image.loadPath)
            return LoadedPlugin(plugin.file, descriptor, verified: plugin, host: host)
        }
    }
}

extension PluginCatalog.Miss {
    /// The outcome of a call to something that is not there.
    func outcome(for type: String) -> StageOutcome {
        switch self {
        case .refused(let error): return HostOutcome.refused(error)
        case .unknownPlugin(let id, let searched):
            let places = searched.isEmpty ? "no folder is searched" : "searched " + searched.joined(separator: ", ")
            return StageOutcome(
                .permanent, effect: .none, code: "plugin.unknown",
                message: "there is no plugin \(id) for \(type) (\(places)); install it or name its folder")
        case .unknownExecutor(let plugin, let offers):
            return StageOutcome(
                .permanent, effect: .none, code: "plugin.unknown_executor",
                message: "the plugin \(plugin) has no executor \(type); it has \(offers.joined(separator: ", "))")
        }
    }
}

import BattenCore
import BattenSystem
import Synchronization

/// The plugins that the folders offer, and those that are loaded.
final class PluginCatalog: Sendable {
    fileprivate struct State {
        var files: [String: [PluginFile]]?
        var problems: [String] = []
        var loaded: [String: LoadedPlugin] = [:]
        var refused: [String: PluginError] = [:]
        var executors: [String: HostedExecutor] = [:]
        var isClosed = false
    }

    private let settings: HostSettings
    private let folders: PluginFolders
    private let state = Mutex(State())

    init(_ settings: HostSettings) {
        self.settings = settings
        folders = PluginFolders(bundled: settings.bundledFolder, others: settings.folders)
    }

    /// Why an executor was not found.
    enum Miss: Error {
        case unknownPlugin(String, searched: [String])
        case unknownExecutor(plugin: String, offers: [String])
        case refused(PluginError)
    }

    /// Finds an executor, loading its plugin if need be.
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

    /// Finds a plugin, loading it if need be.
    func plugin(_ id: String, host: PluginHost) -> Result<LoadedPlugin, Miss> {
        state.withLock { load(id, &$0, host) }
    }

    /// All plugin files by id, and what could not be searched; loads nothing.
    func files() -> (files: [String: [PluginFile]], problems: [String]) {
        state.withLock { state in
            (scan(&state), state.problems)
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

    private func load(_ id: String, _ state: inout State, _ host: PluginHost) -> Result<LoadedPlugin, Miss> {
        if let plugin = state.loaded[id] { return .success(plugin) }
        if let error = state.refused[id] { return .failure(.refused(error)) }
        guard !state.isClosed else {
            let error = PluginError(.shutDown, "the plugin host has been shut down", help: "use a new process")
            return .failure(.refused(error))
        }
        guard let candidates = scan(&state)[id], let file = candidates.first else {
            // It may have been installed since the last look.
            state.files = nil
            guard let file = scan(&state)[id]?.first else {
                return .failure(.unknownPlugin(id, searched: folders.searched))
            }
            return load(file, scan(&state)[id] ?? [file], &state, host)
        }
        return load(file, candidates, &state, host)
    }

    private func load(
        _ file: PluginFile, _ candidates: [PluginFile], _ state: inout State, _ host: PluginHost
    ) -> Result<LoadedPlugin, Miss> {
        do throws(PluginError) {
            try check(file, candidates)
            let plugin = LoadedPlugin(file, try PluginLoader.load(file), host: host)
            state.loaded[file.id] = plugin
            return .success(plugin)
        } catch {
            state.refused[file.id] = error
            return .failure(.refused(error))
        }
    }

    private func check(_ file: PluginFile, _ candidates: [PluginFile]) throws(PluginError) {
        guard candidates.count == 1 else {
            throw PluginError(
                .duplicate,
                "the plugin \(file.id) is there \(candidates.count) times: "
                    + candidates.map(\.path).joined(separator: " and "),
                help: "remove all but one, or leave a folder out of the search")
        }
        guard file.isBundled || settings.allowInProcessPlugins else {
            throw PluginError(
                .untrusted, "the plugin \(file.path) did not come with Batten, and isolated workers do not exist yet",
                help: "if you trust it with everything this process may do, give --in-process-plugins")
        }
        for path in [file.path, FileSystem.parent(of: file.path) ?? "/"] {
            // What cannot be looked at is refused with its reason when the file is opened.
            guard let status = try? FileSystem.status(path), status.mode & 0o002 != 0 else { continue }
            throw PluginError(
                .untrusted, "the plugin \(file.path) is not loaded because everybody may write to \(path)",
                help: "take that right away: chmod o-w \(path)")
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

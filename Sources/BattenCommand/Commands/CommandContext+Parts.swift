import BattenCore
import BattenPluginHost
import BattenStore
import BattenSystem

/// The parts of the program that a command needs, each opened when it is first used.
extension CommandContext {
    /// The plugin host; loads nothing until it is asked for something.
    func host() throws(CommandFailure) -> PluginHost {
        if let opened = openedHost { return opened }
        let host = PluginHost(try hostSettings())
        openedHost = host
        return host
    }

    /// How the host finds plugins and what it allows them.
    private func hostSettings() throws(CommandFailure) -> HostSettings {
        let settings = try settings()
        let console = self.console
        var host = HostSettings(
            bundledFolder: settings.bundledPlugins, userFolder: settings.userPlugins, folders: settings.pluginFolders,
            lockFile: settings.pluginLock, descriptionFolder: PathText.join(settings.home, "plugins"),
            versions: try PluginSettings.versions(resolvedSettings()), signatures: settings.signatures,
            safeMode: settings.safeMode, allowInProcessPlugins: settings.inProcessPlugins,
            configurations: Self.startConfigurations(settings, environment),
            blockingLimit: settings.blockingThreads, loopCount: settings.loopThreads,
            hostVersion: BattenProgram.version, report: { console.tell($0) })
        host.spoolFolder = PathText.join(settings.home, "spool")
        host.limits = try PluginSettings.limits(resolvedSettings())
        host.groups = { ControlGroups.delegated() }
        host.isolation = try PluginSettings.isolation(resolvedSettings())
        host.recycling = try PluginSettings.recycling(resolvedSettings())
        host.requirement = settings.confinement
        host.keepsRules = settings.keepsRules
        return host
    }

    /// What each plugin is started with: the user's configuration, and what the engine knows better than a plugin.
    private static func startConfigurations(
        _ settings: Settings, _ environment: [String: String]
    ) -> [String: JSONValue] {
        var configurations: [String: JSONValue] = [:]
        for (plugin, configuration) in settings.plugins {
            configurations[plugin] = PluginSettings.own(configuration)
        }
        var shell = configurations["shell"]?.objectValue ?? [:]
        // Engines that may take over each other's runs find the processes of a dead one in the same place.
        if shell["state_dir"] == nil { shell["state_dir"] = .string(PathText.join(settings.home, "shell")) }
        if shell["max_processes"] == nil, let limit = settings.pluginLimits["shell"] {
            shell["max_processes"] = .int(Int64(limit))
        }
        configurations["shell"] = .object(shell)
        configurations["llm"] = ProviderKeys.configuration(
            configurations["llm"], defaultModel: settings.defaultModel,
            secret: ProviderKeys.finder(in: environment))
        return configurations
    }

    /// What answers which executors exist.
    func catalog() throws(CommandFailure) -> any ExecutorCatalog { try host() }

    /// The folder of the store.
    func stateFolder() throws(CommandFailure) -> StateFolder { StateFolder(try settings().home) }
}

extension Console {
    /// Tells people what concerns no single call of a plugin.
    func tell(_ report: HostReport) {
        switch report {
        case .log(let plugin, let level, let text):
            // What a plugin says of itself below a warning is for its author: it would drown the run.
            guard level == "warning" || level == "error" else { return }
            note("plugin \(plugin): \(level): \(TextFit.clean(text))")
        case .misbehaviour(let plugin, let rule):
            alert("warning: plugin \(plugin) broke a rule of the plugin interface: \(TextFit.clean(rule))")
        case .abandoned(let plugin, let executor, let outstanding):
            alert(
                "warning: a call of \(executor) did not end and was given up; \(outstanding) of plugin \(plugin) so far"
            )
        case .crashed(let plugin, let pid, let what, let calls):
            let inside = calls == 0 ? "" : calls == 1 ? "; one call was inside" : "; \(calls) calls were inside"
            alert("warning: a worker process of plugin \(plugin) (pid \(pid)) \(TextFit.clean(what))\(inside)")
        case .notStopped(let plugin, let reason):
            note("warning: plugin \(plugin) was not stopped in an orderly way: \(TextFit.clean(reason))")
        }
    }
}

extension CommandContext {
    /// The reading side of the store; nil when there is no store yet.
    func openReader() throws(CommandFailure) -> StoreReader? {
        if let opened = openedReader { return opened }
        let folder = try stateFolder()
        let reader = try orFailure { () throws(StoreError) in try StoreReader(folder) }
        openedReader = reader
        return reader
    }

    /// The writing side of the store, for a command that changes something without running anything.
    func openStore() throws(CommandFailure) -> SQLiteStore {
        let folder = try stateFolder()
        let settings = try settings()
        return try orFailure { () throws(StoreError) in
            try SQLiteStore(
                folder,
                options: StoreOptions(
                    durability: StoreOptions.Durability(rawValue: settings.synchronous.rawValue) ?? .full))
        }
    }

    /// Has every engine of this store look at what has changed: a run may wait for it.
    func wakeEngines() {
        guard let folder = try? stateFolder() else { return }
        for engine in (try? EngineFolder.living(in: folder)) ?? [] { _ = try? EngineFolder.wake(engine, in: folder) }
    }
}

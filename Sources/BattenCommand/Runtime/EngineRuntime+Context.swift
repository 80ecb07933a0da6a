import BattenCore
import BattenEngine
import BattenPluginHost
import BattenStore
import BattenSystem
import Synchronization

extension EngineRuntime {
    /// Opens what executes runs as a command's settings say.
    ///
    /// - Parameters:
    ///   - role: what the engine is started as, for example `run`.
    ///   - observer: is told of commits and reports.
    ///   - onWake: called whenever another process has woken the engine; returns at once.
    static func open(
        in context: CommandContext, role: String, observer: any EngineObserver,
        onWake: @escaping @Sendable () -> Void = {}
    ) throws(CommandFailure) -> EngineRuntime {
        let settings = try context.settings()
        let host = try context.host()
        let environment = context.environment
        let vault = try context.secretVault()
        let console = context.console
        let prices = PriceFiles(
            path: PriceFiles.path(settings: settings, executable: ProcessEnvironment.executablePath),
            tell: { console.alert($0) })
        let zones = ZoneFiles(environment: environment)
        let options = StoreOptions(
            durability: StoreOptions.Durability(rawValue: settings.synchronous.rawValue) ?? .full,
            logLimit: settings.attemptLogBytes)
        let projects = try RunProjects(context, settings: settings, vault: vault)
        ProcessEnvironment.raiseDescriptorLimit(to: 65_536)
        let keeper = KeeperSlot()
        let outputKeys = StoredOutputKeys(
            vault: vault, ring: context.secretKeys(), tell: { console.alert($0) })
        let runtime = try RunSession.asFailure {
            try EngineRuntime.open(
                folder: StateFolder(settings.home), options: options, retention: settings.retention, host: host,
                observer: observer, role: role, version: BattenProgram.version, onWake: onWake
            ) { engine in
                engine.blockingLimit = settings.blockingThreads
                engine.asynchronousLimit = settings.maxParallel
                engine.pluginLimits = settings.pluginLimits
                engine.sharedLimits = settings.sharedLimits
                engine.groupLimits = settings.groupLimits
                engine.grace = settings.grace
                engine.logLag = settings.logLag
                engine.hostSecrets =
                    ProviderKeys.values(of: settings.plugins["llm"], secret: ProviderKeys.finder(in: environment))
                    .values.sorted()
                engine.secrets = { keeper.value($0, vault) }
                engine.outputKeys = outputKeys
                engine.prices = prices
                engine.callConfiguration = { (plugin, source) throws(EngineError) in
                    try projects.configuration(plugin: plugin, of: source)
                }
                engine.zones = { try? zones.zone(named: $0) }
            }
        }
        outputKeys.use(runtime.store)
        let logins = Logins(
            store: runtime.store, vault: vault, ring: context.secretKeys(),
            endpoint: TokenEndpoint(host: host, folder: context.directory))
        let engine = runtime.engine
        runtime.keep(
            keeper.fill(
                TokenKeeper(
                    vault: vault, logins: logins, tell: { console.alert($0) }, changed: { engine.storeChanged() })))
        runtime.watchPlugins(in: host.settings.safeMode ? [] : host.settings.folders)
        return runtime
    }
}

/// The keeper of logins, which needs the engine that asks it.
private final class KeeperSlot: Sendable {
    private let keeper = Mutex<TokenKeeper?>(nil)

    func fill(_ made: TokenKeeper) -> TokenKeeper {
        keeper.withLock { $0 = made }
        return made
    }

    func value(_ name: String, _ vault: SecretVault) -> String? {
        guard let keeper = keeper.withLock({ $0 }) else { return vault.value(name) }
        return keeper.value(name)
    }
}

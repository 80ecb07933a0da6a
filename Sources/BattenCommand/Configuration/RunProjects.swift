import BattenCore
import BattenEngine

/// The settings of the projects that runs belong to, for the calls of each: a process may carry runs of many.
///
/// A run's project is the `batten.yaml` in the folder of its workflow's file, else in the folder in which it was asked
/// for, as it is when the run's first call needs it. What such a file may say is held against the user's own
/// configuration each time.
struct RunProjects: Sendable {
    private let environment: [String: String]
    private let directory: String
    private let invocation: Invocation
    /// The project's file that the process was started with: its plugins know that one.
    private let own: String?
    /// The settings of the process.
    private let ownSettings: Settings
    /// Where the values of providers' keys come from.
    private let vault: SecretVault

    /// - Parameter settings: those of the process.
    init(_ context: CommandContext, settings: Settings, vault: SecretVault) throws(CommandFailure) {
        ownSettings = settings
        self.vault = vault
        environment = context.environment
        directory = context.directory
        invocation = context.invocation
        own = try SettingsLoader(
            environment: environment, directory: directory, invocation: invocation
        ).projectFile()
    }

    /// What an executor of a plugin is opened with for a run.
    ///
    /// - Throws: when the project's file cannot be read, or says what it may not.
    func configuration(plugin: String, of source: RunSource) throws(EngineError) -> CallConfiguration {
        // Projects say nothing about other plugins.
        guard plugin == "llm" else {
            return CallConfiguration(
                RunOrigin.configuration(plugin: plugin, trigger: source.trigger),
                identity: Self.identity(plugin, ownSettings))
        }
        do throws(CommandFailure) {
            var loader = SettingsLoader(environment: environment, directory: directory, invocation: invocation)
            let path = try loader.projectFile(in: [source.workflowFolder, source.directory])
            var settings = ownSettings
            if path != own {
                loader.project = .file(path)
                settings = try loader.load().settings
            }
            let written = settings.plugins[plugin]
            let keys = ProviderKeys.values(of: written) { vault.value($0) }
            let configuration = ProviderKeys.configuration(
                written.map(PluginSettings.own), defaultModel: settings.defaultModel, secret: { keys[$0] })
            return CallConfiguration(
                configuration ?? .object([:]), secrets: keys.values.sorted(),
                identity: Self.identity(plugin, settings))
        } catch {
            throw EngineError(.configuration, "the settings of the run's project: \(error.message)", help: error.help)
        }
    }

    /// What a plugin's answers may depend on besides their calls: its configuration with the names of keys, and for models
    /// the one that is meant where none is named.
    private static func identity(_ plugin: String, _ settings: Settings) -> JSONValue {
        let written = settings.plugins[plugin].map(PluginSettings.own)
        let model = plugin == "llm" ? settings.defaultModel : nil
        guard written?.objectValue?.isEmpty == false || model != nil else { return .null }
        return .array([written ?? .object([:]), model.map { .string($0) } ?? .null])
    }
}

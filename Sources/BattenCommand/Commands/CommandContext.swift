import BattenCore
import BattenPluginHost
import BattenStore
import BattenSystem

/// What a command works with besides its own command line.
final class CommandContext {
    /// Where results and messages go.
    let console: Console
    /// The environment by name.
    let environment: [String: String]
    /// The folder that relative paths start from, absolute.
    let directory: String
    /// The command line.
    let invocation: Invocation
    private var resolved: ResolvedSettings?
    /// The plugin host, once it was asked for.
    var openedHost: PluginHost?
    /// The reading side of the store, once it was asked for.
    var openedReader: StoreReader?

    init(console: Console, environment: [String: String], directory: String, invocation: Invocation) {
        self.console = console
        self.environment = environment
        self.directory = directory
        self.invocation = invocation
    }

    /// The settings and where each came from; read at the first use.
    func resolvedSettings() throws(CommandFailure) -> ResolvedSettings {
        if let resolved { return resolved }
        let settings = try SettingsLoader(
            environment: environment, directory: directory, invocation: invocation
        ).load()
        resolved = settings
        return settings
    }

    /// The settings.
    func settings() throws(CommandFailure) -> Settings { try resolvedSettings().settings }

    /// The folder of the workflow file that the command line names; nil when it names none.
    var workflowFolder: String? {
        SettingsLoader(environment: environment, directory: directory, invocation: invocation).workflowFolder()
    }

    /// The current instant.
    var now: Timestamp { Timestamp(nanoseconds: WallClock.now()) }

    /// A path as the user wrote it, made absolute.
    func absolute(_ path: String) -> String { PathText.absolute(path, in: directory) }
}

public import BattenCore
internal import BattenSystem

/// How a plugin host finds plugins and what it allows them.
public struct HostSettings: Sendable {
    /// Folder of the plugins that came with Batten, which are trusted; nil when there is none.
    public var bundledFolder: String?
    /// Further plugin folders, in order; a file in any of them is loaded only with ``allowInProcessPlugins``.
    public var folders: [String]
    /// Whether plugins outside the bundled folder may run inside this process.
    public var allowInProcessPlugins: Bool
    /// What each plugin is started with, by plugin id; an empty object for the others.
    public var configurations: [String: JSONValue]
    /// How many blocking calls may run at once.
    public var blockingLimit: Int
    /// How many event loop threads asynchronous executors share.
    public var loopCount: Int
    /// How many given-up calls that never ended a plugin may have before it is refused for new calls.
    public var abandonedLimit: Int
    /// How long a thread for blocking calls waits for work before it ends.
    public var idleTime: Duration
    /// The version plugins are told.
    public var hostVersion: String
    /// Receives what concerns no single call: plugins' own log lines, broken rules, given-up calls.
    public var report: @Sendable (HostReport) -> Void

    /// Creates settings; every default is the product's.
    ///
    /// - Parameters:
    ///   - blockingLimit: nil is four times the processors.
    ///   - report: any thread calls it; it must return at once.
    public init(
        bundledFolder: String?, folders: [String] = [], allowInProcessPlugins: Bool = false,
        configurations: [String: JSONValue] = [:], blockingLimit: Int? = nil, loopCount: Int = 2,
        abandonedLimit: Int = 16, idleTime: Duration = .seconds(10), hostVersion: String = "1.0.0",
        report: @escaping @Sendable (HostReport) -> Void = { _ in }
    ) {
        self.bundledFolder = bundledFolder
        self.folders = folders
        self.allowInProcessPlugins = allowInProcessPlugins
        self.configurations = configurations
        self.blockingLimit = max(1, blockingLimit ?? 4 * ProcessEnvironment.processors)
        self.loopCount = max(1, loopCount)
        self.abandonedLimit = max(0, abandonedLimit)
        self.idleTime = idleTime
        self.hostVersion = hostVersion
        self.report = report
    }

    /// The plugin folders besides the bundled one, in their order.
    ///
    /// - Parameters:
    ///   - user: the user's own plugin folder.
    ///   - path: the value of `BATTEN_PLUGIN_PATH`: folders with colons between them; empty ones are left out.
    ///   - named: the folders given with `--plugin-dir`.
    public static func folders(user: String?, path: String?, named: [String]) -> [String] {
        let listed = (path ?? "").split(separator: ":").map(String.init)
        return (user.map { [$0] } ?? []) + listed + named
    }
}

/// Something a plugin did that concerns no single call, or broke a rule of the ABI.
public enum HostReport: Sendable, Hashable {
    /// A log line of the plugin itself; the level is `debug`, `info`, `warning` or `error`.
    case log(plugin: String, level: String, text: String)
    /// The plugin broke a rule; what it did and what the rule is.
    case misbehaviour(plugin: String, rule: String)
    /// A call did not end within its grace time and was given up; how many of this plugin are outstanding now.
    case abandoned(plugin: String, executor: String, outstanding: Int)
    /// A plugin or an instance was not ended in an orderly way at shutdown, and why.
    case notStopped(plugin: String, reason: String)
}

public import BattenCore
public import BattenSystem

/// How a plugin host finds plugins and what it allows them.
public struct HostSettings: Sendable {
    /// Folder of the plugins that came with Batten, which are trusted; nil when there is none.
    public var bundledFolder: String?
    /// The user's own plugin folder, whose plugins run once they were accepted; nil when there is none.
    public var userFolder: String?
    /// Further plugin folders, in order.
    public var folders: [String]
    /// File of accepted plugins; nil when nothing is accepted.
    public var lockFile: String?
    /// Folder for descriptions of plugins that cannot be written beside them; nil keeps none.
    public var descriptionFolder: String?
    /// Folder for blobs that are too large for memory, made when the first one is; nil keeps all of them in memory.
    public var spoolFolder: String?
    /// Which versions of a plugin may be used, by plugin id; the newest of them is.
    public var versions: [String: VersionRange]
    /// Whose signatures plugins outside the bundled folder must carry.
    public var signatures: SignaturePolicy
    /// Whether only bundled plugins are looked for.
    public var safeMode: Bool
    /// Whether plugins are loaded into this process from their files instead of the sealed copies that were hashed: a
    /// debugger finds their symbols only there.
    public var loadsFilesForDebugging = false
    /// The program that isolated plugins run in; nil looks beside the running executable.
    public var workerPath: String?
    /// Whether plugins outside the bundled folder may run inside this process.
    public var allowInProcessPlugins: Bool
    /// Where calls of a plugin are carried out, by plugin id; the others have the mode of their kind.
    public var isolation: [String: IsolationMode]
    /// When worker processes of a plugin are replaced, by plugin id.
    public var recycling: [String: WorkerRecycling]
    /// What each plugin is started with, by plugin id; an empty object for the others.
    public var configurations: [String: JSONValue]
    /// What each plugin's workers may use, by plugin id; ``WorkerLimits/standard`` for the others.
    public var limits: [String: WorkerLimits] = [:]
    /// Where control groups for workers can be made; asked once, when the first worker that needs one is started.
    public var groups: @Sendable () -> ControlGroups = { ControlGroups() }
    /// Whether plugins are held to the rules of the header while they work: a call in which one is broken ends for it.
    public var keepsRules = false
    /// How much of a worker's confinement the kernel must be able to enforce.
    public var requirement = WorkerConfinement.Requirement.available
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
    /// What answers calls that ask for secrets.
    public var services: any CallServices
    /// Whether whoever receives streams cannot take more at the moment.
    var isBehind: @Sendable () -> Bool = { false }
    /// Has another process make, open and seal files of its spool: the wish, the blob's number and the call's tag.
    var askForSpool: (@Sendable (WorkerQuestion, UInt64, UInt64) -> SpoolAnswer)?
    /// Receives what concerns no single call: plugins' own log lines, broken rules, given-up calls.
    public var report: @Sendable (HostReport) -> Void

    /// Creates settings; every default is the product's.
    ///
    /// - Parameters:
    ///   - blockingLimit: nil is four times the processors.
    ///   - report: any thread calls it; it must return at once.
    public init(
        bundledFolder: String?, userFolder: String? = nil, folders: [String] = [], lockFile: String? = nil,
        descriptionFolder: String? = nil, versions: [String: VersionRange] = [:],
        signatures: SignaturePolicy = SignaturePolicy(), safeMode: Bool = false, workerPath: String? = nil,
        allowInProcessPlugins: Bool = false, isolation: [String: IsolationMode] = [:],
        recycling: [String: WorkerRecycling] = [:],
        configurations: [String: JSONValue] = [:], blockingLimit: Int? = nil, loopCount: Int = 2,
        abandonedLimit: Int = 16, idleTime: Duration = .seconds(10), hostVersion: String = "1.0.0",
        services: any CallServices = OpenCallServices(),
        report: @escaping @Sendable (HostReport) -> Void = { _ in }
    ) {
        self.bundledFolder = bundledFolder
        self.userFolder = userFolder
        self.folders = folders
        self.lockFile = lockFile
        self.descriptionFolder = descriptionFolder
        self.versions = versions
        self.signatures = signatures
        self.safeMode = safeMode
        self.workerPath = workerPath
        self.allowInProcessPlugins = allowInProcessPlugins
        self.isolation = isolation
        self.recycling = recycling
        self.configurations = configurations
        self.blockingLimit = max(1, blockingLimit ?? 4 * ProcessEnvironment.processors)
        self.loopCount = max(1, loopCount)
        self.abandonedLimit = max(0, abandonedLimit)
        self.idleTime = idleTime
        self.hostVersion = hostVersion
        self.services = services
        self.report = report
    }

    /// The plugin folders besides the bundled one and the user's, in their order.
    ///
    /// - Parameters:
    ///   - path: the value of `BATTEN_PLUGIN_PATH`: folders with colons between them; empty ones are left out.
    ///   - named: the folders given with `--plugin-dir`.
    public static func folders(path: String?, named: [String]) -> [String] {
        (path ?? "").split(separator: ":").map(String.init) + named
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
    /// A worker process ended that nobody wanted to end: what happened, and how many calls were inside.
    case crashed(plugin: String, pid: Int32, what: String, calls: Int)
    /// A plugin or an instance was not ended in an orderly way at shutdown, and why.
    case notStopped(plugin: String, reason: String)
}

import BattenCore
import BattenPluginHost
import BattenStore

/// Everything that settings decide, after all their sources were read.
struct Settings: Sendable {
    /// How careful the store is with the disk.
    enum Synchronous: String, Sendable, Hashable, CaseIterable {
        case full, normal, off
    }

    /// Folder of the store, its blobs and the engines' locks, absolute.
    var home: String
    /// How careful the store is with the disk.
    var synchronous: Synchronous
    /// Stages at once over all runs of one engine; also the limit of asynchronous calls.
    var maxParallel: Int
    /// Threads for executors that block.
    var blockingThreads: Int
    /// Threads for executors that wait for descriptors and timers.
    var loopThreads: Int
    /// Stages at once that use one plugin, by plugin id.
    var pluginLimits: [String: Int]
    /// Stages at once over all processes on the store.
    var sharedLimits: SharedLimits
    /// Runs at once in a concurrency group, by its name; 1 where none is given.
    var groupLimits: [String: Int]
    /// How long a cancelled call may take to end.
    var grace: Duration
    /// Folder of the plugins that came with the program.
    var bundledPlugins: String
    /// Folder of what the user has added to Batten.
    var userData: String
    /// The user's own plugin folder.
    var userPlugins: String { PathText.join(userData, "plugins") }
    /// The file of accepted plugins.
    var pluginLock: String { PathText.join(userPlugins, "plugins.lock") }
    /// Whose signatures plugins must carry.
    var signatures: SignaturePolicy
    /// Whether only bundled plugins are used.
    var safeMode: Bool
    /// Whether plugins are held to the rules of their header while they work.
    var keepsRules: Bool
    /// How much of a worker's confinement the kernel must be able to enforce.
    var confinement: WorkerConfinement.Requirement
    /// Further plugin folders, in order: `--plugin-dir`, then `BATTEN_PLUGIN_PATH`.
    var pluginFolders: [String]
    /// Whether plugins from outside the bundled folder may be loaded into this process.
    var inProcessPlugins: Bool
    /// Configuration of each plugin, by plugin id.
    var plugins: JSONObject
    /// Model of agents that name none.
    var defaultModel: String?
    /// File of what models cost; nil when none is named.
    var prices: String?
    /// Bytes of log that one attempt keeps.
    var attemptLogBytes: Int
    /// How far stored log lines may lag behind shown ones.
    var logLag: Duration
    /// Days a run is kept after its end; 0 keeps it for ever.
    var retentionDays: Int
    /// Runs of one workflow that are kept; 0 keeps all.
    var retainedRuns: Int
}

extension Settings {
    /// How much history is kept.
    var retention: RetentionPolicy {
        RetentionPolicy(
            age: retentionDays == 0 ? nil : .seconds(Int64(retentionDays) * 86_400),
            runsPerWorkflow: retainedRuns == 0 ? nil : retainedRuns)
    }
}

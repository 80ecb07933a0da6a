import BattenCore
import BattenPluginHost

/// One setting: its name in files, its variable, its check and what it is for.
struct SettingKey: Sendable {
    /// What the value must be.
    enum Kind: Sendable {
        case path
        case text
        case choice([String])
        case integer(ClosedRange<Int>)
        case duration
        case size
        case paths
        case integers(ClosedRange<Int>)
        case boolean
        case objects
    }
    /// Name with dots, as in a file: `store.synchronous`.
    let name: String
    /// What the value must be.
    let kind: Kind
    /// Environment variable; nil when there is none.
    let variable: String?
    /// Option of the command line, without dashes; nil when there is none.
    let option: String?
    /// Whether a project's `batten.yaml` may set it.
    let isForProjects: Bool
    /// One sentence.
    let help: String

    /// Every setting, in the order they are shown.
    static let all: [SettingKey] = [
        SettingKey(
            name: "home", kind: .path, variable: "BATTEN_HOME", option: "home", isForProjects: false,
            help: "folder of the store, its blobs and the engines' locks"),
        SettingKey(
            name: "store.synchronous", kind: .choice(Settings.Synchronous.allCases.map(\.rawValue)),
            variable: "BATTEN_STORE_SYNCHRONOUS", option: nil, isForProjects: false,
            help: "full keeps every commit through a power cut, normal through a crash of the program, off neither"),
        SettingKey(
            name: "engine.max_parallel", kind: .integer(1...1_000_000), variable: "BATTEN_ENGINE_MAX_PARALLEL",
            option: nil, isForProjects: false, help: "stages at once over all runs of one engine"),
        SettingKey(
            name: "engine.blocking_threads", kind: .integer(1...4_096), variable: "BATTEN_ENGINE_BLOCKING_THREADS",
            option: nil, isForProjects: false, help: "threads for executors that block: 4 for each processor"),
        SettingKey(
            name: "engine.loop_threads", kind: .integer(1...256), variable: "BATTEN_ENGINE_LOOP_THREADS", option: nil,
            isForProjects: false, help: "threads for executors that wait for descriptors and timers"),
        SettingKey(
            name: "engine.plugin_limits", kind: .integers(1...1_000_000), variable: nil, option: nil,
            isForProjects: false, help: "stages at once of one plugin, by plugin id; shell: 2 for each processor"),
        SettingKey(
            name: "limits.stages", kind: .integer(1...1_000_000), variable: nil, option: nil, isForProjects: false,
            help: "stages at once over all processes on a store"),
        SettingKey(
            name: "limits.workflows", kind: .integers(1...1_000_000), variable: nil, option: nil, isForProjects: false,
            help: "stages at once of all runs of a workflow over all processes, by its name"),
        SettingKey(
            name: "limits.plugins", kind: .integers(1...1_000_000), variable: nil, option: nil, isForProjects: false,
            help: "stages at once of a plugin over all processes, by its id"),
        SettingKey(
            name: "limits.groups", kind: .integers(1...1_000_000), variable: nil, option: nil, isForProjects: false,
            help: "runs at once in a concurrency group, by its name; 1 where none is given"),
        SettingKey(
            name: "grace", kind: .duration, variable: "BATTEN_GRACE", option: nil, isForProjects: false,
            help: "how long a cancelled stage may take to end before it is killed"),
        SettingKey(
            name: "log.attempt_bytes", kind: .size, variable: "BATTEN_LOG_ATTEMPT_BYTES", option: nil,
            isForProjects: false, help: "bytes of log that one attempt keeps: its head and its tail"),
        SettingKey(
            name: "log.lag", kind: .duration, variable: "BATTEN_LOG_LAG", option: nil, isForProjects: false,
            help: "how far stored log lines may lag behind shown ones"),
        SettingKey(
            name: "retention.days", kind: .integer(0...36_500), variable: "BATTEN_RETENTION_DAYS", option: nil,
            isForProjects: false, help: "days a run is kept after its end; 0 keeps it for ever"),
        SettingKey(
            name: "retention.runs_per_workflow", kind: .integer(0...1_000_000_000),
            variable: "BATTEN_RETENTION_RUNS_PER_WORKFLOW", option: nil, isForProjects: false,
            help: "runs of one workflow that are kept, the last ones; 0 keeps all"),
        SettingKey(
            name: "llm.default_model", kind: .text, variable: "BATTEN_LLM_DEFAULT_MODEL", option: nil,
            isForProjects: true, help: "model of agents that name none"),
        SettingKey(
            name: "prices", kind: .path, variable: "BATTEN_PRICES", option: nil, isForProjects: false,
            help: "file of what models cost, in the form of LiteLLM's price map"),
        SettingKey(
            name: "plugin_path", kind: .paths, variable: "BATTEN_PLUGIN_PATH", option: "plugin-dir",
            isForProjects: false, help: "further folders to find plugins in; options come before the variable"),
        SettingKey(
            name: "in_process_plugins", kind: .boolean, variable: "BATTEN_IN_PROCESS_PLUGINS",
            option: "in-process-plugins", isForProjects: false,
            help: "load plugins from outside the bundled folder into this process"),
        SettingKey(
            name: "safe_mode", kind: .boolean, variable: "BATTEN_SAFE_MODE", option: "safe-mode", isForProjects: false,
            help: "use no plugins but those that came with Batten"),
        SettingKey(
            name: "plugin_signatures", kind: .choice(["optional", "required"]), variable: "BATTEN_PLUGIN_SIGNATURES",
            option: nil, isForProjects: false, help: "whether a plugin without a valid signature is refused"),
        SettingKey(
            name: "plugin_keys", kind: .paths, variable: "BATTEN_PLUGIN_KEYS", option: nil, isForProjects: false,
            help: "files of ed25519 public keys, in PEM, that may sign plugins"),
        SettingKey(
            name: "plugin_confinement", kind: .choice(WorkerConfinement.Requirement.allCases.map(\.rawValue)),
            variable: "BATTEN_PLUGIN_CONFINEMENT", option: nil, isForProjects: false,
            help: "full refuses to run a plugin that this kernel cannot hold to all it declares; available does not"),
        SettingKey(
            name: "plugin_rules", kind: .boolean, variable: "BATTEN_CHECK", option: nil, isForProjects: false,
            help: "hold plugins to the rules of their header while they work; a call in which one is broken fails"),
        SettingKey(
            name: "plugins", kind: .objects, variable: nil, option: nil, isForProjects: true,
            help: "configuration of each plugin, by plugin id"),
    ]

    /// Finds a setting by name.
    static func named(_ name: String) -> SettingKey? { all.first { $0.name == name } }
}

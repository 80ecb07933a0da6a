import BattenCore
import BattenPluginHost
import BattenSystem

/// Brings the sources of settings together: defaults, files, variables and options, later ones winning.
struct SettingsLoader {
    let environment: [String: String]
    let directory: String
    let invocation: Invocation
    /// Which project's file is read.
    var project = Project.ofCommand

    /// Whose `batten.yaml` counts.
    enum Project {
        /// That of the workflow or folder which the command line is about.
        case ofCommand
        /// This file, or none.
        case file(String?)
    }

    /// Commands that go on with runs of any project; each run's own counts for its calls.
    private static let ofManyProjects: Set = ["resume", "retry", "restore", "fork", "serve"]

    /// Commands that call plugins, or check files against them.
    ///
    /// No other command has a use for what a project may say, so that a bad file in the current folder keeps nobody from
    /// answering a gate or from reading a log.
    static let ofProjects = ofManyProjects.union([
        "run", "exec", "repl", "validate", "test", "plan", "graph", "convert", "add", "schedule trigger",
        "schedule backfill", "plugin list", "plugin info", "plugin check", "plugin run", "plugin dev", "config",
        "doctor",
    ])

    /// Reads all sources.
    func load() throws(CommandFailure) -> ResolvedSettings {
        var files: [String] = []
        var entries: [ConfigurationFile.Entry] = []
        if let path = try userFile() {
            files.append(path)
            entries += try ConfigurationFile.read(path, isProject: false)
        }
        if let path = try projectFile(), !files.contains(path) {
            files.append(path)
            let project = try ConfigurationFile.read(path, isProject: true)
            try ProjectTrust.check(path, project: project, user: entries)
            entries += project
        }
        try checkVariables()
        var values: [SettingValue] = []
        for key in SettingKey.all { values += try self.values(of: key, entries) }
        return ResolvedSettings(settings: assemble(values), values: values, files: files)
    }

    /// The folder for a kind of file by the XDG rules: the variable when it is absolute, else below the home folder.
    func standardFolder(_ variable: String, below: String) -> String {
        if let folder = environment[variable], folder.hasPrefix("/") { return folder }
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/"
        return PathText.join(home, below)
    }

    /// The user's file; nil when the standard one is not there.
    private func userFile() throws(CommandFailure) -> String? {
        let named = invocation.value("config") ?? environment["BATTEN_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        if let named {
            let path = PathText.absolute(named, in: directory)
            guard FileSystem.exists(path) else {
                let origin = invocation.has("config") ? "--config" : "BATTEN_CONFIG"
                throw .usage(
                    "missing_file", "there is no configuration file '\(path)', which \(origin) names",
                    help: "correct the path, or leave it out: nothing needs a configuration file")
            }
            return path
        }
        let path = standardFolder("XDG_CONFIG_HOME", below: ".config") + "/batten/config.yaml"
        return FileSystem.exists(path) ? path : nil
    }

    /// The project's file: beside the workflow file that the command line names, else in the current folder.
    func projectFile() throws(CommandFailure) -> String? {
        if case .file(let path) = project { return path }
        guard Self.ofProjects.contains(invocation.command?.name ?? "") else { return nil }
        let isOfMany = Self.ofManyProjects.contains(invocation.command?.name ?? "")
        return try projectFile(in: [workflowFolder(), isOfMany ? nil : directory])
    }

    /// The first project's file in some folders.
    func projectFile(in folders: [String?]) throws(CommandFailure) -> String? {
        for folder in folders.compactMap({ $0 }) {
            let path = PathText.join(folder, "batten.yaml")
            if FileSystem.exists(path), try isConfiguration(path) { return path }
        }
        return nil
    }

    /// The folder of the first workflow file on the command line; nil when there is none.
    func workflowFolder() -> String? {
        let arguments = (invocation.command?.arguments ?? []).filter { $0.kind == .file }
        let options = (invocation.command?.options ?? []).filter { $0.name == "workflow" && $0.kind == .file }
        let names =
            arguments.compactMap { invocation.argument($0.name) } + options.flatMap { invocation.values($0.name) }
        let paths = names.filter { $0 != "-" }.map(absolute)
        return paths.first { FileSystem.exists($0) }.flatMap { FileSystem.parent(of: $0) }
    }

    /// A project's file may also be a workflow that happens to be called so: then it is left alone.
    private func isConfiguration(_ path: String) throws(CommandFailure) -> Bool {
        do throws(SystemError) {
            return try FileSystem.status(path)?.kind == .file
        } catch {
            throw .usage("unreadable_file", error.description, help: "make '\(path)' readable, or remove it")
        }
    }

    /// Refuses a variable that looks like a misspelt setting.
    private func checkVariables() throws(CommandFailure) {
        let known = SettingKey.all.compactMap(\.variable) + ["BATTEN_CONFIG"]
        for name in environment.keys.sorted() where name.hasPrefix("BATTEN_") && !known.contains(name) {
            if name.hasPrefix("BATTEN_SECRET_") || Self.givenToStages.contains(name) { continue }
            guard let near = DidYouMean.nearest(to: name, in: known) else { continue }
            throw .usage(
                "unknown_setting", "the environment variable '\(name)' is not a setting",
                help: "did you mean '\(near)'? `batten config` shows all settings")
        }
    }

    /// Variables that stages' processes get, which may themselves call `batten`.
    private static let givenToStages: Set<String> = [
        "BATTEN_OUTPUT", "BATTEN_RUN", "BATTEN_STAGE", "BATTEN_ATTEMPT", "BATTEN_WORKDIR", "BATTEN_IDEMPOTENCY_KEY",
    ]

    private func values(
        of key: SettingKey, _ entries: [ConfigurationFile.Entry]
    ) throws(CommandFailure) -> [SettingValue] {
        let found = entries.filter { $0.key.name == key.name }
        if case .objects = key.kind { return ConfigurationFile.mergedPlugins(found) }
        if case .paths = key.kind { return [try paths(of: key, found)] }
        var value = SettingValue(name: key.name, value: standard(key), origin: .standard)
        if let entry = found.last {
            value = SettingValue(
                name: key.name, value: entry.value, origin: .file(path: entry.path, line: entry.line))
        }
        if case .integers = key.kind, let written = value.value.objectValue {
            // Limits that are not written keep their defaults.
            var merged = standard(key).objectValue ?? [:]
            for (name, limit) in written { merged[name] = limit }
            value = SettingValue(name: key.name, value: .object(merged), origin: value.origin)
        }
        if let variable = key.variable, let text = environment[variable], !text.isEmpty {
            value = SettingValue(
                name: key.name, value: try read(text, key, from: variable), origin: .variable(variable))
        }
        if let option = key.option, invocation.has(option) {
            let text = invocation.value(option) ?? ""
            let given = try key.isFlag ? .bool(true) : read(text, key, from: "--\(option)")
            value = SettingValue(name: key.name, value: given, origin: .option("--\(option)"))
        }
        return [value]
    }

    /// Folders add up over the sources instead of replacing one another.
    private func paths(
        of key: SettingKey, _ found: [ConfigurationFile.Entry]
    ) throws(CommandFailure) -> SettingValue {
        var folders: [JSONValue] = []
        var origin = SettingOrigin.standard
        if let entry = found.last {
            folders = entry.value.arrayValue ?? []
            origin = .file(path: entry.path, line: entry.line)
        }
        if let variable = key.variable, let text = environment[variable], !text.isEmpty {
            let listed = text.split(separator: ":").map { JSONValue.string(absolute(String($0))) }
            folders = listed + folders
            origin = .variable(variable)
        }
        if let option = key.option, invocation.has(option) {
            folders = invocation.values(option).map { .string(absolute($0)) } + folders
            origin = .option("--\(option)")
        }
        return SettingValue(name: key.name, value: .array(folders), origin: origin)
    }

    private func read(_ text: String, _ key: SettingKey, from source: String) throws(CommandFailure) -> JSONValue {
        let given: JSONValue =
            switch key.kind {
            case .integer: Int64(text).map { .int($0) } ?? .string(text)
            case .boolean:
                ["1": true, "true": true, "0": false, "false": false][text].map { .bool($0) } ?? .string(text)
            case .path: .string(absolute(text))
            default: .string(text)
            }
        if let trouble = key.trouble(with: given) {
            throw .usage("bad_setting", "\(source) \(trouble.message)", help: trouble.help)
        }
        return given
    }

    private func absolute(_ path: String) -> String { PathText.absolute(path, in: directory) }

    /// What holds when nothing is said.
    private func standard(_ key: SettingKey) -> JSONValue {
        let processors = ProcessEnvironment.processors
        switch key.name {
        case "home": return .string(standardFolder("XDG_STATE_HOME", below: ".local/state") + "/batten")
        case "store.synchronous": return "full"
        case "engine.max_parallel": return 10_000
        case "engine.blocking_threads": return .int(Int64(4 * processors))
        case "engine.loop_threads": return .int(Int64(max(1, min(4, processors / 2))))
        case "engine.plugin_limits": return .object(["shell": .int(Int64(2 * processors))])
        case "limits.workflows", "limits.plugins", "limits.groups": return .object([:])
        case "grace": return "5s"
        case "log.attempt_bytes": return "16 MiB"
        case "log.lag": return "200ms"
        case "retention.days": return 30
        case "retention.runs_per_workflow": return 10_000
        case "in_process_plugins", "safe_mode", "plugin_rules": return false
        case "plugin_signatures": return "optional"
        case "plugin_confinement": return .string(WorkerConfinement.Requirement.available.rawValue)
        default: return .null
        }
    }

    private func assemble(_ values: [SettingValue]) -> Settings {
        func value(_ name: String) -> JSONValue { values.first { $0.name == name }?.value ?? .null }
        func integer(_ name: String) -> Int { value(name).intValue.flatMap { Int(exactly: $0) } ?? 1 }
        func duration(_ name: String) -> Duration {
            value(name).stringValue.flatMap { try? DurationText.parse($0) } ?? .seconds(5)
        }
        var plugins = JSONObject()
        for entry in values where entry.name.hasPrefix("plugins.") {
            let parts = entry.name.split(separator: ".", maxSplits: 2).map(String.init)
            guard parts.count == 3 else { continue }
            var object = plugins[parts[1]]?.objectValue ?? [:]
            object[parts[2]] = entry.value
            plugins[parts[1]] = .object(object)
        }
        func limits(_ setting: String) -> [String: Int] {
            var limits: [String: Int] = [:]
            for (name, limit) in value(setting).objectValue ?? [:] {
                limits[name] = limit.intValue.flatMap { Int(exactly: $0) }
            }
            return limits
        }
        let size = value("log.attempt_bytes")
        return Settings(
            home: value("home").stringValue ?? "/",
            synchronous: value("store.synchronous").stringValue.flatMap(Settings.Synchronous.init(rawValue:)) ?? .full,
            maxParallel: integer("engine.max_parallel"), blockingThreads: integer("engine.blocking_threads"),
            loopThreads: integer("engine.loop_threads"), pluginLimits: limits("engine.plugin_limits"),
            sharedLimits: SharedLimits(
                stages: value("limits.stages").intValue.flatMap { Int(exactly: $0) },
                workflows: limits("limits.workflows"), plugins: limits("limits.plugins")),
            groupLimits: limits("limits.groups"), grace: duration("grace"),
            bundledPlugins: BundledFolder.plugins(executable: ProcessEnvironment.executablePath),
            userData: standardFolder("XDG_DATA_HOME", below: ".local/share") + "/batten",
            signatures: SignaturePolicy(
                isRequired: value("plugin_signatures").stringValue == "required",
                keys: (value("plugin_keys").arrayValue ?? []).compactMap(\.stringValue)),
            safeMode: value("safe_mode").boolValue ?? false, keepsRules: value("plugin_rules").boolValue ?? false,
            confinement: value("plugin_confinement").stringValue.flatMap(WorkerConfinement.Requirement.init(rawValue:))
                ?? .available,
            pluginFolders: (value("plugin_path").arrayValue ?? []).compactMap(\.stringValue),
            inProcessPlugins: value("in_process_plugins").boolValue ?? false, plugins: plugins,
            defaultModel: value("llm.default_model").stringValue, prices: value("prices").stringValue,
            attemptLogBytes: Int(clamping: size.intValue ?? size.stringValue.flatMap(ByteSize.parse) ?? 16 << 20),
            logLag: duration("log.lag"), retentionDays: integer("retention.days"),
            retainedRuns: integer("retention.runs_per_workflow"))
    }
}

import BattenCore
import BattenPluginHost
import BattenSystem
import Testing

@testable import BattenCommand

/// Where settings come from, which source wins, and what is refused.
@Suite struct SettingsTests {
    /// Folders of a user and a project, removed with the value's end of use.
    private struct Places {
        let root: String

        init(user: String = "", project: String = "", beside: String = "") throws {
            root = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-settings-")
            for (folder, file, text) in [
                ("config/batten", "config.yaml", user), ("project", "batten.yaml", project),
                ("project/flows", "batten.yaml", beside),
            ] {
                try FileSystem.makeFolder("\(root)/\(folder)")
                guard !text.isEmpty else { continue }
                try FileSystem.open("\(root)/\(folder)/\(file)", .create).write(Array(text.utf8))
            }
            try FileSystem.open("\(root)/project/flows/w.yaml", .create).write(Array("name: w\n".utf8))
        }

        func load(_ line: String, _ variables: [String: String] = [:]) throws -> ResolvedSettings {
            var environment = variables
            environment["HOME"] = root
            environment["XDG_CONFIG_HOME"] = "\(root)/config"
            let words = line.split(separator: " ").map(String.init)
            let invocation = try CommandParser(commands: CommandTable.all).parse(words)
            return try SettingsLoader(
                environment: environment, directory: "\(root)/project", invocation: invocation
            ).load()
        }

        func remove() { try? FileSystem.removeTree(root) }
    }

    @Test func laterSourcesWin() throws {
        let places = try Places(
            user: "home: state\ngrace: 10s\nengine:\n  max_parallel: 7\n  plugin_limits: {http: 3}\n",
            project: "llm: {default_model: near/p}\n", beside: "llm: {default_model: near/b}\n")
        defer { places.remove() }
        let root = places.root
        let plain = try places.load("config")
        #expect(plain.settings.home == "\(root)/config/batten/state")
        #expect(plain.origin("home").text == "\(root)/config/batten/config.yaml:1")
        #expect(plain.origin("engine.max_parallel").text == "\(root)/config/batten/config.yaml:4")
        #expect(plain.origin("store.synchronous").text == "default")
        #expect(plain.settings.pluginLimits["http"] == 3 && plain.settings.pluginLimits["shell"] != nil)
        #expect(plain.settings.defaultModel == "near/p")
        let all = try places.load("config --home /h", ["BATTEN_HOME": "/v", "BATTEN_GRACE": "1m"])
        #expect(all.settings.home == "/h" && all.origin("home").text == "--home")
        #expect(all.settings.grace == .seconds(60) && all.origin("grace").text == "BATTEN_GRACE")
        let beside = try places.load("validate flows/w.yaml")
        #expect(beside.settings.defaultModel == "near/b")
        #expect(beside.origin("llm.default_model").text == "\(root)/project/flows/batten.yaml:1")
        let missing = try places.load("validate flows/none.yaml")
        #expect(missing.settings.defaultModel == "near/p", "a file that is not there has no settings beside it")
    }

    /// What must work wherever one stands: a folder that was downloaded keeps nobody from answering or looking.
    @Test func onlyCommandsThatNeedAProjectReadIt() throws {
        let goesOn: Set = [
            "pause", "cancel", "checkpoint", "gates", "approve", "reject", "signal", "trigger", "init", "schema",
            "explain",
            "list", "show", "remove", "enable", "disable", "runs", "status", "logs", "events", "outputs", "why",
            "usage",
            "digest", "checkpoints", "schedule add", "schedule list", "schedule show", "schedule next",
            "schedule pause",
            "schedule resume", "schedule remove", "triggers", "plugin new", "plugin install", "plugin remove",
            "plugin trust", "db info", "db check", "db backup", "db migrate", "db vacuum", "db gc", "quota set",
            "quota list", "quota show", "quota remove", "query", "secret set", "secret list", "secret remove",
            "secret rotate-key", "secret login", "help", "completions", "version",
            // These take the project of each run, or of the workflow that they are given.
            "resume", "retry", "restore", "fork", "serve",
        ]
        for text in ["home: /elsewhere", "plugins: {shell: {x: 1}}", "- [", "llm: {default_model: 7}"] {
            let places = try Places(project: text)
            defer { places.remove() }
            for command in CommandTable.all {
                var invocation = Invocation()
                invocation.command = command
                let loader = SettingsLoader(
                    environment: ["HOME": places.root, "XDG_CONFIG_HOME": "\(places.root)/config"],
                    directory: "\(places.root)/project", invocation: invocation)
                let isRefused = (try? loader.load()) == nil
                #expect(isRefused == !goesOn.contains(command.name), "\(command.name) with \(text)")
            }
        }
    }

    @Test func refuses() throws {
        let near = #"{api: openai, base_url: "http://localhost:1/v1"}"#
        let table: [(user: String, project: String, variables: [String: String], code: String, said: String)] = [
            ("grce: 1s", "", [:], "unknown_setting", "grace"),
            ("grace: soon", "", [:], "bad_setting", "config.yaml:1"),
            ("engine: {max_parallel: 0}", "", [:], "bad_setting", "engine.max_parallel"),
            ("engine: 3", "", [:], "bad_setting", "mapping"),
            ("", "", ["BATTEN_GRCE": "1s"], "unknown_setting", "BATTEN_GRACE"),
            ("", "", ["BATTEN_ENGINE_MAX_PARALLEL": "many"], "bad_setting", "BATTEN_ENGINE_MAX_PARALLEL"),
            ("", "home: x", [:], "untrusted_setting", "home"),
            ("", "plugins: {shell: {guardian: /tmp/x}}", [:], "untrusted_setting", "plugins.shell.guardian"),
            ("", "plugins: {llm: {providers: {openai: \(near)}}}", [:], "untrusted_setting", "a key"),
            ("", "plugins: {llm: {providers: {a: {key: K}}}}", [:], "untrusted_setting", "standard host"),
            (
                "", #"plugins: {llm: {providers: {a: {base_url: "http://127.0.0.1.evil.example/v1"}}}}"#, [:],
                "untrusted_setting", "prompts"
            ),
            (
                "", #"plugins: {llm: {providers: {a: {base_url: "http://localhost@evil.example/v1"}}}}"#, [:],
                "untrusted_setting", "evil.example"
            ),
        ]
        for row in table {
            let places = try Places(user: row.user, project: row.project)
            defer { places.remove() }
            do {
                _ = try places.load("config", row.variables)
                Issue.record("taken: \(row.user)\(row.project)\(row.variables)")
            } catch let failure as CommandFailure {
                #expect(failure.code == row.code && failure.exit == .usage, "\(failure)")
                #expect("\(failure.message) \(failure.help)".contains(row.said), "\(failure)")
            }
        }
        let good = try Places(project: "plugins: {llm: {providers: {a: \(near)}}}")
        defer { good.remove() }
        #expect(try good.load("config").settings.plugins["llm"] != nil)
    }

    /// Limits of plugins' workers; processes can only be limited where something counts them.
    @Test func limitsOfPluginsAreRead() throws {
        let counting = ControlGroups(places: [.init(folder: "/g", controllers: [.processes], isUnified: true)])
        let standard = WorkerLimits.standard
        let table: [(text: String, groups: ControlGroups, limits: WorkerLimits?, said: String)] = [
            (
                "{processes: 64}", counting,
                WorkerLimits(memory: standard.memory, processorTime: nil, files: standard.files, processes: 64), ""
            ),
            ("{processes: 64}", ControlGroups(), nil, "plugins.p.limits.processes"),
            (
                "{processes: none, memory: 512 MiB, cpu: 10m, files: none}", ControlGroups(),
                WorkerLimits(memory: 512 << 20, processorTime: .seconds(600), files: nil, processes: nil), ""
            ),
            ("{processes: 15}", counting, nil, "processes"), ("{processes: many}", counting, nil, "processes"),
            ("{threads: 4}", counting, nil, "threads"), ("{memory: 1 KiB}", counting, nil, "memory"),
        ]
        for row in table {
            let places = try Places(user: "plugins: {p: {limits: \(row.text)}}\n")
            defer { places.remove() }
            let resolved = try places.load("config")
            do throws(CommandFailure) {
                let limits = try PluginSettings.limits(resolved, groups: { row.groups })
                #expect(row.limits != nil && limits["p"] == row.limits, "\(row)")
            } catch {
                #expect(row.limits == nil && error.code == "bad_setting" && error.exit == .usage, "\(row): \(error)")
                #expect(error.message.contains(row.said), "\(error)")
                #expect(error.message.contains("config.yaml:1"), "\(error)")
            }
        }
    }

    @Test func providersGetTheirKeys() {
        let written = JSONValue.object(["providers": .object(["team": .object(["key": "TEAM"])])])
        let environment = [
            "BATTEN_SECRET_TEAM": "t", "BATTEN_SECRET_OPENAI_API_KEY": "o", "BATTEN_SECRET_OTHER": "x",
        ]
        let finder = ProviderKeys.finder(in: environment)
        let given = ProviderKeys.configuration(written, defaultModel: "team/m", secret: finder)
        #expect(given?.objectValue?["secrets"] == .object(["OPENAI_API_KEY": "o", "TEAM": "t"]))
        #expect(given?.objectValue?["default_model"] == "team/m")
        #expect(ProviderKeys.configuration(nil, defaultModel: nil, secret: { _ in nil }) == nil)
        #expect(ProviderKeys.values(of: written, secret: finder) == ["TEAM": "t", "OPENAI_API_KEY": "o"])
    }

    /// What started a run decides; whatever is not known is taken for somebody else.
    @Test func onlyTheLocalUsersRunsCallAnyFunction() {
        for trigger in ["cli", "exec", "repl"] {
            #expect(RunOrigin.configuration(plugin: "ffi", trigger: trigger) == [:], "\(trigger)")
        }
        for trigger in ["schedule", "serve", "webhook", "", "CLI"] {
            #expect(RunOrigin.configuration(plugin: "ffi", trigger: trigger) == ["listed_only": true], "\(trigger)")
            #expect(RunOrigin.configuration(plugin: "http", trigger: trigger) == [:], "\(trigger)")
        }
    }
}

internal import BattenPlugin
public import CBattenABI
internal import CShell
internal import Glibc

/// The one function the plugin exports.
@c(batten_plugin_entry_v1)
public func entry(_ hello: UnsafePointer<batten_hello>?) -> UnsafePointer<batten_plugin>? { Shell.entry(hello) }

/// The plugin `shell`: runs programs and scripts.
final class Shell: Plugin {
    struct Config: Decodable {
        var stateDir: String?
        var guardian: String?
        var maxProcesses: Int?

        enum CodingKeys: String, CodingKey {
            case stateDir = "state_dir"
            case guardian
            case maxProcesses = "max_processes"
        }
    }

    static var description: PluginDescription {
        PluginDescription(
            id: "shell", version: "1.0.0", title: "Programs and scripts",
            summary: "Runs programs and scripts, with their output in the run's log as it comes.",
            configSchema: .object([
                .optional(
                    "state_dir",
                    .string(
                        """
                        Folder for what must outlive the engine's process: the locks by which a later engine waits until \
                        the processes of an earlier one have ended. It belongs to one user. All engines that may take up \
                        each other's runs use the same one. An absolute path; by default a folder below XDG_RUNTIME_DIR or TMPDIR.
                        """,
                        examples: ["/var/lib/batten/shell"])),
                .optional(
                    "guardian",
                    .string("Path of `batten-guardian`. By default the one beside this plugin.", minLength: 1)),
                .optional(
                    "max_processes",
                    .integer(
                        "How many programs and scripts run at once; the others wait. By default twice the processors.",
                        minimum: 1, examples: [8])),
            ]),
            manifest: ["licence": "Apache-2.0"],
            executors: [.loop(RunExecutor.self), .loop(ScriptExecutor.self)])
    }

    let guardian: Guardian
    let slots: Slots
    let environment: [(name: String, value: String)]

    init(start: PluginStart) throws {
        let config = try start.config(as: Config.self)
        for (name, path) in [("state_dir", config.stateDir), ("guardian", config.guardian)] {
            guard let path, !path.hasPrefix("/") else { continue }
            throw Failure.badInput(field: name, "must be an absolute path, is \(path)")
        }
        environment = CleanEnvironment.ofThisProcess()
        guardian = Guardian(path: config.guardian, base: config.stateDir, host: start.host)
        slots = Slots(count: max(1, config.maxProcesses ?? 2 * Int(cshell_processors())))
    }

    func stop(deadline: MonotonicTime) {
        guardian.end(by: deadline)
    }
}

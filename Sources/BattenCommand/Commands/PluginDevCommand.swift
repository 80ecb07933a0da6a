import BattenCore
import BattenPluginHost
import BattenSystem

/// `batten plugin dev DIR`.
enum PluginDevCommand {
    static let description = CommandDescription(
        "plugin dev", .plugins, "build a plugin anew whenever its sources change, check it and call it",
        details: [
            "Each time: build, find the newest libbatten-plugin-<id>.so, hold it against the quick checks, and make the "
                + "call of --call in a new worker process. A failure is told, and the next change tries again. The build "
                + "command is 'make', 'swift build', 'cargo build' or CMake's by what lies in the folder; --build names "
                + "another. Folders named build, target or vendor and hidden ones are not watched.",
            "--wait-for-attach prints this process's id for gdb -p or lldb -p, and waits for the debugger or the Enter key "
                + "before anything of the plugin runs. A loaded plugin cannot be exchanged, so it does so once.",
        ],
        arguments: [ArgumentDescription("DIR", .required, .folder, "the plugin's folder")],
        options: [
            .value("build", "COMMAND", .text, "what builds it, for the shell"),
            .value("call", "EXECUTOR", .text, "an executor to call after each build"),
            .value("with", "KEY=VALUE", .keyValue, repeated: true, "a field of the executor's input"),
            .value("with-json", "JSON", .json, "the whole input as a JSON object; --with goes over it"),
            .value("timeout", "DURATION", .duration, standard: "30s", "bound on each call"),
            .flag(
                "wait-for-attach", "build once, then load it into this process and wait for a debugger before the call"),
            .flag("once", "do it once and end, with exit code 1 when something failed"),
        ],
        formats: [.text],
        examples: [
            CommandExample(
                "batten plugin dev hello --call greet --with name=Ada", "calls hello.greet after each change")
        ],
        exits: [.runFailed, .plugin],
        body: { context, invocation throws(CommandFailure) in try run(context, invocation) })

    private static func run(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        let folder = context.absolute(invocation.argument("DIR") ?? "")
        let given = invocation.value("build")
        let command = if let given { given } else { try PluginBuild.command(for: folder) }
        if invocation.has("once") || invocation.has("wait-for-attach") {
            return try round(folder, command, context, invocation) ? .done : .runFailed
        }
        do throws(SystemError) {
            while true {
                // Watched before the build begins, so that a change while it runs counts.
                let watch = try FolderWatch(folder, isOfInterest: PluginBuild.isSource)
                do throws(CommandFailure) {
                    _ = try round(folder, command, context, invocation)
                } catch {
                    context.console.alert("error: \(error.message)\n  = help: \(error.help)")
                }
                context.console.note("waiting for changes in \(folder)")
                try watch.wait()
            }
        } catch {
            throw CommandFailure(
                "unwatchable_folder", error.description, help: "check the folder; --once does not watch", exit: .usage)
        }
    }

    /// Builds, checks and calls once.
    ///
    /// - Returns: whether everything went well.
    private static func round(
        _ folder: String, _ command: String, _ context: CommandContext, _ invocation: Invocation
    ) throws(CommandFailure) -> Bool {
        let console = context.console
        guard try PluginBuild.run(command, in: folder, context) else { return false }
        guard let library = PluginBuild.library(in: folder) else {
            throw CommandFailure(
                "no_library", "'\(command)' built no libbatten-plugin-<id>.so in \(folder)",
                help: "name the build's product so, or give --build", exit: .plugin)
        }
        let waits = invocation.has("wait-for-attach")
        let trial = try PluginTrial(library, in: context, inProcess: waits)
        defer { trial.end() }
        if waits { PluginRunCommand.wait(library, console) }
        let plugin = try trial.information()
        console.line("\(plugin.id) \(plugin.version): \(plugin.executors.map(\.type).joined(separator: ", "))")
        var isGood = true
        let settings = trial.host.settings
        let quick = PluginCheck.all.filter { $0.group == .static || $0.group == .probe }
        let results = try asFailure { () throws(PluginError) in
            try PluginChecker(library, settings: settings, seed: 1).run(quick)
        }
        for result in results {
            for broken in result.broken {
                isGood = false
                console.alert("rule \(broken.rule.rawValue): \(TextFit.clean(broken.message))")
            }
        }
        if let name = invocation.value("call") {
            let executor = try trial.executor(name)
            let input = try ExecCommand.input(invocation, executor)
            let (outcome, milliseconds) = trial.call(
                executor, input: input, timeout: invocation.duration("timeout") ?? .seconds(30), folder: folder)
            PluginRunCommand.show(outcome, of: executor, milliseconds, context)
            isGood = isGood && outcome.outcomeClass == .ok
        }
        console.flush()
        return isGood
    }
}

/// Builds a plugin in its folder, and finds what came of it.
enum PluginBuild {
    /// What builds the plugin of a folder, by the files in it.
    static func command(for folder: String) throws(CommandFailure) -> String {
        let known = [
            ("Makefile", "make"), ("makefile", "make"), ("Package.swift", "swift build"),
            ("Cargo.toml", "cargo build --offline"),
            ("CMakeLists.txt", "cmake -S . -B build && cmake --build build"),
        ]
        guard FileSystem.exists(folder) else {
            throw .notFound("missing_file", "there is no folder '\(folder)'", help: "batten plugin new makes one")
        }
        for (file, command) in known where FileSystem.exists(PathText.join(folder, file)) { return command }
        throw .usage(
            "no_build_command", "nothing in \(folder) says how it is built",
            help: "give --build, for example --build 'make plugin'")
    }

    /// Runs the build; what it wrote is shown when it fails.
    static func run(_ command: String, in folder: String, _ context: CommandContext) throws(CommandFailure) -> Bool {
        let console = context.console
        console.note("$ \(command)")
        console.flush()
        let process = ShortProcess(
            "/bin/sh", ["-c", command], environment: context.environment, directory: folder, limit: 4 << 20)
        let result: ShortProcess.Result
        do throws(SystemError) {
            result = try process.run(within: .seconds(3_600))
        } catch {
            throw CommandFailure("no_build", error.description, help: "check the folder", exit: .plugin)
        }
        guard result.end != .exited(0) else { return true }
        let words = String(decoding: result.output + result.errors, as: UTF8.self)
        console.alert(words.split(separator: "\n").suffix(60).map { TextFit.clean(String($0)) }.joined(separator: "\n"))
        console.alert("the build failed")
        return false
    }

    /// The newest plugin below a folder.
    static func library(in folder: String) -> String? {
        var found: (path: String, modified: Int64)?
        var open = [(folder, 0)]
        while let (next, depth) = open.popLast() {
            for name in (try? FileSystem.list(next)) ?? [] {
                let path = "\(next)/\(name)"
                guard let status = try? FileSystem.status(path) else { continue }
                if status.kind == .folder {
                    let isSkipped = ["vendor", "checkouts", "CMakeFiles", "deps"].contains(name)
                    if depth < 4, !isSkipped, !name.hasPrefix(".") || name == ".build" {
                        open.append((path, depth + 1))
                    }
                } else if PluginFileName.id(of: name) != nil, status.modified >= found?.modified ?? .min {
                    found = (path, status.modified)
                }
            }
        }
        return found?.path
    }

    /// Whether a name in the plugin's folder is one of its sources, or a folder that may hold some.
    static func isSource(_ name: String) -> Bool {
        if name.isEmpty || name.hasPrefix(".") || name.hasSuffix("~") { return false }
        if ["build", "target", "vendor", "__pycache__", "Package.resolved", "Cargo.lock"].contains(name) {
            return false
        }
        return ![".so", ".o", ".swp", ".tmp", ".log"].contains { name.hasSuffix($0) }
    }
}

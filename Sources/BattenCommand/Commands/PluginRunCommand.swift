import BattenCore
import BattenPluginHost
import BattenSystem

/// `batten plugin run FILE EXECUTOR`.
enum PluginRunCommand {
    static let description = CommandDescription(
        "plugin run", .plugins, "make one call of a plugin's file, without installing it",
        details: [
            "The plugin runs in a worker process that is held to what it declares. Nothing is stored: it is for trying a "
                + "plugin out. Its outputs go to standard output, what it tells meanwhile to standard error.",
            "--wait-for-attach loads it into this process, prints the process's id, and waits for a debugger (gdb -p ID) or "
                + "the Enter key before anything of the plugin runs.",
        ],
        arguments: [
            ArgumentDescription("FILE", .required, .file, "the plugin's file, libbatten-plugin-<id>.so"),
            ArgumentDescription("EXECUTOR", .required, "greet or hello.greet"),
        ],
        options: [
            .value("with", "KEY=VALUE", .keyValue, repeated: true, "a field of the executor's input"),
            .value("with-json", "JSON", .json, "the whole input as a JSON object; --with goes over it"),
            .value("timeout", "DURATION", .duration, "bound on the call, for example 30s"),
            .flag("wait-for-attach", "load it into this process and wait for a debugger"),
        ],
        examples: [
            CommandExample(
                "batten plugin run build/libbatten-plugin-hello.so greet --with name=Ada", "calls hello.greet once")
        ],
        exits: [.runFailed, .cancelled, .timedOut, .notFound, .plugin],
        body: { context, invocation throws(CommandFailure) in
            let waits = invocation.has("wait-for-attach")
            let path = context.absolute(invocation.argument("FILE") ?? "")
            let trial = try PluginTrial(path, in: context, inProcess: waits)
            defer { trial.end() }
            if waits { wait(path, context.console) }
            let executor = try trial.executor(invocation.argument("EXECUTOR") ?? "")
            let input = try ExecCommand.input(invocation, executor)
            let (outcome, milliseconds) = trial.call(
                executor, input: input, timeout: invocation.duration("timeout"), folder: context.directory)
            show(outcome, of: executor, milliseconds, context)
            return exit(outcome)
        })

    /// Tells whom to debug, and waits for it.
    static func wait(_ path: String, _ console: Console) {
        console.alert(
            "process \(ProcessEnvironment.processID) waits before it loads \(path): gdb -p \(ProcessEnvironment.processID), "
                + "then 'continue'; or press Enter")
        Debugger.waitForAttach()
    }

    /// Shows how a call ended.
    static func show(
        _ outcome: StageOutcome, of executor: ExecutorInfo, _ milliseconds: Int, _ context: CommandContext
    ) {
        let console = context.console
        if context.invocation.format.isData {
            console.data(
                .object([
                    "executor": .string(executor.type), "class": .string(outcome.outcomeClass.rawValue),
                    "effect": .string(outcome.effect.rawValue), "code": .string(outcome.code),
                    "message": .string(outcome.message), "details": outcome.details, "output": outcome.output,
                    "duration_ms": .int(Int64(milliseconds)),
                ]), context.invocation.format)
            return
        }
        let isGood = outcome.outcomeClass == .ok
        console.note(
            "\(isGood ? "✓" : "✗") \(executor.type) \(isGood ? "done" : outcome.outcomeClass.rawValue) after "
                + "\(milliseconds)ms, effect \(outcome.effect.rawValue)")
        if !isGood { console.alert("  \(TextFit.clean(outcome.code)): \(TextFit.clean(outcome.message))") }
        for line in OutputText.lines(outcome.output) { console.line(line) }
    }

    private static func exit(_ outcome: StageOutcome) -> ExitCode {
        switch outcome.outcomeClass {
        case .ok: .done
        case .timeout: .timedOut
        case .cancelled: .cancelled
        default: .runFailed
        }
    }
}

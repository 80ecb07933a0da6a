import BattenCore
import BattenEngine
import BattenPluginHost
import BattenSpec

/// `batten exec`: an executor as a command-line tool.
enum ExecCommand {
    static let description = CommandDescription(
        "exec", .running, "run one executor, without a file",
        details: [
            "The call is a run like any other: durable, logged and listed by 'batten runs'. Its outputs go to standard "
                + "output. A value of --with is read as JSON where the executor's schema does not ask for a string."
        ],
        arguments: [ArgumentDescription("EXECUTOR", .required, "for example http.request or shell.run")],
        options: [
            .value("with", "KEY=VALUE", .keyValue, repeated: true, "a field of the executor's input"),
            .value("with-json", "JSON", .json, "the whole input as a JSON object; --with goes over it"),
            .value("timeout", "DURATION", .duration, "bound on the call, for example 30s"),
        ],
        formats: [.text, .json, .ndjson, .yaml],
        examples: [
            CommandExample("batten exec shell.run --with script='echo hello'", "runs a command in a shell"),
            CommandExample("batten exec http.request --with url=https://example.org", "makes a request"),
        ],
        exits: [.runFailed, .invalid, .cancelled, .timedOut, .notFound, .plugin, .store, .interrupted],
        body: { context, invocation throws(CommandFailure) in try run(context, invocation) })

    private static func run(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        let executor = invocation.argument("EXECUTOR") ?? ""
        guard case .found(let info) = try context.host().executor(executor) else {
            throw try unknown(executor, context)
        }
        var stage = StageDefinition(id: "exec", uses: executor, with: try input(invocation, info))
        stage.timeout = invocation.duration("timeout")
        let definition = WorkflowDefinition(name: "exec", stages: [stage])
        // Read back like a file, so that the executor's schema and the expressions are checked in the same way.
        let text = WorkflowText(label: "exec \(executor)", bytes: WorkflowWriter.canonical(definition))
        let plan = try checked(text, executor, in: context).plan(in: context)
        let submission = RunSubmission(
            plan: plan, trigger: "exec", directory: context.directory,
            workdir: PathText.join(try context.settings().home, "work/{run}"))
        let session = RunSession(context: context, workflow: "exec", role: "exec", showsStageOutputs: true)
        return try session.execute { runtime, _ throws(CommandFailure) in
            try RunSession.asFailure { try runtime.engine.submit(submission) }
        }
    }

    /// The workflow that was read back; problems are told without places, since nobody wrote this text.
    private static func checked(
        _ text: WorkflowText, _ executor: String, in context: CommandContext
    ) throws(CommandFailure) -> CheckedWorkflow {
        let result = try CheckedWorkflow.read(text, in: context)
        if let definition = result.definition {
            return CheckedWorkflow(definition: definition, parsed: result.parsed, diagnostics: [])
        }
        let problems = result.diagnostics.filter { $0.severity == .error }.map(\.message)
        throw CommandFailure(
            "invalid_input", problems.joined(separator: "; "),
            help: "`batten plugin info \(executor)` shows what it takes", exit: .invalid)
    }

    /// What is written after `--with` and `--with-json`, read by the executor's schema.
    static func input(_ invocation: Invocation, _ info: ExecutorInfo) throws(CommandFailure) -> JSONObject {
        var input = JSONObject()
        if let text = invocation.value("with-json") {
            let value: JSONValue
            do throws(JSONError) {
                value = try JSONReader.parse(text)
            } catch {
                throw .usage(
                    "bad_json", "--with-json is not JSON: \(error.description)", help: "quote it for the shell")
            }
            guard let object = value.objectValue else {
                throw .usage("bad_json", "--with-json is \(value.typeName), not an object", help: "write {\"key\": …}")
            }
            input = object
        }
        for option in invocation.values("with") {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let text = parts.count > 1 ? parts[1] : ""
            let isText = info.input.property(at: [.key(parts[0])])?.declaredTypes == ["string"]
            input[parts[0]] = isText ? .string(text) : (try? JSONReader.parse(text)) ?? .string(text)
        }
        return input
    }

    private static func unknown(
        _ executor: String, _ context: CommandContext
    ) throws(CommandFailure) -> CommandFailure {
        switch try context.host().executor(executor) {
        case .refused(let code, let message, let help): return CommandFailure(code, message, help: help, exit: .plugin)
        case .unknownExecutor(let plugin, let offers):
            return .notFound(
                "unknown_executor", "plugin '\(plugin)' has no executor '\(executor)'",
                help: "it offers \(offers.joined(separator: ", "))")
        case .unknownPlugin, .found:
            let near = DidYouMean.help(for: executor, in: try context.host().knownTypes())
            return .notFound(
                "unknown_executor", "there is no executor '\(executor)'",
                help: near.isEmpty ? "`batten plugin list` shows all" : near)
        }
    }
}

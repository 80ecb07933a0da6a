import BattenCore
import BattenEngine

/// `batten run`: the product's main verb.
enum RunCommand {
    static let description = CommandDescription(
        "run", .running, "run a workflow and follow it to its end",
        details: [
            "The run is on disk before anything starts; after a crash or a power cut 'batten resume' goes on with it. On a "
                + "terminal the stages are drawn as a live tree, elsewhere each event is a plain line, both on standard "
                + "error. The run's outputs go to standard output; with --format json the whole run does.",
            "Ctrl-C cancels the run: stages are asked to stop, 'finally' stages run, the exit code is 4. A second "
                + "Ctrl-C kills what still runs, 'finally' included, and the exit code is 130. When standard output is "
                + "closed the run goes on to its end in silence.",
            "Secrets that the workflow declares are taken from BATTEN_SECRET_<NAME>, or from those that `batten secret set` keeps.",
            "--detach puts the run on disk, with its parameters and host variables as they are now, and writes its id. It "
                + "starts at once when a 'batten serve' works on the same store, else when one does; secrets are taken from "
                + "that process.",
        ],
        arguments: [
            ArgumentDescription(
                "FILE|NAME", .required, .file,
                "a workflow file, '-' for standard input, or a name kept with 'batten add'")
        ],
        options: [
            .value(
                "param", short: "p", "KEY=VALUE", .keyValue, repeated: true, "a parameter, read by its declared type"),
            .value("params-file", "FILE", .file, "parameters as a YAML or JSON mapping; '-' is standard input"),
            .flag("dry-run", "check and plan only, start nothing"),
            .value("only", "STAGE", .text, repeated: true, "run these stages and what they need, nothing else"),
            .value(
                "mock", "STAGE=JSON", .text, repeated: true,
                "take these outputs of a stage, an object, instead of executing it"),
            .value("max-cost", "DOLLARS", .text, "the most that the run may cost, such as 0.20"),
            .value("max-tokens", "COUNT", .text, "the most tokens that the run may use, input and output"),
            .value("idempotency-key", "KEY", .text, "a key under which the same request gives the same run"),
            .flag("wait-gates", "stay while only gates or signals are left, instead of exit code 11"),
            .flag("detach", "accept the run and return; a 'batten serve' carries it"),
        ],
        formats: [.text, .json, .ndjson, .yaml],
        examples: [
            CommandExample("batten run hello.yaml -p name=World", "runs a file with a parameter"),
            CommandExample("batten run build.yaml --format json | jq .outputs", "gives the finished run as data"),
            CommandExample("batten run deploy.yaml --dry-run", "shows what would run"),
            CommandExample("batten run build.yaml --detach", "has a 'batten serve' run it, and writes the run's id"),
        ],
        exits: [
            .runFailed, .invalid, .cancelled, .timedOut, .quota, .rejected, .notFound, .plugin, .store, .waiting,
            .interrupted,
        ],
        body: { context, invocation throws(CommandFailure) in try run(context, invocation) })

    private static func run(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        let name = invocation.argument("FILE|NAME") ?? ""
        let source = try WorkflowSource.find(name, in: context).mocking(invocation.values("mock"), in: context)
        let definition = source.definition
        let parameters = try ParameterReader(definitions: definition.parameters, workflow: definition.name).read(
            file: try ParametersFile.read(invocation.value("params-file"), workflow: name, in: context),
            options: invocation.values("param"))
        let only = try stages(invocation.values("only"), of: definition)
        let plan = try source.plan(only: only, in: context)
        if invocation.has("dry-run") { return try dryRun(plan, parameters, context) }
        try source.requireEnabled()
        try CheckedWorkflow.requireRunnable(plan)
        let host = try HostEnvironment.read(for: definition, from: context.environment)
        let isDetached = invocation.has("detach")
        if !isDetached { try context.requireSecrets(of: definition) }
        var submission = RunSubmission(
            plan: plan, parameters: parameters, trigger: isDetached ? "detached" : "cli",
            idempotencyKey: invocation.value("idempotency-key"),
            hostEnvironment: host, directory: context.directory, workflowFolder: context.workflowFolder,
            workdir: PathText.join(try context.settings().home, "work/{run}"))
        submission.budget = try budget(invocation)
        if isDetached { return try DetachedStart(context: context).accept(submission) }
        return try RunSession.start(submission, in: context, staysAtGates: invocation.has("wait-gates"))
    }

    /// The bound that `--max-cost` and `--max-tokens` give.
    private static func budget(_ invocation: Invocation) throws(CommandFailure) -> BudgetDefinition? {
        var budget = BudgetDefinition()
        if let text = invocation.value("max-tokens") {
            budget.tokens = try QuotaCommands.limit(text, of: QuotaMetric.tokens, named: "--max-tokens")
        }
        if let text = invocation.value("max-cost") {
            budget.costUSD = NanoDollars.dollars(
                try QuotaCommands.limit(text, of: QuotaMetric.cost, named: "--max-cost"))
        }
        return budget.tokens == nil && budget.costUSD == nil ? nil : budget
    }

    /// The stages that `--only` names.
    private static func stages(_ values: [String], of definition: WorkflowDefinition) throws(CommandFailure) -> Set<
        String
    >? {
        guard !values.isEmpty else { return nil }
        var only: Set<String> = []
        for id in values.flatMap({ $0.split(separator: ",").map(String.init) }) {
            guard definition.stages.contains(where: { $0.id == id }) else {
                let names = definition.stages.map(\.id)
                throw .usage(
                    "unknown_stage", "workflow '\(definition.name)' has no stage '\(id)' (given by --only)",
                    help: [DidYouMean.help(for: id, in: names), "it has: \(names.prefix(20).joined(separator: ", "))"]
                        .joined(" "))
            }
            only.insert(id)
        }
        return only
    }

    private static func dryRun(
        _ plan: Plan, _ parameters: JSONObject, _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        try PlanCommand.show(plan, parameters, context)
        context.console.note("dry run: nothing was started")
        return plan.unsupported.isEmpty ? .done : .invalid
    }
}

import BattenCore
import BattenSystem

/// `batten plan FILE`.
enum PlanCommand {
    static let description = CommandDescription(
        "plan", .authoring, "show what a workflow would run, level by level",
        details: [
            "Stages of one level can run in parallel. Nothing is started.",
            """
            For stages that say before a call how much it uses, such as llm.chat, the most that one attempt takes is \
            shown: tokens, and what they cost by the price file. What only a run can know is said to be unknown.
            """,
        ],
        arguments: [ArgumentDescription("FILE|NAME", .required, .file, "a workflow file, '-', or a kept workflow")],
        options: [
            .value("param", short: "p", "KEY=VALUE", .keyValue, repeated: true, "a parameter, checked like for a run"),
            .value("params-file", "FILE", .file, "parameters as a YAML or JSON mapping"),
        ],
        examples: [
            CommandExample("batten plan build.yaml", "lists levels, stages, conditions, timeouts and tries"),
            CommandExample("batten plan build.yaml --format json | jq .levels", "gives the levels as data"),
        ],
        exits: [.invalid, .notFound, .plugin],
        body: { context, invocation throws(CommandFailure) in try run(context, invocation) })

    private static func run(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        let name = invocation.argument("FILE|NAME") ?? ""
        let source = try CheckedWorkflow.check(try WorkflowText.read(name, in: context), in: context)
        var parameters = JSONObject()
        if invocation.has("param") || invocation.has("params-file") {
            let reader = ParameterReader(
                definitions: source.definition.parameters, workflow: source.definition.name)
            parameters = try reader.read(
                file: try ParametersFile.read(invocation.value("params-file"), workflow: name, in: context),
                options: invocation.values("param"))
        }
        try show(try source.plan(in: context), parameters, context)
        return .done
    }

    /// Shows a plan in the format that was asked for.
    static func show(
        _ plan: Plan, _ parameters: JSONObject, _ context: CommandContext
    ) throws(CommandFailure) {
        let format = context.invocation.format
        let settings = try context.settings()
        let console = context.console
        let prices = PriceFiles(
            path: PriceFiles.path(settings: settings, executable: ProcessEnvironment.executablePath),
            tell: { console.alert($0) })
        var known = parameters
        if case .success(let complete) = plan.definition.complete(parameters: parameters) { known = complete }
        let estimates = plan.estimates(parameters: known, prices: prices) { plugin in
            guard plugin == "llm" else { return settings.plugins[plugin] ?? .object([:]) }
            return ProviderKeys.configuration(
                settings.plugins[plugin], defaultModel: settings.defaultModel, secret: { _ in nil }) ?? .object([:])
        }
        let report = PlanReport(plan: plan, parameters: parameters, estimates: estimates)
        if format.isData {
            console.data(report.json, format)
        } else {
            console.write(report.text(console.output))
        }
    }
}

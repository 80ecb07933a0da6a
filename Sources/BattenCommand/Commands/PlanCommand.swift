import BattenCore

/// `batten plan FILE`.
enum PlanCommand {
    static let description = CommandDescription(
        "plan", .authoring, "show what a workflow would run, level by level",
        details: ["Stages of one level can run in parallel. Nothing is started."],
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
        show(try source.plan(in: context), parameters, context)
        return .done
    }

    /// Shows a plan in the format that was asked for.
    static func show(_ plan: Plan, _ parameters: JSONObject, _ context: CommandContext) {
        let format = context.invocation.format
        if format.isData {
            context.console.data(plan.description, format)
        } else {
            context.console.write(PlanReport(plan: plan, parameters: parameters).text(context.console.output))
        }
    }
}

import BattenCore
import BattenSpec

/// `batten convert FILE`.
enum ConvertCommand {
    static let description = CommandDescription(
        "convert", .authoring, "write a workflow in its native form, as YAML or JSON",
        details: ["Files of the 'steps:' shape of agent workflows come out as stages. Comments are not kept."],
        arguments: [ArgumentDescription("FILE", .required, .file, "a workflow file, or '-'")],
        formats: [.yaml, .json],
        examples: [
            CommandExample("batten convert agents.json > agents.yaml", "writes a JSON workflow as YAML"),
            CommandExample("batten convert build.yaml --format json", "writes the JSON form"),
        ],
        exits: [.invalid, .notFound],
        body: { context, invocation throws(CommandFailure) in
            let text = try WorkflowText.read(invocation.argument("FILE") ?? "", in: context)
            let definition = try CheckedWorkflow.check(text, in: context).definition.withoutFoundChildren()
            switch invocation.format {
            case .json: context.console.line(JSONWriter.string(WorkflowWriter.json(definition), style: .pretty))
            default: context.console.write(WorkflowWriter.yaml(definition))
            }
            return .done
        })
}

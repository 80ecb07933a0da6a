import BattenCore

/// `batten graph FILE`.
enum GraphCommand {
    static let description = CommandDescription(
        "graph", .authoring, "draw a workflow's stages and what they wait for",
        arguments: [ArgumentDescription("FILE|NAME", .required, .file, "a workflow file, '-', or a kept workflow")],
        formats: [.text, .dot, .mermaid],
        examples: [
            CommandExample("batten graph build.yaml", "draws a tree in the terminal"),
            CommandExample(
                "batten graph build.yaml --format dot | dot -Tsvg > build.svg", "draws a picture by Graphviz"),
        ],
        exits: [.invalid, .notFound, .plugin],
        body: { context, invocation throws(CommandFailure) in
            let plan = try CheckedWorkflow.check(
                try WorkflowText.read(invocation.argument("FILE|NAME") ?? "", in: context), in: context
            ).plan(in: context)
            let graph = GraphReport(plan: plan)
            switch invocation.format {
            case .dot: context.console.write(graph.dot())
            case .mermaid: context.console.write(graph.mermaid())
            default: context.console.write(graph.text(context.console.output))
            }
            return .done
        })
}

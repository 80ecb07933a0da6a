import BattenCore
import BattenSpec

/// `batten validate FILE…`.
enum ValidateCommand {
    static let description = CommandDescription(
        "validate", .authoring, "check workflow files and tell all their problems",
        details: [
            "Syntax, fields, expressions, references, cycles and every stage's input are checked, in one go and ordered by "
                + "place. Nothing is started."
        ],
        arguments: [ArgumentDescription("FILE", .oneOrMore, .file, "workflow files; '-' is standard input")],
        examples: [
            CommandExample("batten validate build.yaml", "draws every problem with its line"),
            CommandExample("batten validate *.yaml --format json", "gives the problems as data"),
        ],
        exits: [.invalid, .notFound],
        body: { context, invocation throws(CommandFailure) in try run(context, invocation) })

    private static func run(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        var isValid = true
        var problems: [JSONValue] = []
        for path in invocation.all("FILE") {
            let text = try WorkflowText.read(path, in: context)
            let result = try CheckedWorkflow.read(text, in: context)
            isValid = isValid && result.definition != nil
            if invocation.format.isData {
                problems += result.diagnostics.map(\.json)
            } else {
                CheckedWorkflow.show(result, in: context)
                tell(result, context)
            }
        }
        if invocation.format.isData {
            context.console.data(
                .object(["valid": .bool(isValid), "diagnostics": .array(problems)]), invocation.format)
        }
        return isValid ? .done : .invalid
    }

    private static func tell(_ result: ReadResult, _ context: CommandContext) {
        let profile = context.console.output
        let errors = result.diagnostics.count { $0.severity == .error }
        let warnings = result.diagnostics.count - errors
        let name = TextFit.clean(result.source.path)
        let counted = [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }.map { count, word in
            "\(count) \(word)\(count == 1 ? "" : "s")"
        }.joined(separator: ", ")
        if let definition = result.definition {
            let count = definition.allStages.count
            let size = "\(count) \(count == 1 ? "stage" : "stages")"
            let extra = counted.isEmpty ? "" : ", \(counted)"
            context.console.line("\(profile.paint("✓", .green)) \(name): valid (\(size)\(extra))")
        } else {
            context.console.line("\(profile.paint("✗", .red)) \(name): not valid (\(counted))")
        }
    }
}

import BattenCore
import BattenSpec

/// `batten explain [CODE]`.
enum ExplainCommand {
    static let description = CommandDescription(
        "explain", .authoring, "tell what the code of a diagnostic means, with an example",
        arguments: [ArgumentDescription("CODE", .optional, "a code such as E0214; without one, all are listed")],
        examples: [
            CommandExample("batten explain E0214", "tells what E0214 means and how to mend it"),
            CommandExample("batten explain", "lists every code"),
        ],
        exits: [.notFound],
        body: { context, invocation throws(CommandFailure) in
            guard let name = invocation.argument("CODE") else {
                list(context, invocation.format)
                return .done
            }
            guard let code = DiagnosticCode(rawValue: name.uppercased()) else {
                let codes = DiagnosticCode.allCases.map(\.rawValue)
                throw .notFound(
                    "unknown_code", "there is no diagnostic '\(name)'",
                    help: [DidYouMean.help(for: name.uppercased(), in: codes), "`batten explain` lists them"].joined(
                        " "))
            }
            show(code, context, invocation.format)
            return .done
        })

    private static func json(_ page: DiagnosticPage) -> JSONValue {
        .object([
            "code": .string(page.code.rawValue), "severity": .string(page.code.severity.rawValue),
            "title": .string(page.title), "explanation": .string(page.explanation), "example": .string(page.example),
        ])
    }

    private static func list(_ context: CommandContext, _ format: OutputFormat) {
        guard !format.isData else {
            let items = DiagnosticPage.all.map(json)
            return context.console.data(.object(["items": .array(items), "next_cursor": .null]), format)
        }
        var table = TextTable([.fixed("CODE"), .fixed("SEVERITY"), .flexible("MEANING", least: 16)])
        for page in DiagnosticPage.all { table.add([page.code.rawValue, page.code.severity.rawValue, page.title]) }
        context.console.write(table.render(context.console.output))
    }

    private static func show(_ code: DiagnosticCode, _ context: CommandContext, _ format: OutputFormat) {
        let page = DiagnosticPage.of(code)
        guard !format.isData else { return context.console.data(json(page), format) }
        let profile = context.console.output
        let width = min(profile.width, 100)
        context.console.line(profile.paint("\(code.severity.rawValue)[\(code.rawValue)]: \(page.title)", .bold))
        context.console.line()
        // The text is broken for its source file; here it flows into the width there is.
        let explanation = page.explanation.split(separator: "\n").joined(separator: " ")
        for line in TextFit.wrap(explanation, to: width) { context.console.line(line) }
        guard !page.example.isEmpty else { return }
        context.console.line()
        context.console.line(profile.paint("For example:", .bold))
        for line in page.example.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            context.console.line(line.isEmpty ? "" : "    \(line)")
        }
    }
}

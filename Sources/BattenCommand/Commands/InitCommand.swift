import BattenCore
import BattenSystem

/// `batten init [TEMPLATE]`.
enum InitCommand {
    static let description = CommandDescription(
        "init", .authoring, "write a workflow to start from",
        details: ["A file that is there already is never overwritten."],
        arguments: [
            ArgumentDescription(
                "TEMPLATE", .optional, .choice(WorkflowTemplate.all.map(\.name)), "which one; hello without it")
        ],
        options: [.value("output", short: "o", "FILE", .file, standard: "TEMPLATE.yaml", "where it is written")],
        examples: [
            CommandExample("batten init hello && batten run hello.yaml", "writes the smallest workflow and runs it"),
            CommandExample("batten init build -o ci.yaml", "writes a build pipeline to ci.yaml"),
        ],
        body: { context, invocation throws(CommandFailure) in try run(context, invocation) })

    private static func run(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        let name = invocation.argument("TEMPLATE") ?? "hello"
        guard let template = WorkflowTemplate.all.first(where: { $0.name == name }) else {
            throw .usage("bad_value", "there is no template '\(name)'")
        }
        let path = invocation.value("output") ?? "\(name).yaml"
        do throws(SystemError) {
            let file = try FileSystem.open(context.absolute(path), .create, mode: 0o666)
            try file.write(Array(template.text.utf8))
        } catch {
            if error.number == .fileExists {
                throw .usage(
                    "file_exists", "'\(path)' is there already; it was left as it is",
                    help: "choose another name with --output, or remove it")
            }
            throw .usage("unwritable_file", error.description, help: "choose another place with --output")
        }
        if invocation.format.isData {
            let value: JSONValue = .object(["template": .string(name), "path": .string(context.absolute(path))])
            context.console.data(value, invocation.format)
        } else {
            context.console.line("wrote \(path): \(template.summary)")
            context.console.note("try: batten run \(path)\(template.hint)")
        }
        return .done
    }
}

import BattenCore

/// `batten version` and `batten --version`.
enum VersionCommand {
    static let description = CommandDescription(
        "version", .operating, "show the version",
        examples: [CommandExample("batten version --format json", "gives the version as data")],
        body: { context, invocation throws(CommandFailure) in run(context, invocation) })

    static func run(_ context: CommandContext, _ invocation: Invocation) -> ExitCode {
        if invocation.format.isData {
            context.console.data(.object(["version": .string(BattenProgram.version)]), invocation.format)
        } else {
            context.console.line("batten \(BattenProgram.version)")
        }
        return .done
    }
}

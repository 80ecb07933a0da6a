import BattenCore

/// `batten help`, `batten --help` and `--help` of every command.
enum HelpCommand {
    static let description = CommandDescription(
        "help", .operating, "show what the commands do, or one of them in full",
        arguments: [ArgumentDescription("COMMAND", .any, "the command's words")],
        options: [.flag("man", "write the manual page in roff")], formats: [.text],
        examples: [
            CommandExample("batten help run", "tells all about 'batten run'"),
            CommandExample("batten help --man | man -l -", "shows the manual page"),
        ],
        body: { context, invocation throws(CommandFailure) in try run(context, invocation) })

    private static func run(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        if invocation.has("man") {
            let page = ManualPage(commands: CommandTable.all, version: BattenProgram.version)
            context.console.write(page.render())
            return .done
        }
        return try show(context, words: invocation.all("COMMAND"))
    }

    /// Shows the help that an invocation asks for.
    static func show(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        if let command = invocation.command { return try show(context, words: command.path) }
        let code = try show(context, words: invocation.all("COMMAND"))
        // `batten` alone is no request: help is given, and scripts see that nothing was done.
        return invocation.has("help") ? code : .usage
    }

    private static func show(_ context: CommandContext, words: [String]) throws(CommandFailure) -> ExitCode {
        let page = HelpPage(commands: CommandTable.all, profile: context.console.output)
        if words.isEmpty {
            context.console.write(page.overview())
        } else if let command = CommandTable.all.first(where: { $0.path == words }) {
            context.console.write(page.page(command))
        } else if words.count == 1, CommandTable.all.contains(where: { $0.path.first == words[0] }) {
            context.console.write(page.family(words[0]))
        } else {
            let name = words.joined(separator: " ")
            throw .notFound(
                "unknown_command", "there is no command '\(name)'",
                help: [DidYouMean.help(for: name, in: CommandTable.all.map(\.name)), "`batten help` lists them"].joined(
                    " "))
        }
        return .done
    }
}

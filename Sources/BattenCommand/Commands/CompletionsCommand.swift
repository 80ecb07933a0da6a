import BattenCore

/// `batten completions SHELL`.
enum CompletionsCommand {
    static let description = CommandDescription(
        "completions", .operating, "write the completion script of a shell",
        arguments: [
            ArgumentDescription(
                "SHELL", .required, .choice(CompletionScript.Shell.allCases.map(\.rawValue)), "the shell")
        ],
        formats: [.text],
        examples: [
            CommandExample("source <(batten completions bash)", "completes batten's commands in this bash"),
            CommandExample(
                "batten completions fish > ~/.config/fish/completions/batten.fish", "completes them in every fish"),
        ],
        body: { context, invocation throws(CommandFailure) in
            let shell = invocation.argument("SHELL").flatMap(CompletionScript.Shell.init(rawValue:)) ?? .bash
            context.console.write(CompletionScript(commands: CommandTable.all).render(shell))
            return .done
        })
}

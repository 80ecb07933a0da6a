/// The one table of all commands: parsing, help, completions, the manual and execution come out of it.
enum CommandTable {
    /// Every command, in the order of the help page.
    static let all: [CommandDescription] = [
        RunCommand.description, ResumeCommand.description, CancelCommand.description, ExecCommand.description,
        InitCommand.description, ConvertCommand.description, ExplainCommand.description, ValidateCommand.description,
        PlanCommand.description, GraphCommand.description,
        PluginListCommand.description, PluginInfoCommand.description, ConfigCommand.description,
        HelpCommand.description, CompletionsCommand.description, VersionCommand.description,
    ]
}

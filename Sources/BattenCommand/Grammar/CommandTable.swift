/// The one table of all commands: parsing, help, completions, the manual and execution come out of it.
enum CommandTable {
    /// Every command, in the order of the help page.
    static let all: [CommandDescription] = [
        InitCommand.description, ValidateCommand.description, PlanCommand.description, GraphCommand.description,
        PluginListCommand.description, PluginInfoCommand.description, ConfigCommand.description,
        HelpCommand.description, CompletionsCommand.description, VersionCommand.description,
    ]
}

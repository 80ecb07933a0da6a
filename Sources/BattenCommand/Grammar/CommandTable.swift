/// The one table of all commands: parsing, help, completions, the manual and execution come out of it.
enum CommandTable {
    /// Every command, in the order of the help page.
    static let all: [CommandDescription] = [
        RunCommand.description, ResumeCommand.description, PauseCommand.description,
        ServeCommand.description,
        CancelCommand.description, ForkCommands.retry, ForkCommands.fork, CheckpointCommands.checkpoint,
        ForkCommands.restore, GatesCommand.description, AnswerCommands.approve, AnswerCommands.reject,
        SignalCommand.description, TriggerCommands.trigger, ExecCommand.description, ReplCommand.description,
        InitCommand.description, ValidateCommand.description, TestCommand.description, PlanCommand.description,
        GraphCommand.description,
        ConvertCommand.description, SchemaCommand.description, ExplainCommand.description, AddCommand.description,
        ListCommand.description, ShowCommand.description, RemoveCommand.description, EnableCommands.enable,
        EnableCommands.disable, RunsCommand.description,
        StatusCommand.description, LogsCommand.description, EventsCommand.description, OutputsCommand.description,
        WhyCommand.description, UsageCommand.description, DigestCommand.description,
        CheckpointCommands.checkpoints, ScheduleCommands.add, ScheduleCommands.list,
        ScheduleCommands.show, ScheduleNextCommand.description, ScheduleCommands.pause, ScheduleCommands.resume,
        ScheduleCommands.trigger, ScheduleCommands.backfill, ScheduleCommands.remove, TriggerCommands.list,
        PluginListCommand.description, PluginInfoCommand.description,
        PluginNewCommand.description, PluginCheckCommand.description, PluginInstallCommand.description,
        PluginRunCommand.description, PluginDevCommand.description, PluginRemoveCommand.description,
        PluginTrustCommand.description,
        DatabaseCommands.info, DatabaseCommands.check, DatabaseCommands.backup, DatabaseCommands.migrate,
        DatabaseCommands.vacuum, DatabaseCommands.gc,
        QuotaCommands.set, QuotaCommands.list, QuotaCommands.show, QuotaCommands.remove,
        QueryCommand.description, SecretCommands.set, SecretCommands.list, SecretCommands.remove,
        SecretCommands.rotateKey, SecretLoginCommand.description, ConfigCommand.description, DoctorCommand.description,
        HelpCommand.description,
        CompletionsCommand.description, VersionCommand.description,
    ]
}

import BattenCore
import BattenStore

/// `batten enable` and `batten disable`.
enum EnableCommands {
    static let enable = CommandDescription(
        "enable", .library, "let a kept workflow be started by name again",
        arguments: [ArgumentDescription("NAME", .required, "name of a kept workflow")],
        examples: [CommandExample("batten enable build", "lets it be started again")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in try set(true, context, invocation) })

    static let disable = CommandDescription(
        "disable", .library, "keep a kept workflow from being started",
        details: [
            """
            'batten run NAME' is refused until 'batten enable NAME'. Runs that were started go on, and a file can be \
            run as before. 'batten add' of a new version leaves it disabled.
            """
        ],
        arguments: [ArgumentDescription("NAME", .required, "name of a kept workflow")],
        examples: [CommandExample("batten disable build", "keeps it from being started")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in try set(false, context, invocation) })

    private static func set(
        _ isEnabled: Bool, _ context: CommandContext, _ invocation: Invocation
    ) throws(CommandFailure) -> ExitCode {
        let name = try KeptWorkflow.require(invocation.argument("NAME") ?? "", in: context).workflow.name
        let store = try context.openStore()
        let hasChanged = try orFailure { () throws(StoreError) in
            try store.setWorkflow(name, isEnabled: isEnabled)
        }
        if invocation.format.isData {
            context.console.data(
                .object([
                    "workflow": .string(name), "enabled": .bool(isEnabled), "changed": .bool(hasChanged),
                ]), invocation.format)
        } else {
            let state = isEnabled ? "enabled" : "disabled"
            context.console.line(hasChanged ? "\(name) is \(state)" : "\(name) is \(state) already")
        }
        return .done
    }
}

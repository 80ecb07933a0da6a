import BattenCore
import BattenSpec
import BattenStore
import BattenSystem

/// A workflow that a command line names: a file, or one that is kept in the store.
struct WorkflowSource {
    /// What its author means.
    let definition: WorkflowDefinition
    /// Its texts with expressions, parsed when they were checked.
    let parsed: ParsedTexts
    /// Canonical JSON text, when it came from the store.
    let snapshot: [UInt8]?
    /// Whether it is a kept workflow that may not be started.
    var isDisabled = false

    /// Finds a workflow by file or name, and checks it.
    static func find(_ name: String, in context: CommandContext) throws(CommandFailure) -> WorkflowSource {
        guard name != "-", !name.contains("/"), !FileSystem.exists(context.absolute(name)) else {
            return try file(name, in: context)
        }
        if let kept = try KeptWorkflow.find(name, in: context) {
            let text = WorkflowText(
                label: "\(name).json", bytes: kept.snapshot, path: kept.workflow.path, reference: .name(name))
            let checked = try CheckedWorkflow.check(text, in: context)
            return WorkflowSource(
                definition: checked.definition, parsed: checked.parsed,
                // A child that is found by name is locked when the run is accepted, not before.
                snapshot: checked.definition.withoutFoundChildren(namedOnly: true) == checked.definition
                    ? kept.snapshot : nil,
                isDisabled: !kept.workflow.isEnabled)
        }
        throw try missing(name, in: context)
    }

    /// Refuses to start a workflow that is disabled.
    func requireEnabled() throws(CommandFailure) {
        guard isDisabled else { return }
        throw CommandFailure(
            "workflow_disabled", "workflow '\(definition.name)' is disabled, so no run of it is started",
            help: "`batten enable \(definition.name)` lets it be started again", exit: .invalid)
    }

    /// Plans the workflow.
    ///
    /// - Parameter only: stages to which it is cut down, with all they depend on; nil leaves it whole.
    func plan(only: Set<String>? = nil, in context: CommandContext) throws(CommandFailure) -> Plan {
        if let only {
            let part = definition.restricted(to: only)
            return try CheckedWorkflow.plan(
                part, snapshot: WorkflowWriter.canonical(part), parsed: parsed, in: context)
        }
        return try CheckedWorkflow.plan(
            definition, snapshot: snapshot ?? WorkflowWriter.canonical(definition), parsed: parsed,
            in: context)
    }

    private static func file(_ path: String, in context: CommandContext) throws(CommandFailure) -> WorkflowSource {
        let checked = try CheckedWorkflow.check(try WorkflowText.read(path, in: context), in: context)
        return WorkflowSource(definition: checked.definition, parsed: checked.parsed, snapshot: nil)
    }

    private static func missing(_ name: String, in context: CommandContext) throws(CommandFailure) -> CommandFailure {
        let failure = WorkflowText.missing(name, context)
        let names = try KeptWorkflow.names(in: context)
        let near = DidYouMean.help(for: name, in: names)
        return .notFound(
            "no_such_workflow", "there is no file '\(name)' here and no workflow of that name is kept",
            help: near.isEmpty ? failure.help : near)
    }
}

import BattenCore
import BattenSpec

/// A workflow that was read and checked, ready to be planned.
struct CheckedWorkflow {
    /// What its author means.
    let definition: WorkflowDefinition
    /// Its texts with expressions, parsed when they were checked.
    let parsed: ParsedTexts
    /// Warnings.
    let diagnostics: [Diagnostic]

    /// Reads and checks a workflow text; problems are drawn on standard error.
    ///
    /// - Throws: `invalid_workflow`, exit code 3, when there is any error.
    static func check(_ text: WorkflowText, in context: CommandContext) throws(CommandFailure) -> CheckedWorkflow {
        let result = try read(text, in: context)
        show(result, in: context)
        guard let definition = result.definition else { throw invalid(result) }
        return CheckedWorkflow(definition: definition, parsed: result.parsed, diagnostics: result.diagnostics)
    }

    /// Reads and checks a workflow text without saying anything.
    static func read(_ text: WorkflowText, in context: CommandContext) throws(CommandFailure) -> ReadResult {
        try read(text, children: ChildWorkflows(of: text, in: context).find, in: context)
    }

    /// Reads and checks a workflow text with its children.
    static func read(
        _ text: WorkflowText, children: ChildFinder, in context: CommandContext
    ) throws(CommandFailure) -> ReadResult {
        let settings = try context.settings()
        let catalog = try context.catalog()
        return withoutActuallyEscaping(children) { children in
            WorkflowReader.read(
                path: text.label, bytes: text.bytes, catalog: catalog,
                settings: ReaderSettings(defaultModel: settings.defaultModel), children: children)
        }
    }

    /// Draws the problems of a file on standard error.
    static func show(_ result: ReadResult, in context: CommandContext) {
        guard !result.diagnostics.isEmpty else { return }
        let profile = context.console.errors
        let renderer = DiagnosticRenderer(width: profile.width, color: profile.hasColor)
        context.console.flush()
        context.console.rawErrors(renderer.render(result.diagnostics, source: result.source) + "\n")
    }

    /// The error of a command that needs a valid workflow.
    static func invalid(_ result: ReadResult) -> CommandFailure {
        let count = result.diagnostics.count { $0.severity == .error }
        let first = result.diagnostics.first { $0.severity == .error }
        let code = first?.code.rawValue ?? "E0101"
        return CommandFailure(
            "invalid_workflow",
            "\(result.source.path) has \(count) \(count == 1 ? "error" : "errors")"
                + (first.map { "; the first, at \($0.start.line):\($0.start.column): \($0.message)" } ?? ""),
            help: "`batten explain \(code)` tells more", exit: .invalid)
    }

    /// Plans the workflow.
    ///
    /// - Throws: exit code 3 when there is no plan, 9 when a plugin was refused.
    func plan(in context: CommandContext) throws(CommandFailure) -> Plan {
        try Self.plan(definition, snapshot: WorkflowWriter.canonical(definition), parsed: parsed, in: context)
    }

    /// Plans a definition.
    static func plan(
        _ definition: WorkflowDefinition, snapshot: [UInt8], parsed: ParsedTexts, in context: CommandContext
    ) throws(CommandFailure) -> Plan {
        try plan(definition, snapshot: snapshot, parsed: parsed, catalog: try context.catalog())
    }

    /// Plans a definition with a catalog.
    static func plan(
        _ definition: WorkflowDefinition, snapshot: [UInt8], parsed: ParsedTexts, catalog: any ExecutorCatalog
    ) throws(CommandFailure) -> Plan {
        do throws(PlanError) {
            return try Planner.plan(
                definition, catalog: catalog, snapshot: snapshot, parsed: parsed,
                children: ChildPlanner(write: WorkflowWriter.canonical))
        } catch {
            let isPlugin = error.code == .refusedPlugin || error.code == .unknownExecutor
            throw CommandFailure(
                error.code.rawValue, error.message, help: error.help, exit: isPlugin ? .plugin : .invalid)
        }
    }

    /// Refuses a plan that needs what this version cannot run.
    static func requireRunnable(_ plan: Plan) throws(CommandFailure) {
        guard let first = plan.unsupported.first else { return }
        let all = plan.unsupported.map { entry in
            entry.stage.map { "'\(entry.feature)' (stage '\($0)')" } ?? "'\(entry.feature)'"
        }
        throw CommandFailure(
            "unsupported", "this version checks but does not run: \(all.joined(separator: ", "))",
            help: "take '\(first.feature)' out to run the workflow; nothing was started", exit: .invalid)
    }
}

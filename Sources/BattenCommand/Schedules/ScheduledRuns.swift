import BattenCore
import BattenEngine
import BattenSpec
import BattenStore

/// Makes the runs that schedules ask for.
final class ScheduledRuns {
    private let context: CommandContext
    private let home: String
    /// Plans of workflows that need nothing else, by the hash of their definition.
    private var plans: [String: Plan] = [:]

    /// - Parameter context: what is read with it is this object's alone.
    init(context: CommandContext) throws(CommandFailure) {
        self.context = context
        home = try context.settings().home
    }

    /// The run of a due time.
    ///
    /// - Throws: why there can be none: the workflow is gone, disabled or not valid any more, a parameter does not fit.
    func submission(_ schedule: Schedule, _ fire: ScheduleFire) throws(CommandFailure) -> RunSubmission {
        let kept = try KeptWorkflow.require(schedule.workflow, in: context)
        guard kept.workflow.isEnabled else {
            throw CommandFailure(
                "workflow_disabled", "workflow '\(schedule.workflow)' is disabled",
                help: "`batten enable \(schedule.workflow)` lets it be started again", exit: .invalid)
        }
        let plan = try plan(kept)
        try CheckedWorkflow.requireRunnable(plan)
        let parameters = try ParameterReader(
            definitions: plan.definition.parameters, workflow: schedule.workflow
        ).read(file: schedule.rule.parameters, options: [])
        let folder = kept.workflow.path.map { PathText.folder($0) } ?? context.directory
        return RunSubmission(
            plan: plan, parameters: parameters, trigger: "schedule",
            hostEnvironment: try HostEnvironment.read(for: plan.definition, from: context.environment),
            directory: folder, workflowFolder: kept.workflow.path.map { PathText.folder($0) },
            workdir: PathText.join(home, "work/{run}"), fire: fire)
    }

    private func plan(_ kept: StoredDefinition) throws(CommandFailure) -> Plan {
        if let plan = plans[kept.workflow.hash] { return plan }
        let name = kept.workflow.name
        let result = try CheckedWorkflow.read(
            WorkflowText(
                label: "\(name).json", bytes: kept.snapshot, path: kept.workflow.path, reference: .name(name)),
            in: context)
        guard let definition = result.definition else { throw CheckedWorkflow.invalid(result) }
        // A child that is found by name is locked when the run is accepted.
        let isWhole = definition.withoutFoundChildren(namedOnly: true) == definition
        let plan = try CheckedWorkflow.plan(
            definition, snapshot: isWhole ? kept.snapshot : WorkflowWriter.canonical(definition),
            parsed: result.parsed, in: context)
        if isWhole { plans[kept.workflow.hash] = plan }
        return plan
    }
}

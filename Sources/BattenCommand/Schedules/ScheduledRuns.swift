import BattenCore
import BattenEngine
import BattenSpec
import BattenStore

/// Makes the runs that schedules and triggers ask for.
final class ScheduledRuns {
    private let context: CommandContext
    private let home: String
    /// Plans of workflows that need nothing else, by the hash of their definition.
    private var plans: [String: Plan] = [:]
    /// Plans that are held at most.
    private static let mostPlans = 1_000

    /// - Parameter context: what is read with it is this object's alone.
    init(context: CommandContext) throws(CommandFailure) {
        self.context = context
        home = try context.settings().home
    }

    /// The run of a due time.
    ///
    /// - Throws: why there can be none: the workflow is gone, disabled or not valid any more, a parameter does not fit.
    func submission(_ schedule: Schedule, _ fire: ScheduleFire) throws(CommandFailure) -> RunSubmission {
        let event: JSONObject = [
            "kind": "schedule", "name": .string(schedule.name), "due": .string(fire.at.rfc3339),
            "by": .string(fire.kind.rawValue),
        ]
        var submission = try submission(
            of: schedule.workflow, trigger: "schedule", schedule.rule.parameters, event: event)
        submission.fire = fire
        return submission
    }

    /// The run of an event: under a key of its own, so that it is one run whoever starts it.
    ///
    /// - Throws: the same as for a due time.
    func submission(_ trigger: Trigger, _ event: TriggerEvent) throws(CommandFailure) -> RunSubmission {
        guard event.depth <= TriggerEvent.longestChain else {
            throw CommandFailure(
                "trigger_chain", "\(TriggerEvent.longestChain) runs have started one another one after the other",
                help: "look for workflows that wait for each other's end", exit: .invalid)
        }
        var data = event.data
        data["name"] = .string(trigger.name)
        var parameters = trigger.rule.parameters
        switch trigger.rule.source {
        case .file: data["kind"] = "file"
        case .workflow:
            data["kind"] = "workflow"
            data["outputs"] = try outputs(of: event.data["run"]?.stringValue ?? "")
        case .event:
            data["kind"] = "event"
            // Without a say in it, what was told is what the run is given.
            parameters = parameters ?? event.data["data"]?.objectValue
        }
        var submission = try submission(of: trigger.workflow, trigger: "trigger", parameters ?? [:], event: data)
        submission.idempotencyKey = event.runKey
        return submission
    }

    private func outputs(of run: String) throws(CommandFailure) -> JSONValue {
        guard let reader = try context.openReader() else { return .null }
        let found = try orFailure { () throws(StoreError) in try reader.run(run) }
        // One that was removed meanwhile has none.
        guard case .found(let stored) = found, stored.row.id == run else { return .null }
        return stored.row.outputs ?? .null
    }

    private func submission(
        of workflow: String, trigger: String, _ written: JSONObject, event: JSONObject
    ) throws(CommandFailure) -> RunSubmission {
        let (kept, plan) = try plan(workflow)
        guard kept.isEnabled else {
            throw CommandFailure(
                "workflow_disabled", "workflow '\(workflow)' is disabled",
                help: "`batten enable \(workflow)` lets it be started again", exit: .invalid)
        }
        try CheckedWorkflow.requireRunnable(plan)
        let given: JSONObject
        do throws(ExpressionError) {
            given = try StartParameters.render(written, event: event, now: context.now)
        } catch {
            throw CommandFailure(
                "parameter", "a parameter has no value: \(error.message)", help: error.help ?? "", exit: .invalid)
        }
        let parameters = try ParameterReader(
            definitions: plan.definition.parameters, workflow: workflow
        ).read(file: given, options: [])
        let folder = kept.path.map { PathText.folder($0) } ?? context.directory
        return RunSubmission(
            plan: plan, parameters: parameters, trigger: trigger,
            hostEnvironment: try HostEnvironment.read(for: plan.definition, from: context.environment),
            directory: folder, workflowFolder: kept.path.map { PathText.folder($0) },
            workdir: PathText.join(home, "work/{run}"), event: event)
    }

    /// A kept workflow and its plan; its texts are read only for a plan that is new.
    private func plan(_ name: String) throws(CommandFailure) -> (kept: StoredWorkflow, plan: Plan) {
        if let reader = try context.openReader(),
            let head = try orFailure({ () throws(StoreError) in try reader.workflowHead(name) }),
            let plan = plans[head.hash]
        {
            return (head, plan)
        }
        let kept: StoredDefinition
        do throws(CommandFailure) {
            kept = try KeptWorkflow.require(name, in: context)
        } catch {
            guard error.exit == .notFound else { throw error }
            throw CommandFailure(
                "workflow_gone", Schedule.workflowIsGone, help: "batten add FILE keeps it again", exit: .notFound)
        }
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
        if isWhole {
            // An engine serves for months, and each version of a workflow has a plan of its own.
            if plans.count >= Self.mostPlans { plans = [:] }
            plans[kept.workflow.hash] = plan
        }
        return (kept.workflow, plan)
    }
}

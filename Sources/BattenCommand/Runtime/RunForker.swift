import BattenCore
import BattenEngine
import BattenSpec
import BattenStore

/// Makes a new run of what another one has committed: what `fork`, `retry` and `restore` have in common.
struct RunForker {
    let context: CommandContext
    /// The run that the new one comes from.
    let origin: RunRow
    /// What is asked for.
    let kind: ForkOrigin.Kind

    /// From where the new run goes on.
    enum Start {
        /// From these stages and from all that has not completed.
        case stages(Set<String>)
        /// From all that had not completed at a position of the journal.
        case position(Int64)
    }

    /// What changes against the other run.
    struct Changes {
        /// An edited workflow; nil takes the definition that the other run is locked to.
        var workflow: WorkflowSource?
        /// `name=value` texts over the parameters of the other run.
        var parameters: [String] = []
        /// Whether stages that have changed run again instead of being kept.
        var rerunsChanged = false
    }

    /// Finds the run to start from.
    init(_ name: String, kind: ForkOrigin.Kind, in context: CommandContext) throws(CommandFailure) {
        self.init(run: try NamedRun.find(name, in: context).row, kind: kind, in: context)
    }

    /// Takes the run to start from.
    init(run: RunRow, kind: ForkOrigin.Kind, in context: CommandContext) {
        self.context = context
        self.kind = kind
        origin = run
    }

    /// What the new run would execute.
    func plan(_ changes: Changes) throws(CommandFailure) -> Plan {
        if let source = changes.workflow {
            try source.requireEnabled()
            return try source.plan(in: context)
        }
        let snapshot = try snapshot()
        // Its warnings were shown when the other run was accepted.
        let result = try CheckedWorkflow.read(
            WorkflowText(label: "run \(origin.id).json", bytes: snapshot), in: context)
        guard let definition = result.definition else {
            CheckedWorkflow.show(result, in: context)
            throw CheckedWorkflow.invalid(result)
        }
        return try CheckedWorkflow.plan(definition, snapshot: snapshot, parsed: result.parsed, in: context)
    }

    /// Starts the new run and follows it to its end, or leaves it to an engine that serves.
    func start(_ plan: Plan, from start: Start, _ changes: Changes) throws(CommandFailure) -> ExitCode {
        let isDetached = context.invocation.has("detach")
        try CheckedWorkflow.requireRunnable(plan)
        let parameters = try parameters(plan.definition, changes.parameters)
        let host = try HostEnvironment.read(for: plan.definition, from: context.environment)
        if !isDetached { try context.requireSecrets(of: plan.definition) }
        var position = Int64.max
        var from: Set<String> = []
        switch start {
        case .stages(let ids): from = behindStandIns(ids, plan)
        case .position(let given): position = given
        }
        let (machine, undone) = try replay(upTo: position)
        let decision = ForkDecision(
            origin: machine, undone: undone, plan: plan, from: from, parameters: parameters,
            rerunsChanged: changes.rerunsChanged)
        let source = ForkOrigin(run: origin.id, seq: machine.state.lastSeq, kind: kind)
        tell(decision, source, changes)
        let submission = RunSubmission(
            plan: plan, parameters: parameters, trigger: isDetached ? "detached" : "cli", hostEnvironment: host,
            directory: origin.directory,
            workflowFolder: changes.workflow == nil ? machine.state.workflowFolder : context.workflowFolder,
            workdir: PathText.join(try context.settings().home, "work/{run}"),
            origin: source, kept: decision.kept + decision.partial, event: machine.state.event)
        if isDetached { return try DetachedStart(context: context).accept(submission) }
        return try RunSession.start(submission, in: context, staysAtGates: context.invocation.has("wait-gates"))
    }

    // MARK: Parts

    private func snapshot() throws(CommandFailure) -> [UInt8] {
        guard let reader = try context.openReader(),
            let snapshot = try orFailure({ () throws(StoreError) in try reader.definition(run: origin.id) })
        else {
            throw .notFound("no_such_run", "there is no run '\(origin.id)'", help: "`batten runs` lists them")
        }
        return snapshot
    }

    /// The parameters of the other run as far as the workflow still has them, under those that are given now.
    private func parameters(
        _ definition: WorkflowDefinition, _ options: [String]
    ) throws(CommandFailure) -> JSONObject {
        var inherited = JSONObject()
        for (name, value) in origin.parameters.objectValue ?? [:] {
            if definition.parameters.contains(where: { $0.name == name }) {
                inherited[name] = value
            } else {
                context.console.note(
                    "the parameter '\(name)' of run \(origin.id) is left out: the workflow has none of that name")
            }
        }
        return try ParameterReader(definitions: definition.parameters, workflow: definition.name).read(
            file: inherited, options: options)
    }

    /// The machine of the other run as it stood at a position of its journal, and what the run has undone since.
    private func replay(
        upTo position: Int64
    ) throws(CommandFailure) -> (RunMachine, undone: Set<UndoneStage>) {
        let snapshot = try snapshot()
        let plan = try RunSession.asFailure { try ResumeCommand.plan(snapshot, origin.id, context) }
        var machine = RunMachine(plan: plan)
        guard let reader = try context.openReader() else { return (machine, []) }
        let records = try orFailure { () throws(StoreError) in try reader.events(run: origin.id, limit: .max) }
        func replay(_ records: some Sequence<JournalRecord>, _ machine: inout RunMachine) throws(CommandFailure) {
            for record in records {
                do throws(ReplayError) {
                    try machine.replay(record)
                } catch {
                    throw CommandFailure(
                        "journal", "run \(origin.id): \(error.message)", help: error.help, exit: .store)
                }
            }
        }
        // What stands for an earlier line of a session has its outputs from that line's run, and from nowhere else.
        let standIns = LineWorkflow.standIns(in: plan.definition)
        let position = max(position, records.last { standIns.contains($0.stage ?? "") }?.seq ?? 0)
        let place = records.firstIndex { $0.seq > position } ?? records.count
        try replay(records[..<place], &machine)
        // What was undone later is no more, also where the run goes on from before.
        var end = machine
        try replay(records[place...], &end)
        return (machine, end.state.undone)
    }

    /// Stages to begin with, where those that stand for an earlier line of a session give way to what reads them.
    private func behindStandIns(_ ids: Set<String>, _ plan: Plan) -> Set<String> {
        let standIns = ids.intersection(LineWorkflow.standIns(in: plan.definition))
        guard !standIns.isEmpty else { return ids }
        for id in standIns.sorted() {
            context.console.note("'\(id)' stands for an earlier line and is kept; what reads it runs again")
        }
        let readers = plan.definition.stages.filter { !standIns.isDisjoint(with: $0.dependsOn) }.map(\.id)
        return ids.subtracting(standIns).union(readers)
    }

    private func tell(_ decision: ForkDecision, _ source: ForkOrigin, _ changes: Changes) {
        func list(_ ids: [String]) -> String {
            let shown = ids.prefix(12).joined(separator: ", ")
            return ids.count > 12 ? "\(shown) and \(ids.count - 12) more" : shown
        }
        let console = context.console
        let kept = decision.kept.isEmpty ? "no stage is kept" : "kept: \(list(decision.kept.map(\.id)))"
        console.note("from run \(source.run) at \(source.seq); \(kept)")
        for stage in decision.partial {
            let count = stage.items.count
            console.note("of stage '\(stage.id)' \(count == 1 ? "1 item is" : "\(count) items are") kept")
        }
        if !decision.undone.isEmpty {
            console.note("undone there, so that nothing of it is kept: \(list(decision.undone))")
        }
        if !decision.again.isEmpty { console.note("completed there and run again: \(list(decision.again))") }
        for change in decision.changes {
            let what = change.what.joined(separator: ", ")
            if changes.rerunsChanged {
                console.note("stage '\(change.stage)' runs again, for \(what) changed")
            } else {
                console.alert(
                    "warning: stage '\(change.stage)' is kept although \(what) changed; --changed runs it again")
            }
        }
    }
}

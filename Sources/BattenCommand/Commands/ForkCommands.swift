import BattenCore
import BattenStore

/// `batten fork`, `batten retry` and `batten restore`.
enum ForkCommands {
    private static let run = ArgumentDescription(
        "RUN", .required, "a run id, the beginning of one, or - for the last run")
    private static let waits = OptionDescription.flag(
        "wait-gates", "stay while only gates or signals are left, instead of exit code 11")
    private static let detach = OptionDescription.flag(
        "detach", "accept the run and return; a 'batten serve' carries it")
    private static let changed = OptionDescription.flag(
        "changed", "run stages again whose definition or parameters have changed, instead of keeping them")
    private static let parameter = OptionDescription.value(
        "param", short: "p", "KEY=VALUE", .keyValue, repeated: true, "a parameter over those of the other run")
    private static let workflow = OptionDescription.value(
        "workflow", "FILE|NAME", .file, "an edited workflow instead of the one that the run is locked to")
    private static let formats: [OutputFormat] = [.text, .json, .ndjson, .yaml]
    private static let exits: [ExitCode] = [
        .runFailed, .invalid, .cancelled, .timedOut, .quota, .rejected, .notFound, .plugin, .store, .waiting,
        .interrupted,
    ]

    static let fork = CommandDescription(
        "fork", .running, "start a new run that keeps what another one has committed",
        details: [
            "--from STAGE runs that stage and everything downstream again; --from @POSITION or @LABEL runs everything "
                + "again that was not committed at that checkpoint. All other completed stages are kept: the new run has "
                + "their outputs, and the answers of their gates, without executing them. The other run stays as it is.",
            "A stage is kept only if it is wired as before and all its ancestors are kept. One whose own definition, or "
                + "a parameter it reads, has changed is kept with a warning, unless --changed is given. 'finally' belongs "
                + "to each run and always runs.",
            "The new run has a new id, new idempotency keys and its own folder; relative paths start where those of the "
                + "other run do.",
        ],
        arguments: [run],
        options: [
            .value("from", "STAGE|CHECKPOINT", .text, "where to begin: a stage, @POSITION or @LABEL"), workflow,
            parameter, changed, waits, detach,
        ],
        formats: formats,
        examples: [
            CommandExample("batten fork 3fk --from build", "runs 'build' and what follows it once more"),
            CommandExample("batten fork - --from write --workflow edited.yaml", "goes on with an edited workflow"),
            CommandExample("batten fork 3fk --from @before-deploy -p city=Rome", "goes on from a checkpoint"),
        ],
        exits: exits,
        body: { context, invocation throws(CommandFailure) in
            guard let from = invocation.value("from") else {
                throw .usage(
                    "missing_option", "'batten fork' needs --from",
                    help: "name a stage or a checkpoint; batten checkpoints RUN lists what there is")
            }
            let forker = try RunForker(invocation.argument("RUN") ?? "", kind: .fork, in: context)
            let changes = try changes(invocation, context)
            let plan = try forker.plan(changes)
            let start = try start(from, plan, forker.origin, context)
            return try forker.start(plan, from: start, changes)
        })

    static let retry = CommandDescription(
        "retry", .running, "start a new run from the stages of another one that did not complete",
        details: [
            "It is 'batten fork' from everything that failed, was cancelled or did not start: completed stages are kept. "
                + "Stages that failed under 'on_failure: continue' run again too, with everything downstream."
        ],
        arguments: [run], options: [workflow, parameter, changed, waits, detach], formats: formats,
        examples: [CommandExample("batten retry -", "tries what failed in the last run again")],
        exits: exits,
        body: { context, invocation throws(CommandFailure) in
            let forker = try RunForker(invocation.argument("RUN") ?? "", kind: .retry, in: context)
            try requireFailed(forker.origin)
            let changes = try changes(invocation, context)
            return try forker.start(
                try forker.plan(changes), from: .stages([]), changes)
        })

    static let restore = CommandDescription(
        "restore", .running, "start a new run from a checkpoint of another one",
        details: [
            "It is 'batten fork' at the checkpoint: stages that were committed there are kept, all others run. The other "
                + "run stays as it is."
        ],
        arguments: [
            ArgumentDescription(
                "CHECKPOINT", .required, "RUN@POSITION or RUN@LABEL; a label alone when only one run has it")
        ],
        options: [workflow, parameter, changed, waits, detach], formats: formats,
        examples: [CommandExample("batten restore 3fk@before-deploy", "goes on from a checkpoint with that label")],
        exits: exits,
        body: { context, invocation throws(CommandFailure) in
            let (name, position) = try checkpoint(invocation.argument("CHECKPOINT") ?? "", context)
            let forker = RunForker(run: name, kind: .restore, in: context)
            let changes = try changes(invocation, context)
            return try forker.start(
                try forker.plan(changes), from: .position(position), changes)
        })

    // MARK: Parts

    private static func changes(
        _ invocation: Invocation, _ context: CommandContext
    ) throws(CommandFailure) -> RunForker.Changes {
        var changes = RunForker.Changes(
            parameters: invocation.values("param"), rerunsChanged: invocation.has("changed"))
        if let name = invocation.value("workflow") { changes.workflow = try WorkflowSource.find(name, in: context) }
        return changes
    }

    private static func requireFailed(_ run: RunRow) throws(CommandFailure) {
        guard run.status.isTerminal else {
            throw .usage(
                "run_active",
                "run \(run.id) is \(StatusText.word(run.status)): it has not ended, so there is nothing to retry",
                help: "batten why \(run.id) tells what it waits for; batten resume \(run.id) goes on with it")
        }
        guard run.status != .completed || run.failedStages > 0 else {
            throw .usage(
                "nothing_failed", "run \(run.id) is completed: nothing in it failed",
                help: "to run a stage of it again: batten fork \(run.id) --from STAGE")
        }
    }

    /// What `--from` names: a checkpoint with `@`, else a stage, else a checkpoint.
    private static func start(
        _ from: String, _ plan: Plan, _ origin: RunRow, _ context: CommandContext
    ) throws(CommandFailure) -> RunForker.Start {
        if let (run, place) = CheckpointName.split(from) {
            if !run.isEmpty, try NamedRun.find(run, in: context).row.id != origin.id {
                throw .usage(
                    "other_run", "'\(from)' is a checkpoint of another run than \(origin.id)",
                    help: "batten restore \(from) starts from it")
            }
            return .position(try CheckpointName.position(place, of: origin.id, in: context))
        }
        if let index = plan.indexByID[from] {
            guard index < plan.finallyStart else {
                throw .usage(
                    "finally_stage", "stage '\(from)' belongs to 'finally', which every run runs at its end",
                    help: "name a stage of 'stages', or a checkpoint")
            }
            return .stages([from])
        }
        do throws(CommandFailure) {
            return .position(try CheckpointName.position(from, of: origin.id, in: context))
        } catch {
            let ids = plan.stages[..<plan.finallyStart].map(\.id)
            throw .notFound(
                "no_such_start",
                "workflow '\(plan.definition.name)' has no stage '\(from)', and run \(origin.id) no such checkpoint",
                help: [
                    DidYouMean.help(for: from, in: ids),
                    "stages: \(ids.prefix(20).joined(separator: ", ")); batten checkpoints \(origin.id) lists the others",
                ].filter { !$0.isEmpty }.joined(separator: " "))
        }
    }

    /// The run and the position that a checkpoint of any run names.
    private static func checkpoint(
        _ text: String, _ context: CommandContext
    ) throws(CommandFailure) -> (run: RunRow, seq: Int64) {
        if let (run, place) = CheckpointName.split(text), !run.isEmpty {
            let row = try NamedRun.find(run, in: context).row
            return (row, try CheckpointName.position(place, of: row.id, in: context))
        }
        let label = text.hasPrefix("@") ? String(text.dropFirst()) : text
        var found: [NamedCheckpoint] = []
        if CheckpointName.isLabel(label), let reader = try context.openReader() {
            found = try orFailure { () throws(StoreError) in try reader.checkpoints(label: label) }
        }
        guard let only = found.first else {
            throw .notFound(
                "no_such_checkpoint", "no run has a checkpoint '\(text)'",
                help: "write RUN@POSITION or RUN@LABEL; batten checkpoints RUN lists them")
        }
        guard found.count == 1 else {
            throw .notFound(
                "ambiguous_checkpoint",
                "several runs have a checkpoint '\(label)': \(found.map { "\($0.run)@\($0.label)" }.joined(separator: ", "))",
                help: "write one of these")
        }
        return (try NamedRun.find(only.run, in: context).row, only.seq)
    }
}

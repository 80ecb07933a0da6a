import BattenCore
import BattenEngine
import BattenSpec
import BattenStore
import BattenSystem

/// `batten resume`.
enum ResumeCommand {
    static let description = CommandDescription(
        "resume", .running, "go on with a run whose engine is gone, or that is paused",
        details: [
            "What is committed is not run again; an attempt that was lost with its engine is made again under the same "
                + "idempotency key. The run is followed to its end like with 'batten run'.",
            "--take-over takes a run from an engine that lives but does not move, for example one that was stopped with "
                + "SIGSTOP. Calls that it started may still act.",
        ],
        arguments: [ArgumentDescription("RUN", .required, "a run id, the beginning of one, or - for the last run")],
        options: [
            .flag("take-over", "take the run from an engine that still exists"),
            .flag("wait-gates", "stay while only gates or signals are left, instead of exit code 11"),
            .flag("detach", "return at once: the process that drives the run, or a 'batten serve', goes on with it"),
        ],
        formats: [.text, .json, .ndjson, .yaml],
        examples: [CommandExample("batten resume -", "goes on with the last run")],
        exits: [
            .usage, .runFailed, .invalid, .cancelled, .timedOut, .quota, .notFound, .plugin, .store, .waiting,
            .interrupted,
        ],
        body: { context, invocation throws(CommandFailure) in try run(context, invocation) })

    private static func run(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        let found = try NamedRun.find(invocation.argument("RUN") ?? "", in: context)
        let id = found.row.id
        guard !found.row.status.isTerminal else {
            throw .usage(
                "run_ended",
                "run \(id) has ended (\(StatusText.word(found.row.status))); there is nothing to go on with",
                help: "look at it with: batten status \(id)")
        }
        let takesOver = invocation.has("take-over")
        let folder = try context.stateFolder()
        let isDriven = try orFailure { () throws(StoreError) in try EngineFolder.isAlive(found.owner, in: folder) }
        if let above = try NamedRun.parent(of: found, in: context) {
            // One that was paused alone goes on alone.
            if found.row.status == .paused, above.row.status != .paused, !takesOver {
                return try isDriven ? goOn(found, context) : leave(found, context)
            }
            throw .usage(
                "run_is_child", "run \(id) is a child of run \(above.row.id), which is not over: they go on together",
                help: "go on with: batten resume \(try NamedRun.top(of: above, in: context))")
        }
        if isDriven, !takesOver, found.row.status == .paused { return try goOn(found, context) }
        if invocation.has("detach") {
            guard !isDriven || takesOver else { throw failure(.driven(engine: found.owner), id) }
            return try DetachedStart(context: context).hand(found, takesOver: isDriven)
        }
        let session = RunSession(
            context: context, workflow: found.row.workflow, role: "resume", staysAtGates: invocation.has("wait-gates"))
        return try session.execute { runtime, follower throws(CommandFailure) in
            if takesOver {
                context.console.alert(
                    "warning: calls that the engine \(found.owner) started may still act while this one goes on")
            }
            let refusal = try RunSession.asFailure {
                try runtime.resume(
                    run: id, takeOver: takesOver, compile: { snapshot in try plan(snapshot, id, context) },
                    claimed: { follower.takeUp(RunPicture(try NamedRun.report(of: id, in: context))) })
            }
            if let refusal { throw failure(refusal, id) }
            return id
        }
    }

    /// Leaves it to whoever takes up the run above a paused child to go on with the child.
    private static func leave(_ found: StoredRun, _ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let sender = ControlSender(context: context)
        let id = found.row.id
        let fate = try sender.send(.resume, to: found)
        try sender.tell(
            fate, of: .resume, to: id, applied: try wordsBehindPause(id, context),
            kept: "recorded; no process drives run \(id): go on with batten resume "
                + "\(try NamedRun.top(of: found, in: context))")
        return .done
    }

    /// Has the process that drives a paused run go on with it, and follows it from here.
    private static func goOn(_ found: StoredRun, _ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let id = found.row.id
        let sender = ControlSender(context: context)
        let fate = try sender.send(.resume, to: found)
        let isDetached = context.invocation.has("detach")
        let words = try wordsBehindPause(id, context)
        if isDetached || fate != .applied {
            try sender.tell(
                fate, of: .resume, to: id, applied: words,
                kept: "the process that drove run \(id) has ended; go on with: batten resume \(id)")
            return isDetached ? .done : .waiting
        }
        if !context.invocation.format.isData { context.console.note(words) }
        return try DistantRun(context: context, id: id, staysAtGates: context.invocation.has("wait-gates")).follow()
    }

    /// That a run whose pause is over goes on, or what it waits for all the same.
    private static func wordsBehindPause(_ id: String, _ context: CommandContext) throws(CommandFailure) -> String {
        let run = try NamedRun.find(id, in: context).row
        guard run.isLeftToPeople, let waiting = run.waiting else { return "run \(id) goes on" }
        return "run \(id) is not paused any more; it waits: \(TextFit.clean(waiting.detail))"
    }

    /// The plan of the definition that a run is locked to; plugins that are missing now are waited for later.
    static func plan(_ snapshot: [UInt8], _ id: String, _ context: CommandContext) throws -> Plan {
        let plans = StoredPlan(try context.catalog())
        let result = plans.read(snapshot, of: id)
        // Warnings were shown when the run was accepted.
        if result.definition == nil { CheckedWorkflow.show(result, in: context) }
        return try plans.plan(result, snapshot)
    }

    private static func failure(_ refusal: ResumeRefusal, _ id: String) -> CommandFailure {
        switch refusal {
        case .unknown: .notFound("no_such_run", "there is no run '\(id)'", help: "`batten runs` lists them")
        case .ended(let status):
            .usage("run_ended", "run \(id) has ended (\(StatusText.word(status)))", help: "batten status \(id)")
        case .driven(let engine):
            .usage(
                "run_driven", "run \(id) is driven by the living engine \(engine)",
                help:
                    "follow it with: batten status \(id) --watch; if that engine hangs: batten resume \(id) --take-over"
            )
        case .takenByAnother:
            CommandFailure(
                "taken_over", "another process has just taken up run \(id)",
                help: "follow it with: batten status \(id) --watch", exit: .store)
        }
    }
}

/// `batten cancel`.
enum CancelCommand {
    static let description = CommandDescription(
        "cancel", .running, "cancel a run",
        details: [
            "Running stages are asked to stop and killed after their grace period; 'finally' stages run. With --now "
                + "everything is killed at once, 'finally' included. The request is on disk when this returns."
        ],
        arguments: [ArgumentDescription("RUN", .required, "a run id, the beginning of one, or - for the last run")],
        options: [.flag("now", "kill at once, without running 'finally'")],
        examples: [CommandExample("batten cancel 3fk", "cancels the run whose id begins with 3fk")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let found = try NamedRun.find(invocation.argument("RUN") ?? "", in: context)
            let id = found.row.id
            guard !found.row.status.isTerminal else {
                throw .usage(
                    "run_ended", "run \(id) has ended already (\(StatusText.word(found.row.status)))",
                    help: "look at it with: batten status \(id)")
            }
            let store = try context.openStore()
            let control: RunControl = invocation.has("now") ? .cancelNow : .cancel
            _ = try orFailure { () throws(StoreError) in
                try store.requestControl(ControlRequest(run: id, control: control, source: "cli", at: context.now))
            }
            let folder = try context.stateFolder()
            let isHeard = try orFailure { () throws(StoreError) in try EngineFolder.wake(found.owner, in: folder) }
            if invocation.format.isData {
                context.console.data(
                    .object(["run": .string(id), "control": .string(control.kind), "delivered": .bool(isHeard)]),
                    invocation.format)
            } else if isHeard {
                context.console.line("run \(id) is asked to stop")
            } else {
                let top = try NamedRun.top(of: found, in: context)
                context.console.line("run \(id) will be cancelled when it is taken up: batten resume \(top)")
            }
            return .done
        })
}

/// `batten pause`.
enum PauseCommand {
    static let description = CommandDescription(
        "pause", .running, "let the running stages of a run finish and start nothing new",
        details: [
            "Deadlines, the run's timeout and those of gates and signals stand still until 'batten resume'. Answers and "
                + "signals are still taken in. A 'batten run' that follows the run ends with exit code 11 once nothing "
                + "runs any more, unless it was told to --wait-gates."
        ],
        arguments: [ArgumentDescription("RUN", .required, "a run id, the beginning of one, or - for the last run")],
        examples: [CommandExample("batten pause 3fk", "pauses the run whose id begins with 3fk")],
        exits: [.usage, .notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let sender = ControlSender(context: context)
            let found = try sender.openRun(invocation.argument("RUN") ?? "")
            let id = found.row.id
            guard found.row.status != .paused else {
                throw .usage(
                    "run_paused", "run \(id) is paused already", help: "go on with: batten resume \(id)")
            }
            try sender.tell(
                try sender.send(.pause, to: found), of: .pause, to: id,
                applied: "run \(id) is paused; running stages finish; go on with: batten resume \(id)",
                kept: "run \(id) is driven by no process; it does not move until: batten resume "
                    + "\(try NamedRun.top(of: found, in: context))")
            return .done
        })
}

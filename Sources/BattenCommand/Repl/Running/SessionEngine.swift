import BattenCore
import BattenEngine
import BattenStore
import BattenSystem

/// The live engine of a session, opened with its first line that runs something.
final class SessionEngine {
    private let context: CommandContext
    private let observer: SessionObserver
    /// The same engine over another host.
    func over(_ context: CommandContext) -> SessionEngine { SessionEngine(context: context, observer: observer) }
    private var opened: EngineRuntime?

    init(context: CommandContext, observer: SessionObserver) {
        self.context = context
        self.observer = observer
    }

    /// The engine.
    func runtime() throws(CommandFailure) -> EngineRuntime {
        if let opened { return opened }
        let runtime = try EngineRuntime.open(in: context, role: "repl", observer: observer)
        opened = runtime
        return runtime
    }

    /// Starts a run; it is on disk when this returns.
    func submit(_ submission: RunSubmission) throws(CommandFailure) -> String {
        let engine = try runtime().engine
        return try RunSession.asFailure { try engine.submit(submission) }
    }

    /// Waits until a run has ended or waits for somebody.
    func wait(_ run: String) throws(CommandFailure) -> RunEnding {
        let engine = try runtime().engine
        return try RunSession.asFailure { try engine.wait(run: run) }
    }

    /// Whether a run of this engine has ended.
    func hasEnded(_ run: String) -> Bool { observer.rows(of: run)?.run?.status.isTerminal ?? false }

    /// Forgets what was seen of a run.
    func forget(_ run: String) { observer.forget(run) }

    /// The row of one stage of a run, and the run's own.
    func rows(of run: String, stage: String) throws(CommandFailure) -> (run: RunRow, stage: StageRow)? {
        if let seen = observer.rows(of: run), let row = seen.run, let stage = seen.stages[stage] {
            return (row, stage)
        }
        guard let reader = try context.openReader(),
            case .found(let found) = try orFailure({ () throws(StoreError) in try reader.run(run) })
        else { return nil }
        let stages = try orFailure { () throws(StoreError) in try reader.stages(run: run) }
        return stages.first { $0.id == stage && $0.item == nil }.map { (found.row, $0) }
    }

    /// What cancels a run, from any thread; nil while no engine was opened.
    func canceller(of run: String, _ console: Console) -> @Sendable (RunControl) -> Void {
        guard let engine = opened?.engine else { return { _ in } }
        return { control in
            if control == .cancel {
                // The terminal has written ^C where the cursor was.
                console.note((console.errors.isTerminal ? "\n" : "") + "stopping; once more kills what still runs")
            }
            engine.control(run: run, control)
        }
    }

    /// Asks something of a run.
    func control(_ run: String, _ control: RunControl) { opened?.engine.control(run: run, control) }

    /// Takes up a run whose process is gone.
    func resume(_ run: String) throws(CommandFailure) -> ResumeRefusal? {
        let runtime = try runtime()
        let context = context
        return try RunSession.asFailure {
            try runtime.resume(run: run, takeOver: false) { snapshot in
                try ResumeCommand.plan(snapshot, run, context)
            }
        }
    }

    /// Stops the engine and the plugins; runs that have not ended stay on disk as they are.
    func close() {
        opened?.close()
        opened = nil
    }
}

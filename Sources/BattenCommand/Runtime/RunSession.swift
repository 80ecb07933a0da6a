import BattenCore
import BattenEngine
import BattenStore
import BattenSystem
import Synchronization

/// Executes one run in this process and shows it: what `run`, `resume` and `exec` have in common.
struct RunSession {
    let context: CommandContext
    /// Name of the workflow, for the display before the run is known.
    let workflow: String
    /// What the engine is started as.
    let role: String
    /// Whether to go on while the run only waits for somebody.
    var staysAtGates = false
    /// Whether the run may be one that another process drives: then it is followed.
    var mayBeAnothers = false
    /// Whether the outputs of the run's only stage are the result, as `exec` has it.
    var showsStageOutputs = false

    /// Starts a new run and follows it to its end.
    static func start(
        _ submission: RunSubmission, in context: CommandContext, staysAtGates: Bool
    ) throws(CommandFailure) -> ExitCode {
        let session = RunSession(
            context: context, workflow: submission.plan.definition.name, role: "run", staysAtGates: staysAtGates,
            mayBeAnothers: submission.idempotencyKey != nil)
        return try session.execute { runtime, _ throws(CommandFailure) in
            try Self.asFailure { try runtime.engine.submit(submission) }
        }
    }

    /// Opens an engine, begins, follows to the end, and reports.
    ///
    /// - Parameter begin: starts the run or takes it up, and gives its id; tells the follower how far it is by then.
    /// - Returns: the exit code that the run's end gives.
    func execute(
        _ begin: (EngineRuntime, RunFollower) throws(CommandFailure) -> String
    ) throws(CommandFailure) -> ExitCode {
        let loop = try RenderLoop(makeDisplay())
        let follower = RunFollower(workflow: workflow, loop: loop)
        let runtime = try EngineRuntime.open(in: context, role: role, observer: follower)
        defer { runtime.close() }
        let interrupts = Interrupts(engine: runtime.engine, console: context.console)
        try Self.asFailure { try interrupts.watch(loop: loop) }
        let id: String
        do throws(CommandFailure) {
            id = try begin(runtime, follower)
        } catch {
            _ = loop.finish()
            throw error
        }
        interrupts.follow(id)
        let ending: RunEnding
        do throws(CommandFailure) {
            ending = try Self.asFailure { try runtime.engine.wait(run: id, staying: staysAtGates) }
        } catch {
            _ = loop.finish()
            throw error
        }
        let dropped = loop.finish()
        if mayBeAnothers, ending == .takenOver, follower.current.run == nil {
            return try DistantRun(
                context: context, id: id, staysAtGates: staysAtGates, isInterrupted: { interrupts.count > 0 }
            ).follow()
        }
        if dropped > 0 { context.console.note("\(dropped) lines were not shown; batten logs \(id) has them all") }
        return try report(id, ending, follower.current, wasKilled: interrupts.count > 1)
    }

    // MARK: Showing

    private func makeDisplay() -> @Sendable () -> any RunDisplay {
        let console = context.console
        let workflow = workflow
        let format = context.invocation.format
        if format == .ndjson {
            return {
                EventLines { text in
                    console.write(text); console.flush()
                }
            }
        }
        if console.isQuiet || (format.isData && !console.errors.isTerminal) { return { SilentDisplay() } }
        if console.errors.isTerminal {
            return {
                LiveTree(
                    workflow: workflow, profile: console.errors,
                    rows: { StandardStream.error.windowSize?.rows ?? 24 }, write: { console.rawErrors($0) })
            }
        }
        return { LineLog(workflow: workflow, profile: console.errors, write: { console.rawErrors($0) }) }
    }

    // MARK: The end

    private func report(
        _ id: String, _ ending: RunEnding, _ picture: RunPicture, wasKilled: Bool
    ) throws(CommandFailure) -> ExitCode {
        let report = try NamedRun.report(of: id, in: context)
        let format = context.invocation.format
        let console = context.console
        if format.isData, format != .ndjson {
            console.data(report.json, format)
        } else if !format.isData {
            if !console.isQuiet || report.run.status != .completed {
                let summary = RunSummary(picture: picture, report: report, profile: console.errors)
                console.alert(summary.lines().joined(separator: "\n"))
            }
            let outputs = showsStageOutputs ? report.stages.first?.outputs : report.run.outputs
            for line in OutputText.lines(outputs) { console.line(line) }
        }
        if case .takenOver = ending {
            throw CommandFailure(
                "taken_over", "run \(id) was taken over by another process",
                help: "follow it with: batten status \(id) --watch", exit: .store)
        }
        if case .awaiting(let awaited) = ending, !format.isData {
            for entry in awaited {
                let name = entry.stage.map { "stage '\($0)'" } ?? "the run"
                console.alert("\(name) waits: \(TextFit.clean(entry.reason.detail))")
            }
        }
        return wasKilled ? .interrupted : report.exitCode
    }

    /// Runs a body whose errors are those of the store, the engine or the system.
    static func asFailure<Value>(_ body: () throws -> Value) throws(CommandFailure) -> Value {
        do {
            return try body()
        } catch let failure as CommandFailure {
            throw failure
        } catch let error as StoreError {
            throw CommandFailure(error)
        } catch let error as EngineError {
            throw CommandFailure(error)
        } catch {
            throw CommandFailure(
                "system", "\(error)", help: "batten doctor looks at what this machine offers", exit: .usage)
        }
    }
}

extension CommandFailure {
    /// An error of the engine.
    init(_ error: EngineError) {
        if let cause = error.cause {
            self.init(cause)
        } else {
            let exit: ExitCode = error.code == .unsupported ? .invalid : .store
            self.init("engine_\(error.code.rawValue)", error.message, help: error.help, exit: exit)
        }
    }
}

/// Turns Ctrl-C and its relatives into controls of the run that is followed.
final class Interrupts: Sendable {
    private struct State {
        var run: String?
        var count = 0
    }
    private let state = Mutex(State())
    private let engine: Engine
    private let console: Console

    init(engine: Engine, console: Console) {
        self.engine = engine
        self.console = console
    }

    /// How often the user asked to stop.
    var count: Int { state.withLock { $0.count } }

    /// Starts listening; a new window size makes the display draw again.
    func watch(loop: RenderLoop) throws(SystemError) {
        try SignalWatch.start { [self] signal in
            switch signal {
            case .resized: loop.post(.resized)
            case .interrupt, .terminate, .hangup: ask()
            }
        }
    }

    /// Names the run; a signal that came before counts.
    func follow(_ run: String) {
        let count = state.withLock { state in
            state.run = run
            return state.count
        }
        if count > 0 { engine.control(run: run, count > 1 ? .cancelNow : .cancel) }
    }

    private func ask() {
        let (run, count) = state.withLock { state in
            state.count += 1
            return (state.run, state.count)
        }
        guard let run else { return }
        if count == 1, !console.errors.isTerminal { console.note("stopping; once more kills what still runs") }
        engine.control(run: run, count > 1 ? .cancelNow : .cancel)
    }
}

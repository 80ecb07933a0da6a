import BattenCore
import BattenEngine
import BattenStore
import BattenSystem

/// `batten serve`.
enum ServeCommand {
    static let description = CommandDescription(
        "serve", .running, "run schedules, and carry detached runs and those whose engine died, until stopped",
        details: [
            "Schedules ('batten schedule add', or under 'schedule' of a kept workflow) start their runs here, each due time "
                + "one run, whatever number of these engines work on the store.",
            "Runs of 'batten run --detach' start here. Runs whose process has died, was stopped, or has left them waiting "
                + "for people are taken up within a second; what is committed is not run again. A run that a living process "
                + "drives is never touched. Any number of these engines may work on one store: each run has one owner.",
            "What it does is told on standard output, one line each; with --format json one object each. Without work it "
                + "sleeps: no polling.",
            "SIGTERM and Ctrl-C stop it: nothing new starts, running stages may end within the drain time, and what has "
                + "not ended is asked to stop and given back: the next engine makes those attempts again, and they do not "
                + "count as lost. A second one stops at once, with exit code 130.",
            "Secrets are taken from BATTEN_SECRET_<NAME> of this process, or from those that 'batten secret set' keeps.",
        ],
        options: [
            .value(
                "drain", "DURATION", .duration, standard: "the grace period",
                "how long running stages may go on when it is told to stop"),
            .flag("once", "start what is due, finish it, and end; for a timer of the system"),
        ],
        formats: [.text, .json],
        examples: [
            CommandExample("batten serve", "carries runs until Ctrl-C"),
            CommandExample("batten serve --format json >> serve.log", "tells programs what it does"),
        ],
        exits: [.store, .interrupted],
        body: { context, invocation throws(CommandFailure) in try run(context, invocation) })

    /// What wakes the thread that waits for the end.
    private struct Fate {
        var signals = 0
        var failure: EngineError?
        var isDrained = false
        /// Whether all that was begun has ended, or waits for people.
        var isDone = false
    }

    private static func run(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        let fate = Monitor(Fate())
        let grace = try context.settings().grace
        let time = invocation.duration("drain") ?? grace
        let log = ServeLog(console: context.console, format: invocation.format) { error in
            fate.signal(all: true) { $0.failure = error }
        }
        let watchers = Monitor<(adopter: Adopter, runner: ScheduleRunner)?>(nil)
        let runtime = try EngineRuntime.open(
            in: context, role: EngineRuntime.serving, observer: log,
            onWake: {
                guard let (adopter, runner) = watchers.withLock({ $0 }) else { return }
                adopter.look()
                runner.look()
            })
        guard let reader = try context.openReader() else {
            runtime.close()
            throw CommandFailure("no_store", "the store has just been removed", help: "start again", exit: .store)
        }
        let adopter = Adopter(
            runtime: runtime, reader: reader, plans: StoredPlan(try context.catalog()), report: { log.tell($0) })
        let keeper = Housekeeper(runtime: runtime)
        let runner = try runner(context, runtime, log)
        watchers.withLock { $0 = (adopter, runner) }
        log.onEnd { row in
            keeper.runEnded()
            if row.trigger == "schedule" { runner.look() }
        }
        try RunSession.asFailure {
            try SignalWatch.start { signal in
                if signal != .resized { fate.signal(all: true) { $0.signals += 1 } }
            }
            try log.start()
            log.tell(
                .serving(
                    engine: runtime.engineID, pid: ProcessEnvironment.processID, home: runtime.folder.path,
                    at: context.now))
            // The watch stands before the first look: an engine that dies in between is not missed.
            try runtime.watchEngines { adopter.suspect($0) }
            try adopter.start()
            try keeper.start()
            try runner.start()
        }
        if invocation.has("once") { try RunSession.asFailure { try finish(adopter, runner, log, fate) } }
        let hasFailed: Bool? = fate.wait { $0.failure != nil ? true : $0.signals > 0 || $0.isDone ? false : nil }
        if hasFailed == false {
            log.tell(.stopping(within: time, at: context.now))
            drain(runtime.engine, within: time, grace: grace, fate)
        }
        runner.stop()
        adopter.stop()
        keeper.stop()
        if hasFailed == false { runtime.engine.giveBack() }
        let left = log.runs
        runtime.close()
        log.tell(.stopped(left: left, at: context.now))
        log.finish()
        if let error = fate.withLock({ $0.failure }) { throw CommandFailure(error) }
        return fate.withLock { $0.signals } > 1 ? .interrupted : .done
    }

    /// Tells when all that is due has been started, and has ended or waits for people.
    private static func finish(
        _ adopter: Adopter, _ runner: ScheduleRunner, _ log: ServeLog, _ fate: Monitor<Fate>
    ) throws(SystemError) {
        let changes = Monitor(0)
        log.onIdle { changes.signal(all: true) { $0 += 1 } }
        try Thread.detach(name: "once") {
            adopter.waitForLook()
            var seen = 0
            while runner.lookNow() || !log.isIdle {
                seen = changes.wait(until: MonotonicClock.now() + 1_000_000_000) { $0 > seen ? $0 : nil } ?? seen
            }
            fate.signal(all: true) { $0.isDone = true }
        }
    }

    /// What starts the runs of schedules; its thread reads with a context of its own.
    private static func runner(
        _ context: CommandContext, _ runtime: EngineRuntime, _ log: ServeLog
    ) throws(CommandFailure) -> ScheduleRunner {
        let host = try context.host()
        let (console, environment, directory) = (context.console, context.environment, context.directory)
        let invocation = context.invocation
        do throws(SystemError) {
            return try ScheduleRunner(
                runtime: runtime,
                context: {
                    let own = CommandContext(
                        console: console, environment: environment, directory: directory, invocation: invocation)
                    own.openedHost = host
                    return own
                }, report: { log.tell($0) })
        } catch {
            throw CommandFailure(
                "no_descriptor", error.description, help: "raise the limit of open files (ulimit -n)", exit: .usage)
        }
    }

    /// Lets running stages end and asks those to stop that do not, until the times are up or a second signal comes.
    private static func drain(_ engine: Engine, within time: Duration, grace: Duration, _ fate: Monitor<Fate>) {
        do throws(SystemError) {
            try Thread.detach(name: "drain") {
                if !engine.drain(within: time) { engine.stopCalls(within: grace) }
                fate.signal(all: true) { $0.isDrained = true }
            }
        } catch {
            return
        }
        let _: Bool? = fate.wait { $0.isDrained || $0.signals > 1 || $0.failure != nil ? true : nil }
    }
}

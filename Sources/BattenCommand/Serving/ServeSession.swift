import BattenCore
import BattenEngine
import BattenStore
import BattenSystem

/// One life of a serving engine: puts its parts together, waits for the end, and takes them apart.
final class ServeSession {
    private let context: CommandContext
    private let invocation: Invocation
    private let fate = Monitor(Fate())
    private let manager: ServiceManager
    private let log: ServeLog

    /// What wakes the thread that waits for the end.
    private struct Fate {
        var signals = 0
        var reloads = 0
        var failure: EngineError?
        var isDrained = false
        /// Whether all that was begun has ended, or waits for people.
        var isDone = false
        var isStopping = false
    }

    /// What works besides the engine.
    private struct Parts {
        let adopter: Adopter
        let keeper: Housekeeper
        let runner: ScheduleRunner
        let triggers: TriggerRunner
        let questions: Questions
        let watchdog: Watchdog
    }

    init(context: CommandContext, invocation: Invocation) {
        self.context = context
        self.invocation = invocation
        manager = ServiceManager(environment: context.environment, processID: ProcessEnvironment.processID)
        let fate = fate
        log = ServeLog(console: context.console, format: invocation.format) { error in
            fate.signal(all: true) { $0.failure = error }
        }
    }

    /// Serves until it is stopped.
    func run() throws(CommandFailure) -> ExitCode {
        var reloading = Reloading(try context.resolvedSettings())
        let since = context.now
        let watchers = Monitor<Parts?>(nil)
        let others = try servingAlready()
        let runtime = try EngineRuntime.open(
            in: context, role: EngineRuntime.serving, observer: log,
            onWake: {
                guard let parts = watchers.withLock({ $0 }) else { return }
                parts.adopter.look()
                parts.runner.look()
                parts.triggers.look()
            })
        guard let reader = try context.openReader() else {
            runtime.close()
            throw CommandFailure("no_store", "the store has just been removed", help: "start again", exit: .store)
        }
        let health = health(runtime, reader, since)
        let parts = try parts(runtime, reader, health)
        watchers.withLock { $0 = parts }
        try RunSession.asFailure {
            try watchSignals()
            try log.start()
            log.tell(
                .serving(
                    engine: runtime.engineID, pid: ProcessEnvironment.processID, home: runtime.folder.path,
                    others: others, at: context.now))
            // The watch stands before the first look: an engine that dies in between is not missed.
            try runtime.watchEngines { engine in
                parts.adopter.suspect(engine)
                // Its last run may be one whose end starts others.
                parts.triggers.runEnded()
            }
            try parts.adopter.start()
            try parts.keeper.start()
            try parts.runner.start()
            try parts.triggers.start()
            try parts.questions.start()
            manager.ready(health().status)
            try parts.watchdog.start()
        }
        if invocation.has("once") { try RunSession.asFailure { try finish(parts) } }
        while waitForEvent() {
            manager.reloading()
            reload(&reloading, runtime, parts)
            manager.ready(health().status)
        }
        stop(runtime, parts, reloading.settings.grace, health)
        if let error = fate.withLock({ $0.failure }) { throw CommandFailure(error) }
        return fate.withLock { $0.signals } > 1 ? .interrupted : .done
    }

    // MARK: Parts

    private func parts(
        _ runtime: EngineRuntime, _ reader: StoreReader, _ health: @escaping @Sendable () -> ServeHealth
    ) throws(CommandFailure) -> Parts {
        let (log, manager) = (log, manager)
        let adopter = Adopter(
            runtime: runtime, reader: reader, plans: StoredPlan(try context.catalog()), report: { log.tell($0) })
        let keeper = Housekeeper(runtime: runtime)
        let context = try ownContext()
        let runner: ScheduleRunner
        do throws(SystemError) {
            runner = try ScheduleRunner(
                runtime: runtime, context: context,
                report: {
                    log.tell($0)
                    manager.say { health().status }
                })
        } catch {
            throw Self.lacking(error)
        }
        let triggers = TriggerRunner(runtime: runtime, context: context, report: { log.tell($0) })
        let watchdog = Watchdog(
            manager: manager,
            parts: [
                Watchdog.Part(name: "the engine") { runtime.engine.answers(within: $0) },
                // It reads the store through the connection that the engine writes with.
                Watchdog.Part(name: "the scheduler or the store") { runner.answers(within: $0) },
            ], report: { log.tell(.silent($0, at: Timestamp(nanoseconds: WallClock.now()))) })
        log.onEnd { row in
            keeper.runEnded()
            if row.trigger == "schedule" { runner.look() }
            triggers.runEnded()
        }
        do throws(SystemError) {
            let questions = try Questions(engine: runtime.engineID, folder: runtime.folder) {
                question throws(CommandFailure) in
                if let name = question["trigger"]?.stringValue {
                    let key = question["key"]?.stringValue ?? Entropy.name(length: 24)
                    let taken = try TriggerIntake(store: runtime.store).accept(
                        name, data: question["data"] ?? .null, key: key)
                    triggers.look()
                    return taken
                }
                guard question["ask"] == "health" else {
                    throw .usage(
                        "unknown_question", "this engine does not know what is asked", help: #"ask {"ask":"health"}"#)
                }
                return health().json
            }
            return Parts(
                adopter: adopter, keeper: keeper, runner: runner, triggers: triggers, questions: questions,
                watchdog: watchdog)
        } catch {
            throw Self.lacking(error)
        }
    }

    /// Makes what a thread of its own reads workflows and settings with.
    private func ownContext() throws(CommandFailure) -> @Sendable () -> CommandContext {
        let host = try context.host()
        let (console, environment, directory) = (context.console, context.environment, context.directory)
        let invocation = context.invocation
        return {
            let own = CommandContext(
                console: console, environment: environment, directory: directory, invocation: invocation)
            own.openedHost = host
            return own
        }
    }

    private static func lacking(_ error: SystemError) -> CommandFailure {
        CommandFailure(
            "no_descriptor", error.description, help: "raise the limit of open files (ulimit -n)", exit: .usage)
    }

    /// The engines that serve the store now.
    private func servingAlready() throws(CommandFailure) -> [EngineRecord] {
        let folder = try context.stateFolder()
        return try orFailure { () throws(StoreError) in
            guard folder.hasStore, let reader = try StoreReader(folder) else { return [] }
            let living = Set(try reader.living(role: EngineRuntime.serving))
            return living.isEmpty ? [] : try reader.engines().filter { living.contains($0.id) }
        }
    }

    private func health(
        _ runtime: EngineRuntime, _ reader: StoreReader, _ since: Timestamp
    ) -> @Sendable () -> ServeHealth {
        let (log, fate) = (log, fate)
        return {
            let counts = log.counts
            let schedules = try? reader.schedulesInForce()
            return ServeHealth(
                engine: runtime.engineID, pid: ProcessEnvironment.processID, version: BattenProgram.version,
                since: since, isStopping: fate.withLock { $0.isStopping }, runs: counts.runs, waiting: counts.waiting,
                schedules: schedules?.count ?? 0, nextFire: schedules?.next, lastCommit: counts.lastCommit)
        }
    }

    // MARK: Signals

    private func watchSignals() throws(SystemError) {
        let fate = fate
        // A terminal that is gone takes the command with it, as it does with others.
        let hasTerminal = context.console.output.isTerminal || context.console.errors.isTerminal
        try SignalWatch.start { signal in
            switch signal {
            case .resized: break
            case .hangup where !hasTerminal: fate.signal(all: true) { $0.reloads += 1 }
            case .interrupt, .terminate, .hangup: fate.signal(all: true) { $0.signals += 1 }
            }
        }
    }

    /// Waits for what ends the engine.
    ///
    /// - Returns: true when configuration is to be read again instead.
    private func waitForEvent() -> Bool {
        fate.wait { fate -> Bool? in
            if fate.failure != nil || fate.signals > 0 || fate.isDone { return false }
            guard fate.reloads > 0 else { return nil }
            fate.reloads = 0
            return true
        } ?? false
    }

    private func reload(_ reloading: inout Reloading, _ runtime: EngineRuntime, _ parts: Parts) {
        do throws(CommandFailure) {
            let fresh = try SettingsLoader(
                environment: context.environment, directory: context.directory, invocation: invocation
            ).load()
            let (applied, later) = reloading.take(fresh)
            let (settings, console) = (fresh.settings, context.console)
            var engine = runtime.engine.settings
            engine.grace = settings.grace
            engine.groupLimits = settings.groupLimits
            engine.logLag = settings.logLag
            engine.prices = PriceFiles(
                path: PriceFiles.path(settings: settings, executable: ProcessEnvironment.executablePath),
                tell: { console.alert($0) })
            runtime.engine.change(engine)
            runtime.retain(settings.retention)
            parts.runner.renew()
            parts.triggers.renew()
            log.tell(.reloaded(applied: applied, later: later, at: context.now))
        } catch {
            log.tell(.notReloaded(error, at: context.now))
        }
    }

    // MARK: The end

    private func stop(
        _ runtime: EngineRuntime, _ parts: Parts, _ grace: Duration, _ health: @Sendable () -> ServeHealth
    ) {
        let isOrderly = fate.withLock { fate in
            fate.isStopping = true
            return fate.failure == nil
        }
        manager.stopping(health().status)
        if isOrderly {
            let time = invocation.duration("drain") ?? grace
            log.tell(.stopping(within: time, at: context.now))
            drain(runtime.engine, within: time, grace: grace)
        }
        // What follows is short, and parts that have ended would not answer.
        parts.watchdog.stop()
        parts.runner.stop()
        parts.triggers.stop()
        parts.adopter.stop()
        parts.keeper.stop()
        if isOrderly { runtime.engine.giveBack() }
        let left = log.runs
        parts.questions.stop()
        runtime.close()
        log.tell(.stopped(left: left, at: context.now))
        log.finish()
    }

    /// Tells when all that is due has been started, and has ended or waits for people.
    private func finish(_ parts: Parts) throws(SystemError) {
        let changes = Monitor(0)
        let (log, fate) = (log, fate)
        log.onIdle { changes.signal(all: true) { $0 += 1 } }
        try Thread.detach(name: "once") {
            parts.adopter.waitForLook()
            var seen = 0
            while true {
                // Each may give the other something to do.
                let (isQueued, isSettling) = (parts.runner.lookNow(), parts.triggers.lookNow())
                guard isQueued || isSettling || !log.isIdle else { break }

                seen = changes.wait(until: MonotonicClock.now() + 1_000_000_000) { $0 > seen ? $0 : nil } ?? seen
            }
            fate.signal(all: true) { $0.isDone = true }
        }
    }

    /// Lets running stages end and asks those to stop that do not, until the times are up or a second signal comes.
    private func drain(_ engine: Engine, within time: Duration, grace: Duration) {
        let fate = fate
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

import BattenCore
import BattenEngine
import BattenStore
import BattenSystem

/// Has the scheduler look when something is due, on a thread of its own that sleeps until then.
///
/// It is woken by an alarm of the wall clock, which also tells when that clock is set or the machine has slept, by other
/// processes that have changed a schedule, and by the end of a run of one.
final class ScheduleRunner: Sendable {
    /// What the runner tells of.
    enum Report: Sendable {
        case decided(Scheduler.Report)
        /// The clock was set; with the next due time there is.
        case clockSet(ClockComparison.Step, next: Timestamp?)
        /// The store could not be read or written; it is tried again.
        case trouble(StoreError)
    }

    private struct State {
        var isAsked = true
        var isStopping = false
        /// How often it has begun to look, and how often it has looked.
        var begun = 0
        var looks = 0
        /// Whether due times waited for earlier runs to end at the last look.
        var isQueued = false
        /// Whether the store could not be read or written at the last look.
        var hasFailed = false
        /// Whether zones, workflows and settings are to be read anew.
        var isStale = false
    }

    /// Runs that are handed to the engine together: it works on them while the next ones are made ready.
    private static let part = 32

    private let runtime: EngineRuntime
    private let context: @Sendable () -> CommandContext
    private let report: @Sendable (Report) -> Void
    private let alarm: WallClockAlarm
    private let state = Monitor(State())
    private let thread = PartThread()

    /// Creates a runner.
    ///
    /// - Parameter context: makes what the runner's thread reads workflows and settings with.
    init(
        runtime: EngineRuntime, context: @escaping @Sendable () -> CommandContext,
        report: @escaping @Sendable (Report) -> Void
    ) throws(SystemError) {
        self.runtime = runtime
        self.context = context
        self.report = report
        alarm = try WallClockAlarm()
    }

    /// Starts looking, the first time at once.
    func start() throws(SystemError) {
        runtime.watch(alarm) { [self] in look() }
        try thread.start(name: "scheduler", stackSize: 8 << 20) { [self] in work() }
    }

    /// Has the runner look; returns at once.
    func look() {
        state.signal { $0.isAsked = true }
    }

    /// Has the runner look, and waits until it has.
    ///
    /// - Returns: whether due times wait for earlier runs to end.
    func lookNow() -> Bool {
        let next = state.signal(all: true) { state in
            state.isAsked = true
            return state.begun + 1
        }
        return state.wait { $0.looks >= next || $0.isStopping ? $0.isQueued && !$0.isStopping : nil } ?? false
    }

    /// Whether the runner's thread does its work, and reaches the store.
    ///
    /// - Parameter time: how long it may take to look.
    func answers(within time: Duration) -> Bool {
        let next = state.signal(all: true) { state in
            state.isAsked = true
            return state.begun + 1
        }
        return state.wait(until: MonotonicClock.adding(time, to: MonotonicClock.now())) { state in
            state.looks >= next ? !state.hasFailed : nil
        } ?? false
    }

    /// Has zones, workflows and settings read anew; returns at once.
    func renew() {
        state.signal { state in
            state.isStale = true
            state.isAsked = true
        }
    }

    /// Starts nothing more; what is under way is finished first.
    func stop() {
        state.signal(all: true) { $0.isStopping = true }
        thread.join()
    }

    // MARK: The thread

    private func work() {
        var failures = 0
        var again: Int64?
        var clock: ClockComparison?
        var scheduler = scheduler(context())
        while true {
            let isStopping: Bool? = state.wait(until: again) { state in
                guard state.isAsked || state.isStopping else { return nil }
                state.isAsked = false
                state.begun += 1
                return state.isStopping
            }
            if isStopping == true { return }
            if isStopping == nil { state.withLock { $0.begun += 1 } }
            again = nil
            let isStale = state.withLock { state in
                defer { state.isStale = false }
                return state.isStale
            }
            if isStale { scheduler = self.scheduler(context()) }
            do throws(StoreError) {
                let next = try scheduler.look(at: Timestamp(nanoseconds: WallClock.now()))
                alarm.set(at: next?.nanoseconds)
                try compare(&clock)
                failures = 0
            } catch {
                if failures == 0 { report(.trouble(error)) }
                failures += 1
                again = MonotonicClock.now() + 1_000_000_000 << Int64(min(failures, 6) - 1)
            }
            let (isQueued, hasFailed) = (scheduler.isQueued, failures > 0)
            state.signal(all: true) { state in
                state.looks = state.begun
                state.isQueued = isQueued
                state.hasFailed = hasFailed
            }
        }
    }

    /// Tells of a clock that was set since the last look, or set back since a due time was decided about.
    private func compare(_ clock: inout ClockComparison?) throws(StoreError) {
        let reading = ClockComparison.Reading.now()
        if clock == nil { clock = ClockComparison(reading, known: try runtime.store.lastScheduleDecision()) }
        guard let step = clock?.look(reading) else { return }
        report(.clockSet(step, next: try runtime.store.nextScheduleDue()))
    }

    private func scheduler(_ context: CommandContext) -> Scheduler {
        let runs = Result { () throws(CommandFailure) in try ScheduledRuns(context: context) }
        var zones = ScheduleZones(ZoneFiles(environment: context.environment))
        let runtime = runtime
        let report = report
        return Scheduler(
            store: runtime.store,
            times: { schedule in
                Result { () throws(ScheduleError) in
                    do throws(CommandFailure) {
                        return try zones.times(of: schedule.rule)
                    } catch {
                        throw ScheduleError(error.message, help: error.help)
                    }
                }
            }, find: { name throws(StoreError) in try runtime.store.schedule(name) },
            start: { wanted in Self.start(wanted, runs, runtime.engine) },
            cancel: { run in
                guard
                    (try? runtime.store.requestControl(
                        ControlRequest(run: run, control: .cancel, source: "schedule", at: context.now))) != nil
                else { return }
                runtime.engine.storeChanged()
                context.wakeEngines()
            }, report: { report(.decided($0)) })
    }

    private static func start(
        _ wanted: [(schedule: Schedule, fire: ScheduleFire)], _ runs: Result<ScheduledRuns, CommandFailure>,
        _ engine: Engine
    ) -> [Scheduler.Start] {
        var results: [Scheduler.Start?] = []
        var submissions: [RunSubmission] = []
        var begun: [SubmittedRuns] = []
        for (schedule, fire) in wanted {
            do throws(CommandFailure) {
                submissions.append(try runs.get().submission(schedule, fire))
                results.append(nil)
            } catch {
                // Trouble with the store passes; what a workflow lacks does not by itself.
                results.append(error.exit == .store ? .later : .impossible(error.message))
            }
            guard submissions.count == Self.part else { continue }
            begun.append(engine.begin(submissions))
            submissions = []
        }
        begun.append(engine.begin(submissions))
        var answers = begun.flatMap { $0.wait() }.makeIterator()
        return results.map { result in
            if let result { return result }
            switch answers.next() {
            case .success(let run): return run.isEmpty ? .taken : .started(run: run)
            case .failure, nil: return .later
            }
        }
    }
}

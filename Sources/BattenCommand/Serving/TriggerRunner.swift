import BattenCore
import BattenEngine
import BattenStore
import BattenSystem

/// Starts the runs of triggers, on a thread of its own that sleeps until something has happened.
///
/// Whatever has happened is a row before its run is started, and the run has the row's key: killed anywhere, an engine
/// leaves its events to the next one, and two engines that see one file start one run.
final class TriggerRunner: Sendable {
    /// What the runner tells of.
    enum Report: Sendable {
        case started(TriggerEvent)
        /// An event that starts no run.
        case refused(TriggerEvent)
        /// A folder cannot be watched.
        case unwatched(folder: String, why: String)
        /// The store could not be read or written; it is tried again.
        case trouble(StoreError)
    }

    private struct State {
        var isAsked = true
        var isStopping = false
        /// Whether zones, workflows and settings are to be read anew.
        var isStale = false
        /// Whether all folders are to be looked through.
        var looksAnew = true
        var files: Set<String> = []
        var begun = 0
        var looks = 0
        /// Whether something was left to do at the last look.
        var isBusy = false
        /// Whether some trigger waits for the end of runs.
        var followsRuns = false
    }

    /// Events that are started together.
    private static let batch = 256

    private let runtime: EngineRuntime
    private let context: @Sendable () -> CommandContext
    private let report: @Sendable (Report) -> Void
    private let state = Monitor(State())
    private let thread = PartThread()

    /// Creates a runner.
    ///
    /// - Parameter context: makes what the runner's thread reads workflows and settings with.
    init(
        runtime: EngineRuntime, context: @escaping @Sendable () -> CommandContext,
        report: @escaping @Sendable (Report) -> Void
    ) {
        self.runtime = runtime
        self.context = context
        self.report = report
    }

    /// Starts looking, the first time at once.
    func start() throws(SystemError) {
        try thread.start(name: "triggers", stackSize: 8 << 20) { [self] in work() }
    }

    /// Has the runner look; returns at once.
    func look() {
        state.signal { $0.isAsked = true }
    }

    /// Says that a run has ended here; returns at once.
    func runEnded() {
        if state.withLock({ $0.followsRuns }) { look() }
    }

    /// Has workflows and settings read anew; returns at once.
    func renew() {
        state.signal { state in
            state.isStale = true
            state.isAsked = true
        }
    }

    /// Has the runner look, and waits until it has.
    ///
    /// - Returns: whether files wait to settle, or events to be started.
    func lookNow() -> Bool {
        let next = state.signal(all: true) { state in
            state.isAsked = true
            return state.begun + 1
        }
        return state.wait { $0.looks >= next || $0.isStopping ? $0.isBusy && !$0.isStopping : nil } ?? false
    }

    /// Starts nothing more; what is under way is finished first.
    func stop() {
        state.signal(all: true) { $0.isStopping = true }
        thread.join()
    }

    // MARK: The thread

    /// What belongs to the thread.
    private struct Work {
        var known: [Trigger] = []
        var files = SettlingFiles()
        var failures = 0
        var runs: Result<ScheduledRuns, CommandFailure>
    }

    private func work() {
        var work = Work(runs: runs())
        let watches = FolderWatches(loop: runtime.wakes) { [self] change in
            state.signal { state in
                switch change {
                case .file(let folder, let name): state.files.insert(folder == "/" ? "/\(name)" : "\(folder)/\(name)")
                case .anew: state.looksAnew = true
                }
                state.isAsked = true
            }
        }
        var again: Int64?
        while true {
            let turn: State? = state.wait(until: again) { state in
                guard state.isAsked || state.isStopping else { return nil }
                return Self.take(&state)
            }
            let now = turn ?? state.withLock { Self.take(&$0) }
            if now.isStopping { return }
            if now.isStale { work.runs = runs() }
            do throws(StoreError) {
                try look(&work, now, watches)
                work.failures = 0
            } catch {
                if work.failures == 0 { report(.trouble(error)) }
                work.failures += 1
                // What was noted of files is found again.
                state.withLock { $0.looksAnew = true }
            }
            again = work.files.next
            if work.failures > 0 {
                let pause = MonotonicClock.now() + 1_000_000_000 << Int64(min(work.failures, 6) - 1)
                again = min(again ?? pause, pause)
            }
            let isBusy = work.failures > 0 || !work.files.isEmpty
            let followsRuns = work.known.contains { if case .workflow = $0.rule.source { true } else { false } }
            state.signal(all: true) { state in
                state.looks = state.begun
                state.isBusy = isBusy
                state.followsRuns = followsRuns
            }
        }
    }

    private static func take(_ state: inout State) -> State {
        state.begun += 1
        defer {
            state.isAsked = false
            state.isStale = false
            state.looksAnew = false
            state.files = []
        }
        return state
    }

    private func runs() -> Result<ScheduledRuns, CommandFailure> {
        Result { () throws(CommandFailure) in try ScheduledRuns(context: context()) }
    }

    private func look(_ work: inout Work, _ turn: State, _ watches: FolderWatches) throws(StoreError) {
        let triggers = try runtime.store.triggers()
        let isNew = triggers != work.known
        let folders = work.files.folders
        if isNew {
            work.files.follow(triggers)
            work.known = triggers
        }
        if turn.looksAnew || folders != work.files.folders { watch(work.files.folders, watches) }
        let now = MonotonicClock.now()
        for path in turn.files { work.files.note(path, now: now) }
        if turn.looksAnew || isNew {
            // The watches stand: what comes after this look is told.
            let store = runtime.store
            try work.files.scan(now: now) { trigger, key throws(StoreError) in
                try store.knows(trigger: trigger.name, key: key)
            }
        }
        let settled = work.files.settle(now: MonotonicClock.now())
        _ = try runtime.store.queue(settled.map(\.event))
        try startQueued(work)
    }

    private func watch(_ folders: Set<String>, _ watches: FolderWatches) {
        let done = Monitor<[String: SystemError]?>(nil)
        watches.set(folders) { failed in done.signal { $0 = failed } }
        for (folder, error) in done.wait({ $0 }) ?? [:] {
            report(.unwatched(folder: folder, why: error.description))
        }
    }

    // MARK: Starting

    private func startQueued(_ work: Work) throws(StoreError) {
        let byName = Dictionary(work.known.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        while true {
            let events = try runtime.store.queuedEvents(limit: Self.batch)
            guard !events.isEmpty else { return }
            var settled: [TriggerEvent] = []
            var submissions: [RunSubmission] = []
            var submitted: [TriggerEvent] = []
            var trouble: StoreError?
            for event in events {
                // A trigger that has just been made is looked at with the next wake, which is on its way.
                guard let trigger = byName[event.trigger] else { continue }
                do throws(CommandFailure) {
                    submissions.append(try work.runs.get().submission(trigger, event))
                    submitted.append(event)
                } catch {
                    if error.exit == .store {
                        trouble = StoreError(.unavailable, error.message, help: error.help)
                        continue
                    }
                    var event = event
                    event.outcome = .refused
                    event.note = error.message
                    settled.append(event)
                }
            }
            for (event, answer) in zip(submitted, runtime.engine.submit(submissions)) {
                switch answer {
                case .success(let run):
                    var event = event
                    event.outcome = .started
                    event.run = run
                    settled.append(event)
                case .failure(let error): trouble = StoreError(.unavailable, error.message, help: error.help)
                }
            }
            try runtime.store.settle(settled)
            for event in settled { report(event.outcome == .started ? .started(event) : .refused(event)) }
            if let trouble { throw trouble }
            if settled.isEmpty || events.count < Self.batch { return }
        }
    }
}

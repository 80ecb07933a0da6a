import BattenCore
import BattenSystem

/// The engine's thread and everything that belongs to it.
final class EngineLoop: @unchecked Sendable {
    // SAFETY: after `work()` has begun on the engine's thread nothing else touches the mutable properties, but for a
    // thread that has borrowed the work from the inbox, which the engine's then waits for; before, the object is only
    // being made. The inbox is what other threads use.
    let store: any RunStore
    let host: any ExecutorHost
    let clock: any EngineClock
    private(set) var settings: EngineSettings
    let observer: (any EngineObserver)?
    let inbox: Inbox
    private(set) lazy var sink = InboxSink(inbox: inbox, clock: clock) { [unowned self] tag, outcome in
        workInPlace(tag: tag, outcome: outcome)
    }

    var runs: [Int: ActiveRun] = [:]
    var numbers: [String: Int] = [:]
    var lastNumber = 0
    var touched: [ActiveRun] = []
    var timers = TimerQueue<RunTimer>()
    /// Whether a timer may be armed: most steps need not look.
    var hasTimers = false
    /// Whether a run has ended that may have held a group.
    var groupsWereLeft = false
    /// Whether a run may wait in the line of its group: most engines need not look.
    var hasLines = false
    /// Calls in flight whose results others wait for or may, by the key of their results.
    var flights: [[UInt8]: Flight] = [:]
    /// Keys of calls in flight whose runs have gone.
    var brokenFlights: [[UInt8]] = []
    /// Whether stored controls are to be looked for once the commit at hand is done.
    var wantsControls = false
    var acceptances: [(reply: Reply<String>, id: String)] = []
    var failure: EngineError?
    var slots: SlotPool
    /// What executors declare of their use, nil for those that do not.
    var usageBounds: [String: UsageBound?] = [:]
    /// Runs whose stages ask for slots that are shared with other engines.
    var admissions: [ActiveRun] = []
    /// Whether stages wait for such slots and for nothing else, as other engines know.
    var lacksSharedSlots = false
    /// Whether they do so no longer, which other engines are to know.
    var withdrawsWaits = false
    /// When shared slots are renewed, on the monotonic clock.
    var nextRenewal: Int64?
    var slotsWereFreed = false
    /// Runs whose use counts against budgets.
    var budgetedRuns = 0
    /// Reservations that calls wait for, in the order of their turns.
    var holds: [PendingHold] = []
    /// Whether they are to be decided with the next commit.
    var asksForHolds = false
    /// Number of the last reservation that a call has asked for.
    var lastLease: Int64 = 0
    /// When the first stage that waits for a quota has room, on the monotonic clock.
    var quotaDue: Int64?
    /// Whether what waits for slots of this engine has changed.
    var linesChanged = false
    private var logsDue: Int64?
    private var dataVersion: Int64?
    private var nextPoll: Int64 = 0
    private var isStopping = false
    /// Whether runs were taken up that may have been asked something before.
    var hasAdopted = false
    /// Whether nothing more starts.
    var isDraining = false
    /// Whether calls were asked to stop for another engine to make them again.
    var isGivingBack = false
    var drains: [Reply<Void>] = []
    /// Waiting for what is given back to be on disk.
    var returns: [Reply<Void>] = []
    /// Whether a call was started since the last look at the inbox.
    var hasDispatched = false
    /// How often an engine with runs looks whether another process has written, nanoseconds.
    private static let pollInterval: Int64 = 1_000_000_000
    /// Stored log lines may wait until this many bytes of them have gathered.
    private static let logBound = 64 << 10

    init(
        store: any RunStore, host: any ExecutorHost, clock: any EngineClock, settings: EngineSettings,
        observer: (any EngineObserver)?, inbox: Inbox
    ) {
        self.store = store
        self.host = host
        self.clock = clock
        self.settings = settings
        self.observer = observer
        self.inbox = inbox
        slots = SlotPool(
            blocking: settings.blockingLimit, asynchronous: settings.asynchronousLimit,
            plugins: settings.pluginLimits, shared: settings.sharedLimits,
            metering: Metering(
                prices: settings.prices,
                configuration: { plugin, trigger, directory, workflowFolder in
                    let source = RunSource(trigger: trigger, directory: directory, workflowFolder: workflowFolder)
                    // What cannot be had is told when the call is made.
                    return (try? settings.callConfiguration(plugin, source))?.value ?? .object([:])
                }, secrets: settings.secrets, outputKeys: settings.outputKeys))
    }

    /// Runs until it is told to stop.
    func work() {
        var messages: [InboxMessage] = []
        learnQuotas(looking: true)
        EventLoop.holdWakes {
            while !isStopping {
                let lingers = hasDispatched
                hasDispatched = false
                inbox.take(into: &messages, until: nextDeadline(), lingers: lingers)
                turn(messages)
            }
        }
        giveUp()
    }

    /// Handles a call's end on a thread that has nothing else to do, if the engine's own thread rests.
    ///
    /// A step of a chain then needs no other thread: the next call may well be for the thread that did the last one.
    ///
    /// - Returns: false when the engine's thread has to do it.
    func workInPlace(tag: UInt64, outcome: StageOutcome) -> Bool {
        guard inbox.borrow() else { return false }
        finished(CallTag(tag), outcome: outcome)
        followUp()
        hasDispatched = false
        inbox.giveBack(wakingAt: nextDeadline())
        return true
    }

    /// Handles what has arrived and what is due, commits it, and acts on it.
    func turn(_ messages: [InboxMessage]) {
        for message in messages { handle(message) }
        followUp()
    }

    /// Handles what is due, commits what was decided, and acts on it.
    private func followUp() {
        if hasAdopted {
            hasAdopted = false
            takeControls()
        }
        fireDueTimers()
        pollStore()
        flushLogs()
        renewSlots()
        lookAtQuotas()
        if !brokenFlights.isEmpty { mendFlights() }
        offerSlots()
        settle()
        catchUp()
        answerDrains()
    }

    // MARK: Messages

    private func handle(_ message: InboxMessage) {
        switch message {
        case .submit(let submission, let id, let seed, let reply): submit(submission, id: id, seed: seed, reply: reply)
        case .adopt(let recovered, let plan, let epoch, let reply):
            adopt(recovered, plan: plan, epoch: epoch, reply: reply)
        case .control(let run, let control): self.control(run, control)
        case .storeChanged:
            letGoOfTakenRuns()
            takeControls()
            askForGroups()
            learnQuotas(looking: true)
            if lacksSharedSlots { slotsWereFreed = true }
            lookForPlugins()
            lookForSecrets()
        case .log(let tag, let stream, let text, let at): log(CallTag(tag), stream: stream, text: text, at: at)
        case .progress(let tag, let fraction, let note): progress(CallTag(tag), fraction: fraction, note: note)
        case .stream(let tag, let text): stream(CallTag(tag), text: text)
        case .usage(let tag, let metric, let subject, let amount, let at):
            usage(CallTag(tag), metric: metric, subject: subject, amount: amount, at: at)
        case .hold(let tag, let request, let answer): hold(CallTag(tag), request, answer: answer)
        case .settle(let tag, let lease, let used, let at): settle(lease: lease, used: used, CallTag(tag), at: at)
        case .release(let tag, let lease): release(lease: lease, CallTag(tag))
        case .checkpoint(let tag, let state): checkpoint(CallTag(tag), state: state)
        case .finished(let tag, let outcome): finished(CallTag(tag), outcome: outcome)
        case .watch(let run, let watch): follow(run, watch)
        case .drain(let reply):
            isDraining = true
            slots.shut()
            drains.append(reply)
        case .stopCalls(let reply): stopCalls(reply)
        case .giveBack(let reply): giveBackAll(reply)
        case .ping(let reply): reply.give(.success(()))
        case .change(let wanted): change(wanted)
        case .stop: isStopping = true
        }
    }

    /// Takes over what holds from the next call on; limits that slots were given out under stay.
    private func change(_ wanted: EngineSettings) {
        settings.grace = wanted.grace
        settings.groupLimits = wanted.groupLimits
        settings.logLag = wanted.logLag
        settings.prices = wanted.prices
        askForGroups()
    }

    /// Has the machine of a run decide, and remembers the run for the next commit.
    ///
    /// - Returns: why a control was refused.
    @discardableResult
    func apply(_ input: RunInput, to run: ActiveRun) -> String? {
        guard failure == nil else { return nil }
        if case .control(.cancelNow, _) = input { killChildren(of: run) }
        if !run.heads.isEmpty { leaveLine(run) }
        let step = run.machine.apply(input, at: clock.now(), slots: &slots)
        run.add(step)
        if !run.heads.isEmpty, runs[run.number] === run {
            slots.enter(run.heads, run: run.number, of: run.plan.definition.name)
        }
        if slots.isShared || step.wantsSlots || !step.reservations.isEmpty || !step.released.isEmpty {
            noteSlots(step, of: run)
            noteReservations(step, of: run)
        }
        if step.isBudgeted != run.isBudgeted {
            run.isBudgeted = step.isBudgeted
            budgetedRuns += step.isBudgeted ? 1 : -1
        }
        if !step.attempts.isEmpty { slotsWereFreed = true }
        if !step.heads.isEmpty { linesChanged = true }
        if run.hasDecisions { touch(run) }
        if !run.children.isEmpty, step.refusal == nil, case .control(let control, _) = input {
            passOn(control, toChildrenOf: run)
        }
        return step.refusal
    }

    /// Remembers a run for the next commit.
    func touch(_ run: ActiveRun) {
        guard !run.isTouched else { return }
        run.isTouched = true
        touched.append(run)
    }

    /// The run that a call belongs to and the call, if it is the stage's current one.
    func call(of tag: CallTag) -> (run: ActiveRun, call: ActiveRun.Call)? {
        guard let run = runs[tag.run], let call = run.calls[tag.stage], tag.names(attempt: call.attempt) else {
            return nil
        }
        return (run, call)
    }

    /// Remembers a log line for the store.
    func keep(_ line: LogLine, of run: ActiveRun) {
        let waiting = run.add(line)
        let due = run.logDue ?? clock.monotonicNanoseconds() + settings.logLag.nanosecondsSaturated
        run.logDue = waiting >= Self.logBound ? 0 : due
        logsDue = min(logsDue ?? .max, run.logDue ?? .max)
    }

    // MARK: Waking

    /// When there is something to do without a message, on the monotonic clock; nil is never.
    func nextDeadline() -> Int64? {
        var deadline: Int64?
        if hasTimers {
            deadline = timers.next
            hasTimers = deadline != nil
        }
        if let logsDue { deadline = min(deadline ?? .max, logsDue) }
        if !runs.isEmpty { deadline = min(deadline ?? .max, nextPoll) }
        if let quotaDue, !runs.isEmpty { deadline = min(deadline ?? .max, quotaDue) }
        if let nextRenewal, !runs.isEmpty { deadline = min(deadline ?? .max, nextRenewal) }
        if let due = store.catchUpDue { deadline = min(deadline ?? .max, due) }
        return deadline
    }

    /// Has the store write what quick commits have put off, once no further commit does.
    private func catchUp() {
        guard failure == nil, let due = store.catchUpDue, due <= clock.monotonicNanoseconds() else { return }
        EventLoop.wakeHeld()
        do { try store.catchUp() } catch { fail(error) }
    }

    private func fireDueTimers() {
        guard hasTimers else { return }
        let now = clock.monotonicNanoseconds()
        while let timer = timers.removeDue(now) {
            guard let run = runs[timer.run] else { continue }
            run.timers[timer.key] = nil
            if let stage = Flight.stage(ofTimer: timer.key) {
                passengerTimedOut(stage, of: run)
                continue
            }
            apply(.timerFired(timer.key), to: run)
        }
    }

    private func flushLogs() {
        guard let due = logsDue else { return }
        let now = clock.monotonicNanoseconds()
        guard due <= now else { return }
        logsDue = nil
        for run in runs.values {
            guard let due = run.logDue else { continue }
            if due <= now { touch(run) } else { logsDue = min(logsDue ?? .max, due) }
        }
    }

    /// Looks once a second whether another process has written; an engine without runs does not.
    private func pollStore() {
        guard !runs.isEmpty, failure == nil else { return }
        let now = clock.monotonicNanoseconds()
        guard now >= nextPoll else { return }
        nextPoll = now + Self.pollInterval
        // Who stands before a run may have died, which writes nothing.
        askForGroups()
        if lacksSharedSlots { slotsWereFreed = true }
        guard let version = try? store.dataVersion(), version != dataVersion else { return }
        dataVersion = version
        letGoOfTakenRuns()
        takeControls()
        learnQuotas(looking: true)
    }

    // MARK: Ends

    private func answerDrains() {
        for reply in returns { reply.give(failure.map { .failure($0) } ?? .success(())) }
        returns = []
        guard !drains.isEmpty, runs.values.allSatisfy(\.calls.isEmpty) else { return }
        for reply in drains { reply.give(.success(())) }
        drains = []
    }

    /// Remembers that the store has failed: nothing is decided any more, and everybody who waits is told.
    func fail(_ error: StoreError) {
        guard failure == nil else { return }
        let failure = EngineError(error)
        self.failure = failure
        for run in runs.values { abandon(run, with: .failure(failure)) }
        runs = [:]
        numbers = [:]
        touched = []
        for acceptance in acceptances { acceptance.reply.give(.failure(failure)) }
        acceptances = []
        observer?.failed(failure)
    }

    /// Lets go of a run without deciding anything.
    func abandon(_ run: ActiveRun, with ending: Result<RunEnding, EngineError>) {
        dropHolds(run: run.number)
        run.refuseGranted()
        leaveFlights(run)
        for call in run.calls.values { host.cancel(call.handle, why: .shutdown) }
        run.calls = [:]
        for timer in run.timers.values { timers.remove(timer) }
        run.timers = [:]
        for watch in run.watches { watch.set(ending) }
        run.watches = []
    }

    private func giveUp() {
        let stopped = failure ?? EngineError(.stopped, "the engine was stopped", help: "go on with batten resume")
        for run in runs.values where run.logDue != nil || run.hasDecisions { touch(run) }
        if failure == nil, !touched.isEmpty { _ = try? store.commit(touched.map { $0.takeCommit() }) }
        // What this does not write the journal tells whoever takes the runs up.
        if failure == nil { try? store.catchUp() }
        for run in runs.values { abandon(run, with: .failure(stopped)) }
        runs = [:]
        numbers = [:]
    }
}

/// A timer of a run.
struct RunTimer {
    let run: Int
    let key: String
}

public import BattenCore
import BattenSystem

/// Drives runs: takes what happened, has the run machine decide, commits, and then acts.
///
/// One thread does all of it. What arrives while it commits gathers and shares the next commit, over all runs. All
/// functions may be called from any thread.
public final class Engine: Sendable {
    private let inbox = Inbox()
    /// What the engine was made with.
    public let settings: EngineSettings
    private let loop: EngineLoop
    private let thread = Monitor<Thread?>(nil)

    /// Creates an engine; nothing happens until ``start()``.
    ///
    /// - Parameters:
    ///   - store: where runs are durable.
    ///   - host: what calls executors.
    ///   - clock: the two clocks.
    ///   - settings: limits and configuration.
    ///   - observer: is told of commits and reports; held strongly.
    public init(
        store: any RunStore, host: any ExecutorHost, clock: any EngineClock, settings: EngineSettings,
        observer: (any EngineObserver)?
    ) {
        self.settings = settings
        loop = EngineLoop(
            store: store, host: host, clock: clock, settings: settings, observer: observer, inbox: inbox)
    }

    /// Starts the engine's thread.
    ///
    /// - Throws: ``EngineError`` when the system has no room for another thread.
    public func start() throws(EngineError) {
        do {
            let started = try Thread.start(name: "engine", stackSize: 4 << 20) { [loop] in loop.work() }
            thread.withLock { $0 = started }
        } catch {
            throw EngineError(
                .stopped, "the engine could not start: \(error.message)", help: "end other programs, or raise ulimit -u"
            )
        }
    }

    /// Accepts a run and starts it.
    ///
    /// - Returns: the run's id, once the run is on disk. Under an idempotency key that was used before, the id of the
    ///   run it gave then; nothing new starts.
    /// - Throws: ``EngineError`` when the store refused or the engine has stopped; nothing was accepted.
    public func submit(_ submission: RunSubmission) throws(EngineError) -> String {
        try submission.requireRunnable()
        let reply = Reply<String>()
        inbox.put(.submit(submission, id: Entropy.name(length: 12), seed: Entropy.bits(), reply: reply))
        return try reply.wait().get()
    }

    /// Accepts many runs and starts them; they share commits.
    ///
    /// - Returns: for each, what ``submit(_:)-(RunSubmission)`` gives for one.
    public func submit(_ submissions: [RunSubmission]) -> [Result<String, EngineError>] {
        begin(submissions).wait()
    }

    /// Asks for runs and waits for none of them: the engine works on these while the next ones are made ready.
    public func begin(_ submissions: [RunSubmission]) -> SubmittedRuns {
        SubmittedRuns(
            replies: submissions.map { submission in
                let reply = Reply<String>()
                do throws(EngineError) {
                    try submission.requireRunnable()
                    inbox.put(.submit(submission, id: Entropy.name(length: 12), seed: Entropy.bits(), reply: reply))
                } catch {
                    reply.give(.failure(error))
                }
                return reply
            })
    }

    /// Takes up a run whose owner is gone, after its claim succeeded.
    ///
    /// - Parameters:
    ///   - recovered: what the store knew of the run when it was claimed.
    ///   - plan: the plan of the definition that the run is locked to.
    ///   - epoch: the epoch that the claim gave.
    /// - Throws: ``EngineError`` when the journal does not fit the plan or the store refused.
    public func adopt(_ recovered: RecoveredRun, plan: Plan, epoch: Int64) throws(EngineError) {
        let reply = Reply<String>()
        inbox.put(.adopt(recovered, plan: plan, epoch: epoch, reply: reply))
        _ = try reply.wait().get()
    }

    /// Takes up many runs at once, after their claims succeeded; they share commits.
    ///
    /// - Returns: by run id, why a run was not taken up.
    public func adopt(_ adoptions: [RunAdoption]) -> [String: EngineError] {
        let replies = adoptions.map { adoption in
            let reply = Reply<String>()
            inbox.put(.adopt(adoption.recovered, plan: adoption.plan, epoch: adoption.epoch, reply: reply))
            return (run: adoption.recovered.row.id, reply: reply)
        }
        var errors: [String: EngineError] = [:]
        for (run, reply) in replies {
            if case .failure(let error) = reply.wait() { errors[run] = error }
        }
        return errors
    }

    /// Asks something of a run that this engine drives; a run it does not drive is left alone.
    public func control(run: String, _ control: RunControl) {
        inbox.put(.control(run: run, control))
    }

    /// Says that another process has written something for this engine.
    public func storeChanged() {
        inbox.put(.storeChanged)
    }

    /// Takes over the grace period, the limits of groups, the lag of logs and the prices from other settings; what else
    /// they say needs an engine of its own.
    public func change(_ wanted: EngineSettings) {
        inbox.put(.change(wanted))
    }

    /// Whether the engine's thread does its work.
    ///
    /// - Parameter time: how long it may take to answer.
    public func answers(within time: Duration) -> Bool {
        let reply = Reply<Void>()
        inbox.put(.ping(reply: reply))
        let end = MonotonicClock.adding(time, to: MonotonicClock.now())
        if case .success = reply.wait(until: end) { return true }
        return false
    }

    /// Waits until a run has ended or waits for somebody.
    ///
    /// - Parameters:
    ///   - run: id of a run that this engine drives.
    ///   - staying: whether to go on waiting while the run waits for somebody.
    /// - Throws: ``EngineError`` when the engine stopped first.
    public func wait(run: String, staying: Bool = false) throws(EngineError) -> RunEnding {
        let watch = RunWatch()
        inbox.put(.watch(run: run, watch))
        return try watch.wait(staying: staying).get()
    }

    /// Starts nothing more, takes nothing in, and waits for the calls in flight to end.
    ///
    /// - Parameter time: how long to wait at most.
    /// - Returns: whether all calls have ended.
    public func drain(within time: Duration) -> Bool {
        let reply = Reply<Void>()
        inbox.put(.drain(reply: reply))
        let end = MonotonicClock.adding(time, to: MonotonicClock.now())
        if case .success = reply.wait(until: end) { return true }
        return false
    }

    /// Asks the calls in flight to stop, so that another engine can make them again, and waits for them to end.
    ///
    /// What ends well in spite of that counts. Nothing starts any more; ``giveBack()`` is to follow.
    ///
    /// - Parameter time: how long to wait at most.
    /// - Returns: whether all calls have ended.
    @discardableResult
    public func stopCalls(within time: Duration) -> Bool {
        let reply = Reply<Void>()
        inbox.put(.stopCalls(reply: reply))
        let end = MonotonicClock.adding(time, to: MonotonicClock.now())
        if case .success = reply.wait(until: end) { return true }
        return false
    }

    /// Leaves every attempt that has not ended to another engine: it is made again there, and does not count as lost.
    ///
    /// Returns once that is on disk; it is for the moment before ``stop()``.
    public func giveBack() {
        let reply = Reply<Void>()
        inbox.put(.giveBack(reply: reply))
        _ = reply.wait()
    }

    /// Stops the engine: nothing new starts, calls in flight are given up, and their runs stay as they are on disk.
    public func stop() {
        inbox.put(.stop)
        let started = thread.withLock { state in
            defer { state = nil }
            return state
        }
        started?.join()
    }
}

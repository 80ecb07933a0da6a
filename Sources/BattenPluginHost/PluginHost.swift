public import BattenCore
import BattenSystem
import CBattenABI
import Synchronization

/// Finds plugins, loads them when one of their executors is first needed, and carries out calls.
///
/// Blocking executors run on a pool of threads, asynchronous ones on a few event loops. Every call that is started
/// delivers exactly one outcome to its sink, whatever the plugin does: a call that has not ended a grace time after it
/// was asked to is given up, and whatever the plugin still says about it is ignored.
public final class PluginHost: ExecutorHost, Sendable {
    /// How this host was set up.
    public let settings: HostSettings
    let table: CallTable
    let pool: BlockingPool
    let loops: LoopGroup
    let deadlines: Deadlines
    let catalog: PluginCatalog
    let leases: Leases
    /// Holds plugins to the rules of the header while they work; nil when nobody asked for it.
    let rules: RuleKeeper?
    /// Where calls of an executor go, by type; with a mark for those that ask for more isolation.
    let routes = Mutex<[String: Route]>([:])
    /// The plugins that have workers, by id.
    let isolated = Mutex<[String: IsolatedPlugin]>([:])
    /// Plugins that were looked at anew, whose workers may still be ending.
    let formerlyIsolated = Mutex<[IsolatedPlugin]>([])
    let isolatedCalls: IsolatedCalls
    private let knownGroups = Mutex<ControlGroups?>(nil)
    /// Whether outcomes go to another process unread.
    let isWorker: Bool
    /// Number of the blob that was made last.
    let lastBlob = Atomic<UInt64>(0)
    let isShuttingDown = Atomic<Bool>(false)
    /// Signalled when the last call has ended during shutdown.
    let quiet = Monitor(false)

    /// Creates a host; nothing is read or loaded before something is asked of it.
    public convenience init(_ settings: HostSettings) {
        self.init(settings, loops: LoopGroup(limit: settings.loopCount), isWorker: false)
    }

    /// Creates a host with loops of its own, for this process or for another one.
    init(_ settings: HostSettings, loops: LoopGroup, isWorker: Bool) {
        self.settings = settings
        self.loops = loops
        self.isWorker = isWorker
        let table = CallTable()
        self.table = table
        pool = BlockingPool(limit: settings.blockingLimit, idleTime: settings.idleTime)
        let isolatedCalls = IsolatedCalls()
        self.isolatedCalls = isolatedCalls
        deadlines = Deadlines { token in
            token & IsolatedCall.tokenMark == 0 ? table.find(token) != nil : isolatedCalls.find(token) != nil
        }
        catalog = PluginCatalog(settings)
        leases = Leases()
        rules = settings.keepsRules ? RuleKeeper(isWorker: isWorker) : nil
        StandardStream.surviveClosedPipes()
    }

    /// Where control groups for workers can be made.
    var controlGroups: ControlGroups {
        knownGroups.withLock { known in
            let groups = known ?? settings.groups()
            known = groups
            return groups
        }
    }

    /// What has been counted so far.
    public var statistics: HostStatistics {
        var statistics = table.statistics
        isolatedCalls.count(into: &statistics)
        return statistics
    }

    /// How many threads serve blocking calls now.
    public var blockingThreads: Int { pool.threadCount }

    /// Starts a call; see ``ExecutorHost/start(_:sink:)``.
    public func start(_ call: ExecutorCall, sink: any CallSink) -> CallHandle {
        switch route(call.executor, wantsMore: call.isolation == .process || call.isAlone) {
        case .success(.isolated(let executor, let plugin)): return start(call, executor, in: plugin, sink: sink)
        case .success(.inProcess): break
        case .failure(let miss):
            sink.finished(tag: call.tag, outcome: miss.outcome(for: call.executor))
            return CallHandle(token: 0)
        }
        let active: ActiveCall
        switch prepare(call, sink) {
        case .success(let prepared): active = prepared
        case .failure(let refusal):
            sink.finished(tag: call.tag, outcome: refusal.outcome)
            return CallHandle(token: 0)
        }
        return CallHandle(token: submit(active))
    }

    /// Takes a call in that was made for an instance of this host.
    ///
    /// - Returns: its token; 0 when it was refused, after its outcome was delivered.
    @discardableResult
    func submit(_ active: ActiveCall) -> UInt64 {
        let token = table.insert(active)
        guard token != 0 else {
            active.deliver(HostOutcome.shutDown)
            return 0
        }
        if let deadline = active.deadline {
            guard addDeadline(.init(instant: deadline, token: token, isGrace: false)) else {
                end(active, HostOutcome.noResources("the thread that watches deadlines cannot be started"))
                return token
            }
        }
        switch active.instance.admit(active) {
        case .dispatch: dispatch(active)
        case .wait: break
        case .open: open(active.instance)
        case .refused(let outcome): end(active, outcome)
        }
        return token
    }

    /// Asks a call to stop; see ``ExecutorHost/cancel(_:why:)``.
    public func cancel(_ handle: CallHandle, why: CancelReason) {
        requestStop(handle.token, why: why.rawValue)
    }

    // MARK: Starting

    private struct Refusal: Error {
        let outcome: StageOutcome
    }

    /// Everything that can refuse a call before it gets a token.
    private func prepare(_ call: ExecutorCall, _ sink: any CallSink) -> Result<ActiveCall, Refusal> {
        let executor: HostedExecutor
        switch catalog.find(call.executor, host: self) {
        case .success(let found): executor = found
        case .failure(let miss): return .failure(Refusal(outcome: miss.outcome(for: call.executor)))
        }
        let left = executor.plugin.outstanding.load(ordering: .relaxed)
        guard left <= settings.abandonedLimit else {
            let error = PluginError(
                .quarantined,
                "the plugin \(executor.plugin.descriptor.id) has \(left) given-up calls that never ended",
                help: "start a new process, and tell the plugin's author")
            return .failure(Refusal(outcome: HostOutcome.refused(error)))
        }
        if let violation = executor.descriptor.input.violation(of: call.input) {
            return .failure(Refusal(outcome: HostOutcome.badInput(call.executor, violation)))
        }
        if let deadline = call.deadline, deadline <= MonotonicClock.now() {
            let outcome = HostOutcome.notStarted(call.executor, why: CancelReason.deadline.rawValue)
            return .failure(Refusal(outcome: outcome))
        }
        do throws(SystemError) {
            let instance = try executor.instance(for: call.config) { () throws(SystemError) in try loops.next() }
            return .success(ActiveCall(call, instance: instance, sink: sink))
        } catch {
            return .failure(Refusal(outcome: HostOutcome.noResources(error.description)))
        }
    }

    private func open(_ instance: ExecutorInstance) {
        do throws(SystemError) {
            try pool.submit(OpenJob(instance))
        } catch {
            finishOpening(instance, .refused(HostOutcome.noResources(error.description)))
        }
    }

    /// Lets the calls go that waited for an instance.
    func finishOpening(_ instance: ExecutorInstance, _ stage: ExecutorInstance.Stage) {
        instance.opened(stage)
        while case let calls = instance.letIn(), !calls.isEmpty {
            for call in calls {
                if case .refused(let outcome) = stage { end(call, outcome) } else { dispatch(call) }
            }
        }
    }

    /// Brings a call to the thread that shall carry it out.
    func dispatch(_ call: ActiveCall) {
        guard !tryDispatch(call) else { return }
        leave(call.instance)
    }

    /// False when the call was ended instead.
    private func tryDispatch(_ call: ActiveCall) -> Bool {
        if let loop = call.instance.loop {
            if loop.post(call) { return true }
            end(call, HostOutcome.shutDown)
            return false
        }
        do throws(SystemError) {
            try pool.submit(call)
            return true
        } catch {
            end(call, HostOutcome.noResources(error.description))
            return false
        }
    }

    /// Ends a call that the plugin has not seen.
    private func end(_ call: ActiveCall, _ outcome: StageOutcome) {
        if table.withdraw(call) { call.deliver(outcome) }
        noticeQuiet()
    }

    /// A dispatched call has ended: its place goes to the next one.
    func leave(_ instance: ExecutorInstance) {
        while let next = instance.leave() {
            if tryDispatch(next) { break }
        }
        noticeQuiet()
    }

    /// Tells a shutdown that something has ended.
    func noticeQuiet() {
        guard isShuttingDown.load(ordering: .relaxed) else { return }
        quiet.signal(all: true) { $0 = true }
    }

    // MARK: Stopping

    func addDeadline(_ entry: Deadlines.Entry) -> Bool {
        do throws(SystemError) {
            try deadlines.add(entry) { [self] entry in
                if entry.isGrace { abandon(entry.token) } else { requestStop(entry.token, why: 2) }
            }
            return true
        } catch {
            return false
        }
    }

    /// Asks a call to stop, for a `batten_stop` reason; the first reason stays.
    func requestStop(_ token: UInt64, why: UInt32) {
        guard token & IsolatedCall.tokenMark == 0 else { return requestIsolatedStop(token, why: why) }
        switch table.requestStop(token, why: why) {
        case .nothing: return
        case .end(let call):
            call.deliver(HostOutcome.notStarted(call.instance.executor.descriptor.type, why: why))
            noticeQuiet()
        case .ask(let call):
            if let loop = call.instance.loop {
                loop.post(CancelJob(call, why: why))
            } else {
                askToStop(call, why: why)
            }
            leases.stop(token)
            let (end, overflow) = MonotonicClock.now().addingReportingOverflow(call.grace)
            guard !overflow else { return }
            // Without a thread to watch the grace time it is over at once.
            if !addDeadline(.init(instant: end, token: token, isGrace: true)) { abandon(token) }
        }
    }

    /// Calls the plugin's `cancel`.
    func askToStop(_ call: ActiveCall, why: UInt32) {
        guard table.find(call.token) === call, let opened = call.instance.opened,
            let cancel = unsafe call.instance.executor.descriptor.functions.cancel, let why = batten_stop(rawValue: why)
        else { return }
        quickly("cancel of \(call.instance.executor.descriptor.type)", of: call.instance.executor.plugin, in: call) {
            unsafe cancel(opened.pointer, call.token, why)
        }
    }

    /// Gives a call up: its outcome is delivered, its token is dead, its memory stays the plugin's.
    func abandon(_ token: UInt64) {
        guard token & IsolatedCall.tokenMark == 0 else { return abandonIsolated(token) }
        guard let call = table.abandon(token) else { return }
        let executor = call.instance.executor
        let left = executor.plugin.outstanding.add(1, ordering: .relaxed).newValue
        if call.instance.loop == nil { pool.markStuck() }
        if rules != nil, executor.descriptor.isCancellable {
            let type = executor.descriptor.type
            breaks(.cancel, "\(type) says it is cancellable and did not end in its grace time", by: executor.plugin)
        }
        settings.report(
            .abandoned(
                plugin: executor.plugin.descriptor.id, executor: executor.descriptor.type, outstanding: left))
        call.deliver(
            HostOutcome.abandoned(
                executor.descriptor.type, why: call.stop.load(ordering: .relaxed), grace: call.grace))
        leave(call.instance)
    }
}

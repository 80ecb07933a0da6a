import BattenCore
import BattenSystem
import Synchronization

/// The worker processes of a plugin, and the calls that wait for one.
///
/// Calls share workers; a call that was inside a crash, or whose stage asks for it, gets one of its own.
final class WorkerGroup: Sendable {
    /// How long the other calls of a worker may take after one of them did not stop.
    static let neighbourPatience: Int64 = 10_000_000_000

    private struct State {
        var workers: [WorkerConnection] = []
        /// Shared workers that were asked for and are not ready.
        var starting = 0
        /// Workers of single calls.
        var alone = 0
        var waiting = WaitingCalls()
        var waitingAlone = WaitingCalls()
        /// Everything that has not ended, shared, alone, starting or leaving.
        var all: [ObjectIdentifier: WorkerConnection] = [:]
        var notBefore: Int64 = 0
        var isPaused = false
        var isClosed = false
    }

    let plugin: IsolatedPlugin
    /// The folder of the calls, when the plugin's rights depend on it.
    let folder: String?
    let host: PluginHost
    private let state = Mutex(State())
    private let hasWaiting = Atomic<Bool>(false)

    init(plugin: IsolatedPlugin, folder: String?, host: PluginHost) {
        self.plugin = plugin
        self.folder = folder
        self.host = host
    }

    /// How many shared workers there may be.
    private var size: Int {
        if case .workerPool(let count) = plugin.mode { count } else { 1 }
    }

    /// How many calls may have workers of their own at once.
    private var aloneLimit: Int { max(1, host.settings.blockingLimit) }

    // MARK: Calls

    private enum Step {
        case done
        case end(StageOutcome)
        case send(WorkerConnection, alsoStart: Bool)
        case start
        case startAlone
    }

    /// Takes a call in; its outcome follows in any case.
    func submit(_ call: IsolatedCall) {
        if let refusal = plugin.history.refusal {
            host.endIsolated(call, HostOutcome.refused(refusal))
            return
        }
        while true {
            let step = state.withLock { state -> Step in
                call.isAlone ? admitAlone(call, &state) : admit(call, &state)
            }
            switch step {
            case .done: return
            case .end(let outcome):
                host.endIsolated(call, outcome)
                return
            case .start: return start()
            case .startAlone: return launch(for: call)
            case .send(let worker, let alsoStart):
                if alsoStart { start() }
                if worker.send(call) { return }
                // It has just stopped taking calls; there is another one, or will be.
                state.withLock { state in state.workers.removeAll { $0 === worker } }
            }
        }
    }

    private func admit(_ call: IsolatedCall, _ state: inout State) -> Step {
        guard !state.isClosed else { return .end(HostOutcome.shutDown) }
        var best: (worker: WorkerConnection, load: Int)?
        for worker in state.workers {
            guard let load = worker.load, load < WorkerConnection.mostCalls else { continue }
            if best == nil || load < best?.load ?? 0 { best = (worker, load) }
        }
        let count = state.workers.count + state.starting
        if let best {
            let alsoStart = best.load > 0 && count < size && state.starting == 0
            if alsoStart { state.starting += 1 }
            return .send(best.worker, alsoStart: alsoStart)
        }
        state.waiting.append(call)
        hasWaiting.store(true, ordering: .relaxed)
        guard state.starting < state.waiting.count, !state.isPaused, count < size else { return .done }
        state.starting += 1
        return .start
    }

    private func admitAlone(_ call: IsolatedCall, _ state: inout State) -> Step {
        guard !state.isClosed else { return .end(HostOutcome.shutDown) }
        guard state.alone < aloneLimit else {
            state.waitingAlone.append(call)
            return .done
        }
        state.alone += 1
        return .startAlone
    }

    /// A call has ended by the plugin's word.
    func finished(_ call: IsolatedCall, _ outcome: StageOutcome, on worker: WorkerConnection) {
        plugin.history.clear(call.key)
        host.endIsolated(call, outcome)
        left(worker)
    }

    /// A call's outcome cannot be read; its worker is about to be ended.
    func lost(_ call: IsolatedCall, rule: String) {
        host.endIsolated(
            call,
            StageOutcome(
                .crashed, effect: .unknown, code: StageOutcome.lostWorkerCode,
                message: "the worker process of \(call.executor.type) broke the rules between worker and host (\(rule))"
            ))
    }

    /// A call did not stop within its grace time.
    func hung(_ call: IsolatedCall, in worker: WorkerConnection) {
        worker.forget(call)
        state.withLock { state in state.workers.removeAll { $0 === worker } }
        worker.condemn(.hung(call.executor.type), patience: Self.neighbourPatience)
        startIfNeeded()
    }

    /// A worker has room again.
    private func left(_ worker: WorkerConnection) {
        if worker.onlyCall != nil { return worker.retire() }
        if worker.isWorn { replace(worker) }
        guard hasWaiting.load(ordering: .relaxed) else {
            if worker.load == nil { worker.leaveIfEmpty() }
            return
        }
        feed(worker)
    }

    /// Gives a worker the calls that wait, as many as it may have.
    private func feed(_ worker: WorkerConnection) {
        // The workers that are starting get their share.
        var share = state.withLock { ($0.waiting.count + $0.starting) / ($0.starting + 1) }
        // Beyond its share it takes one when it has none: no end of a call would have it fed again.
        while let load = worker.load, load == 0 || share > 0, load < WorkerConnection.mostCalls {
            let next = state.withLock { state -> IsolatedCall? in
                let next = state.waiting.next()
                if next == nil { hasWaiting.store(false, ordering: .relaxed) }
                return next
            }
            guard let next else { return }
            share -= 1
            if !worker.send(next) { return submit(next) }
        }
        worker.leaveIfEmpty()
    }

    // MARK: Workers

    /// Starts a shared worker that was counted as starting, now or when the pause after crashes is over.
    private func start() {
        let wait = state.withLock { state -> Int64? in
            guard state.notBefore > MonotonicClock.now() else { return nil }
            state.starting -= 1
            state.isPaused = true
            return state.notBefore
        }
        guard let wait else { return launch(for: nil) }
        do throws(SystemError) {
            let loop = try host.loops.next()
            loop.post { [self] in
                _ = loop.setTimer(at: wait) { [self] in
                    state.withLock { $0.isPaused = false }
                    startIfNeeded()
                }
            }
        } catch {
            failed(for: nil, error)
        }
    }

    /// Starts a shared worker when calls wait and there is none.
    private func startIfNeeded() {
        let isNeeded = state.withLock { state in
            guard !state.isClosed, !state.isPaused, !state.waiting.isEmpty, state.workers.isEmpty, state.starting == 0
            else { return false }
            state.starting += 1
            return true
        }
        if isNeeded { start() }
    }

    private func launch(for call: IsolatedCall?) {
        do throws(SystemError) {
            let loop = try host.loops.next()
            try WorkerSpawner.shared.run { [self] in
                do {
                    let program = try WorkerExecutable.path(named: host.settings.workerPath)
                    let worker = try WorkerConnection.launch(group: self, loop: loop, onlyCall: call, program: program)
                    let isWanted = state.withLock { state in
                        state.all[ObjectIdentifier(worker)] = worker
                        return !state.isClosed
                    }
                    if !isWanted { worker.kill() }
                    loop.post { worker.begin() }
                } catch let error as PluginError {
                    refuse(for: call, error)
                } catch {
                    failed(for: call, error)
                }
            }
        } catch {
            failed(for: call, error)
        }
    }

    /// A worker could not be started.
    private func failed(for call: IsolatedCall?, _ error: any Error) {
        end(for: call, HostOutcome.noResources("a worker process cannot be started: \(error)"))
    }

    private func refuse(for call: IsolatedCall?, _ error: PluginError) {
        end(for: call, HostOutcome.refused(error))
    }

    /// Ends what waits for a worker that will not come.
    private func end(for call: IsolatedCall?, _ outcome: StageOutcome) {
        let calls = state.withLock { state -> [IsolatedCall] in
            if let call {
                state.alone -= 1
                return [call]
            }
            state.starting = max(0, state.starting - 1)
            return state.workers.isEmpty ? state.waiting.removeAll() : []
        }
        for call in calls { host.endIsolated(call, outcome) }
        if call != nil { nextAlone() }
    }

    /// A worker takes calls now.
    func ready(_ worker: WorkerConnection) {
        if let call = worker.onlyCall {
            if !worker.send(call) || call.hasEnded { worker.retire() }
            return
        }
        state.withLock { state in
            state.starting = max(0, state.starting - 1)
            if !state.isClosed { state.workers.append(worker) }
        }
        feed(worker)
    }

    /// A worker says that the plugin cannot be used.
    func refused(_ worker: WorkerConnection, _ error: PluginError) {
        refuse(for: worker.onlyCall, error)
    }

    /// Has no more calls sent to a worker, which ends when its last one has.
    func replace(_ worker: WorkerConnection) {
        state.withLock { state in state.workers.removeAll { $0 === worker } }
        worker.retire()
    }

    /// A worker has ended.
    func ended(_ worker: WorkerConnection, _ verdict: WorkerVerdict, _ calls: [IsolatedCall]) {
        let wasKnown = state.withLock { state in
            state.workers.removeAll { $0 === worker }
            return state.all.removeValue(forKey: ObjectIdentifier(worker)) != nil
        }
        guard wasKnown else { return }
        let isOwn = plugin.mode == .workerPerCall
        if verdict.isCrash {
            host.settings.report(
                .crashed(plugin: plugin.descriptor.id, pid: verdict.pid, what: verdict.text, calls: calls.count))
            if !isOwn { plugin.history.suspect(calls.map(\.key)) }
            if worker.onlyCall == nil || !verdict.wasReady {
                let notBefore = plugin.history.crashed(at: MonotonicClock.now())
                state.withLock { $0.notBefore = max($0.notBefore, notBefore) }
            }
        }
        for call in calls { host.endIsolated(call, verdict.outcome(of: call, isOwn: isOwn)) }
        if let call = worker.onlyCall {
            // It never was inside.
            if !call.hasEnded {
                var outcome = verdict.outcome(of: call, isOwn: isOwn)
                outcome.effect = .none
                host.endIsolated(call, outcome)
            }
            state.withLock { $0.alone -= 1 }
            nextAlone()
        } else if !verdict.wasReady, verdict.reason != .retired {
            state.withLock { $0.starting = max(0, $0.starting - 1) }
            if verdict.reason == .notReady {
                let error = PluginError(
                    .startFailed, "the worker process of the plugin \(plugin.path) was not ready within 30 s",
                    help: "this is the plugin's error: tell its author, or run another version of it")
                end(for: nil, HostOutcome.refused(error))
            }
        }
        if let refusal = plugin.history.refusal {
            let waiting = state.withLock { $0.waiting.removeAll() + $0.waitingAlone.removeAll() }
            for call in waiting { host.endIsolated(call, HostOutcome.refused(refusal)) }
        }
        startIfNeeded()
        host.noticeQuiet()
    }

    private func nextAlone() {
        let next = state.withLock { state -> IsolatedCall? in
            guard !state.isClosed, state.alone < aloneLimit, let next = state.waitingAlone.next() else { return nil }
            state.alone += 1
            return next
        }
        if let next { launch(for: next) }
    }

    // MARK: The end

    /// Starts no more workers and has those that are there end when they have no calls.
    func close() {
        let (workers, waiting) = state.withLock { state in
            state.isClosed = true
            state.workers = []
            return (Array(state.all.values), state.waiting.removeAll() + state.waitingAlone.removeAll())
        }
        for call in waiting { host.endIsolated(call, HostOutcome.shutDown) }
        for worker in workers { worker.retire() }
    }

    /// Has every worker end when its calls have; new calls get new ones.
    func renew() {
        let workers = state.withLock { state in
            state.workers = []
            return Array(state.all.values)
        }
        for worker in workers { worker.retire() }
    }

    /// How many processes have not ended.
    var processes: Int { state.withLock { $0.all.count } }

    /// The ids of the processes that have not ended.
    var processIDs: [Int32] { state.withLock { $0.all.values.map(\.pid).sorted() } }

    /// Kills what is still there.
    func kill() {
        for worker in state.withLock({ Array($0.all.values) }) { worker.kill() }
    }
}

/// Calls in the order they came; those that have ended meanwhile are left out.
struct WaitingCalls: Sendable {
    private var calls: [IsolatedCall] = []
    private var head = 0

    /// How many are there, ended ones included.
    var count: Int { calls.count - head }

    /// Whether none is there.
    var isEmpty: Bool { head == calls.count }

    mutating func append(_ call: IsolatedCall) {
        calls.append(call)
    }

    /// Takes the first that has not ended.
    mutating func next() -> IsolatedCall? {
        while head < calls.count {
            let call = calls[head]
            head += 1
            if head == calls.count {
                calls.removeAll(keepingCapacity: true)
                head = 0
            } else if head >= 1024, head * 2 > calls.count {
                calls.removeFirst(head)
                head = 0
            }
            if !call.hasEnded { return call }
        }
        return nil
    }

    /// Takes all.
    mutating func removeAll() -> [IsolatedCall] {
        defer {
            calls = []
            head = 0
        }
        return Array(calls[head...])
    }
}

import BattenCore
import BattenEngine
import BattenStore
import BattenSystem
import Synchronization

/// What executes runs in this process: store, host and engine, opened together and closed together.
final class EngineRuntime: Sendable {
    /// The state on disk.
    let folder: StateFolder
    /// The store's writing side.
    let store: SQLiteStore
    /// What drives the runs.
    let engine: Engine
    /// Id of the engine among those that work on the same store.
    let engineID: String
    private let host: any ExecutorHost
    private let seat: EngineSeat
    /// The loop that waits for other processes, files and the clock.
    let wakes: EventLoop
    private let options: StoreOptions
    private let retention: Mutex<RetentionPolicy>
    private let role: String
    private let keeper = Mutex<TokenKeeper?>(nil)

    /// The role of engines that take up runs by themselves.
    static let serving = "serve"

    private init(
        folder: StateFolder, store: SQLiteStore, engine: Engine, engineID: String, host: any ExecutorHost,
        seat: EngineSeat, wakes: EventLoop, options: StoreOptions, retention: RetentionPolicy, role: String
    ) {
        self.role = role
        self.options = options
        self.retention = Mutex(retention)
        self.folder = folder
        self.store = store
        self.engine = engine
        self.engineID = engineID
        self.host = host
        self.seat = seat
        self.wakes = wakes
    }

    /// Opens the store, makes an engine on it and starts it.
    ///
    /// - Parameters:
    ///   - folder: where the state is; made when it is missing.
    ///   - options: how the store writes.
    ///   - retention: how much history is kept when this process tidies up.
    ///   - host: what calls executors; the runtime shuts it down when it is closed.
    ///   - observer: is told of commits and reports.
    ///   - role: what the engine is started as, for example `run`.
    ///   - onWake: called whenever another process has woken the engine; returns at once.
    ///   - adjust: changes the engine's settings before it is made.
    /// - Throws: ``StoreError`` or ``EngineError``; nothing is left running.
    static func open(
        folder: StateFolder, options: StoreOptions, retention: RetentionPolicy, host: any ExecutorHost,
        observer: (any EngineObserver)?, role: String, version: String, onWake: @escaping @Sendable () -> Void = {},
        adjust: (inout EngineSettings) -> Void
    ) throws -> EngineRuntime {
        let store = try SQLiteStore(folder, options: options)
        let engineID = Entropy.name(length: 12)
        let seat = try EngineSeat(folder, id: engineID)
        let record = EngineRecord(
            id: engineID, host: HostMachine.name(), pid: ProcessEnvironment.processID, version: version, role: role,
            startedAt: SystemEngineClock().now())
        // An engine that waits for runs is looked for before it has any.
        if role == serving { try store.introduceNow(record) } else { try store.introduce(record) }
        var settings = EngineSettings(engineID: engineID, processors: ProcessEnvironment.processors)
        adjust(&settings)
        let engine = Engine(
            store: store, host: host, clock: SystemEngineClock(), settings: settings, observer: observer)
        try engine.start()
        let wakes = try EventLoop()
        try wakes.start(name: "wakes", stackSize: 256 << 10)
        wakes.post(WakeWatch(seat: seat, engine: engine, onWake: onWake))
        return EngineRuntime(
            folder: folder, store: store, engine: engine, engineID: engineID, host: host, seat: seat, wakes: wakes,
            options: options, retention: retention, role: role)
    }

    /// Tells what happens to the locks of the engines on this store.
    ///
    /// - Parameter handler: called on a thread of the runtime with the engine's id, or nil when something was missed;
    ///   returns at once.
    func watchEngines(_ handler: @escaping @Sendable (String?) -> Void) throws(SystemError) {
        wakes.post(EngineWatch(try FolderEvents(folder.engines), handler: handler))
    }

    /// Has the engine look anew for plugins that its stages lack whenever a file of one comes into these folders.
    ///
    /// What cannot be watched is not: then the next start of an engine sees it.
    func watchPlugins(in folders: [String]) {
        for folder in folders { wakes.post(PluginWatch(folder, engine: engine)) }
    }

    /// Tells when an alarm of the wall clock has come, or that clock was set.
    ///
    /// - Parameter handler: called on a thread of the runtime; returns at once.
    func watch(_ alarm: WallClockAlarm, _ handler: @escaping @Sendable () -> Void) {
        wakes.post(ClockWatch(alarm, handler: handler))
    }

    /// Takes up a run whose engine is gone, or one that this store knows as paused.
    ///
    /// - Parameters:
    ///   - run: the whole run id.
    ///   - takeOver: whether to take it from an engine that lives but does not move.
    ///   - compile: makes a plan of the definition that the run is locked to.
    ///   - claimed: called when the run is this engine's and before it moves.
    /// - Returns: what kept it from being taken up; nil when this engine drives it now.
    func resume(
        run: String, takeOver: Bool, compile: ([UInt8]) throws -> Plan, claimed: () throws -> Void = {}
    ) throws -> ResumeRefusal? {
        guard let recovered = try store.recover(run: run) else { return .unknown }
        guard !recovered.row.status.isTerminal else { return .ended(recovered.row.status) }
        if !takeOver, try EngineFolder.isAlive(recovered.owner, in: folder) {
            return .driven(engine: recovered.owner)
        }
        let plan = try compile(recovered.snapshot)
        guard let epoch = try store.claim(run: run, engine: engineID, fromEpoch: recovered.epoch) else {
            return .takenByAnother
        }
        if takeOver { _ = try? EngineFolder.wake(recovered.owner, in: folder) }
        // What the old owner wrote between the first look and the claim is part of the run.
        guard let owned = try store.recover(run: run) else { return .unknown }
        try claimed()
        try engine.adopt(owned, plan: plan, epoch: epoch)
        // Also a pause that was asked for while nobody drove the run, and was taken in with it, is over: a run that is
        // not paused refuses.
        engine.control(run: run, .resume)
        return nil
    }

    /// Has logins renewed as long as the engine works.
    func keep(_ made: TokenKeeper) { keeper.withLock { $0 = made } }

    /// Has another policy hold from the next sweep on.
    func retain(_ policy: RetentionPolicy) {
        retention.withLock { $0 = policy }
    }

    /// Removes history that is beyond the policy, for a few milliseconds; what is left is for the next one who tidies.
    ///
    /// It is upkeep: no run fails because it could not be done, and it gives way to whoever writes.
    /// - Parameter time: how long it may take.
    /// - Returns: whether nothing is left to do for now; nil when it could not be done.
    @discardableResult
    func tidy(within time: Duration) -> Bool? {
        var options = options
        options.busyLimit = .milliseconds(2)
        do throws(StoreError) {
            let keeper = try HistoryKeeper(
                folder, policy: retention.withLock { $0 }, options: options, now: { SystemEngineClock().now() })
            guard try keeper.isDue(every: .seconds(60)) else { return true }
            // Who serves has the time for it; nobody waits for its end.
            let reader = role == Self.serving ? nil : try StoreReader(folder)
            if try reader?.living(role: Self.serving).isEmpty == false { return true }
            return try keeper.work(within: time, limit: UpkeepLimit(rows: 500, time: .milliseconds(3)))
        } catch {
            return nil
        }
    }

    /// Stops the engine and the plugins.
    func close() {
        wakes.stop()
        engine.stop()
        keeper.withLock { $0 }?.close()
        host.shutdown(within: .seconds(2))
        try? store.engineStopped(engineID, at: SystemEngineClock().now())
        tidy(within: .milliseconds(6))
    }
}

/// Has the engine look at the store whenever somebody wakes it.
private final class WakeWatch: LoopJob {
    private let seat: EngineSeat
    private let engine: Engine
    private let onWake: @Sendable () -> Void

    init(seat: EngineSeat, engine: Engine, onWake: @escaping @Sendable () -> Void) {
        self.seat = seat
        self.engine = engine
        self.onWake = onWake
    }

    func run(on loop: EventLoop) {
        let seat = seat
        let engine = engine
        let onWake = onWake
        // A failing watch leaves the engine its look at the store once a second.
        _ = try? loop.watch(seat.wakeDescriptor, for: .read) { _, _ in
            seat.takeWakes()
            engine.storeChanged()
            onWake()
        }
    }
}

/// Tells of engines that come and go.
private final class EngineWatch: LoopJob {
    private let events: FolderEvents
    private let handler: @Sendable (String?) -> Void

    init(_ events: consuming FolderEvents, handler: @escaping @Sendable (String?) -> Void) {
        self.events = events
        self.handler = handler
    }

    func run(on loop: EventLoop) {
        _ = try? loop.watch(events.descriptor, for: .read) { [self] _, _ in
            guard let changes = try? events.take() else { return }
            for (name, change) in changes {
                switch change {
                case .appeared, .arrived: break
                case .lost: handler(nil)
                case .closed, .vanished:
                    if let engine = EngineFolder.engine(ofLock: name) { handler(engine) }
                }
            }
        }
    }
}

/// Tells of the wall clock.
private final class ClockWatch: LoopJob {
    private let alarm: WallClockAlarm
    private let handler: @Sendable () -> Void

    init(_ alarm: WallClockAlarm, handler: @escaping @Sendable () -> Void) {
        self.alarm = alarm
        self.handler = handler
    }

    func run(on loop: EventLoop) {
        _ = try? loop.watch(alarm.descriptor, for: .read) { [self] _, _ in
            alarm.take()
            handler()
        }
    }
}

/// Why a run cannot be taken up.
enum ResumeRefusal: Sendable, Hashable {
    /// There is no such run.
    case unknown
    /// It has ended.
    case ended(RunStatus)
    /// A live engine drives it.
    case driven(engine: String)
    /// Another process was faster.
    case takenByAnother
}

import BattenCore
import BattenSystem
import CBattenABI
import Synchronization

/// One executor of a loaded plugin.
final class HostedExecutor: Sendable {
    let descriptor: ExecutorDescriptor
    let plugin: LoadedPlugin
    private let instances = Mutex<[ExecutorInstance]>([])

    init(_ descriptor: ExecutorDescriptor, plugin: LoadedPlugin) {
        self.descriptor = descriptor
        self.plugin = plugin
    }

    /// The instance for a configuration; calls with equal configurations share it.
    ///
    /// - Parameter makeLoop: gives a new instance of an asynchronous executor the loop it stays on.
    func instance(
        for config: JSONValue, makeLoop: () throws(SystemError) -> EventLoop
    ) throws(SystemError) -> ExecutorInstance {
        if let found = instances.withLock({ list in list.first { $0.config == config } }) { return found }
        let loop = descriptor.isAsynchronous ? try makeLoop() : nil
        let made = ExecutorInstance(config: config, executor: self, loop: loop)
        return instances.withLock { list in
            if let found = list.first(where: { $0.config == config }) { return found }
            list.append(made)
            return made
        }
    }

    /// All instances made so far.
    var allInstances: [ExecutorInstance] { instances.withLock { $0 } }
}

/// An executor with one configuration: opened once, before its first call.
final class ExecutorInstance: Sendable {
    let config: JSONValue
    let executor: HostedExecutor
    /// The loop that calls are begun on; nil for blocking executors.
    let loop: EventLoop?

    enum Stage {
        case unopened
        case opening
        case open(OpenedInstance)
        case refused(StageOutcome)
        case closed
    }

    fileprivate struct State {
        var stage = Stage.unopened
        /// Whether calls that waited for the opening are still being let in; later ones queue up behind them.
        var isLettingIn = false
        var running = 0
        var waiting: [ActiveCall] = []
        var head = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    init(config: JSONValue, executor: HostedExecutor, loop: EventLoop?) {
        self.config = config
        self.executor = executor
        self.loop = loop
        limit = executor.descriptor.maxInFlight
    }

    /// What becomes of a call that arrives.
    enum Admission {
        /// The caller dispatches it.
        case dispatch
        /// It waits; the caller opens the instance.
        case open
        /// It waits for others.
        case wait
        /// The instance cannot be used.
        case refused(StageOutcome)
    }

    /// Takes a call in.
    func admit(_ call: ActiveCall) -> Admission {
        state.withLock { state in
            switch state.stage {
            case .open:
                guard !state.isLettingIn, limit == 0 || state.running < limit else {
                    state.waiting.append(call)
                    return .wait
                }
                if limit > 0 { state.running += 1 }
                return .dispatch
            case .unopened:
                state.stage = .opening
                state.waiting.append(call)
                return .open
            case .opening:
                state.waiting.append(call)
                return .wait
            case .refused(let outcome): return .refused(outcome)
            case .closed: return .refused(HostOutcome.shutDown)
            }
        }
    }

    /// Notes how opening went; ``letIn()`` follows until it has nothing more.
    func opened(_ stage: Stage) {
        state.withLock { state in
            state.stage = stage
            state.isLettingIn = true
        }
    }

    /// The calls that waited for the opening, and those that came while the ones before them were let in.
    ///
    /// - Returns: the calls to be dispatched, or to be ended when the instance was refused; when none is left, later ones
    ///   need no longer wait for them.
    func letIn() -> [ActiveCall] {
        state.withLock { state in
            guard case .open = state.stage else {
                defer { (state.waiting, state.head, state.isLettingIn) = ([], 0, false) }
                return Array(state.waiting[state.head...])
            }
            var ready: [ActiveCall] = []
            while limit == 0 || state.running < limit, let next = state.next() {
                if limit > 0 { state.running += 1 }
                ready.append(next)
            }
            if ready.isEmpty { state.isLettingIn = false }
            return ready
        }
    }

    /// A dispatched call has ended; the one that may start in its place.
    func leave() -> ActiveCall? {
        guard limit > 0 else { return nil }
        return state.withLock { state in
            if !state.isLettingIn, let next = state.next() { return next }
            state.running -= 1
            return nil
        }
    }

    /// The plugin's pointer; nil inside when the executor has no `open`, nil outside when it is not open.
    var opened: OpenedInstance? {
        state.withLock { state in
            if case .open(let opened) = state.stage { return opened }
            return nil
        }
    }

    /// Marks it closed; what was open is the caller's to close.
    func takeForClosing() -> OpenedInstance? {
        state.withLock { state in
            defer { state.stage = .closed }
            if case .open(let opened) = state.stage { return opened }
            return nil
        }
    }
}

extension ExecutorInstance.State {
    /// The next waiting call that has not ended.
    fileprivate mutating func next() -> ActiveCall? {
        while head < waiting.count {
            let call = waiting[head]
            head += 1
            if head == waiting.count {
                waiting.removeAll(keepingCapacity: true)
                head = 0
            } else if head >= 1024, head * 2 > waiting.count {
                waiting.removeFirst(head)
                head = 0
            }
            if call.stop.load(ordering: .relaxed) == 0 { return call }
        }
        return nil
    }
}

/// What a plugin's `open` made.
@safe struct OpenedInstance: @unchecked Sendable {
    // SAFETY: the plugin's own pointer, which the host only hands back to it.
    let pointer: OpaquePointer?
}

import BattenCore
import BattenSystem
import Synchronization

/// A call on its way to a worker process, or inside one.
final class IsolatedCall: Sendable {
    /// How far a call has come.
    enum Phase: Sendable {
        /// No worker has it.
        case waiting
        /// This one has.
        case sent(WorkerConnection)
        /// Its outcome was handed out.
        case ended
    }

    private struct State {
        var phase = Phase.waiting
        var stop: UInt32 = 0
    }

    /// Tells the tokens of isolated calls from those of calls in this process.
    static let tokenMark: UInt64 = 1 << 63

    let token: UInt64
    let tag: UInt64
    private let granted: GrantedExecutor
    let config: JSONValue
    /// What the plugin is given, as a ``CallImage``.
    let image: [UInt8]
    /// The idempotency key.
    let key: String
    let deadline: Int64?
    let grace: Int64
    /// Secrets that it may ask for, as far as its executor declares them.
    let secrets: [String: String]
    let group: WorkerGroup
    /// Whether it gets a worker of its own.
    let isAlone: Bool
    let sink: any CallSink
    /// The files of the spool that it has made with the blob service.
    let blobs = Mutex(CallBlobs())
    private let state = Mutex(State())

    init(
        _ request: ExecutorCall, token: UInt64, executor: GrantedExecutor, group: WorkerGroup, isAlone: Bool,
        sink: any CallSink
    ) {
        self.token = token
        tag = request.tag
        granted = executor
        config = request.config
        var image: [UInt8] = []
        CallImage.append(request, to: &image)
        self.image = image
        key = request.idempotencyKey
        deadline = request.deadline
        grace = max(0, request.grace.nanosecondsSaturated)
        secrets = request.secrets
        self.group = group
        self.isAlone = isAlone
        self.sink = sink
    }

    /// What carries it out.
    var executor: ExecutorDescriptor { granted.descriptor }

    /// Why it shall stop, a `batten_stop`; 0 while it shall not.
    var stop: UInt32 { state.withLock { $0.stop } }

    /// Whether its outcome was handed out.
    var hasEnded: Bool {
        state.withLock { state in
            if case .ended = state.phase { true } else { false }
        }
    }

    /// Gives it to a worker; false when it has ended while it waited.
    func enter(_ worker: WorkerConnection) -> Bool {
        state.withLock { state in
            guard case .waiting = state.phase else { return false }
            state.phase = .sent(worker)
            return true
        }
    }

    /// Notes that it shall stop; the first reason stays.
    ///
    /// - Returns: where it is; nil when there is nothing to do.
    func requestStop(why: UInt32) -> Phase? {
        state.withLock { state in
            guard state.stop == 0 else { return nil }
            if case .ended = state.phase { return nil }
            state.stop = why
            return state.phase
        }
    }

    /// Ends it; whoever gets an answer delivers the outcome and is the only one.
    ///
    /// - Returns: where it was; nil when it had ended.
    func end() -> Phase? {
        state.withLock { state in
            if case .ended = state.phase { return nil }
            defer { state.phase = .ended }
            return state.phase
        }
    }
}

/// All isolated calls that have not ended, by token.
final class IsolatedCalls: Sendable {
    private struct State {
        var last: UInt64 = 0
        var calls: [UInt64: IsolatedCall] = [:]
        var completed = 0
        var abandoned = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Makes a call and takes it in; nil when the host takes no more calls.
    func insert(_ make: (_ token: UInt64) -> IsolatedCall) -> IsolatedCall? {
        state.withLock { state in
            guard !state.isClosed else { return nil }
            state.last += 1
            let call = make(IsolatedCall.tokenMark | state.last)
            state.calls[call.token] = call
            return call
        }
    }

    /// The call of a token, unless it has ended.
    func find(_ token: UInt64) -> IsolatedCall? { state.withLock { $0.calls[token] } }

    /// Forgets an ended call.
    func remove(_ call: IsolatedCall, isAbandoned: Bool) {
        state.withLock { state in
            state.calls[call.token] = nil
            if isAbandoned { state.abandoned += 1 } else { state.completed += 1 }
        }
    }

    /// How many there are.
    var count: Int { state.withLock { $0.calls.count } }

    /// Takes no more calls; those that are there.
    func close() -> [IsolatedCall] {
        state.withLock { state in
            state.isClosed = true
            return Array(state.calls.values)
        }
    }

    /// Adds what was counted.
    func count(into statistics: inout HostStatistics) {
        state.withLock { state in
            statistics.live += state.calls.count
            statistics.completed += state.completed
            statistics.abandoned += state.abandoned
        }
    }
}

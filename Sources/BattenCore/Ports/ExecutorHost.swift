/// Calls executors: what the engine needs of the plugin host.
public protocol ExecutorHost: ExecutorCatalog {
    /// Why an executor cannot be called now, although it could be once its user has mended something: its plugin is
    /// missing, or was changed since it was accepted.
    ///
    /// - Returns: nil when a call can be started; otherwise what is missing and what to do about it.
    func missing(_ executor: String) -> String?

    /// Looks anew at what is there: plugins may have been installed, accepted or removed since.
    func lookAgain()

    /// Starts a call; everything that follows arrives at the sink.
    ///
    /// The call never fails by itself: a missing plugin or refused input arrives as the call's outcome. The sink may
    /// be called before this returns, from any thread.
    ///
    /// - Parameters:
    ///   - call: what to call.
    ///   - sink: receives reports and, exactly once, the outcome.
    /// - Returns: the handle for ``cancel(_:why:)``.
    func start(_ call: ExecutorCall, sink: any CallSink) -> CallHandle

    /// Asks a call to stop; when it has not after its grace period it is abandoned and its outcome delivered.
    ///
    /// A call that has ended, or was cancelled before, is left alone.
    func cancel(_ handle: CallHandle, why: CancelReason)

    /// Stops every plugin in an orderly way.
    ///
    /// - Parameter limit: how long to wait for calls and plugins to end.
    func shutdown(within limit: Duration)
}

extension ExecutorHost {
    /// A host whose executors never go away.
    public func missing(_ executor: String) -> String? { nil }

    /// Does nothing: there is nothing new to be seen.
    public func lookAgain() {}
}

/// Names a call that was started.
public struct CallHandle: Sendable, Hashable {
    /// Slot and generation; 0 is no call.
    public let token: UInt64

    /// Creates a handle.
    public init(token: UInt64) {
        self.token = token
    }
}

/// Why a call is asked to stop.
public enum CancelReason: UInt32, Sendable, Hashable {
    case cancelled = 1
    case deadline = 2
    case shutdown = 3
}

/// One call of an executor.
public struct ExecutorCall: Sendable {
    /// The caller's own name for the call; every report carries it.
    public var tag: UInt64
    /// Executor type, `<plugin>.<executor>`.
    public var executor: String
    /// The plugin's configuration.
    public var config: JSONValue
    /// Run id.
    public var run: String
    /// Stage id.
    public var stage: String
    /// Attempt number, from 1.
    public var attempt: Int
    /// Key that stays the same over the attempts of one stage run.
    public var idempotencyKey: String
    /// W3C trace parent; empty when there is none.
    public var traceparent: String
    /// When the attempt's time is up, nanoseconds of the monotonic clock; nil is never.
    public var deadline: Int64?
    /// How long a cancelled call may take to end.
    public var grace: Duration
    /// The executor's input.
    public var input: JSONValue
    /// Environment of processes that the executor starts.
    public var environment: [(name: String, value: String)]
    /// Folder in which they run; nil leaves it to the executor.
    public var workingDirectory: String?
    /// State saved by an earlier attempt; empty when there is none.
    public var checkpoint: [UInt8]
    /// Values of the secrets that the workflow declares or the configuration names; the executor is given those that it
    /// declares itself.
    public var secrets: [String: String]
    /// Where the stage wants it carried out; more isolation than the plugin has, never less.
    public var isolation: Isolation
    /// Whether it is to be carried out in a process of its own.
    public var isAlone: Bool

    /// Creates a call.
    public init(
        tag: UInt64, executor: String, config: JSONValue = .object([:]), run: String, stage: String, attempt: Int = 1,
        idempotencyKey: String, traceparent: String = "", deadline: Int64? = nil, grace: Duration = .seconds(5),
        input: JSONValue, environment: [(name: String, value: String)] = [], workingDirectory: String? = nil,
        checkpoint: [UInt8] = [], secrets: [String: String] = [:], isolation: Isolation = .inherit,
        isAlone: Bool = false
    ) {
        self.tag = tag
        self.executor = executor
        self.config = config
        self.run = run
        self.stage = stage
        self.attempt = attempt
        self.idempotencyKey = idempotencyKey
        self.traceparent = traceparent
        self.deadline = deadline
        self.grace = grace
        self.input = input
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.checkpoint = checkpoint
        self.secrets = secrets
        self.isolation = isolation
        self.isAlone = isAlone
    }
}

/// Receives what calls report.
///
/// Every function may be called from any thread and must return at once, but for ``finishedOnFreeThread(tag:outcome:)``.
public protocol CallSink: AnyObject, Sendable {
    /// A log line; `stream` is `stdout`, `stderr` or a level.
    func log(tag: UInt64, stream: String, text: String)
    /// Progress: a fraction from 0 to 1 (nil when unknown) and a note for people.
    func progress(tag: UInt64, fraction: Double?, note: String)
    /// Partial output, for example a piece of a model's answer.
    ///
    /// - Returns: false when the receiver is behind and the executor should pause.
    func stream(tag: UInt64, text: String) -> Bool
    /// Usage: what was counted, of what, how much.
    func usage(tag: UInt64, metric: String, subject: String, amount: Int64)
    /// State for the next attempt.
    func checkpoint(tag: UInt64, state: [UInt8])
    /// Reserves an upper bound of what a call will use, as soon as there is room.
    ///
    /// - Parameters:
    ///   - request: what is reserved.
    ///   - tag: the call that asks.
    ///   - answer: is called exactly once, from any thread, possibly before this returns.
    func hold(_ request: QuotaRequest, tag: UInt64, answer: @escaping @Sendable (QuotaAnswer) -> Void)
    /// Books what was really used, as far as it has not been reported, and gives the rest of a reservation back.
    func settle(lease: UInt64, used: Int64, tag: UInt64)
    /// Gives a whole reservation back: its call does not want it any more, or has ended.
    func release(lease: UInt64, tag: UInt64)
    /// The outcome; exactly once a call, nothing follows it.
    func finished(tag: UInt64, outcome: StageOutcome)
    /// The outcome, in place of ``finished(tag:outcome:)``, on a thread that has nothing else to do: it may be kept for
    /// as long as it is useful.
    func finishedOnFreeThread(tag: UInt64, outcome: StageOutcome)
}

extension CallSink {
    /// Grants everything: there is no quota.
    public func hold(_ request: QuotaRequest, tag: UInt64, answer: @escaping @Sendable (QuotaAnswer) -> Void) {
        answer(.granted(lease: 1, output: request.bound?.outputTokens ?? 0))
    }

    /// Books nothing.
    public func settle(lease: UInt64, used: Int64, tag: UInt64) {}

    /// Nothing was reserved.
    public func release(lease: UInt64, tag: UInt64) {}

    /// Does not keep the thread.
    public func finishedOnFreeThread(tag: UInt64, outcome: StageOutcome) {
        finished(tag: tag, outcome: outcome)
    }
}

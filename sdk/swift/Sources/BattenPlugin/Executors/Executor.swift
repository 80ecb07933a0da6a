/// One type of stage that a plugin can carry out; adopt ``BlockingExecutor``, ``AsyncExecutor`` or
/// ``LoopExecutor``.
///
/// An instance is one configuration of it. Calls with equal configurations share an instance.
public protocol Executor: SendableMetatype {
    /// What a call is given.
    associatedtype Input: Decodable
    /// What a call gives back.
    associatedtype Output: Encodable
    /// The plugin it belongs to.
    associatedtype Owner: Plugin

    /// `<plugin id>.<name>`; the name is lower case letters, digits and `_`, and begins with a letter.
    static var type: String { get }
    /// A few words.
    static var title: String { get }
    /// Some sentences for people.
    static var summary: String { get }
    /// What an instance's configuration looks like; nil accepts anything.
    static var configSchema: Schema? { get }
    /// What an input looks like; the host checks it before each call.
    static var inputSchema: Schema { get }
    /// What an output looks like; the host checks it after each call.
    static var outputSchema: Schema { get }
    /// What the host may rely on.
    static var traits: ExecutorTraits { get }
    /// How many calls of one instance may be in flight; 0 means no limit.
    static var maxInFlight: UInt32 { get }
    /// What it needs of its surroundings.
    static var capabilities: Capabilities { get }

    /// Makes an instance.
    ///
    /// - Throws: any error refuses the configuration; its text is shown to people.
    init(config: JSON, plugin: Owner) throws

    /// Ends the instance; no call of it is in flight, except calls that the host gave up.
    func close()
}

extension Executor {
    /// No title.
    public static var title: String { "" }
    /// Accepts any configuration.
    public static var configSchema: Schema? { nil }
    /// Promises nothing.
    public static var traits: ExecutorTraits { [] }
    /// No limit.
    public static var maxInFlight: UInt32 { 0 }
    /// Needs nothing.
    public static var capabilities: Capabilities { Capabilities() }
    /// Has nothing to end.
    public func close() {}
}

/// An executor whose calls hold a thread of the host while they work.
///
/// Many calls of one instance run in parallel. The thread has 1 MiB of stack and may block.
public protocol BlockingExecutor: Executor, Sendable {
    associatedtype Input
    associatedtype Output

    /// Carries out one call.
    ///
    /// - Throws: ``Failure`` for what can go wrong; any other error counts as a defect of the plugin.
    func run(_ input: Input, context: Context) throws -> Output
}

/// An executor whose calls are tasks, which hold no thread while they wait.
///
/// Many calls of one instance run in parallel, on threads of the plugin's own, of which there are about as many as
/// processors: a call that blocks or computes for long delays others, so it is better a ``BlockingExecutor``. When the
/// host asks a call to end, its task is cancelled; a `CancellationError` then says that it has. For waiting there are
/// ``Context/sleep(for:)`` and ``Context/hold(_:of:_:)``. `Task.sleep` works, but leaves threads of the Swift
/// runtime behind that cannot be joined when the plugin stops.
public protocol AsyncExecutor: Executor, Sendable {
    associatedtype Input
    associatedtype Output

    /// Carries out one call.
    ///
    /// - Throws: ``Failure`` for what can go wrong; any other error but that of a cancelled task counts as a defect of
    ///   the plugin.
    func run(_ input: Input, context: Context) async throws -> Output
}

/// An executor whose calls hold no thread: they begin, wait on the host's event loop, and complete later.
///
/// `begin`, `cancel` and all callbacks of one instance come on one thread, so what they alone touch needs no lock, and
/// none of them may block or take longer than 5 ms.
public protocol LoopExecutor: Executor {
    associatedtype Input
    associatedtype Output

    /// Begins one call; `call.complete` or `call.fail` ends it, now or later, exactly once.
    ///
    /// - Throws: ends the call like `call.fail`.
    func begin(_ input: Input, call: Call<Output>) throws

    /// Asks a call to end soon; it still completes. Comes at most once for a call, never for one that has completed.
    func cancel(_ call: Call<Output>, reason: StopReason)
}

extension LoopExecutor {
    /// Does nothing: the executor looks at `call.context.shouldStop` alone.
    public func cancel(_ call: Call<Output>, reason: StopReason) {}
}

/// What a host may rely on.
public struct ExecutorTraits: OptionSet, Sendable {
    /// The bits of the C header.
    public let rawValue: UInt32

    /// Takes the bits of the C header.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Carrying out a call twice with one idempotency key has the effect of once.
    public static let idempotent = ExecutorTraits(rawValue: 1 << 0)
    /// The output depends on the input alone and nothing else changes, which implies idempotent.
    public static let pure = ExecutorTraits(rawValue: 1 << 1)
    /// A call ends soon after it is cancelled.
    public static let cancellable = ExecutorTraits(rawValue: 1 << 2)
    /// Cannot run in a worker process.
    public static let hostProcessOnly = ExecutorTraits(rawValue: 1 << 3)
}

/// What an executor needs of its surroundings.
public struct Capabilities: Sendable {
    /// What it needs of the network.
    public enum Network: Sendable {
        /// Nothing.
        case none
        /// Any address and port.
        case any
        /// TCP connections to these ports.
        case tcpPorts([UInt16])
    }

    /// Paths it reads.
    public var readPaths: [String]
    /// Paths it writes.
    public var writePaths: [String]
    /// Names of the secrets it reads.
    public var secrets: [String]
    /// Whether it starts processes.
    public var startsProcesses: Bool
    /// What it needs of the network.
    public var network: Network

    /// Describes needs; what is left out is not needed.
    public init(
        readPaths: [String] = [], writePaths: [String] = [], secrets: [String] = [], startsProcesses: Bool = false,
        network: Network = .none
    ) {
        self.readPaths = readPaths
        self.writePaths = writePaths
        self.secrets = secrets
        self.startsProcesses = startsProcesses
        self.network = network
    }

    var json: JSON {
        var members: JSONObject = [:]
        var paths: JSONObject = [:]
        if !readPaths.isEmpty { paths["read"] = .array(readPaths.map(JSON.string)) }
        if !writePaths.isEmpty { paths["write"] = .array(writePaths.map(JSON.string)) }
        if !paths.isEmpty { members["paths"] = .object(paths) }
        if !secrets.isEmpty { members["secrets"] = .array(secrets.map(JSON.string)) }
        if startsProcesses { members["process"] = true }
        switch network {
        case .none: break
        case .any: members["network"] = "any"
        case .tcpPorts(let ports):
            members["network"] = ["tcp_ports": .array(ports.map { .integer(Int64($0)) })]
        }
        return .object(members)
    }
}

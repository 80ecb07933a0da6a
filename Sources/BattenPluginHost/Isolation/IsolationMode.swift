public import BattenCore

/// Where a plugin's calls are carried out.
public enum IsolationMode: Sendable, Hashable {
    /// In the host's own process.
    case inProcess
    /// In one worker process that many calls share.
    case worker
    /// In so many worker processes, at least 1, that share the calls.
    case workerPool(Int)
    /// In a worker process of its own for each call.
    case workerPerCall

    /// The most workers that a pool may have.
    public static let largestPool = 256

    /// Reads `in_process`, `worker`, `worker_per_call` or `{worker_pool: n}`; nil for anything else.
    public init?(_ value: JSONValue) {
        switch value.stringValue {
        case "in_process": self = .inProcess
        case "worker": self = .worker
        case "worker_per_call": self = .workerPerCall
        case nil:
            guard let members = value.objectValue, members.count == 1, let count = members["worker_pool"]?.intValue,
                (1...Int64(Self.largestPool)).contains(count)
            else { return nil }
            self = .workerPool(Int(count))
        default: return nil
        }
    }

    /// The mode as it is written in settings.
    public var json: JSONValue {
        switch self {
        case .inProcess: "in_process"
        case .worker: "worker"
        case .workerPool(let count): ["worker_pool": .int(Int64(count))]
        case .workerPerCall: "worker_per_call"
        }
    }

    /// The mode in words, to follow "calls run".
    public var words: String {
        switch self {
        case .inProcess: "in this process"
        case .worker: "in a worker process"
        case .workerPool(let count): "in up to \(count) worker processes"
        case .workerPerCall: "in a worker process each"
        }
    }

    /// What settings may say, for messages.
    public static let choices = "in_process, worker, worker_per_call or {worker_pool: 4}"

    /// How far calls are kept apart; more is larger.
    var degree: Int {
        switch self {
        case .inProcess: 0
        case .worker, .workerPool: 1
        case .workerPerCall: 2
        }
    }
}

/// When a worker process is replaced by a fresh one.
public struct WorkerRecycling: Sendable, Hashable {
    /// After so many calls; nil is never.
    public var calls: Int?
    /// When its resident memory has grown by so many bytes since it was ready; nil is never.
    public var growth: Int64?
    /// When it had nothing to do for so long; nil is never.
    public var idle: Duration?

    /// Sets when; every default is the product's.
    public init(calls: Int? = 100_000, growth: Int64? = 512 << 20, idle: Duration? = .seconds(300)) {
        self.calls = calls
        self.growth = growth
        self.idle = idle
    }

    /// Reads `{calls: 1000, growth: 256 MiB, idle: 5m}`; what is left out has its default, and the word `none` is never.
    ///
    /// - Returns: nil for an unknown name or a value out of range.
    public init?(_ members: JSONObject) {
        self.init()
        for (name, value) in members {
            let isNever = value.stringValue == "none"
            switch name {
            case "calls":
                guard isNever || (value.intValue ?? 0) > 0 else { return nil }
                calls = isNever ? nil : value.intValue.map { Int(clamping: $0) }
            case "growth":
                let bytes = value.intValue ?? value.stringValue.flatMap(ByteSize.parse)
                guard isNever || (bytes ?? 0) > 0 else { return nil }
                growth = isNever ? nil : bytes
            case "idle":
                let time = value.stringValue.flatMap { try? DurationText.parse($0) }
                guard isNever || (time ?? .zero) > .zero else { return nil }
                idle = isNever ? nil : time
            default: return nil
            }
        }
    }
}

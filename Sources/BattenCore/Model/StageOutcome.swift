/// How an attempt ended, as the engine classifies it.
public enum OutcomeClass: String, Sendable, Hashable, CaseIterable {
    /// It did what was asked.
    case ok
    /// It ran and said no: a non-zero exit, a refused expectation.
    case failed
    /// Trying again may help: a lost connection, a server's 5xx.
    case transient
    /// The other side asked to slow down.
    case rateLimited = "rate_limited"
    /// Trying again cannot help: bad input, credentials, a bug.
    case permanent
    /// The attempt's time was up.
    case timeout
    /// It was asked to stop.
    case cancelled
    /// Its process died, or the engine did.
    case crashed
    /// A quota or budget refused it.
    case quota
}

/// Whether the outside world may have changed.
public enum Effect: String, Sendable, Hashable, CaseIterable {
    case none, made, unknown
}

/// Everything an attempt's end tells the engine.
public struct StageOutcome: Sendable, Hashable {
    /// Code of a call that was lost with a worker process which others shared: it goes by `on_lost`.
    public static let lostWorkerCode = "plugin.worker_lost"

    /// Whether it is of a call that was lost with such a process.
    public var isLostWorker: Bool { outcomeClass == .crashed && code == Self.lostWorkerCode }

    /// How it ended.
    public var outcomeClass: OutcomeClass
    /// Whether the outside world may have changed.
    public var effect: Effect
    /// How long the other side asked to wait.
    public var retryAfter: Duration?
    /// Machine-readable code, for example `http.status.503`; empty when there is none.
    public var code: String
    /// Message for people; empty for `ok`.
    public var message: String
    /// Further data for people and programs; null when there is none.
    public var details: JSONValue
    /// What the executor produced; an object for every executor that has outputs.
    public var output: JSONValue
    /// Run whose result this is, when no call was made for it.
    public var cachedFrom: String?

    /// Creates an outcome.
    public init(
        _ outcomeClass: OutcomeClass, effect: Effect = .unknown, retryAfter: Duration? = nil, code: String = "",
        message: String = "", details: JSONValue = .null, output: JSONValue = .null
    ) {
        self.outcomeClass = outcomeClass
        self.effect = effect
        self.retryAfter = retryAfter
        self.code = code
        self.message = message
        self.details = details
        self.output = output
    }
}

/// The error of a stage or run as people and programs see it: `{class, code, message, details}`.
public struct StageError: Sendable, Hashable {
    /// Outcome class of the last attempt.
    public var outcomeClass: OutcomeClass
    /// Machine-readable code.
    public var code: String
    /// Message for people.
    public var message: String
    /// Further data.
    public var details: JSONValue

    /// Creates an error.
    public init(_ outcomeClass: OutcomeClass, code: String, message: String, details: JSONValue = .null) {
        self.outcomeClass = outcomeClass
        self.code = code
        self.message = message
        self.details = details
    }

    /// The error as data, keys in the promised order.
    public var json: JSONValue {
        .object([
            "class": .string(outcomeClass.rawValue), "code": .string(code), "message": .string(message),
            "details": details,
        ])
    }

    /// Reads an error back from data; nil when the shape is another.
    public init?(json: JSONValue) {
        guard let name = json["class"]?.stringValue, let outcomeClass = OutcomeClass(rawValue: name) else { return nil }
        self.init(
            outcomeClass, code: json["code"]?.stringValue ?? "", message: json["message"]?.stringValue ?? "",
            details: json["details"] ?? .null)
    }
}

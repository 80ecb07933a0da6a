/// How a call ended that did not do its work, as the one error an executor throws on purpose.
///
/// Any other error that an executor throws counts as a defect of the plugin.
public struct Failure: Error, Sendable {
    /// What sort of failure it is; it decides whether the host tries again.
    public enum Class: UInt32, Sendable, Hashable {
        /// It failed for a reason that may pass.
        case retry = 200
        /// The other side limits the rate.
        case rateLimited = 201
        /// The other side is overloaded.
        case overloaded = 202
        /// It failed and would fail again.
        case failed = 300
        /// The input asks for something impossible.
        case badInput = 301
        /// A credential is missing, wrong or not sufficient.
        case auth = 302
        /// A quota or budget does not allow it.
        case quota = 303
        /// The plugin contradicts itself.
        case bug = 304
        /// Trying again cannot help, for a reason that none of the others names.
        case permanent = 305
        /// It ended because the host asked.
        case cancelled = 400
        /// It ended because its time was over.
        case deadline = 401
    }

    /// Whether the world outside may have changed.
    public enum Effect: UInt32, Sendable, Hashable {
        /// Nobody knows.
        case unknown = 0
        /// Certainly nothing happened: trying again is safe.
        case none = 1
        /// Something happened.
        case made = 2
    }

    /// What sort of failure it is.
    public var `class`: Class
    /// Whether the world outside may have changed.
    public var effect: Effect
    /// How long to wait before trying again; nil if not known.
    public var retryAfter: Duration?
    /// For programs: dotted lower case words such as `http.status.503`.
    public var code: String
    /// For people: what happened and what to do about it.
    public var message: String
    /// Whatever else is known.
    public var details: JSONObject
    /// What the call produced nevertheless; kept for diagnosis.
    public var output: JSON?

    /// Describes a failure.
    public init(
        _ class: Class, code: String, _ message: String, effect: Effect = .unknown, retryAfter: Duration? = nil,
        details: JSONObject = [:], output: JSON? = nil
    ) {
        self.class = `class`
        self.effect = effect
        self.retryAfter = retryAfter
        self.code = code
        self.message = message
        self.details = details
        self.output = output
    }

    /// The input cannot be used: nothing was done.
    ///
    /// - Parameters:
    ///   - field: the field at fault, such as `headers.Accept`; empty means the whole input.
    ///   - message: what is wrong with it and what would be right.
    public static func badInput(field: String, _ message: String) -> Failure {
        Failure(
            .badInput, code: "input.invalid", field.isEmpty ? message : "\(field): \(message)", effect: .none,
            details: field.isEmpty ? [:] : ["field": .string(field)])
    }

    /// The call ended because the host asked.
    public static func stopped(_ reason: StopReason, effect: Effect = .unknown) -> Failure {
        reason == .deadline
            ? Failure(.deadline, code: "call.deadline", "the time of the call was over", effect: effect)
            : Failure(.cancelled, code: "call.cancelled", "the call was cancelled", effect: effect)
    }

    /// Sees any error as a failure: a failure as itself, everything else as a defect of the plugin.
    static func from(_ error: any Error) -> Failure {
        if let failure = error as? Failure { return failure }
        return Failure(.bug, code: "plugin.error", "the executor failed with an error of its own: \(error)")
    }

    /// Sees an error of decoding as bad input that names the field.
    static func fromDecoding(_ error: any Error) -> Failure {
        if let failure = error as? Failure { return failure }
        guard let error = error as? DecodingError else { return from(error) }
        switch error {
        case .keyNotFound(let key, let context):
            return .badInput(field: field(context.codingPath + [key]), "is missing")
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            return .badInput(field: field(context.codingPath), context.debugDescription)
        @unknown default:
            return .badInput(field: "", "\(error)")
        }
    }

    /// Writes a coding path as people write it: `messages[2].role`.
    static func field(_ path: [any CodingKey]) -> String {
        path.reduce(into: "") { text, key in
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
    }
}

/// Why a call shall end.
public enum StopReason: UInt32, Sendable, Hashable {
    /// Somebody asked for it.
    case cancelled = 1
    /// Its time is over.
    case deadline = 2
    /// The host shuts down.
    case shutdown = 3
    /// The call is over already.
    case stale = 4

    /// Reads the number of the C header; an unknown reason counts as cancelled.
    init(number: UInt32) {
        self = StopReason(rawValue: number) ?? .cancelled
    }
}

/// What calls may ask for while they run: the port behind the plugin service `secret`.
///
/// Every function may be called from any thread and must return at once.
public protocol CallServices: AnyObject, Sendable {
    /// The value of a secret that the executor declares.
    ///
    /// - Parameters:
    ///   - name: the secret's name.
    ///   - tag: the call that asks.
    /// - Returns: nil when there is none, or this call may not have it.
    func secret(_ name: String, tag: UInt64) -> [UInt8]?
}

/// A reservation that a call asks for.
public struct QuotaRequest: Sendable, Hashable {
    /// What is counted, for example `llm.tokens`.
    public let meter: String
    /// Of what, for example a model's name.
    public let subject: String
    /// Upper bound, not negative.
    public let amount: Int64
    /// What is held with it as one; nil is nothing.
    public let bound: RequestBound?

    /// Creates a request for one meter.
    public init(meter: String, subject: String, amount: Int64) {
        self.meter = meter
        self.subject = subject
        self.amount = amount
        bound = nil
    }

    /// Creates a request for all that a further request of a call uses at most.
    public init(_ bound: RequestBound, of subject: String) {
        meter = QuotaMetric.requests
        self.subject = subject
        amount = bound.requests
        self.bound = bound
    }
}

/// What a further request of a call uses at most, each part not negative.
public struct RequestBound: Sendable, Hashable {
    /// Requests.
    public var requests: Int64
    /// Tokens that go in.
    public var inputTokens: Int64
    /// Tokens that come out.
    public var outputTokens: Int64
    /// What these may be cut down to where a budget has less left.
    public var leastOutputTokens: Int64
    /// Whether what the executor declared and the call has not used is given back first: its request is over.
    public var followsDeclared: Bool

    /// Creates a bound.
    public init(
        requests: Int64, inputTokens: Int64, outputTokens: Int64, leastOutputTokens: Int64, followsDeclared: Bool
    ) {
        self.requests = requests
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.leastOutputTokens = leastOutputTokens
        self.followsDeclared = followsDeclared
    }

    /// Whether no part is negative, and the output not less than its least.
    public var isSound: Bool {
        min(requests, inputTokens, leastOutputTokens) >= 0 && outputTokens >= leastOutputTokens
    }
}

/// The answer to a reservation.
public enum QuotaAnswer: Sendable, Hashable {
    /// It is reserved under this name, which is never 0; of a bound, so many tokens may come out.
    case granted(lease: UInt64, output: Int64 = 0)
    /// There is no room; nanoseconds after which there may be, negative when that is not known.
    case refused(retryAfter: Int64)
}

/// Services where no secret is defined.
public final class OpenCallServices: CallServices {
    /// Creates them.
    public init() {}

    /// There is none.
    public func secret(_ name: String, tag: UInt64) -> [UInt8]? { nil }
}

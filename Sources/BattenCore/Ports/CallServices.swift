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

    /// Creates a request.
    public init(meter: String, subject: String, amount: Int64) {
        self.meter = meter
        self.subject = subject
        self.amount = amount
    }
}

/// The answer to a reservation.
public enum QuotaAnswer: Sendable, Hashable {
    /// It is reserved under this name, which is never 0.
    case granted(lease: UInt64)
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

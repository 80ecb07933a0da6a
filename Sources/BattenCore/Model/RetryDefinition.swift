/// Retry fields as written; nil fields are inherited.
public struct RetryDefinition: Sendable, Hashable {
    /// Attempts in all, at least 1.
    public var maxAttempts: Int?
    /// How the delay grows.
    public var backoff: Backoff?
    /// First delay.
    public var initial: Duration?
    /// Growth of the delay from one attempt to the next, at least 1.
    public var factor: Double?
    /// Longest delay.
    public var max: Duration?
    /// How much of the delay is random.
    public var jitter: Jitter?
    /// Outcome classes that are tried again, in source order.
    public var on: [OutcomeClass]?

    /// Creates a definition that says nothing.
    public init() {}

    /// Whether nothing was written.
    public var isEmpty: Bool { self == RetryDefinition() }
}

/// How the delay between attempts grows.
public enum Backoff: String, Sendable, Hashable, CaseIterable {
    case constant, linear, exponential
}

/// How much of a delay is random: none of it, half of it, all of it.
public enum Jitter: String, Sendable, Hashable, CaseIterable {
    case none, equal, full
}

/// The retry rule of a stage with every field decided.
public struct RetryPolicy: Sendable, Hashable {
    /// Attempts in all, at least 1.
    public var maxAttempts: Int
    /// How the delay grows.
    public var backoff: Backoff
    /// First delay.
    public var initial: Duration
    /// Growth of the delay, at least 1.
    public var factor: Double
    /// Longest delay.
    public var max: Duration
    /// How much of the delay is random.
    public var jitter: Jitter
    /// Outcome classes that are tried again.
    public var on: Set<OutcomeClass>
    /// Whether the stage or its workflow's defaults wrote `retry`: then effects made or unknown are retried too.
    public var isWritten: Bool

    /// The rule when nothing is written: two attempts, 1 s doubling to 60 s, full jitter, not on `failed`.
    public static let standard = RetryPolicy(
        maxAttempts: 2, backoff: .exponential, initial: .seconds(1), factor: 2, max: .seconds(60), jitter: .full,
        on: [.transient, .rateLimited, .timeout, .crashed], isWritten: false)

    /// Creates a rule.
    public init(
        maxAttempts: Int, backoff: Backoff, initial: Duration, factor: Double, max: Duration, jitter: Jitter,
        on: Set<OutcomeClass>, isWritten: Bool
    ) {
        self.maxAttempts = maxAttempts
        self.backoff = backoff
        self.initial = initial
        self.factor = factor
        self.max = max
        self.jitter = jitter
        self.on = on
        self.isWritten = isWritten
    }
}

/// Decides whether an attempt is tried again, and when.
///
/// Both are functions of values alone: a replay of the same run gives the same answers.
public enum RetrySchedule {
    /// Whether a failed attempt may be followed by another one.
    ///
    /// An outcome without effect goes by the policy's classes. One that changed the world, or may have, is tried again
    /// only where that is known to be harmless (an idempotent executor) or asked for (`retry` was written).
    /// - Parameters:
    ///   - outcome: how the attempt ended.
    ///   - policy: the stage's rule.
    ///   - isIdempotent: whether doing it twice is the same as doing it once.
    ///   - attempts: attempts so far that count, this one included.
    public static func isRetried(
        _ outcome: StageOutcome, policy: RetryPolicy, isIdempotent: Bool, attempts: Int
    ) -> Bool {
        guard outcome.outcomeClass != .ok, attempts < policy.maxAttempts, policy.on.contains(outcome.outcomeClass)
        else { return false }
        return outcome.effect == .none || isIdempotent || policy.isWritten
    }

    /// How long to wait before the next attempt.
    ///
    /// The plain delay before retry `n` is `initial` (constant), `initial × n` (linear) or `initial × factorⁿ⁻¹`
    /// (exponential), never above the policy's `max`. Jitter takes away up to half of it (`equal`) or all of it (`full`),
    /// drawn from the run's seed. A wait asked for by the other side wins when it is longer, above `max` too.
    /// - Parameters:
    ///   - policy: the stage's rule.
    ///   - retry: number of the retry, from 1.
    ///   - seed: the run's seed.
    ///   - stage: the stage's place in the plan.
    ///   - attempt: number of the attempt that failed.
    ///   - retryAfter: how long the other side asked to wait.
    public static func delay(
        policy: RetryPolicy, retry: Int, seed: UInt64, stage: Int, attempt: Int, retryAfter: Duration? = nil
    ) -> Duration {
        let plain = plainDelay(policy, retry: max(1, retry))
        let drawn = fraction(seed: seed, stage: stage, attempt: attempt)
        let share: Double
        switch policy.jitter {
        case .none: share = 1
        case .equal: share = 0.5 + drawn / 2
        case .full: share = drawn
        }
        let own = Duration.nanoseconds(nanoseconds(Double(plain) * share))
        guard let retryAfter, retryAfter > own else { return own }
        return retryAfter
    }

    /// The delay before jitter, in nanoseconds.
    private static func plainDelay(_ policy: RetryPolicy, retry: Int) -> Int64 {
        let limit = Double(max(0, policy.max.saturatedNanoseconds))
        let initial = Double(max(0, policy.initial.saturatedNanoseconds))
        var delay = initial
        switch policy.backoff {
        case .constant: break
        case .linear: delay = initial * Double(retry)
        case .exponential:
            var step = 1
            while step < retry, delay < limit, delay > 0, policy.factor > 1 {
                delay *= policy.factor
                step += 1
            }
        }
        return nanoseconds(min(delay, limit))
    }

    private static func nanoseconds(_ value: Double) -> Int64 {
        guard value.isFinite, value > 0 else { return 0 }
        return value >= 9.2e18 ? Int64.max : Int64(value)
    }

    /// A number in 0..<1 that depends on nothing but its arguments.
    static func fraction(seed: UInt64, stage: Int, attempt: Int) -> Double {
        var generator = SplitMix64(
            seed: seed ^ (UInt64(truncatingIfNeeded: stage) &* 0xD134_2543_DE82_EF95)
                ^ (UInt64(truncatingIfNeeded: attempt) &* 0xAF25_1AF3_B0F0_25B5))
        return Double(generator.next() >> 11) * 0x1p-53
    }
}

/// A small generator of well-spread numbers from a seed: the same seed gives the same numbers everywhere.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts at a seed.
    public init(seed: UInt64) { state = seed }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

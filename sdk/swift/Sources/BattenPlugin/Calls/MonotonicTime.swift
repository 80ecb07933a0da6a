/// A point in time of the clock that host, plugin and worker processes share (CLOCK_MONOTONIC).
public struct MonotonicTime: Sendable, Hashable, Comparable {
    /// Nanoseconds since the clock's start; `Int64.max` means never.
    public var nanoseconds: Int64

    /// Takes nanoseconds since the clock's start.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// A point that never comes.
    public static let never = MonotonicTime(nanoseconds: .max)

    /// The present.
    public static var now: MonotonicTime {
        let clock = SuspendingClock()
        return MonotonicTime(nanoseconds: clock.systemEpoch.duration(to: clock.now).clampedNanoseconds)
    }

    /// Whether one point comes before the other.
    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// A point some time later; what is too far away becomes ``never``.
    public static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        guard time != .never else { return .never }
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
        return overflow
            ? (duration < .zero ? MonotonicTime(nanoseconds: .min) : .never)
            : MonotonicTime(nanoseconds: sum)
    }

    /// How long from the present to this point; zero if it is over, nil if it never comes.
    public var remaining: Duration? {
        guard self != .never else { return nil }
        let now = MonotonicTime.now
        return now < self ? .nanoseconds(nanoseconds - now.nanoseconds) : .zero
    }
}

extension Duration {
    /// The duration in nanoseconds, cut to what 64 bits hold.
    var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, tooMuch) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return tooMuch ? (seconds < 0 ? .min : .max) : sum
    }
}

public import BattenCore
import BattenSystem

/// The clocks of this machine.
public struct SystemEngineClock: EngineClock {
    /// Creates the clock.
    public init() {}

    /// The current instant in UTC.
    public func now() -> Timestamp { Timestamp(nanoseconds: WallClock.now()) }

    /// Nanoseconds of CLOCK_MONOTONIC.
    public func monotonicNanoseconds() -> Int64 { MonotonicClock.now() }
}

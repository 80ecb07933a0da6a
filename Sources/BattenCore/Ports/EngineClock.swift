/// The two clocks of an engine, as a value so that tests and the simulator bring their own.
public protocol EngineClock: Sendable {
    /// The current instant in UTC.
    func now() -> Timestamp
    /// Nanoseconds of a clock that never goes back; the plugin ABI's deadlines are on it.
    func monotonicNanoseconds() -> Int64
}

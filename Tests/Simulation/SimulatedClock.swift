import BattenCore

/// Both clocks of the simulated machine; they stand still until they are moved.
final class SimulatedClock: EngineClock, @unchecked Sendable {
    // SAFETY: a simulation has one thread.
    private var wall = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
    private var monotonic: Int64 = 1_000_000_000

    func now() -> Timestamp { wall }

    func monotonicNanoseconds() -> Int64 { monotonic }

    /// Lets time pass.
    func advance(to instant: Int64) {
        guard instant > monotonic else { return }
        wall = wall + .nanoseconds(instant - monotonic)
        monotonic = instant
    }

    /// Sets the clock on the wall, as an administrator would.
    func jump(by amount: Duration) {
        wall = wall + amount
    }
}

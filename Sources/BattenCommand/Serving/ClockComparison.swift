import BattenCore
import BattenSystem

/// Notices that the clock on the wall was set, by one that nobody sets.
struct ClockComparison {
    /// A setting of the clock.
    struct Step: Sendable, Hashable {
        /// What the clock would show if nobody had set it.
        let from: Timestamp
        /// What it shows.
        let to: Timestamp

        var isBack: Bool { to < from }
    }

    /// What both clocks show at one instant, nanoseconds.
    struct Reading {
        var wall: Int64
        var steady: Int64

        /// Reads both clocks; one that was held up in between reads them again.
        static func now() -> Reading {
            var reading = Reading(wall: 0, steady: 0)
            for _ in 0..<10 {
                reading = Reading(wall: WallClock.now(), steady: BootClock.now())
                if WallClock.now() &- reading.wall < 50_000_000 { break }
            }
            return reading
        }
    }

    /// The least step that is told, nanoseconds; what keeps clocks on time sets them by less, and often.
    static let least: Int64 = 1_000_000_000

    private var last: Reading

    /// - Parameters:
    ///   - reading: what the clocks show now.
    ///   - known: an instant that has been; a clock that shows an earlier one by now was set back before.
    init(_ reading: Reading, known: Timestamp? = nil) {
        last = reading
        if let known { last.wall = max(last.wall, known.nanoseconds) }
    }

    /// Compares the clocks.
    ///
    /// - Returns: how the clock on the wall was set since it was told last; nil when it was not.
    mutating func look(_ reading: Reading) -> Step? {
        let expected = last.wall &+ (reading.steady &- last.steady)
        let difference = reading.wall &- expected
        // Steps that are too small to be told add up.
        guard difference <= -Self.least || difference >= Self.least else { return nil }
        last = reading
        return Step(from: Timestamp(nanoseconds: expected), to: Timestamp(nanoseconds: reading.wall))
    }
}

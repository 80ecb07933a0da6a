import BattenCore
import Testing

@testable import BattenCommand

/// When the clock on the wall counts as set.
struct ClockComparisonTests {
    private static let second: Int64 = 1_000_000_000

    @Test func settingsAreToldOnceAndSmallOnesWhenTheyAddUp() {
        let start: Int64 = 1_700_000_000 * Self.second
        var clock = ClockComparison(.init(wall: start, steady: 5))
        // Seconds that pass, milliseconds that the clock is set by meanwhile, and the step that is told in seconds.
        let looks: [(passed: Int64, set: Int64, step: Int64?)] = [
            (3_600, 0, nil), (1, -86_400_000, -86_400), (1, 0, nil), (60, 500, nil), (60, 500, 1), (0, -999, nil),
            (0, -1, -1), (1_000_000, 3_000, 3), (1_000_000, 0, nil),
        ]
        var reading = ClockComparison.Reading(wall: start, steady: 5)
        for (place, look) in looks.enumerated() {
            reading.steady += look.passed * Self.second
            reading.wall += look.passed * Self.second + look.set * 1_000_000
            let step = clock.look(reading)
            #expect(step.map { ($0.to - $0.from) } == look.step.map { .seconds($0) }, "look \(place)")
            #expect(step.map { $0.to.nanoseconds } == look.step.map { _ in reading.wall }, "look \(place)")
            #expect(step?.isBack == look.step.map { $0 < 0 }, "look \(place)")
        }
    }

    @Test func aClockThatIsBehindWhatHasBeenWasSetBack() {
        let reading = ClockComparison.Reading(wall: 100 * Self.second, steady: 0)
        let earlier = Timestamp(nanoseconds: 99 * Self.second)
        let later = Timestamp(nanoseconds: 160 * Self.second)
        var right = ClockComparison(reading, known: earlier)
        #expect(right.look(reading) == nil)
        var behind = ClockComparison(reading, known: later)
        #expect(behind.look(reading) == ClockComparison.Step(from: later, to: Timestamp(nanoseconds: reading.wall)))
        #expect(behind.look(reading) == nil)
    }

    @Test func extremeClocksDoNotTrap() {
        var clock = ClockComparison(.init(wall: .min, steady: .max), known: Timestamp(nanoseconds: .max))
        _ = clock.look(.init(wall: .max, steady: .min))
        _ = clock.look(.init(wall: .min, steady: 0))
    }
}

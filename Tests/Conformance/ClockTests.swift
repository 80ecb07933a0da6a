import BattenCore
import BattenSystem
import TestSupport
import Testing

/// Engines under a clock that jumps: each due time is one run, however they end.
@Suite(.serialized) struct ClockTests {
    @Test func everyDueTimeIsOneRunWhateverTheClockDoes() throws {
        let minutes = ProcessEnvironment.variable("BATTEN_TEST_SOAK").flatMap { Int($0) }
        let fixed = ProcessEnvironment.variable("BATTEN_TEST_SEED").flatMap { UInt64($0) }
        let seed = fixed ?? Entropy.bits() >> 16
        let seconds = minutes.map { $0 * 60 } ?? 15
        let folder = try #require(FileSystem.parent(of: #filePath))
        let result = try Scene.play(
            "export PYTHONDONTWRITEBYTECODE=1; python3 '\(folder)/Clock/jumps.py' \"$BATTEN\" \(seconds) \(seed)",
            seconds: seconds + 300)
        print("clock: \(result.lines.last ?? "nothing was told")")
        #expect(
            result.status == 0,
            """
            seed \(seed) (see it again: BATTEN_TEST_SEED=\(seed) scripts/test --filter ClockTests; when a process dies is \
            chance):
            \(result.lines.joined(separator: "\n"))
            \(result.errors.suffix(2_000))
            """)
    }
}

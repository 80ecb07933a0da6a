import BattenSystem
import TestSupport
import Testing

/// Quotas and budgets over processes that are killed at any instant: no limit is passed, and nothing leaks.
@Suite(.serialized) struct QuotaLoopTests {
    private func loop(_ script: String, _ arguments: String, seconds standard: Int) throws {
        let minutes = ProcessEnvironment.variable("BATTEN_TEST_SOAK").flatMap { Int($0) }
        let fixed = ProcessEnvironment.variable("BATTEN_TEST_SEED").flatMap { UInt64($0) }
        let seed = fixed ?? Entropy.bits() >> 16
        let seconds = minutes.map { $0 * 60 } ?? standard
        let folder = try #require(FileSystem.parent(of: #filePath))
        print("\(script): seed \(seed)")
        let result = try Scene.play(
            """
            export PYTHONDONTWRITEBYTECODE=1
            python3 '\(folder)/Quotas/\(script)' "$BATTEN" \(arguments) \(seconds) \(seed)
            """, seconds: seconds + 600)
        print("\(script): \(result.lines.last ?? "nothing was told")")
        #expect(
            result.status == 0,
            """
            seed \(seed) (see it again: BATTEN_TEST_SEED=\(seed) scripts/test --filter QuotaLoopTests; when a process dies \
            is chance):
            \(result.lines.joined(separator: "\\n"))
            \(result.errors.suffix(2_000))
            """)
    }

    @Test func noLimitIsPassedWhateverDies() throws { try loop("loops.py", "", seconds: 10) }

    @Test func aDayOfTheCalendarIsWaitedFor() throws { try loop("midnight.py", "", seconds: 0) }

    @Test func theExampleStopsAtItsBudget() throws {
        try loop("budget.py", "'\(SourceTree.root)/examples'", seconds: 8)
    }
}

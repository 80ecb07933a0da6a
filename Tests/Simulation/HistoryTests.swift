import BattenSystem
import Testing

/// Nothing is lost and nothing is done twice, whatever order things happen in.
///
/// Each history is decided by its seed. To see one again: `BATTEN_SIMULATION_SEED=<seed> scripts/test --filter
/// HistoryTests`; the steps are the same on every machine as long as the code is, and Swift's hashing is the same each time
/// (`SWIFT_DETERMINISTIC_HASHING=1`, which `scripts/test` sets).
struct HistoryTests {
    private static let stepsPerHistory = 500

    @Test func everyHistoryKeepsThePromises() throws {
        if let text = ProcessEnvironment.variable("BATTEN_SIMULATION_SEED"), let seed = UInt64(text) {
            _ = try play(seed: seed)
            return
        }
        let steps = ProcessEnvironment.variable("BATTEN_TEST_SOAK") == nil ? 50_000 : 1_000_000
        let first = Entropy.bits() >> 16
        print("simulation: \(steps) steps from seed \(first)")
        var totals = (runs: 0, calls: 0, kills: 0, cuts: 0, faults: 0, forks: 0, rewinds: 0, shared: 0)
        for number in 0..<UInt64(steps / Self.stepsPerHistory) {
            let simulation = try play(seed: first + number)
            totals.runs += simulation.runCount
            totals.calls += simulation.callCount
            totals.kills += simulation.killCount
            totals.cuts += simulation.powerCutCount
            totals.faults += simulation.faultCount
            totals.forks += simulation.forkCount
            totals.rewinds += simulation.rewindCount
            totals.shared += simulation.takenOverCount
        }
        print(
            "simulation: \(totals.runs) runs (\(totals.forks) continue others), \(totals.calls) calls, "
                + "\(totals.shared) results used again, \(totals.rewinds) stages taken back, "
                + "\(totals.kills) processes lost, \(totals.cuts) power cuts, \(totals.faults) disk faults")
        #expect(totals.runs > 0 && totals.calls > 0 && totals.kills > 0 && totals.cuts > 0 && totals.faults > 0)
        #expect(totals.forks > 0 && totals.shared > 0 && totals.rewinds > 0)
    }

    @discardableResult
    private func play(seed: UInt64) throws -> Simulation {
        let home = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-simulation-")
        defer { try? FileSystem.removeTree(home) }
        let simulation = try Simulation(seed: seed, home: home)
        let isKept = try simulation.play(steps: Self.stepsPerHistory)
        try #require(
            isKept,
            """
            seed \(seed), step \(simulation.stepCount):
            \(simulation.violations.joined(separator: "\n"))
            the last steps:
            \(simulation.trace.joined(separator: "\n"))
            \(simulation.story.joined(separator: "\n"))
            """)
        return simulation
    }
}

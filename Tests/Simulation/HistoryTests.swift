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
        let minutes = ProcessEnvironment.variable("BATTEN_TEST_SOAK").flatMap { Int64($0) }
        let steps = minutes == nil ? 50_000 : 1_000_000
        let end = MonotonicClock.now() + (minutes ?? 0) * 60_000_000_000
        let first = Entropy.bits() >> 16
        print("simulation: at least \(steps) steps from seed \(first)")
        var totals = Totals()
        while totals.steps < steps || MonotonicClock.now() < end {
            totals.add(try play(seed: first + totals.histories))
            if totals.steps.isMultiple(of: 100_000) { print("simulation: \(totals)") }
        }
        print("simulation: \(totals)")
        #expect(totals.hasAll)
    }

    private static func replay(_ seed: UInt64) -> String {
        let isSure = ProcessEnvironment.variable("SWIFT_DETERMINISTIC_HASHING") != nil
        return "BATTEN_SIMULATION_SEED=\(seed) scripts/test --filter HistoryTests"
            + (isSure ? "" : "; it was found under random hashing and may need other seeds beside it")
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
            seed \(seed), step \(simulation.stepCount) (see it again: \(Self.replay(seed))):
            \(simulation.violations.joined(separator: "\n"))
            the last steps:
            \(simulation.trace.joined(separator: "\n"))
            \(simulation.story.joined(separator: "\n"))
            """)
        return simulation
    }
}

/// What many histories were made of.
private struct Totals: CustomStringConvertible {
    private(set) var histories: UInt64 = 0
    private(set) var steps = 0
    private var runs = 0
    private var forks = 0
    private var calls = 0
    private var shared = 0
    private var rewinds = 0
    private var hooks = 0
    private var kills = 0
    private var powerCuts = 0
    private var faults = 0

    mutating func add(_ history: Simulation) {
        histories += 1
        steps += history.stepCount
        runs += history.runCount
        forks += history.forkCount
        calls += history.callCount
        shared += history.takenOverCount
        rewinds += history.rewindCount
        hooks += history.hookCount
        kills += history.killCount
        powerCuts += history.powerCutCount
        faults += history.faultCount
    }

    /// Whether everything that histories are about has happened.
    var hasAll: Bool { [runs, forks, calls, shared, rewinds, hooks, kills, powerCuts, faults].allSatisfy { $0 > 0 } }

    var description: String {
        "\(steps) steps over \(histories) seeds: \(runs) runs (\(forks) continue others), \(calls) calls, "
            + "\(shared) results used again, \(rewinds) stages taken back, \(hooks) stages of hooks, "
            + "\(kills) processes lost, \(powerCuts) power cuts, \(faults) disk faults"
    }
}

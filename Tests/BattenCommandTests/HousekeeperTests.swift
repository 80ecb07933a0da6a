import BattenCore
import BattenEngine
import BattenStore
import BattenSystem
import TestSupport
import Testing

@testable import BattenCommand

/// Who keeps the history within its policy, and when.
struct HousekeeperTests {
    @Test func whoServesRemovesWhatIsBeyondThePolicy() throws {
        let home = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-upkeep-")
        defer { try? FileSystem.removeTree(home) }
        let serving = try runtime(home, role: EngineRuntime.serving)
        for _ in 0..<3 { try carry(serving) }
        #expect(try runs(home) == 3)
        let keeper = Housekeeper(runtime: serving)
        try keeper.start()
        let isKept = awaitIt { try runs(home) == 1 }
        #expect(isKept, "the policy keeps one")
        keeper.stop()
        serving.close()
    }

    @Test func whoOnlyRunsLeavesItToWhoServes() throws {
        let home = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-upkeep-")
        defer { try? FileSystem.removeTree(home) }
        let serving = try runtime(home, role: EngineRuntime.serving)
        let running = try runtime(home, role: "run")
        for _ in 0..<3 { try carry(running) }
        running.close()
        #expect(try runs(home) == 3)
        _ = awaitIt { serving.tidy(within: .milliseconds(50)) == true }
        serving.close()
        #expect(try runs(home) == 1)
    }

    @Test func whoRunsAloneDoesItAtItsEnd() throws {
        let home = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-upkeep-")
        defer { try? FileSystem.removeTree(home) }
        let running = try runtime(home, role: "run")
        for _ in 0..<3 { try carry(running) }
        _ = awaitIt { running.tidy(within: .milliseconds(50)) == true }
        running.close()
        #expect(try runs(home) == 1)
    }

    private func runtime(_ home: String, role: String) throws -> EngineRuntime {
        try EngineRuntime.open(
            folder: StateFolder(home), options: StoreOptions(durability: .full),
            retention: RetentionPolicy(age: nil, runsPerWorkflow: 1), host: ScriptedHost { $0.succeed() },
            observer: nil, role: role, version: "1.0.0"
        ) { _ in }
    }

    private func carry(_ runtime: EngineRuntime) throws {
        let stage = StageDefinition(id: "one", uses: "test.run")
        let definition = WorkflowDefinition(name: "small", stages: [stage])
        let plan = try Planner.plan(definition, catalog: ScriptedHost { _ in }, snapshot: Array("{}".utf8))
        let run = try runtime.engine.submit(RunSubmission(plan: plan, directory: "/tmp", workdir: "/tmp/work/{run}"))
        #expect(try runtime.engine.wait(run: run) == .ended(.completed))
    }

    private func runs(_ home: String) throws -> Int? {
        try StoreReader(StateFolder(home))?.runs().items.count
    }

    private func awaitIt(_ body: () throws -> Bool) -> Bool {
        let end = MonotonicClock.now() + 120_000_000_000
        while MonotonicClock.now() < end {
            if (try? body()) == true { return true }
            Thread.yield()
        }
        return false
    }
}

import Testing

@testable import BattenCore

/// Slots that all runs of an engine share.
struct SlotTests {
    private func run(_ count: Int) throws -> RunMachine {
        let stages = (1...count).map { stage("s\($0)", $0.isMultiple(of: 3) ? "llm.chat" : "test.run") }
        return RunMachine(plan: try Planner.plan(workflow(stages), catalog: TestCatalog(), snapshot: [1]))
    }

    private func accept(_ id: String) -> RunInput {
        .accepted(RunRequest(run: id, trigger: "cli", seed: 1, workdir: "/tmp/\(id)"))
    }

    private func started(_ step: RunStep) -> [Int] {
        step.effects.compactMap { if case .startAttempt(let start) = $0 { start.stageIndex } else { nil } }
    }

    @Test func aFullPoolHoldsUpItsOwnStagesOnly() throws {
        var slots = SlotPool(blocking: 10, asynchronous: 10, plugins: ["test": 2])
        var machine = try run(6)
        let now = Timestamp(nanoseconds: 1_000)
        let step = machine.apply(accept("a"), at: now, slots: &slots)
        #expect(started(step) == [0, 1, 2, 5], "s4 and s5 wait for a slot of test; the llm stages go past them")
        #expect(machine.state.stageRow(3)?.waiting?.detail == "all 2 slots of test are taken")
        let next = machine.apply(
            .attemptFinished(stage: 0, attempt: 1, outcome: StageOutcome(.ok)), at: now, slots: &slots)
        #expect(started(next) == [3])
    }

    @Test func whatOneRunGivesBackAnotherTakes() throws {
        var slots = SlotPool(blocking: 1, asynchronous: 1)
        var first = try run(1)
        var second = try run(1)
        let now = Timestamp(nanoseconds: 1_000)
        #expect(started(first.apply(accept("a"), at: now, slots: &slots)) == [0])
        #expect(started(second.apply(accept("b"), at: now, slots: &slots)) == [])
        #expect(second.state.hasQueue)
        #expect(started(second.apply(.slotsFreed, at: now, slots: &slots)) == [], "no slot is free yet")
        _ = first.apply(
            .attemptFinished(stage: 0, attempt: 1, outcome: StageOutcome(.permanent)), at: now, slots: &slots)
        #expect(started(second.apply(.slotsFreed, at: now, slots: &slots)) == [0])
    }

    @Test func attemptsOfADeadEngineLeaveNoSlotBehind() throws {
        var slots = SlotPool(blocking: 1, asynchronous: 1)
        var dead = try run(1)
        let now = Timestamp(nanoseconds: 1_000)
        let journal = dead.apply(accept("a"), at: now, slots: &slots).records
        var fresh = SlotPool(blocking: 1, asynchronous: 1)
        var machine = try run(1)
        for record in journal { try machine.replay(record) }
        #expect(started(machine.apply(.restarted, at: now, slots: &fresh)) == [0])
        _ = machine.apply(.attemptFinished(stage: 0, attempt: 2, outcome: StageOutcome(.ok)), at: now, slots: &fresh)
        var other = try run(1)
        #expect(started(other.apply(accept("b"), at: now, slots: &fresh)) == [0])
    }
}

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

    // MARK: Whose turn it is

    /// Runs that share the slots of an engine, with a clock of their own.
    private struct Engine {
        var slots: SlotPool
        var now = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
        var runs: [RunMachine] = []
        var heads: [[SlotHead]] = []
        /// Started attempts that nobody has ended, as run and stage.
        var open: [(run: Int, stage: Int)] = []
        var started: [String] = []

        mutating func submit(_ stages: [StageDefinition]) throws {
            runs.append(
                RunMachine(plan: try Planner.plan(workflow(stages), catalog: TestCatalog(), snapshot: [1])))
            heads.append([])
            apply(
                .accepted(RunRequest(run: "r\(runs.count)", trigger: "cli", seed: 1, workdir: "/tmp")),
                to: runs.count - 1)
        }

        mutating func finish() {
            let ended = open.removeFirst()
            apply(
                .attemptFinished(stage: ended.stage, attempt: 1, outcome: StageOutcome(.ok)), to: ended.run)
        }

        private mutating func apply(_ input: RunInput, to run: Int) {
            step(input, run)
            while let next = slots.next() {
                guard step(.slotsFreed, next) else {
                    Issue.record("run \(next) is said to be next and cannot start")
                    return
                }
            }
        }

        /// - Returns: whether anything was decided.
        @discardableResult
        private mutating func step(_ input: RunInput, _ run: Int) -> Bool {
            slots.leave(heads[run], run: run, of: "w")
            let step = runs[run].apply(input, at: now, slots: &slots)
            heads[run] = step.heads
            slots.enter(heads[run], run: run, of: "w")
            for case .startAttempt(let start) in step.effects {
                open.append((run, start.stageIndex))
                started.append(runs[run].state.stageRow(start.stageIndex)?.id ?? "")
            }
            return !step.records.isEmpty
        }
    }

    @Test func theHigherPriorityGoesFirstAmongWhatBecomesReadyTogether() throws {
        var engine = Engine(slots: SlotPool(blocking: 2, asynchronous: 1))
        try engine.submit([
            stage("a"), stage("b") { $0.priority = -1 }, stage("c") { $0.priority = 7 },
            stage("d") { $0.priority = 3 }, stage("e", after: ["c"]) { $0.priority = 9 },
        ])
        #expect(engine.started == ["c", "d"])
        for _ in 0..<3 { engine.finish() }
        #expect(engine.started == ["c", "d", "e", "a", "b"])
    }

    @Test func aSlotThatARunGivesBackGoesToWhomeverItIsTheTurnOf() throws {
        var engine = Engine(slots: SlotPool(blocking: 1, asynchronous: 1))
        try engine.submit([stage("a1"), stage("a2", after: ["a1"]), stage("a3", after: ["a2"])])
        engine.now = engine.now + .seconds(1)
        try engine.submit([stage("b1"), stage("b2", after: ["b1"]) { $0.priority = 1 }])
        engine.now = engine.now + .seconds(1)
        try engine.submit([stage("c1") { $0.priority = 1 }])
        for _ in 0..<6 {
            engine.now = engine.now + .seconds(1)
            if !engine.open.isEmpty { engine.finish() }
        }
        #expect(engine.started == ["a1", "c1", "b1", "b2", "a2", "a3"])
    }

    @Test func stagesThatBecameReadyTogetherAllGetTheirTurn() throws {
        var engine = Engine(slots: SlotPool(blocking: 2, asynchronous: 1))
        for _ in 0..<2 { try engine.submit((1...3).map { stage("s\($0)") }) }
        while !engine.open.isEmpty { engine.finish() }
        #expect(engine.started.count == 6)
    }

    @Test func itemsOfAFanOutLetOthersHaveTheirTurn() throws {
        var engine = Engine(slots: SlotPool(blocking: 1, asynchronous: 1))
        try engine.submit([stage("each") { $0.forEach = .array([1, 2, 3, 4]) }])
        engine.now = engine.now + .seconds(1)
        try engine.submit([stage("b")])
        for _ in 0..<5 {
            engine.now = engine.now + .seconds(1)
            engine.finish()
        }
        #expect(engine.started == ["each", "each", "b", "each", "each"])
    }

    /// Ten seconds of waiting count as much as one step of priority, so whatever comes cannot keep a stage for ever.
    @Test(arguments: [(-5, 0, 50), (0, 12, 120), (-1, 1, 20), (-1_000, -990, 100)])
    func noStageStarves(low: Int, high: Int, bound: Int) throws {
        var engine = Engine(slots: SlotPool(blocking: 1, asynchronous: 1))
        try engine.submit([stage("first")])
        try engine.submit([stage("low") { $0.priority = low }])
        // Every second another one of the higher priority comes, and one call ends: there is always somebody.
        try engine.submit([stage("high") { $0.priority = high }])
        var waited = 0
        while !engine.started.contains("low"), waited < bound + 10 {
            engine.now = engine.now + .seconds(1)
            waited += 1
            try engine.submit([stage("high") { $0.priority = high }])
            engine.finish()
        }
        #expect(waited == bound + 1, "it goes before what came later than its wait is worth, and not earlier")
    }
}

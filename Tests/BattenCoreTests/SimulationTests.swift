import Testing

@testable import BattenCore

/// Random workflows × random outcomes × random controls × deaths of the engine, with the invariants checked each step.
@Suite struct SimulationTests {
    @Test func randomRunsKeepTheInvariants() throws {
        var followed = 0
        for seed in UInt64(1)...800 {
            var simulation = try Simulation(seed: seed)
            let complaints = try simulation.run()
            #expect(complaints.isEmpty, "seed \(seed): \(complaints.joined(separator: "; "))\n\(simulation.trace)")
            if !complaints.isEmpty { return }
            followed += simulation.timesFollowed
        }
        #expect(followed > 500, "most steps of quick runs can be followed")
    }
}

/// What was found wrong in one run.
private final class Complaints {
    var list: [String] = []
}

/// One random run.
private struct Simulation {
    var random: SplitMix64
    let plan: Plan
    var machine: RunMachine
    /// The same run as its journal tells it.
    var shadow: RunMachine
    var now = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
    var journal: [JournalRecord] = []
    /// What the store holds.
    var stageRows: [Int: StageRow] = [:]
    var runRow: RunRow?
    var attempts: [[AttemptRow]]
    var timers: [String: Timestamp] = [:]
    /// Attempts that some executor is working on.
    var open: [StageStart] = []
    /// Attempts whose engine died; their results may still come.
    var stale: [StageStart] = []
    var isDone = false
    let complaints = Complaints()
    /// Steps whose rows were made from their facts alone.
    var timesFollowed = 0
    var actions: [String] = []

    var trace: String {
        let definition = plan.definition.stages.map {
            "\($0.id)(\($0.uses)) after \($0.dependsOn) if \($0.condition ?? "-")"
        }
        return (definition + ["finally \(plan.definition.finally.map(\.id))"] + actions).joined(separator: "\n")
    }

    init(seed: UInt64) throws {
        random = SplitMix64(seed: seed)
        plan = try Planner.plan(Self.definition(&random), catalog: TestCatalog(), snapshot: [1])
        machine = RunMachine(plan: plan)
        shadow = RunMachine(plan: plan)
        attempts = Array(repeating: [], count: plan.stages.count)
    }

    // MARK: Random workflows

    static func chance(_ percent: Int, _ random: inout SplitMix64) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    static func definition(_ random: inout SplitMix64) -> WorkflowDefinition {
        let count = Int.random(in: 1...9, using: &random)
        var stages: [StageDefinition] = []
        for place in 0..<count {
            let before = (0..<place).map { "s\($0)" }
            stages.append(randomStage("s\(place)", before, &random))
        }
        var definition = WorkflowDefinition(name: "sim", stages: stages)
        for place in 0..<Int.random(in: 0...3, using: &random) {
            let before = (0..<place).map { "f\($0)" }
            definition.finally.append(randomStage("f\(place)", before, &random))
        }
        if chance(40, &random) { definition.maxParallel = Int.random(in: 1...3, using: &random) }
        if chance(20, &random) { definition.timeout = .seconds(Int.random(in: 1...60, using: &random)) }
        if chance(20, &random) {
            definition.outputs = [OutputDefinition(name: "o", value: .string("${{ stages.s0.outputs.n }}"))]
        }
        return definition
    }

    static func randomStage(_ id: String, _ before: [String], _ random: inout SplitMix64) -> StageDefinition {
        let kinds = ["test.run", "test.run", "test.idempotent", "set", "sleep"]
        var stage = StageDefinition(id: id, uses: kinds.randomElement(using: &random) ?? "test.run")
        stage.dependsOn = before.filter { _ in chance(35, &random) }
        switch stage.uses {
        case "sleep": stage.with = ["for": .string(chance(20, &random) ? "0s" : "5s")]
        case "set":
            stage.with = ["n": .int(1)]
            if chance(10, &random) { stage.with["bad"] = .string("${{ 1 / 0 }}") }
        default: break
        }
        if chance(30, &random) {
            let conditions = [
                "always()", "failure()", "!failure()", "cancelled()", "success() || failure()", "true", "false",
                "1 + 1", "run.attempt == 1", "always() && parameters.p > 3",
            ]
            stage.condition = conditions.randomElement(using: &random)
        }
        if chance(40, &random) { stage.onFailure = OnFailure.allCases.randomElement(using: &random) }
        if chance(40, &random) {
            stage.retry = RetryDefinition()
            stage.retry?.maxAttempts = Int.random(in: 1...4, using: &random)
            if chance(30, &random) { stage.retry?.initial = .zero }
        }
        if chance(20, &random) { stage.deadline = .seconds(Int.random(in: 1...30, using: &random)) }
        if chance(10, &random) { stage.parallel = false }
        if chance(20, &random) {
            stage.fallback = StageBody(uses: ["test.run", "set", "sleep"].randomElement(using: &random) ?? "set")
            if stage.fallback?.uses == "sleep" { stage.fallback?.with = ["for": .string("1s")] }
        }
        if chance(25, &random) {
            if chance(30, &random) {
                stage.matrix = ["a": [1, 2], "b": ["x", "y"], "exclude": [["a": 2, "b": "y"]]]
            } else {
                stage.forEach = .array((0..<Int.random(in: 0...5, using: &random)).map { .int(Int64($0)) })
                if chance(10, &random) { stage.forEach = .string("${{ 1 }}") }
            }
            if chance(50, &random) { stage.maxParallel = Int.random(in: 1...3, using: &random) }
            if chance(50, &random) { stage.failFast = false }
        }
        if stage.uses != "sleep", chance(20, &random) {
            stage.outputs = [OutputDefinition(name: "n", type: .integer, value: .string("${{ result.n }}"))]
        }
        return stage
    }

    // MARK: The run

    mutating func run() throws -> [String] {
        send(
            .accepted(
                RunRequest(
                    run: "simulatedrun", trigger: "test", parameters: .object(["p": .int(5)]), seed: random.next(),
                    workdir: "/tmp")), "accept")
        var steps = 0
        while !isDone, complaints.list.isEmpty {
            steps += 1
            if steps > 2_000 {
                complaints.list.append("the run does not end")
                break
            }
            try act(calm: steps > 200)
        }
        if complaints.list.isEmpty { checkEnd() }
        return complaints.list
    }

    private mutating func act(calm: Bool) throws {
        let dice = Int.random(in: 0..<100, using: &random)
        switch dice {
        case 0..<2 where !calm: try crash()
        case 2..<3 where !calm: send(.control(.cancel), "cancel")
        case 3..<4 where !calm && Self.chance(30, &random): send(.control(.cancelNow), "cancel --now")
        case 4..<6 where !calm: send(.control(.pause), "pause")
        case 6..<9: send(.control(.resume), "resume")
        case 9..<12 where !stale.isEmpty, 78..<90 where !stale.isEmpty: lateResult()
        case 12..<14 where !calm && !open.isEmpty:
            let start = open.remove(at: Int.random(in: 0..<open.count, using: &random))
            send(
                .attemptBlocked(stage: start.stageIndex, attempt: start.attempt, reason: "secret X missing"),
                "block \(name(start.stageIndex))")
        case 14..<60 where !open.isEmpty: finishOne()
        default:
            if let due = timers.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }), Self.chance(50, &random) {
                now = max(now, due.value)
                send(.timerFired(due.key), "fire \(due.key)")
            } else if !open.isEmpty {
                finishOne()
            } else if machine.state.isPaused {
                send(.control(.resume), "resume")
            } else if machine.state.isStuck {
                try crash()
            } else if let due = timers.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) {
                now = max(now, due.value)
                send(.timerFired(due.key), "fire \(due.key)")
            } else {
                complaints.list.append("nothing is open, armed, paused or stuck, and the run goes on")
            }
        }
    }

    private mutating func finishOne() {
        let start = open.remove(at: Int.random(in: 0..<open.count, using: &random))
        if Self.chance(12, &random) { stale.append(start) }
        let classes: [OutcomeClass] = Self.chance(55, &random) ? [.ok] : OutcomeClass.allCases
        let outcomeClass = classes.randomElement(using: &random) ?? .ok
        let outcome = StageOutcome(
            outcomeClass, effect: Effect.allCases.randomElement(using: &random) ?? .none,
            retryAfter: Self.chance(10, &random) ? .seconds(3) : nil, code: "sim", message: "m",
            output: Self.chance(90, &random) ? .object(["n": .int(1)]) : .object(["n": .string("x")]))
        send(
            .attemptFinished(stage: start.stageIndex, attempt: start.attempt, outcome: outcome),
            "finish \(name(start.stageIndex))#\(start.attempt) \(outcomeClass)")
    }

    private mutating func lateResult() {
        let start = stale.remove(at: Int.random(in: 0..<stale.count, using: &random))
        let before = machine.state
        let step = send(
            .attemptFinished(stage: start.stageIndex, attempt: start.attempt, outcome: StageOutcome(.ok)),
            "late \(name(start.stageIndex))#\(start.attempt)")
        var expected = before
        expected.lastSeq += 1
        check(
            step.records.map(\.type) == ["attempt_late"] && machine.state == expected, "a late result changed the run")
    }

    private mutating func crash() throws {
        actions.append("crash")
        stale += open
        open = []
        machine = RunMachine(plan: plan)
        for record in journal { try machine.replay(record) }
        send(.restarted, "restart")
    }

    @discardableResult
    private mutating func send(_ input: RunInput, _ what: String) -> RunStep {
        now = now + .milliseconds(Int.random(in: 0...400, using: &random))
        let step = machine.apply(input, at: now)
        actions.append(
            "\(what) → \(step.records.map { "\($0.stage ?? "")\($0.item.map { "[\($0)]" } ?? "")\($0.attempt.map { "#\($0)" } ?? "") \($0.type)" })"
        )
        absorb(step)
        return step
    }

    private func name(_ index: Int) -> String {
        guard let row = machine.state.stageRow(index) else { return "" }
        return row.id + (row.item.map { "[\($0)]" } ?? "")
    }

    // MARK: Invariants

    private func check(_ condition: Bool, _ complaint: @autoclosure () -> String) {
        if !condition { complaints.list.append(complaint()) }
    }

    private mutating func absorb(_ step: RunStep) {
        check(Set(step.stages.map(\.index)).count == step.stages.count, "a stage row stands twice in a step")
        let followed = follow(step)
        for row in step.stages {
            if let old = stageRows[row.index], old.status.isTerminal {
                check(old == row, "decided stage \(row.id) changed")
            }
            stageRows[row.index] = row
        }
        attempts += Array(repeating: [], count: max(0, machine.state.stageRows.count - attempts.count))
        for row in step.attempts {
            if row.number <= attempts[row.stageIndex].count {
                attempts[row.stageIndex][row.number - 1] = row
            } else {
                check(row.number == attempts[row.stageIndex].count + 1, "attempt numbers have a gap")
                attempts[row.stageIndex].append(row)
            }
        }
        if let followed {
            check(
                followed.stages == machine.state.stageRows.indices.map { stageRows[$0] },
                "stage rows cannot follow the journal")
            let rows = followed.attempts.sorted { ($0.stageIndex, $0.number) < ($1.stageIndex, $1.number) }
            check(rows == Array(attempts.joined()), "attempt rows cannot follow the journal")
            timesFollowed += 1
        }
        if let row = step.runRow { runRow = row }
        for key in step.timersCleared {
            check(timers.removeValue(forKey: key) != nil, "cleared timer \(key) was not armed")
        }
        for timer in step.timersArmed { timers[timer.key] = timer.at }
        absorb(step.records)
        for effect in step.effects {
            switch effect {
            case .startAttempt(let start):
                open.append(start)
                check(start.attempt == attempts[start.stageIndex].count, "attempt \(start.attempt) has no row")
            case .cancelAttempt(let stage, let attempt, _):
                check(
                    open.contains { $0.stageIndex == stage && $0.attempt == attempt },
                    "cancels attempt \(attempt) of \(name(stage)), which is not open")
            case .joinGroup, .startChild, .lookBack: break
            case .runEnded: isDone = true
            case .armTimer(let key, let at): check(timers[key] == at, "arms \(key), which the store does not hold")
            case .disarmTimer(let key): check(timers[key] == nil, "disarms \(key), which the store holds")
            }
        }
        open.removeAll { start in stageRows[start.stageIndex]?.status.isTerminal == true }
        checkState()
    }

    /// The rows of a step that the journal alone gives; nil when it says too little.
    private mutating func follow(_ step: RunStep) -> RunImages? {
        guard step.runRow == nil, !step.records.isEmpty, step.records.allSatisfy({ RunImages.follow($0.type) }),
            step.stages.allSatisfy({ $0.error == nil })
        else { return nil }
        var images = RunImages(
            run: "simulatedrun", stages: machine.state.stageRows.indices.compactMap { stageRows[$0] },
            attempts: Array(attempts.joined()))
        for record in step.records {
            do {
                try images.apply(record)
            } catch {
                complaints.list.append(error.message)
            }
        }
        return images
    }

    /// Replays what was recorded as a new owner would read it: through text.
    private mutating func absorb(_ records: [JournalRecord]) {
        for record in records {
            var stored = record
            do {
                stored.data = try JSONReader.parse(JSONWriter.bytes(record.data))
                try shadow.replay(stored)
            } catch {
                complaints.list.append("record \(record.seq) \(record.type): \(error)")
            }
            if record.type == "stage_started", let id = record.stage, let index = plan.indexByID[id] {
                check(record.item == nil || plan.stages[index].fanOut != nil, "\(id) has items")
                let isFinally = plan.stages[index].isFinally
                check(
                    isFinally == journal.contains { $0.type == "finally_started" }, "\(id) started in the wrong phase")
            }
            journal.append(stored)
        }
        check(shadow.state == machine.state, "the replayed state differs")
    }

    private mutating func checkState() {
        let state = machine.state
        check(
            stageRows.isEmpty || state.stages.indices.allSatisfy { stageRows[$0] == state.stages[$0].row },
            "stage rows differ from the state")
        check(runRow == nil || runRow == state.row, "the run's row differs from the state")
        check(timers == state.timers, "timers differ: store \(timers), state \(state.timers)")
        for stage in state.stages {
            let place = stage.row.index
            check((timers["retry:\(place)"] != nil) == (stage.mode == .retrying), "the retry timer of \(stage.row.id)")
            check((timers["sleep:\(place)"] != nil) == (stage.mode == .sleeping), "the sleep timer of \(stage.row.id)")
        }
        let running = state.stages.filter { $0.mode == .running }
        check(state.counts.running == running.count, "running stages are miscounted")
        if let limit = plan.definition.maxParallel { check(running.count <= limit, "max_parallel is exceeded") }
        if running.count > 1 {
            check(!running.contains { plan.stages[$0.planned].isExclusive }, "an exclusive stage is not alone")
        }
        checkItems()
        check(journal.count { $0.type == "finally_started" } <= 1, "finally was entered twice")
        for stage in running {
            check(
                open.contains { $0.stageIndex == stage.row.index && $0.attempt == stage.row.attempts },
                "stage \(stage.row.id) runs and nobody works on it")
        }
    }

    /// What holds at any time of the items of each stage that has some.
    private func checkItems() {
        let state = machine.state
        for (place, expansion) in state.expansions {
            let stage = plan.stages[place]
            let rows = expansion.instances.map { state.stages[$0] }
            let begun = rows.prefix(expansion.next)
            let failed = rows.count { $0.row.status == .failed || $0.row.status == .timedOut }
            check(rows.allSatisfy { $0.planned == place && $0.row.id == stage.id }, "items of \(stage.id) are mixed up")
            check(rows.dropFirst(expansion.next).allSatisfy { $0.mode == .idle }, "items of \(stage.id) began early")
            check(expansion.left == rows.count { $0.mode != .ended }, "items of \(stage.id) are miscounted")
            check(expansion.active == begun.count { $0.mode != .ended }, "active items of \(stage.id) are miscounted")
            check(expansion.failed == failed, "failed items of \(stage.id) are miscounted")
            if let limit = stage.fanOut?.maxParallel {
                check(expansion.active <= limit, "max_parallel of \(stage.id) is exceeded")
            }
            check(
                (expansion.left == 0) == (state.stages[place].mode == .ended), "\(stage.id) and its items do not agree")
            guard state.stages[place].mode == .ended else { continue }
            let completed = rows.allSatisfy { $0.row.status == .completed }
            check(completed == (state.stages[place].row.status == .completed), "\(stage.id) ended unlike its items")
            for list in state.stages[place].row.outputs?.objectValue ?? [:] {
                check(list.value.arrayValue?.count == rows.count, "output '\(list.key)' of \(stage.id) is no full list")
            }
        }
    }

    private mutating func checkEnd() {
        check(timers.isEmpty, "timers are left: \(timers.keys)")
        check(runRow?.status.isTerminal == true, "the run's row is not terminal")
        check(stageRows.values.allSatisfy(\.status.isTerminal), "stages are not decided: \(stageRows.values.map(\.id))")
        let wasKilled = journal.contains { $0.data["cause"]?.stringValue == "now" }
        if !wasKilled, !plan.definition.finally.isEmpty {
            check(journal.contains { $0.type == "finally_started" }, "finally was not entered")
        }
        check(attempts.joined().allSatisfy { $0.endedAt != nil }, "an attempt has no end")
        for instance in machine.state.stages {
            let stage = plan.stages[instance.planned]
            let rows = attempts[instance.row.index]
            check(rows.count == stageRows[instance.row.index]?.attempts, "attempts of \(stage.id) are miscounted")
            let counted = rows.count {
                $0.reason != "fallback" && $0.code != "batten.engine_lost" && $0.code != "batten.secret_missing"
            }
            check(
                counted <= stage.retry.maxAttempts + (stage.fallback?.retry.maxAttempts ?? 0),
                "\(stage.id) was tried \(counted) times")
            check(rows.count { $0.code == "batten.engine_lost" } <= 3, "\(stage.id) was lost more than three times")
        }
        let failed = stageRows.values.count { $0.item == nil && ($0.status == .failed || $0.status == .timedOut) }
        check(runRow?.failedStages == failed, "failed stages are miscounted")
        if runRow?.status == .completed {
            for row in stageRows.values where row.item == nil && (row.status == .failed || row.status == .timedOut) {
                check(plan.stages[row.index].onFailure == .continue, "\(row.id) failed and the run completed")
            }
        }
    }
}

import Testing

@testable import BattenCore

/// Runs that continue others: what they keep, what they run again, and what they tell of it.
@Suite struct MachineForkTests {
    /// A diamond with a gate, a stage that its condition skips, and one behind that.
    private static func definition(_ change: (inout WorkflowDefinition) -> Void = { _ in }) -> WorkflowDefinition {
        var definition = workflow([
            stage("a") { $0.with = ["x": "${{ parameters.city }}"] },
            stage("ask", "gate", after: ["a"]) { $0.with = ["prompt": "Go?"] },
            stage("skip", after: ["a"], if: "${{ parameters.city == 'Nowhere' }}"),
            stage("join", after: ["skip"], if: "${{ !failure() }}"),
            stage("b", after: ["ask"]), stage("c", after: ["b", "join"]),
        ])
        definition.parameters = [
            ParameterDefinition(name: "city", type: .string), ParameterDefinition(name: "other", type: .string),
        ]
        definition.finally = [stage("tidy")]
        change(&definition)
        return definition
    }

    private static let parameters: JSONObject = ["city": "Oslo", "other": "1"]

    /// The run that others come from: `b` fails, `c` is halted.
    private static func origin() throws -> Driver {
        var run = try Driver(definition())
        run.accept(parameters: parameters)
        run.finish("a", StageOutcome(.ok, effect: .made, output: ["v": 1]))
        run.finish("join", StageOutcome(.ok, effect: .made, output: ["j": 2]))
        run.send(.control(.answer(GateAnswer(stage: "ask", approves: true, by: "ann"))))
        run.finish("b", .permanent)
        run.finish("tidy")
        #expect(run.ended == .failed)
        return run
    }

    private static func decide(
        _ origin: RunMachine, _ change: (inout WorkflowDefinition) -> Void = { _ in }, from: Set<String> = [],
        parameters: JSONObject = Self.parameters, rerunsChanged: Bool = false
    ) throws -> (decision: ForkDecision, plan: Plan) {
        let plan = try Planner.plan(definition(change), catalog: TestCatalog(), snapshot: [2])
        return (
            ForkDecision(
                origin: origin, plan: plan, from: from, parameters: parameters, rerunsChanged: rerunsChanged), plan
        )
    }

    private static func edit(_ id: String, _ change: @escaping (inout StageDefinition) -> Void) -> (
        inout WorkflowDefinition
    ) -> Void {
        { definition in
            for index in definition.stages.indices where definition.stages[index].id == id {
                change(&definition.stages[index])
            }
        }
    }

    @Test func keepsWhatIsCommittedAndWiredAlike() throws {
        let origin = try Self.origin().machine
        typealias Edit = (inout WorkflowDefinition) -> Void
        let none: Edit = { _ in }
        let table:
            [(
                name: String, edit: Edit, from: Set<String>, parameters: JSONObject, changed: Bool, kept: [String],
                again: [String], warned: [String]
            )] = [
                ("retry", none, [], Self.parameters, false, ["a", "ask", "skip", "join"], [], []),
                ("from the first", none, ["a"], Self.parameters, false, [], ["a", "ask", "join"], []),
                (
                    "from the gate", none, ["ask"], Self.parameters, false, ["a", "skip", "join"], ["ask"], []
                ),
                (
                    "a definition changed", Self.edit("a") { $0.with = ["x": "2"] }, [], Self.parameters, false,
                    ["a", "ask", "skip", "join"], [], ["a: its 'with'"]
                ),
                (
                    "a definition changed, run again", Self.edit("join") { $0.with = ["x": "2"] }, [], Self.parameters,
                    true, ["a", "ask", "skip"], ["join"], ["join: its 'with'"]
                ),
                (
                    "a parameter changed", none, [], ["city": "Rome", "other": "1"], false,
                    ["a", "ask", "skip", "join"], [], ["a: the parameter 'city'", "skip: the parameter 'city'"]
                ),
                (
                    "a parameter changed, run again", none, [], ["city": "Rome", "other": "1"], true, [],
                    ["a", "ask", "join"], ["a: the parameter 'city'"]
                ),
                (
                    "a parameter that nothing reads", none, [], ["city": "Oslo", "other": "2"], true,
                    ["a", "ask", "skip", "join"], [], []
                ),
                (
                    "re-wired", Self.edit("join") { $0.dependsOn = ["skip", "a"] }, [], Self.parameters, false,
                    ["a", "ask", "skip"], ["join"], []
                ),
                (
                    "renamed",
                    {
                        $0.stages[1].id = "ask2"; $0.stages[4].dependsOn = ["ask2"]
                    }, [], Self.parameters,
                    false, ["a", "skip", "join"], [], []
                ),
                (
                    "only its name for people", Self.edit("a") { $0.name = "First" }, [], Self.parameters, false,
                    ["a", "ask", "skip", "join"], [], []
                ),
            ]
        for entry in table {
            let (decision, _) = try Self.decide(
                origin, entry.edit, from: entry.from, parameters: entry.parameters, rerunsChanged: entry.changed)
            #expect(Set(decision.kept.map(\.id)) == Set(entry.kept), "\(entry.name)")
            #expect(decision.again == entry.again, "\(entry.name)")
            #expect(
                decision.changes.map { "\($0.stage): \($0.what.joined(separator: ", "))" } == entry.warned,
                "\(entry.name)")
        }
    }

    @Test func aCheckpointKeepsWhatWasCommittedThere() throws {
        let origin = try Self.origin()
        var expected: [String] = []
        for position in origin.journal.indices {
            let record = origin.journal[position]
            if record.type == "stage_completed" || record.type == "stage_skipped", let stage = record.stage,
                !["c", "tidy"].contains(stage)
            {
                expected.append(stage)
            }
            var machine = RunMachine(plan: origin.machine.plan)
            for record in origin.journal[...position] { try machine.replay(record) }
            let (decision, _) = try Self.decide(machine)
            #expect(Set(decision.kept.map(\.id)) == Set(expected), "at \(record.seq)")
        }
        #expect(expected.count == 4)
    }

    @Test func keptStagesAreDecidedWithoutAttempts() throws {
        let origin = try Self.origin().machine
        let (decision, plan) = try Self.decide(origin)
        var run = try Driver(Self.definition())
        run.machine = RunMachine(plan: plan)
        let source = ForkOrigin(run: "origin234567", seq: 20, kind: .retry)
        run.send(
            .accepted(
                RunRequest(
                    run: "abcdefgh2345", trigger: "cli", parameters: .object(Self.parameters), seed: 1,
                    workdir: "/tmp/w", origin: source, kept: decision.kept)))
        #expect(
            run.summary
                == "a=completed ask=completed skip=skipped join=completed b=running c=pending tidy=pending")
        #expect(run.open.keys.sorted() == ["b"])
        #expect(run.row("a")?.attempts == 0)
        #expect(run.row("a")?.outputs == ["v": 1])
        #expect(run.row("a")?.keptFrom == "origin234567")
        #expect(run.machine.state.row.origin == source)
        let gate = try #require(run.machine.state.gateRows.first)
        #expect(gate.decision == .approved)
        #expect(gate.votes.map(\.answer.by) == ["ann"])
        // A kept stage that nobody executed is what a new owner finds too.
        try run.crash()
        run.finish("b")
        run.finish("c")
        run.finish("tidy")
        #expect(run.ended == .completed)
        // What a run has kept is kept by the next one as well.
        let (again, _) = try Self.decide(run.machine, from: ["c"])
        #expect(Set(again.kept.map(\.id)) == ["a", "ask", "skip", "join", "b"])
    }

    @Test func itemsThatCompletedAreKept() throws {
        let definition = workflow([
            stage("list", "set") { $0.with = ["names": ["a", "b", "c", "d"]] },
            stage("each", after: ["list"]) {
                $0.forEach = .string("${{ stages.list.outputs.names }}")
                $0.failFast = false
                $0.maxParallel = 2
            }, stage("sum", after: ["each"]),
        ])
        var first = try Driver(definition)
        first.accept()
        first.finish("each[0]", StageOutcome(.ok, effect: .made, output: ["n": 0]))
        first.finish("each[1]", .permanent)
        first.finish("each[2]", StageOutcome(.ok, effect: .made, output: ["n": 2]))
        first.finish("each[3]", StageOutcome(.ok, effect: .made, output: ["n": 3]))
        #expect(first.ended == .failed)
        func fork(_ machine: RunMachine, _ names: JSONValue, from: Set<String> = []) throws -> (Driver, ForkDecision) {
            var edited = definition
            edited.stages[0].with = ["names": names]
            let plan = try Planner.plan(edited, catalog: TestCatalog(), snapshot: [2])
            let decision = ForkDecision(
                origin: machine, plan: plan, from: from, parameters: [:], rerunsChanged: true)
            var run = try Driver(definition)
            run.machine = RunMachine(plan: plan)
            run.send(
                .accepted(
                    RunRequest(
                        run: "abcdefgh2345", trigger: "cli", seed: 1, workdir: "/tmp/w",
                        origin: ForkOrigin(run: "origin234567", seq: 9, kind: .retry),
                        kept: decision.kept + decision.partial)))
            return (run, decision)
        }
        var (run, decision) = try fork(first.machine, ["a", "b", "c", "d"])
        #expect(decision.kept.map(\.id) == ["list"])
        #expect(decision.partial.first?.items.map(\.number) == [0, 2, 3])
        #expect(run.open.keys.sorted() == ["each[1]"])
        try run.crash()
        run.finish("each[1]", StageOutcome(.ok, effect: .made, output: ["n": 1]))
        #expect(run.row("each")?.outputs == ["n": [0, 1, 2, 3]])
        run.finish("sum")
        #expect(run.ended == .completed)
        // What is whole is kept whole, with what others read of its items.
        let (whole, next) = try fork(run.machine, ["a", "b", "c", "d"], from: ["sum"])
        #expect(next.kept.map(\.id) == ["list", "each"])
        #expect(next.kept.last?.views?.arrayValue?.count == 4)
        #expect(whole.open.keys.sorted() == ["sum"])
        // Where the list before it changed, nothing is kept of it.
        let (other, none) = try fork(first.machine, ["x", "b"])
        #expect(none.partial.isEmpty)
        #expect(other.open.keys.sorted() == ["each[0]", "each[1]"])
    }
}

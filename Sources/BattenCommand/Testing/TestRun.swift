import BattenCore

/// Carries one test case out: the run machine alone, in a time of its own, without store, processes and plugins' calls.
///
/// Time passes at once, from one thing that is due to the next, and the seed is fixed: a case always goes the same way.
struct TestRun {
    private let test: TestCase
    private let plan: Plan
    private let catalog: any ExecutorCatalog
    private var machine: RunMachine
    private var now = Self.start
    private var calls: [Call] = []
    /// How many attempts of a stage were made, its items together where it has some.
    private var answered: [Int: Int] = [:]
    /// Gates, by place, with the instant they were opened, so that each opening is answered once.
    private var openings: [Int: (at: Timestamp, count: Int)] = [:]
    /// What keeps the case from telling anything, besides what it expects.
    private var problems: [String] = []
    private var inputs: [String: JSONValue] = [:]

    /// An attempt that is being made.
    private struct Call {
        let stage: Int
        let attempt: Int
        var due: Timestamp
        var outcome: StageOutcome
    }

    /// When the run of every case begins: 1 January 2026.
    static let start = Timestamp(nanoseconds: 1_767_225_600_000_000_000)
    private static let limit = 1_000_000

    /// What came of a case.
    struct Result {
        let plan: Plan
        let state: RunState
        let problems: [String]
        /// The last input of each stage.
        let inputs: [String: JSONValue]
        /// Time that has passed for the run.
        let duration: Duration
    }

    /// Carries a case out.
    ///
    /// - Parameters:
    ///   - test: the case.
    ///   - plan: of the workflow with ``WorkflowDefinition/answering(_:)``.
    ///   - request: what the run is accepted with.
    ///   - catalog: the executors; they are looked up and never called.
    static func carryOut(
        _ test: TestCase, plan: Plan, request: RunRequest, catalog: any ExecutorCatalog
    ) -> Result {
        var run = TestRun(test: test, plan: plan, catalog: catalog, machine: RunMachine(plan: plan))
        run.apply(.accepted(request))
        for signal in test.signals {
            if let refusal = run.apply(.control(.signal(signal))) {
                run.problems.append("the signal '\(signal.name)' was refused: \(refusal)")
            }
        }
        var steps = 0
        while !run.machine.state.isEnded, run.goOn() {
            steps += 1
            if steps > limit {
                run.problems.append("the run did not end within \(limit) steps")
                break
            }
        }
        return Result(
            plan: plan, state: run.machine.state, problems: run.problems, inputs: run.inputs,
            duration: run.now - Self.start)
    }

    /// Does what is due next: an answer to a gate, the end of an attempt, or a timer.
    ///
    /// - Returns: false when nothing is: the run waits for somebody.
    private mutating func goOn() -> Bool {
        if answerGate() { return true }
        let call = calls.indices.min { calls[$0].due < calls[$1].due }
        let timer = machine.state.armedTimers.first
        if let call, timer.map({ calls[call].due <= $0.at }) ?? true {
            let ended = calls.remove(at: call)
            now = max(now, ended.due)
            apply(.attemptFinished(stage: ended.stage, attempt: ended.attempt, outcome: ended.outcome))
            return true
        }
        guard let timer else { return false }
        now = max(now, timer.at)
        apply(.timerFired(timer.key))
        return true
    }

    private mutating func answerGate() -> Bool {
        for gate in machine.state.gateRows where gate.decision == nil {
            guard let row = machine.state.stageRow(gate.stageIndex), let answers = test.gates[name(gate.stageIndex)],
                let last = answers.last
            else { continue }
            let id = row.id
            let opening = openings[gate.stageIndex]
            let count = opening?.count ?? 0
            // A list goes on from answer to answer; its last one is given once at each further opening.
            guard count < answers.count || opening?.at != gate.openedAt else { continue }
            let answer = count < answers.count ? answers[count] : last
            openings[gate.stageIndex] = (gate.openedAt, count + 1)
            let control = GateAnswer(
                stage: id, item: row.item, approves: answer.approves, by: answer.by, form: answer.form,
                reason: answer.reason)
            now = now + .milliseconds(1)
            if let refusal = apply(.control(.answer(control))) {
                problems.append("the answer to '\(id)' was refused: \(refusal)")
            }
            return true
        }
        return false
    }

    @discardableResult
    private mutating func apply(_ input: RunInput) -> String? {
        let step = machine.apply(input, at: now)
        for effect in step.effects {
            switch effect {
            case .startAttempt(let start): begin(start)
            case .startChild(let start): begin(start)
            case .cancelAttempt(let stage, let attempt, _):
                for place in calls.indices where calls[place].stage == stage && calls[place].attempt == attempt {
                    calls[place].due = now
                    calls[place].outcome = StageOutcome(.cancelled, effect: .none, code: "", message: "cancelled")
                }
            case .joinGroup: apply(.group(.holds))
            case .lookBack: apply(.lookedBack(hadFailed: false))
            case .armTimer, .disarmTimer, .runEnded: break
            }
        }
        return step.refusal
    }

    private mutating func begin(_ start: StageStart) {
        if start.body == .handoff {
            // Summaries are not mocked: they are empty.
            let mock = TestCase.Mock(outcome: StageOutcome(.ok, effect: .none, output: ["text": ""]))
            return add(mock, stage: start.stageIndex, attempt: start.attempt, timeout: start.timeout)
        }
        let stage = plan.planned(start.planned)
        // The undos of a stage's items are mocked together, as the items are.
        let isUndo = start.body == .compensate
        let name = name(start.stageIndex)
        var mock = mock(
            of: name, start.body == .main ? stage.definition.uses : "its \(start.body.rawValue)", at: start.stageIndex)
        switch machine.renderCall(stageIndex: start.stageIndex, body: start.body, secrets: { test.secrets[$0] }) {
        case .failed(let outcome): mock = TestCase.Mock(outcome: outcome)
        case .sealed(let keyID):
            mock = TestCase.Mock(outcome: Self.refused("what it reads is sealed under the key \(keyID)"))
        case .blocked(let secret):
            problems.append("the secret '\(secret)' is read and not given: add it under 'secrets'")
            mock = TestCase.Mock(outcome: Self.refused("the secret '\(secret)' is missing"))
        case .call(let call):
            inputs[name] = call.input
            if case .found(let info) = catalog.executor(call.executor),
                let violation = info.input.validate(call.input).first
            {
                mock = TestCase.Mock(outcome: Self.refused("its input does not fit \(call.executor): \(violation)"))
            } else if mock.outcome.outcomeClass == .ok, !isUndo, stage.outputs.isEmpty,
                case .found(let info) = catalog.executor(call.executor),
                let violation = info.output.validate(mock.outcome.output).first
            {
                problems.append(
                    "the outputs that are mocked for '\(name)' are none of \(call.executor): "
                        + "\(violation)")
            }
        }
        add(mock, stage: start.stageIndex, attempt: start.attempt, timeout: start.timeout)
    }

    /// A child is not carried out: its outputs are mocked as those of an executor.
    private mutating func begin(_ start: ChildStart) {
        let id = name(start.stageIndex)
        var mock = mock(of: id, "workflow", at: start.stageIndex)
        switch machine.childParameters(stageIndex: start.stageIndex) {
        case .failure(let refusal): mock = TestCase.Mock(outcome: refusal.outcome)
        case .success(let parameters): inputs[id] = ["parameters": .object(parameters)]
        }
        add(mock, stage: start.stageIndex, attempt: start.attempt, timeout: start.timeout)
    }

    /// The name under which a case speaks of a stage: all rounds of a hook, and the undos of all items, have one.
    private func name(_ index: Int) -> String {
        let shown = machine.stageName(index)
        if let undone = UndoneStage.stage(ofUndo: shown) { return "\(undone):undo" }
        return machine.plannedPlace(index).map { plan.name(of: $0) } ?? shown
    }

    private mutating func add(_ mock: TestCase.Mock, stage: Int, attempt: Int, timeout: Duration) {
        var call = Call(stage: stage, attempt: attempt, due: now + mock.after, outcome: mock.outcome)
        if mock.after >= timeout {
            call.due = now + timeout
            call.outcome = StageOutcome(
                .timeout, effect: .unknown, code: "batten.timeout",
                message: "the attempt took longer than \(DurationText.format(timeout))")
        }
        calls.append(call)
    }

    private mutating func mock(of stage: String, _ uses: String, at index: Int) -> TestCase.Mock {
        guard let list = test.mocks[stage], let last = list.last else {
            problems.append("stage '\(stage)' (\(uses)) was started and is not mocked")
            return TestCase.Mock(outcome: Self.refused("it is not mocked"))
        }
        let number = answered[index, default: 0]
        answered[index] = number + 1
        return number < list.count ? list[number] : last
    }

    private static func refused(_ message: String) -> StageOutcome {
        StageOutcome(.permanent, effect: .none, code: "test.mock", message: message)
    }
}

extension WorkflowDefinition {
    /// The workflow with stages whose outputs are given: their contracts hold names and types, and the values come as
    /// they are instead of being computed from a result.
    func answering(_ stages: Set<String>) -> WorkflowDefinition {
        let ids = Set(stages.map(stageID))
        return mapStages { stage in
            guard ids.contains(stage.id) else { return stage }
            var stage = stage
            for place in stage.outputs.indices { stage.outputs[place].value = nil }
            return stage
        }
    }
}

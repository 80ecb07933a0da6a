import Testing

@testable import BattenCore

/// A catalog whose plugin `test` offers what the names say.
struct TestCatalog: ExecutorCatalog {
    func executor(_ type: String) -> ExecutorLookup {
        guard type.hasPrefix("test.") || type.hasPrefix("llm.") else {
            return .unknownPlugin(id: String(type.prefix { $0 != "." }), searched: ["/plugins"])
        }
        if type == "test.missing" { return .unknownExecutor(plugin: "test", offers: ["test.run"]) }
        return .found(
            ExecutorInfo(
                type: type, pluginVersion: "1.0.0", summary: "", input: TestCatalog.anything,
                output: TestCatalog.anything, inputSchema: .object([:]), outputSchema: .object([:]),
                isIdempotent: type == "test.idempotent", isPure: false, isCancellable: true, isAsynchronous: false,
                capabilities: .object([:])))
    }

    func knownTypes() -> [String] { ["test.run"] }

    static let anything = JSONSchema.anything
}

/// A run under test: the machine with a clock of its own, whose attempts the test ends by hand.
struct Driver {
    var machine: RunMachine
    var now = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
    var journal: [JournalRecord] = []
    /// Attempts the machine asked for and nobody has ended, by stage id.
    var open: [String: StageStart] = [:]
    var cancels: [String] = []
    var commits = 0
    var ended: RunStatus?
    /// Whether the machine has asked how the run before ended.
    var looksBack = false

    init(_ definition: WorkflowDefinition) throws {
        machine = RunMachine(plan: try Planner.plan(definition, catalog: TestCatalog(), snapshot: [1]))
    }

    @discardableResult
    mutating func send(_ input: RunInput, after delay: Duration = .milliseconds(1)) -> RunStep {
        now = now + delay
        let step = machine.apply(input, at: now)
        if !step.isEmpty { commits += 1 }
        journal += step.records
        for effect in step.effects {
            switch effect {
            case .startAttempt(let start): open[name(start.stageIndex)] = start
            case .cancelAttempt(let stage, let attempt, let now):
                cancels.append("\(name(stage))#\(attempt)\(now ? "!" : "")")
            case .joinGroup, .startChild: break
            case .runEnded(let status): ended = status
            case .lookBack: looksBack = true
            case .armTimer, .disarmTimer: break
            }
        }
        return step
    }

    @discardableResult
    mutating func accept(parameters: JSONObject = [:], host: JSONObject = [:]) -> RunStep {
        send(
            .accepted(
                RunRequest(
                    run: "abcdefgh2345", trigger: "cli", parameters: .object(parameters),
                    hostEnvironment: .object(host), seed: 42, workdir: "/tmp/w")))
    }

    @discardableResult
    mutating func finish(_ id: String, _ outcome: StageOutcome = StageOutcome(.ok, effect: .made)) -> RunStep {
        guard let start = open.removeValue(forKey: id) else {
            Issue.record("stage \(id) has no open attempt")
            return RunStep()
        }
        return send(.attemptFinished(stage: start.stageIndex, attempt: start.attempt, outcome: outcome))
    }

    @discardableResult
    mutating func finish(_ id: String, _ outcomeClass: OutcomeClass, effect: Effect = .none) -> RunStep {
        finish(
            id, StageOutcome(outcomeClass, effect: effect, code: "test.\(outcomeClass.rawValue)", message: "said no"))
    }

    /// Fires the timer that is due next, at its time.
    @discardableResult
    mutating func fireNextTimer() -> RunStep {
        guard let timer = machine.state.armedTimers.first else {
            Issue.record("no timer is armed")
            return RunStep()
        }
        return send(.timerFired(timer.key), after: max(timer.at - now, .zero))
    }

    /// A new owner: a fresh machine that replays the journal.
    mutating func crash() throws {
        var fresh = RunMachine(plan: machine.plan)
        for record in journal { try fresh.replay(record) }
        #expect(fresh.state == machine.state)
        machine = fresh
        open = [:]
        send(.restarted)
    }

    /// The id of a stage; that of an item has its number behind it: `each[2]`.
    func name(_ index: Int) -> String {
        guard let row = machine.state.stageRow(index) else { return "" }
        return row.id + (row.item.map { "[\($0)]" } ?? "")
    }

    func status(_ id: String) -> StageStatus? { row(id)?.status }

    func row(_ id: String) -> StageRow? {
        machine.state.stageRows.indices.first { name($0) == id }.flatMap { machine.state.stageRow($0) }
    }

    /// Every stage as `id=status`, in order, items last.
    var summary: String {
        machine.state.stageRows.map { "\(name($0.index))=\($0.status.rawValue)" }.joined(separator: " ")
    }

    var types: [String] { journal.map(\.type) }
}

/// Builds a stage in one line.
func stage(
    _ id: String, _ uses: String = "test.run", after dependencies: [String] = [], if condition: String? = nil,
    _ change: (inout StageDefinition) -> Void = { _ in }
) -> StageDefinition {
    var stage = StageDefinition(id: id, uses: uses, dependsOn: dependencies)
    stage.condition = condition
    change(&stage)
    return stage
}

func workflow(
    _ stages: [StageDefinition], finally: [StageDefinition] = [],
    _ change: (inout WorkflowDefinition) -> Void = { _ in }
) -> WorkflowDefinition {
    var definition = WorkflowDefinition(name: "w", stages: stages)
    definition.finally = finally
    change(&definition)
    return definition
}

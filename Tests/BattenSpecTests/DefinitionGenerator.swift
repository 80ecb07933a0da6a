import BattenCore

/// Makes definitions that use every field of the language, from a seed.
struct DefinitionGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    private mutating func next(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }

    private mutating func maybe<Value>(_ make: (inout Self) -> Value) -> Value? { next(3) == 0 ? make(&self) : nil }

    private mutating func some<Value>(_ most: Int, _ make: (inout Self, Int) -> Value) -> [Value] {
        (0..<next(most + 1)).map { make(&self, $0) }
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value { values[next(values.count)] }

    /// Texts that are hard to quote.
    mutating func text() -> String {
        let pieces = [
            "a", "B", "1", " ", "  ", "\n", "\t", ":", ": ", " #", "#", "-", "- ", "'", "\"", "\\", "{ ", "}", "[", "]",
            ",", "&x",
            "*x", "!", "|", ">", "%", "@", "`", "true", "null", "~", "1.5", "0x1", "yes", "é", "日本", "😀", "\u{85}",
            "\u{2028}",
            "\u{FEFF}", "\u{7F}", "\u{1}", "\r\n", "\r", "<<", "---", "...", "=", "?", "$", "$${{", "\u{301}",
            "\u{202E}", "e3", ".inf",
        ]
        var out = ""
        for _ in 0..<next(6) { out += pick(pieces) }
        return out
    }

    private mutating func word() -> String {
        pick(["alpha", "b-2", "_c", "true", "on", "null", "x1"]) + String(next(1000))
    }

    mutating func value(depth: Int) -> JSONValue {
        switch next(depth > 0 ? 9 : 6) {
        case 0: return .null
        case 1: return .bool(next(2) == 0)
        case 2: return .int(pick([0, -1, 7, .max, .min, 1234]))
        case 3: return .double(pick([0.5, 1.0, -2.25e300, 5e-300, 1e21, 100.0]))
        case 4, 5: return .string(text())
        case 6: return .array(some(4) { generator, _ in generator.value(depth: depth - 1) })
        default: return .object(object(depth: depth - 1))
        }
    }

    private mutating func object(depth: Int) -> JSONObject {
        JSONObject(some(4) { generator, number in (generator.text() + String(number), generator.value(depth: depth)) })
    }

    private mutating func duration() -> Duration {
        .milliseconds(pick([1, 500, 1_500, 60_000, 86_400_000, 5_400_000]))
    }

    private mutating func environment() -> [EnvironmentEntry] {
        some(3) { generator, number in
            let source: EnvironmentEntry.Source =
                generator.next(3) == 0
                ? .fromHost(name: "H\(number)", default: generator.maybe { $0.text() }) : .text(generator.text())
            return EnvironmentEntry(name: "V\(number)", source: source)
        }
    }

    private mutating func retry() -> RetryDefinition {
        var retry = RetryDefinition()
        retry.maxAttempts = maybe { 1 + $0.next(9) }
        retry.backoff = maybe { $0.pick(Backoff.allCases) }
        retry.initial = maybe { $0.duration() }
        retry.factor = maybe { $0.pick([1, 1.5, 2]) }
        retry.max = maybe { $0.duration() }
        retry.jitter = maybe { $0.pick(Jitter.allCases) }
        retry.on = maybe {
            $0.pick([[], [.failed], [.transient, .rateLimited, .timeout, .crashed, .quota, .permanent]])
        }
        return retry
    }

    private mutating func budget() -> BudgetDefinition {
        BudgetDefinition(tokens: 1 + Int64(next(1000)), costUSD: maybe { $0.pick([0, 0.5, 12]) })
    }

    private mutating func outputs(needsType: Bool) -> [OutputDefinition] {
        some(3) { generator, number in
            let type = needsType || generator.next(2) == 0 ? ValueType.string : nil
            let value = generator.maybe { JSONValue.string($0.text()) }
            return OutputDefinition(
                name: "o\(number)", type: type, value: needsType ? value : value ?? "k",
                description: generator.maybe { $0.text() })
        }
    }

    private mutating func body() -> StageBody {
        StageBody(
            uses: "test.any", with: object(depth: 2), env: environment(), timeout: maybe { $0.duration() },
            retry: maybe { $0.retry() })
    }

    private mutating func context() -> JSONValue { ["a": .string(text()), "b": ["file": "x.md", "max_tokens": 5]] }

    private mutating func stage(_ id: String, after: [String]) -> StageDefinition {
        var stage = StageDefinition(id: id, uses: "test.any", with: object(depth: 3))
        stage.name = maybe { $0.text() }
        stage.description = maybe { $0.text() }
        stage.dependsOn = after.filter { _ in next(2) == 0 }
        stage.condition = maybe { $0.pick(["true", "${{ run.id == 'x' }}", "always()", "run.id != ''"]) }
        stage.env = environment()
        stage.inputs = some(3) { generator, number in
            InputDefinition(
                name: "i\(number)", type: generator.maybe { _ in ValueType.object }, required: generator.next(2) == 0,
                value: generator.maybe { .object($0.object(depth: 2)) })
        }
        stage.outputs = outputs(needsType: true)
        stage.timeout = maybe { $0.duration() }
        stage.deadline = maybe { $0.duration() }
        stage.retry = maybe { $0.retry() }
        stage.onFailure = maybe { $0.pick(OnFailure.allCases) }
        stage.fallback = maybe { $0.body() }
        stage.compensate = maybe { $0.body() }
        switch next(4) {
        case 0: stage.forEach = pick([[1, "x"], "${{ range(1, 3) }}", []])
        case 1: stage.matrix = ["os": ["a", "b"], "n": "${{ [1] }}", "include": [["os": "c"]], "exclude": []]
        default: break
        }
        if stage.forEach != nil || stage.matrix != nil {
            stage.maxParallel = maybe { 1 + $0.next(9) }
            stage.failFast = maybe { $0.next(2) == 0 }
        }
        stage.cache = maybe { ["key": .string("k" + $0.text()), "ttl": "1h"] }
        stage.isolation = maybe { $0.pick(Isolation.allCases) }
        stage.priority = maybe { $0.next(20) - 10 }
        stage.budget = maybe { $0.budget() }
        stage.context = maybe { $0.context() }
        stage.handoff = maybe { _ in ["summary": ["model": "m/x", "prompt": "p", "max_tokens": 9]] }
        stage.onLost = maybe { $0.pick(OnLost.allCases) }
        stage.workingDirectory = maybe { "d" + $0.text() }
        stage.parallel = maybe { $0.next(2) == 0 }
        stage.ui = maybe { $0.value(depth: 3) }
        return stage
    }

    mutating func definition() -> WorkflowDefinition {
        var definition = WorkflowDefinition(name: "flow-\(next(100))")
        definition.version = pick(["1.0.0", "1.0", "2", "true", "x y"])
        definition.description = maybe { $0.text() }
        definition.tags = some(3) { generator, number in generator.text() + String(number) }
        definition.parameters = some(4) { generator, number in
            let type = ValueType.allCases[number]
            let samples: [ValueType: JSONValue] = [.string: "x: y", .integer: 3, .number: 2.5, .boolean: false]
            return ParameterDefinition(
                name: "p-\(number)", type: type, defaultValue: generator.maybe { _ in samples[type] } ?? nil,
                description: generator.maybe { $0.text() },
                constraints: type == .string ? ["minLength": 1, "pattern": "^[A-Z]|x"] : [:])
        }
        definition.env = environment()
        definition.secrets = some(2) { _, number in "S_\(number)" }
        definition.agents = some(2) { generator, number in
            AgentDefinition(
                name: "agent \(number)",
                fields: ["model": .string("m/\(number)"), "system": .string(generator.text()), "temperature": 0.5])
        }
        definition.budget = maybe { $0.budget() }
        definition.maxParallel = maybe { 1 + $0.next(9) }
        definition.timeout = maybe { $0.duration() }
        definition.concurrency = maybe {
            ConcurrencyDefinition(
                group: "g" + $0.text(), onConflict: $0.pick(ConcurrencyDefinition.OnConflict.allCases))
        }
        definition.defaults.timeout = maybe { $0.duration() }
        definition.defaults.retry = maybe { $0.retry() }
        definition.defaults.onFailure = maybe { $0.pick(OnFailure.allCases) }
        definition.defaults.env = some(2) { generator, number in
            EnvironmentEntry(name: "D\(number)", source: .text(generator.text()))
        }
        definition.outputs = outputs(needsType: false)
        definition.schedule =
            maybe { _ in [["cron": "0 6 * * 1-5", "timezone": "Europe/Oslo", "overlap": "skip"], ["every": "5m"]] }
            ?? []
        definition.triggers =
            maybe { _ in [["file": "in/*.csv", "settle": "2s"], ["workflow": "other", "status": ["failed"]]] } ?? []
        definition.context = maybe { $0.context() }
        var ids: [String] = []
        for number in 0...next(4) {
            definition.stages.append(stage("s\(number)_\(word())", after: ids))
            ids.append(definition.stages[number].id)
        }
        definition.finally = some(2) { generator, number in generator.last("f\(number)") }
        definition.hooks = maybe { [HookDefinition(event: "on_start", stages: [$0.last("h")])] } ?? []
        return definition
    }

    /// A stage that nothing undoes and that others may run beside.
    private mutating func last(_ id: String) -> StageDefinition {
        var stage = stage(id, after: [])
        stage.compensate = nil
        stage.parallel = nil
        return stage
    }
}

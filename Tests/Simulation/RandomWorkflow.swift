import BattenCore
import TestSupport

/// Workflows with a bit of everything that bears on order, failure and time.
enum RandomWorkflow {
    /// Makes a definition.
    static func make(_ random: inout Seeded, depth: Int = 0) -> WorkflowDefinition {
        let count = 1 + random.below(depth == 0 ? 10 : 4)
        let isSpread = random.chance(500)
        var stages: [StageDefinition] = []
        for number in 0..<count {
            var stage =
                depth < 3 && random.chance(100)
                ? child("s\(number)", depth, &random) : stage("s\(number)", depth, &random)
            for earlier in stages where random.chance(300) { stage.dependsOn.append(earlier.id) }
            if let upstream = stage.dependsOn.first, stage.uses.hasPrefix("test."), random.chance(500) {
                stage.with["of"] = .string("${{ stages.\(upstream).outputs?.n }}")
            }
            if stage.uses == "gate", !isSpread, let upstream = stage.dependsOn.first, random.chance(800) {
                stage.with["rewind_to"] = .string(upstream)
                stage.with["max_rewinds"] = .int(Int64(1 + random.below(3)))
            }
            if !stage.dependsOn.isEmpty, random.chance(200) {
                stage.condition = random.pick(["failure()", "always()", "!failure()", "cancelled() || success()"])
            }
            if isSpread, random.chance(350) { spread(&stage, &random) }
            if random.chance(150) {
                var undo = body("undo", depth, &random)
                if stage.uses.hasPrefix("test."), undo.uses.hasPrefix("test.") {
                    undo.with["of"] = .string("${{ stages.s\(number).outputs?.n }}")
                }
                if random.chance(300) { undo.timeout = .seconds(1 + random.below(60)) }
                if random.chance(300) {
                    undo.retry = RetryDefinition()
                    undo.retry?.maxAttempts = 1 + random.below(3)
                }
                stage.compensate = undo
            }
            stages.append(stage)
        }
        var definition = WorkflowDefinition(name: "simulated", stages: stages)
        if random.chance(250) { definition.maxParallel = 1 + random.below(3) }
        if random.chance(150) { definition.timeout = .seconds(20 + random.below(200)) }
        if random.chance(200) {
            definition.concurrency = ConcurrencyDefinition(
                group: "g\(random.below(2))", onConflict: random.pick([.queue, .queue, .skip, .fail, .cancelRunning]))
        }
        for number in 0..<(random.chance(300) ? 1 + random.below(2) : 0) {
            var last = stage("f\(number)", depth, &random)
            if isSpread, random.chance(200) { spread(&last, &random) }
            definition.finally.append(last)
        }
        if random.chance(300) { definition.hooks = hooks(depth, &random) }
        return definition
    }

    /// Stages that follow what becomes of the run.
    private static func hooks(_ depth: Int, _ random: inout Seeded) -> [HookDefinition] {
        var number = 0
        return HookEvent.allCases.compactMap { event in
            guard random.chance(400) else { return nil }
            var stages: [StageDefinition] = []
            for _ in 0..<1 + random.below(3) {
                var next =
                    depth < 3 && random.chance(100)
                    ? child("h\(number)", depth, &random) : stage("h\(number)", depth, &random)
                number += 1
                next.parallel = nil
                next.cache = nil
                for earlier in stages where random.chance(400) { next.dependsOn.append(earlier.id) }
                if random.chance(200) { spread(&next, &random) }
                stages.append(next)
            }
            return HookDefinition(event: event.rawValue, stages: stages)
        }
    }

    /// What is tried when a stage fails, or undoes it.
    private static func body(_ what: String, _ depth: Int, _ random: inout Seeded) -> StageBody {
        guard random.chance(300) else {
            let executors = what == "undo" ? ["test.run", "test.once"] : ["test.run"]
            return StageBody(uses: random.pick(executors), with: ["body": .string(what)])
        }
        switch random.below(depth < 2 ? 5 : 4) {
        case 0: return StageBody(uses: "set", with: ["n": 1])
        case 1: return StageBody(uses: "sleep", with: ["for": .string("\(1 + random.below(60))s")])
        case 2: return StageBody(uses: "gate", with: ["prompt": "And now?"])
        case 3: return StageBody(uses: "signal", with: ["name": random.pick(["go", "stop"]), "timeout": "90s"])
        default:
            var body = StageBody(uses: "workflow")
            body.child = make(&random, depth: depth + 1)
            return body
        }
    }

    /// A stage that runs another workflow.
    private static func child(_ id: String, _ depth: Int, _ random: inout Seeded) -> StageDefinition {
        var stage = StageDefinition(id: id, uses: "workflow")
        var definition = make(&random, depth: depth + 1)
        if random.chance(300) {
            definition.parameters = [ParameterDefinition(name: "p", type: .integer, defaultValue: 1)]
            stage.with["parameters"] = random.chance(900) ? ["p": 2] : ["p": "no number"]
        }
        if random.chance(500) {
            definition.outputs = [OutputDefinition(name: "n", value: "${{ stages.s0.outputs?.n }}")]
        }
        stage.child = definition
        if random.chance(300) { stage.timeout = .seconds(10 + random.below(120)) }
        if random.chance(150) { stage.deadline = .seconds(10 + random.below(200)) }
        if random.chance(300) {
            var retry = RetryDefinition()
            retry.maxAttempts = 1 + random.below(3)
            stage.retry = retry
        }
        if random.chance(300) { stage.onFailure = random.pick([.halt, .continue, .skipDependents]) }
        if random.chance(150) { stage.fallback = body("fallback", depth, &random) }
        return stage
    }

    private static func stage(_ id: String, _ depth: Int, _ random: inout Seeded) -> StageDefinition {
        if random.chance(80) {
            return StageDefinition(id: id, uses: "set", with: ["n": .int(Int64(random.below(9)))])
        }
        if random.chance(80) {
            return StageDefinition(id: id, uses: "sleep", with: ["for": .string("\(1 + random.below(60))s")])
        }
        if random.chance(90) { return gate(id, &random) }
        if random.chance(70) {
            var stage = StageDefinition(
                id: id, uses: "signal", with: ["name": .string(random.pick(["go", "stop"]))])
            if random.chance(400) { stage.with["timeout"] = .string("\(1 + random.below(90))s") }
            if random.chance(500) { stage.onFailure = .continue }
            return stage
        }
        var stage = StageDefinition(
            id: id, uses: random.pick(["test.run", "test.run", "test.once"]), with: ["body": "main"])
        if random.chance(500) {
            var retry = RetryDefinition()
            retry.maxAttempts = 1 + random.below(4)
            retry.initial = .milliseconds(100 + random.below(5_000))
            stage.retry = retry
        }
        if random.chance(300) { stage.timeout = .seconds(1 + random.below(60)) }
        if random.chance(150) { stage.deadline = .seconds(5 + random.below(120)) }
        if random.chance(300) { stage.onFailure = random.pick([.halt, .continue, .skipDependents]) }
        if random.chance(150) {
            stage.cache = ["key": .string(random.pick(["one", "two"]))]
            if random.chance(500) { stage.cache?["ttl"] = .string(random.pick(["5s", "2m"])) }
        }
        if random.chance(150) { stage.onLost = random.pick([.retry, .fail, .gate]) }
        if random.chance(250) { stage.priority = random.below(7) - 3 }
        if random.chance(150) { stage.fallback = body("fallback", depth, &random) }
        if random.chance(60) { stage.parallel = false }
        return stage
    }

    /// Spreads a stage over items.
    private static func spread(_ stage: inout StageDefinition, _ random: inout Seeded) {
        if random.chance(300) {
            var matrix: JSONObject = ["os": list(1 + random.below(3)), "size": list(1 + random.below(2))]
            if random.chance(300) { matrix["exclude"] = [["os": 1]] }
            if random.chance(300) { matrix["include"] = [["os": 7, "size": 7], ["extra": true]] }
            stage.matrix = matrix
        } else if let upstream = stage.dependsOn.last, random.chance(500) {
            stage.forEach = .string("${{ stages.\(upstream).outputs?.list ?? [1, 2] }}")
        } else {
            stage.forEach = list(random.below(7))
        }
        if random.chance(300) { stage.maxParallel = 1 + random.below(3) }
        if random.chance(500) { stage.failFast = random.chance(500) }
        guard stage.uses.hasPrefix("test.") else { return }
        // Without the item, the items of a stage with `cache` make the same call.
        if stage.cache == nil || random.chance(500) { stage.with["item"] = "${{ item }}" }
        if stage.cache != nil, random.chance(300) { stage.cache?["key"] = "${{ index }}" }
    }

    private static func list(_ count: Int) -> JSONValue { .array((0..<count).map { .int(Int64($0)) }) }

    private static func gate(_ id: String, _ random: inout Seeded) -> StageDefinition {
        var stage = StageDefinition(id: id, uses: "gate", with: ["prompt": "Go on?"])
        if random.chance(500) { stage.with["required_approvals"] = .int(Int64(1 + random.below(3))) }
        if random.chance(300) { stage.with["approvers"] = ["ann", "bob", "cid"] }
        if random.chance(300) {
            stage.with["form"] = ["type": "object", "properties": ["n": ["type": "integer", "default": 1]]]
        }
        if random.chance(400) {
            stage.with["timeout"] = .string("\(1 + random.below(90))s")
            stage.with["on_timeout"] = .string(random.pick(["approve", "reject"]))
        }
        if random.chance(150) { stage.deadline = .seconds(5 + random.below(120)) }
        if random.chance(500) { stage.onFailure = .continue }
        if random.chance(150) { stage.fallback = StageBody(uses: "test.run", with: ["body": "fallback"]) }
        return stage
    }
}

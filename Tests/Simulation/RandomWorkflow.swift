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
                ? child("s\(number)", depth, &random) : stage("s\(number)", &random)
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
                var undo = StageBody(uses: random.pick(["test.run", "test.once"]), with: ["body": "undo"])
                if stage.uses.hasPrefix("test.") { undo.with["of"] = .string("${{ stages.s\(number).outputs?.n }}") }
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
            var last = stage("f\(number)", &random)
            if isSpread, random.chance(200) { spread(&last, &random) }
            definition.finally.append(last)
        }
        return definition
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
        if random.chance(150) { stage.fallback = StageBody(uses: "test.run", with: ["body": "fallback"]) }
        return stage
    }

    private static func stage(_ id: String, _ random: inout Seeded) -> StageDefinition {
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
        if random.chance(150) { stage.fallback = StageBody(uses: "test.run", with: ["body": "fallback"]) }
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

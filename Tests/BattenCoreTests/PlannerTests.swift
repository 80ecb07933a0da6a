import Testing

@testable import BattenCore

@Suite struct PlannerTests {
    static func plan(_ definition: WorkflowDefinition) throws(PlanError) -> Plan {
        try Planner.plan(definition, catalog: TestCatalog(), snapshot: Array("{}".utf8))
    }

    @Test func levelsAreTheEarliestPossible() throws {
        let plan = try Self.plan(
            workflow(
                [
                    stage("d", after: ["b", "c"]), stage("a"), stage("b", after: ["a"]), stage("c", after: ["a", "a"]),
                    stage("lone"),
                ], finally: [stage("f"), stage("g", after: ["f"])]))
        #expect(plan.levels == [[1, 4], [2, 3], [0]])
        #expect(plan.stages.map(\.level) == [2, 0, 1, 1, 0, 0, 1])
        #expect(plan.stages[3].dependencies == [1] && plan.stages[1].dependents == [2, 3])
        #expect(plan.finallyStart == 5 && plan.stages[6].dependencies == [5])
        #expect(plan.hash == SHA256.hex("{}"))
        #expect(plan.indexByID["g"] == 6)
    }

    @Test func mistakesAreNamed() {
        let broken = StageBody(uses: "test.run", with: ["x": .string("${{ 1 + }}")])
        let table: [(definition: WorkflowDefinition, code: PlanError.Code, says: String)] = [
            (workflow([stage("a"), stage("a")]), .duplicateStage, "'a'"),
            (workflow([stage("a")], finally: [stage("a")]), .duplicateStage, "'a'"),
            (workflow([stage("a", after: ["x"])]), .unknownDependency, "'x'"),
            (workflow([stage("a")], finally: [stage("f", after: ["a"])]), .unknownDependency, "not a stage of finally"),
            (workflow([stage("a", after: ["a"])]), .cycle, "a → a"),
            (
                workflow([
                    stage("in"), stage("a", after: ["in", "c"]), stage("b", after: ["a"]), stage("c", after: ["b"]),
                    stage("out", after: ["c"]),
                ]), .cycle, "a → b → c → a"
            ),
            (workflow([stage("a", "nope.run")]), .unknownExecutor, "no plugin 'nope'"),
            (workflow([stage("a", "test.missing")]), .unknownExecutor, "'test' does not offer"),
            (workflow([stage("a", if: "1 +")]), .expression, "if of stage 'a'"),
            (workflow([stage("a") { $0.with = broken.with }]), .expression, "with.x of stage 'a'"),
            (workflow([stage("a") { $0.fallback = broken }]), .expression, "fallback.with.x of stage 'a'"),
            (workflow([stage("a") { $0.workingDirectory = "${{" }]), .expression, "working_directory"),
            (
                workflow([stage("a")]) { $0.outputs = [OutputDefinition(name: "o", value: .string("${{ ) }}"))] },
                .expression, "outputs.o of the workflow"
            ),
            (workflow((0...PlanLimits.stages).map { stage("s\($0)") }), .size, "50001 stages"),
        ]
        for row in table {
            do throws(PlanError) {
                _ = try Self.plan(row.definition)
                Issue.record("planned, though it should say \(row.says)")
            } catch {
                #expect(error.code == row.code && error.message.contains(row.says), "\(error.message)")
                #expect(!error.help.isEmpty)
            }
        }
    }

    @Test func retryIsMergedFieldByField() throws {
        var own = RetryDefinition()
        own.maxAttempts = 5
        var defaults = RetryDefinition()
        defaults.backoff = .constant
        defaults.maxAttempts = 4
        var classes = RetryDefinition()
        classes.on = [.transient]
        let withFailed = RetryPolicy.standard.on.union([.failed])
        let table: [(RetryDefinition?, RetryDefinition?, Int, Backoff, Set<OutcomeClass>, Bool)] = [
            (nil, nil, 2, .exponential, RetryPolicy.standard.on, false),
            (own, nil, 5, .exponential, withFailed, true),
            (nil, defaults, 4, .constant, withFailed, true),
            (own, defaults, 5, .constant, withFailed, true),
            (own, classes, 5, .exponential, [.transient], true),
            (classes, defaults, 4, .constant, [.transient], true),
        ]
        for row in table {
            let definition = workflow([stage("a") { $0.retry = row.0 }]) { $0.defaults.retry = row.1 }
            let policy = try Self.plan(definition).stages[0].retry
            #expect(policy.maxAttempts == row.2 && policy.backoff == row.3 && policy.on == row.4)
            #expect(policy.isWritten == row.5)
        }
    }

    @Test func defaultsApply() throws {
        let plan = try Self.plan(
            workflow([
                stage("a"),
                stage("b") {
                    $0.timeout = .seconds(1); $0.onFailure = .halt
                },
            ]) {
                $0.defaults.timeout = .seconds(9)
                $0.defaults.onFailure = .continue
            })
        #expect(plan.stages.map(\.timeout) == [.seconds(9), .seconds(1)])
        #expect(plan.stages.map(\.onFailure) == [.continue, .halt])
        #expect(try Self.plan(workflow([stage("a")])).stages[0].timeout == .seconds(7_200))
    }

    @Test func laterKindsAreListed() throws {
        let later = try Self.plan(
            workflow([
                stage("g", "gate") { $0.with = ["prompt": "?", "rewind_to": "m"] },
                stage("m") {
                    $0.matrix = ["os": .array([])]
                    $0.onLost = .gate
                    $0.isolation = .process
                    $0.fallback = StageBody(uses: "workflow")
                },
                stage("fine") {
                    $0.onLost = .retry; $0.isolation = .inProcess; $0.ui = .bool(true)
                },
            ]))
        #expect(
            later.unsupported.map { "\($0.stage ?? "-"):\($0.feature)" } == [
                "g:rewind_to before for_each or matrix",
                "g:rewind_to before a workflow that the gate does not wait for", "m:workflow",
            ])
        #expect(try Self.plan(workflow([stage("a")])).unsupported.isEmpty)
    }

    @Test func agentsLendTheirFields() {
        let agents = [AgentDefinition(name: "editor", fields: ["model": .string("m"), "system": .string("s")])]
        let table: [(uses: String, with: JSONObject, expected: JSONObject)] = [
            (
                "llm.chat", ["agent": .string("editor"), "prompt": .string("p"), "system": .string("own")],
                ["prompt": .string("p"), "system": .string("own"), "model": .string("m")]
            ),
            ("llm.chat", ["agent": .string("nobody")], ["agent": .string("nobody")]),
            ("http.request", ["agent": .string("editor")], ["agent": .string("editor")]),
            ("llm.chat", [:], [:]),
        ]
        for row in table {
            #expect(
                Planner.effectiveInput(of: StageBody(uses: row.uses, with: row.with), agents: agents) == row.expected)
        }
    }

    @Test func theDescriptionHoldsWhatWillHappen() throws {
        let plan = try Self.plan(
            workflow([stage("a"), stage("b", after: ["a"], if: "${{ always() }}")], finally: [stage("f")]))
        let data = plan.description
        #expect(JSONWriter.string(data["levels"] ?? .null) == #"[["a"],["b"]]"#)
        #expect(
            JSONWriter.string(data["stages"]?[1] ?? .null)
                == #"{"id":"b","name":null,"uses":"test.run","level":1,"depends_on":["a"],"condition":"always()","#
                + #""timeout_ms":7200000,"deadline_ms":null,"retry":{"max_attempts":2,"backoff":"exponential","#
                + #""initial_ms":1000,"factor":2.0,"max_ms":60000,"jitter":"full","#
                + #""on":["transient","rate_limited","timeout","crashed"]},"on_failure":"halt","items":null,"fallback":null,"compensate":null}"#
        )
        #expect(data["finally"]?[0]?["id"] == .string("f"))
    }
}

import Testing

@testable import BattenCore

/// Stages of several steps: models that have tools called, and summaries of what a stage gives.
@Suite struct MachineDialogueTests {
    private static let tools: JSONValue = [
        "test.run", ["uses": "test.idempotent", "name": "look", "with": ["fixed": 1, "env": "${{ parameters.p }}"]],
    ]

    private func asking(_ change: (inout StageDefinition) -> Void = { _ in }) -> StageDefinition {
        stage("ask", "llm.chat") {
            $0.with = ["prompt": "q", "tools": Self.tools]
            change(&$0)
        }
    }

    private func call(_ id: String, _ name: String, _ arguments: String) -> JSONValue {
        ["id": .string(id), "type": "function", "function": ["name": .string(name), "arguments": .string(arguments)]]
    }

    /// What a model gives that wants tools called, after some messages.
    private func wants(_ calls: [JSONValue], after messages: [JSONValue] = [["role": "user", "content": "q"]])
        -> StageOutcome
    {
        let last: JSONValue = ["role": "assistant", "content": .null, "tool_calls": .array(calls)]
        return StageOutcome(
            .ok, effect: .none,
            output: ["text": "", "tool_calls": .array(calls), "messages": .array(messages + [last])])
    }

    private let answer = StageOutcome(.ok, effect: .none, output: ["text": "done", "tool_calls": [], "messages": []])

    private func input(_ run: Driver, _ id: String) throws -> RenderedCall {
        let start = try #require(run.open[id])
        guard
            case .call(let call) = run.machine.renderCall(
                stageIndex: start.stageIndex, body: start.body, secrets: { _ in nil })
        else {
            Issue.record("\(id) has no call")
            throw CancellationError()
        }
        return call
    }

    @Test func eachCallOfAToolIsAnAttempt() throws {
        var run = try Driver(workflow([asking(), stage("next", after: ["ask"])]))
        run.accept(parameters: ["p": "${{ 1 }}"])
        #expect(run.open["ask"]?.body == .main)
        let offered = try input(run, "ask").input["tools"]
        #expect(offered?.arrayValue?.compactMap { $0["name"]?.stringValue } == ["test_run", "look"])
        run.finish("ask", wants([call("1", "look", #"{"fixed":9,"x":"${{ 2 }}"}"#), call("2", "test_run", "{}")]))
        // The model's arguments are data, and what the author has written stays.
        var made = try input(run, "ask")
        #expect(made.executor == "test.idempotent" && run.open["ask"]?.body == .tool)
        #expect(made.input == ["fixed": 1, "env": "${{ 1 }}", "x": "${{ 2 }}"])
        let key = run.open["ask"]?.idempotencyKey
        // A death in the middle costs the one call.
        try run.crash()
        #expect(run.open["ask"]?.body == .tool && run.open["ask"]?.reason == .engineLost)
        #expect(run.open["ask"]?.idempotencyKey == key)
        run.finish("ask", StageOutcome(.ok, effect: .made, output: ["seen": true]))
        made = try input(run, "ask")
        #expect(made.executor == "test.run" && run.open["ask"]?.idempotencyKey != key)
        run.finish("ask", .permanent, effect: .made)
        // What a tool fails of is told to the model.
        #expect(run.open["ask"]?.body == .main && run.open["ask"]?.reason == .answered)
        let transcript = try #require(try input(run, "ask").input["transcript"]?.arrayValue)
        #expect(transcript.count == 4 && transcript[0]["content"] == "q")
        #expect(transcript[2] == ["role": "tool", "tool_call_id": "1", "content": #"{"seen":true}"#])
        #expect(transcript[3]["content"]?.stringValue?.contains("said no") == true)
        try run.crash()
        #expect(try input(run, "ask").input["transcript"]?.arrayValue?.count == 4)
        run.finish("ask", wants([call("3", "look", "{}")], after: transcript))
        run.finish("ask", StageOutcome(.ok, effect: .none, output: "plain text"))
        let longer = try #require(try input(run, "ask").input["transcript"]?.arrayValue)
        #expect(longer.count == 6 && longer[5]["content"] == "plain text")
        run.finish("ask", answer)
        #expect(run.status("ask") == .completed && run.row("ask")?.outputs?["text"] == "done")
        #expect(run.open.keys.sorted() == ["next"])
        run.finish("next")
        #expect(run.ended == .completed)
        let keys = run.journal.filter { $0.type == "stage_started" && $0.stage == "ask" }.count
        #expect(keys == 8 && run.row("ask")?.attempts == 8)
        var replayed = RunMachine(plan: run.machine.plan)
        for record in run.journal { try replayed.replay(record) }
        #expect(replayed.state == run.machine.state)
    }

    @Test func callsThatCannotBeMadeAreAnsweredAtOnce() throws {
        var run = try Driver(workflow([asking()]))
        run.accept(parameters: ["p": 1])
        run.finish(
            "ask", wants([call("1", "nothing", "{}"), call("2", "look", "{broken"), call("3", "look", "[1]")]))
        #expect(run.open["ask"]?.body == .main)
        let transcript = try #require(try input(run, "ask").input["transcript"]?.arrayValue)
        #expect(transcript.count == 5)
        #expect(transcript[2]["content"]?.stringValue?.contains("there is no tool 'nothing'") == true)
        #expect(transcript[4]["content"]?.stringValue?.contains("not a JSON object") == true)
        run.finish("ask", answer)
        #expect(run.ended == .completed && run.row("ask")?.attempts == 2)
    }

    @Test func toolsAndModelsAreTriedAgain() throws {
        var run = try Driver(workflow([asking()]))
        run.accept(parameters: ["p": 1])
        run.finish("ask", .transient)
        run.fireNextTimer()
        run.finish("ask", wants([call("1", "look", "{}")]))
        run.finish("ask", .transient)
        #expect(run.status("ask") == .retrying)
        try run.crash()
        run.fireNextTimer()
        #expect(run.open["ask"]?.body == .tool && run.open["ask"]?.reason == .retry)
        run.finish("ask", .transient)
        // The tool has failed for good, the stage has not, and the model has its attempts anew.
        #expect(run.open["ask"]?.body == .main)
        run.finish("ask", .transient)
        run.fireNextTimer()
        #expect(try input(run, "ask").input["transcript"]?.arrayValue?.count == 3)
        run.finish("ask", .transient)
        #expect(run.ended == .failed)
    }

    @Test func nothingGoesOnInARunThatStops() throws {
        var run = try Driver(workflow([asking(), stage("bad")]))
        run.accept(parameters: ["p": 1])
        run.finish("bad", .permanent)
        run.finish("ask", wants([call("1", "look", "{}")]))
        #expect(run.open.isEmpty && run.status("ask") == .cancelled && run.ended == .failed)

        var cancelled = try Driver(workflow([asking()]))
        cancelled.accept(parameters: ["p": 1])
        cancelled.finish("ask", wants([call("1", "look", "{}")]))
        cancelled.send(.control(.cancel))
        #expect(cancelled.cancels == ["ask#2"])
        cancelled.finish("ask", StageOutcome(.ok, effect: .made, output: [:]))
        #expect(cancelled.status("ask") == .cancelled && cancelled.ended == .cancelled)
    }

    @Test func itemsHaveConversationsOfTheirOwn() throws {
        var run = try Driver(workflow([asking { $0.forEach = [1, 2] }]))
        run.accept(parameters: ["p": 1])
        run.finish("ask[0]", wants([call("1", "look", #"{"n":0}"#)]))
        run.finish("ask[1]", wants([call("1", "look", #"{"n":1}"#)]))
        #expect(try input(run, "ask[0]").input["n"] == 0 && input(run, "ask[1]").input["n"] == 1)
        try run.crash()
        run.finish("ask[0]", StageOutcome(.ok, effect: .none, output: "a"))
        run.finish("ask[0]", answer)
        run.finish("ask[1]", StageOutcome(.ok, effect: .none, output: "b"))
        run.finish("ask[1]", answer)
        #expect(run.ended == .completed)
    }

    @Test func mistakesAreNamed() {
        let table: [(JSONValue, String)] = [
            (["test.run", "test.run"], "named 'test_run' like another"), (["set"], "the engine's own"),
            (["nope.run"], "no plugin 'nope'"), (["test.run", ["name": "f"]], "is no executor"),
            ([["uses": "test.run", "timeout": "soon"]], "timeout"), ([["uses": "test.run", "env": ["A": 1]]], "'A'"),
        ]
        for (tools, says) in table {
            do throws(PlanError) {
                _ = try PlannerTests.plan(workflow([stage("a", "llm.chat") { $0.with = ["tools": tools] }]))
                Issue.record("planned, though it should say \(says)")
            } catch {
                #expect(error.message.contains(says), "\(error.message)")
            }
        }
    }

    // MARK: Summaries

    private func summarised(_ summary: JSONObject = ["model": "m/x", "max_tokens": 50]) -> WorkflowDefinition {
        workflow([
            stage("work") { $0.handoff = ["summary": .object(summary)] },
            stage("use", after: ["work"]) { $0.with = ["s": "${{ stages.work.summary }}"] },
        ])
    }

    private let result = StageOutcome(.ok, effect: .made, output: ["text": "long", "n": 1])

    @Test func aSummaryIsMadeBeforeDependentsBegin() throws {
        var run = try Driver(summarised())
        run.accept()
        run.finish("work", result)
        #expect(run.open.keys.sorted() == ["work"] && run.open["work"]?.body == .handoff)
        let call = try input(run, "work")
        #expect(call.executor == "llm.chat" && call.input["model"] == "m/x" && call.input["max_output_tokens"] == 50)
        #expect(call.input["prompt"]?.stringValue?.hasSuffix("\n\nlong") == true)
        // Only the summary is made again, never the work.
        try run.crash()
        #expect(run.open["work"]?.body == .handoff)
        run.finish("work", StageOutcome(.ok, effect: .none, output: ["text": "short"]))
        #expect(run.row("work")?.outputs == ["text": "long", "n": 1])
        #expect(try input(run, "use").input == ["s": "short"])
        try run.crash()
        #expect(try input(run, "use").input == ["s": "short"])
        // A run that goes on from this one keeps the summary with the outputs.
        let decision = ForkDecision(
            origin: run.machine, plan: run.machine.plan, from: [], parameters: [:], rerunsChanged: false)
        let kept = try #require(decision.kept.first)
        #expect(kept.id == "work" && kept.summary == "short")
        #expect(KeptStage(id: "work", data: .object(kept.data), stageIndex: 0) == kept)
    }

    @Test func whatIsDoneStaysDoneWithoutASummary() throws {
        var run = try Driver(summarised(["agent": "nobody", "prompt": "Say ${{ result.n }}"]))
        run.accept()
        run.finish("work", result)
        #expect(try input(run, "work").input["prompt"] == "Say 1")
        run.finish("work", .permanent)
        #expect(run.status("work") == .completed && run.machine.state.row.failedStages == 0)
        #expect(try input(run, "use").input == ["s": .null])
        run.finish("use")
        #expect(run.ended == .completed)

        var cancelled = try Driver(summarised())
        cancelled.accept()
        cancelled.finish("work", result)
        cancelled.send(.control(.cancel))
        cancelled.finish("work", .cancelled)
        #expect(cancelled.status("work") == .completed && cancelled.ended == .cancelled)

        // A retry that waits, in a run that is halted.
        var halted = try Driver(
            workflow([stage("work") { $0.handoff = ["summary": ["model": "m/x"]] }, stage("bad")]))
        halted.accept()
        halted.finish("work", result)
        halted.finish("work", .transient)
        #expect(halted.status("work") == .retrying)
        halted.finish("bad", .permanent)
        #expect(halted.status("work") == .completed && halted.ended == .failed)
        try halted.crash()
    }

    // MARK: Context

    @Test func namedTextsAreGivenInOrder() throws {
        let definition = workflow([
            stage("ask", "llm.chat") {
                $0.with = ["prompt": "${{ context.own }} ${{ context.shared }}"]
                $0.context = ["own": "mine ${{ parameters.p }}", "both": ["file": "own.txt"]]
            },
            stage("plain") { $0.with = ["x": "${{ context.shared }}"] },
        ]) {
            $0.context = [
                "shared": "ours", "both": "not used", "list": ["text": "${{ parameters.l }}", "max_tokens": 5],
            ]
        }
        var run = try Driver(definition)
        run.accept(parameters: ["p": 7, "l": ["a", "b"]])
        let call = try input(run, "ask")
        #expect(call.input["prompt"] == "mine 7 ours")
        #expect(
            call.input["context"] == [
                ["name": "own", "text": "mine 7"], ["name": "both", "file": "own.txt"],
                ["name": "shared", "text": "ours"], ["name": "list", "text": ["a", "b"], "max_tokens": 5],
            ])
        #expect(try input(run, "plain").input == ["x": "ours"])
    }
}

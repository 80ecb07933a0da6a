import Testing

@testable import BattenCore

/// What is undone when a run does not end well, in which order, and how often.
@Suite struct MachineUndoTests {
    private func undo(_ id: String, after dependencies: [String] = []) -> StageDefinition {
        stage(id, after: dependencies) {
            $0.compensate = StageBody(uses: "test.run", with: ["was": .string("${{ stages.\(id).outputs.n }}")])
        }
    }

    private var definition: WorkflowDefinition {
        workflow(
            [undo("a"), undo("b"), undo("never", after: ["bad"]), stage("plain"), stage("bad", after: ["a", "b"])],
            finally: [stage("tidy")])
    }

    private func ok(_ n: Int64) -> StageOutcome {
        StageOutcome(.ok, effect: .made, output: .object(["n": .int(n)]))
    }

    @Test func theLastThatCompletedIsUndoneFirstOneAtATime() throws {
        var run = try Driver(definition)
        run.accept()
        run.finish("plain")
        run.finish("b", ok(2))
        run.finish("a", ok(1))
        #expect(run.machine.state.stageRows.count == 6, "an undo is no part of the run before it is to be made")
        run.finish("bad", .permanent)
        #expect(run.open.keys.sorted() == ["a:undo"])
        let start = try #require(run.open["a:undo"])
        guard
            case .call(let call) = run.machine.renderCall(
                stageIndex: start.stageIndex, body: start.body, secrets: { _ in nil })
        else {
            Issue.record("the undo has no call")
            return
        }
        #expect(call.input == ["was": 1], "an undo reads what its stage gave")
        try run.crash()
        #expect(run.open.keys.sorted() == ["a:undo"] && run.open["a:undo"]?.reason == .engineLost)
        #expect(run.open["a:undo"]?.idempotencyKey == start.idempotencyKey)
        run.finish("a:undo", .permanent)
        #expect(run.open.keys.sorted() == ["b:undo"], "one that fails does not keep the others from being made")
        // A cancel lets them finish.
        run.send(.control(.cancel))
        #expect(run.open.keys.sorted() == ["b:undo"] && run.cancels.isEmpty)
        run.finish("b:undo")
        try run.crash()
        #expect(run.open.keys.sorted() == ["tidy"], "what is undone is not undone again")
        run.finish("tidy")
        #expect(run.ended == .failed && run.machine.state.row.error?.details["stage"] == "bad")
        #expect(run.status("a:undo") == .failed && run.status("b:undo") == .completed)
        #expect(run.machine.state.row.failedStages == 1, "an undo is no stage that failed")
        #expect(run.machine.state.undone.map(\.undo).sorted() == ["a:undo", "b:undo"])
        try run.crash()
    }

    @Test func undosAreMadeWhenTheRunDoesNotEndWell() throws {
        // What happens to the run after 'a' completed, and which undos are made.
        let table: [(String, (inout Driver) -> Void, [String], RunStatus)] = [
            (
                "all complete",
                {
                    $0.finish("b", self.ok(2))
                    $0.finish("bad")
                    $0.finish("never", self.ok(3))
                }, [], .completed
            ),
            (
                "cancel",
                {
                    $0.send(.control(.cancel))
                    $0.finish("b", .cancelled)
                }, ["a:undo"], .cancelled
            ),
            ("cancel now", { $0.send(.control(.cancelNow)) }, [], .cancelled),
            (
                "timeout",
                {
                    $0.fireNextTimer()
                    $0.finish("b", .cancelled)
                }, ["a:undo"], .timedOut
            ),
            ("a failure", { $0.finish("b", .permanent) }, ["a:undo"], .failed),
        ]
        for (name, what, undos, status) in table {
            var definition = definition
            definition.timeout = .seconds(100)
            var run = try Driver(definition)
            run.accept()
            run.finish("plain")
            run.finish("a", ok(1))
            what(&run)
            #expect(run.open.keys.filter { $0.hasSuffix(":undo") } == undos, "\(name): \(run.summary)")
            for undo in undos { run.finish(undo) }
            while let id = run.open.keys.sorted().first { run.finish(id) }
            #expect(run.ended == status, "\(name): \(run.summary)")
            try run.crash()
        }
    }

    @Test func cancelNowEndsUndosToo() throws {
        var run = try Driver(definition)
        run.accept()
        run.finish("plain")
        run.finish("a", ok(1))
        run.finish("b", ok(2))
        run.finish("bad", .permanent)
        #expect(run.open.keys.sorted() == ["b:undo"])
        run.send(.control(.cancelNow))
        #expect(run.ended == .cancelled && run.cancels == ["b:undo#1!"])
        #expect(run.status("b:undo") == .cancelled && run.status("a:undo") == .skipped)
        #expect(run.machine.state.undone.map(\.id) == ["b"], "an undo that never began has undone nothing")
    }

    @Test func itemsAreUndoneOneByOneAlsoWhenTheirStageFailed() throws {
        var each = stage("each") {
            $0.compensate = StageBody(
                uses: "test.run",
                with: ["of": "${{ item }}", "at": "${{ index }}", "was": "${{ stages.each.outputs.n }}"])
        }
        each.forEach = ["x", "y", "z"]
        each.failFast = false
        var run = try Driver(workflow([each]))
        run.accept()
        run.finish("each[1]", ok(11))
        run.finish("each[0]", ok(10))
        run.finish("each[2]", .permanent)
        var seen: [JSONValue] = []
        while let (id, start) = run.open.first {
            guard
                case .call(let call) = run.machine.renderCall(
                    stageIndex: start.stageIndex, body: start.body, secrets: { _ in nil })
            else {
                Issue.record("\(id) has no call")
                return
            }
            seen.append(call.input)
            run.finish(id)
        }
        #expect(seen == [["of": "x", "at": 0, "was": 10], ["of": "y", "at": 1, "was": 11]])
        #expect(run.ended == .failed && run.status("each[0]:undo") == .completed)
        try run.crash()
    }

    @Test func anUndoIsTriedAgainAsItSaysAndWaitsInAPause() throws {
        var definition = definition
        var retry = RetryDefinition()
        retry.maxAttempts = 2
        definition.stages[0].compensate?.retry = retry
        var run = try Driver(definition)
        run.accept()
        run.finish("plain")
        run.finish("b", .permanent)
        run.send(.control(.pause))
        run.finish("a", ok(1))
        #expect(run.open.isEmpty && run.status("a:undo") == .waiting)
        run.send(.control(.resume))
        run.finish("a:undo", .failed)
        #expect(run.status("a:undo") == .retrying)
        try run.crash()
        run.fireNextTimer()
        run.finish("a:undo")
        #expect(run.status("a:undo") == .completed && run.open.keys.sorted() == ["tidy"])
    }

    @Test func nothingThatWasUndoneIsKept() throws {
        var run = try Driver(definition)
        run.accept()
        run.finish("plain")
        run.finish("a", ok(1))
        run.finish("b", ok(2))
        let before = run.machine
        run.finish("bad", .permanent)
        run.finish("b:undo")
        run.finish("a:undo", .permanent)
        run.finish("tidy")
        for origin in [before, run.machine] {
            let decision = ForkDecision(
                origin: origin, undone: run.machine.state.undone, plan: run.machine.plan, from: [], parameters: [:],
                rerunsChanged: false)
            #expect(decision.kept.map(\.id) == ["plain"])
            #expect(decision.undone == ["a", "b"] && decision.again == ["a", "b"])
        }
        // What was kept is the other run's to undo.
        var again = try Driver(definition)
        var request = RunRequest(run: "abcdefgh2346", trigger: "cli", seed: 42, workdir: "/tmp/w")
        request.kept = [KeptStage(id: "a", outputs: ["n": 1])]
        again.send(.accepted(request))
        again.finish("plain")
        again.finish("b", .permanent)
        #expect(again.open.keys.sorted() == ["tidy"], "\(again.summary)")
    }
}

import Testing

@testable import BattenCore

/// Stages with `for_each` and `matrix`.
@Suite struct MachineItemTests {
    private func each(
        _ list: JSONValue = [1, 2, 3], _ uses: String = "test.run", _ change: (inout StageDefinition) -> Void = { _ in }
    ) throws -> Driver {
        let spread = stage("e", uses) {
            $0.forEach = list
            change(&$0)
        }
        let later = stage("later", "set", after: ["e"]) { $0.with = ["seen": "${{ stages.e }}"] }
        var run = try Driver(workflow([spread, later]) { $0.defaults.onFailure = .continue })
        run.accept()
        return run
    }

    private func ok(_ n: Int) -> StageOutcome { StageOutcome(.ok, effect: .made, output: ["n": .int(Int64(n))]) }

    @Test func everyItemIsAnInstanceAndItsStageGivesLists() throws {
        var run = try each(["a", "b", "c"])
        #expect(run.open.keys.sorted() == ["e[0]", "e[1]", "e[2]"])
        #expect(run.open.values.map(\.idempotencyKey).sorted() == (0..<3).map { "abcdefgh2345/e/\($0)" })
        #expect(run.row("e")?.status == .running && run.row("e")?.attempts == 0)
        for item in [2, 0, 1] { run.finish("e[\(item)]", ok(item)) }
        #expect(run.ended == .completed)
        #expect(run.row("e")?.outputs == ["n": [0, 1, 2]])
        let seen = run.row("later")?.outputs?["seen"]
        #expect(seen?["items"]?.arrayValue?[1] == ["status": "completed", "outputs": ["n": 1], "error": .null])
        #expect(run.types.count { $0 == "stage_expanded" } == 1)
        try run.crash()
    }

    @Test func anItemIsTriedAgainAloneAndKeepsItsKey() throws {
        var run = try each { $0.retry = RetryDefinition() }
        run.finish("e[0]", ok(0))
        run.finish("e[1]", .transient)
        #expect(run.status("e[1]") == .retrying && run.status("e[2]") == .running && run.status("e") == .running)
        run.fireNextTimer()
        #expect(run.open["e[1]"]?.attempt == 2 && run.open["e[1]"]?.idempotencyKey == "abcdefgh2345/e/1")
        try run.crash()
        #expect(run.open.keys.sorted() == ["e[1]", "e[2]"], "what was lost is made again, what has ended is not")
        #expect(run.open["e[2]"]?.reason == .engineLost)
        run.finish("e[1]", ok(1))
        run.finish("e[2]", ok(2))
        #expect(run.row("e")?.outputs == ["n": [0, 1, 2]])
    }

    @Test func failFastBeginsNoItemAfterTheFirstFailure() throws {
        var run = try each([1, 2, 3, 4, 5]) { $0.maxParallel = 2 }
        #expect(run.open.keys.sorted() == ["e[0]", "e[1]"])
        run.finish("e[1]", .permanent)
        #expect(
            run.summary.hasPrefix("e=running later=pending e[0]=running e[1]=failed e[2]=skipped e[3]=skipped"),
            "\(run.summary)")
        #expect(run.row("e[4]")?.reason == "item 1 failed (fail_fast)")
        run.finish("e[0]", ok(7))
        #expect(run.status("e") == .failed && run.ended == .completed && run.machine.state.row.failedStages == 1)
        #expect(run.row("e")?.outputs == ["n": [7, .null, .null, .null, .null]])
        #expect(run.row("e")?.error?.message == "1 of 5 items failed; item 1: said no")
        let seen = run.row("later")?.outputs?["seen"]
        #expect(seen?["outputs"] == ["n": [7, .null, .null, .null, .null]], "others see the lists of a failed stage")
        #expect(
            seen?["items"]?.arrayValue?.map { $0["status"]?.stringValue } == [
                "completed", "failed", "skipped", "skipped", "skipped",
            ])
    }

    @Test func withoutFailFastAllItemsRun() throws {
        var run = try each([1, 2, 3]) {
            $0.maxParallel = 1
            $0.failFast = false
        }
        for item in 0..<3 {
            #expect(run.open.keys.sorted() == ["e[\(item)]"])
            if item == 1 { run.finish("e[1]", ok(1)) } else { run.finish("e[\(item)]", .permanent) }
        }
        #expect(run.row("e")?.error?.message == "2 of 3 items failed; item 0: said no")
    }

    @Test func anEmptyListCompletesWithEmptyLists() throws {
        let run = try each([]) { $0.outputs = [OutputDefinition(name: "n", type: .integer)] }
        #expect(run.ended == .completed && run.row("e")?.outputs == ["n": []])
    }

    @Test func whatIsNoListFailsTheStage() throws {
        let run = try each("${{ 7 }}")
        #expect(run.row("e")?.error?.code == "batten.for_each")
        #expect(run.row("e")?.error?.message == "for_each of stage 'e' gives integer 7, not a list")
    }

    @Test func theDeadlineIsTheStages() throws {
        var run = try each([1, 2, 3]) {
            $0.maxParallel = 2
            $0.deadline = .seconds(5)
        }
        run.finish("e[0]", ok(0))
        run.fireNextTimer()
        #expect(run.cancels.sorted() == ["e[1]#1", "e[2]#1"])
        run.finish("e[1]", ok(1))
        run.finish("e[2]", .cancelled)
        #expect(run.status("e") == .timedOut && run.status("e[1]") == .completed && run.status("e[2]") == .timedOut)
        #expect(run.machine.state.armedTimers.isEmpty)
    }

    @Test func aPauseAndACancelHoldForItems() throws {
        var run = try each([1, 2, 3]) { $0.maxParallel = 1 }
        run.send(.control(.pause))
        run.finish("e[0]", ok(0))
        #expect(run.open.isEmpty && run.status("e[1]") == .pending)
        run.send(.control(.resume))
        #expect(run.open.keys.sorted() == ["e[1]"])
        run.send(.control(.cancel))
        #expect(run.cancels == ["e[1]#1"] && run.status("e[2]") == .skipped)
        run.finish("e[1]", .cancelled)
        #expect(run.ended == .cancelled && run.status("e") == .cancelled && run.status("later") == .skipped)
    }

    @Test func itemsOfTheEnginesOwnKinds() throws {
        var run = try each([1, 2], "gate") { $0.with = ["prompt": "Item ${{ item }}?"] }
        #expect(run.machine.state.isStuck && run.row("e[1]")?.waiting?.detail.hasSuffix("e --item 1") == true)
        let unnamed = run.send(.control(.answer(GateAnswer(stage: "e", approves: true, by: "ann"))))
        #expect(unnamed.refusal == "stage 'e' has 2 items: name the one whose gate is meant (--item)")
        for item in [1, 0] {
            run.send(.control(.answer(GateAnswer(stage: "e", item: item, approves: true, by: "ann"))))
        }
        #expect(run.ended == .completed)
        let asleep = try each([1, 2], "sleep") { $0.with = ["for": "${{ format('{0}s', item) }}"] }
        #expect(asleep.machine.state.armedTimers.map(\.key) == ["sleep:2", "sleep:3"])
    }

    @Test func cellsComeInTheOrderOfTheFile() throws {
        let rows: [(JSONValue, String)] = [
            (["a": [1, 2], "b": ["x", "y"]], "1x 1y 2x 2y"),
            (["a": [1, 2], "b": ["x", "y"], "exclude": [["a": 2, "b": "x"]]], "1x 1y 2y"),
            (["a": [1, 2], "b": ["x", "y"], "exclude": [["a": 1]]], "2x 2y"),
            (["a": [1], "b": ["x"], "include": [["a": 3, "b": "z"]]], "1x 3z"),
            (["a": [1, 2], "b": ["x"], "include": [["a": 2, "c": "!"]]], "1x 2x!"),
            (["include": [["a": 9]]], "9"), (["a": [], "b": [1]], ""),
        ]
        for (source, wanted) in rows {
            let fanOut = PlannedFanOut(
                source: .constant(source), isMatrix: true, maxParallel: nil, failFast: true)
            let cells = try fanOut.items(of: source).get()
            let text = cells.map { cell in
                ["a", "b", "c"].compactMap { cell[$0] }.map { $0.stringValue ?? JSONWriter.string($0) }.joined()
            }
            #expect(text.joined(separator: " ") == wanted)
        }
    }

    @Test func manyItemsCostTheSameEach() throws {
        let list: JSONValue = .array((0..<10_000).map { .int(Int64($0)) })
        var run = try each(list) { $0.maxParallel = 100 }
        while let (name, start) = run.open.first, run.ended == nil {
            run.open[name] = nil
            let step = run.send(
                .attemptFinished(stage: start.stageIndex, attempt: 1, outcome: ok(start.stageIndex)))
            #expect(step.stages.count <= 4 && step.records.count <= 4, "a step changes what it concerns")
        }
        #expect(run.ended == .completed && run.machine.state.stageRows.count == 10_002)
    }
}

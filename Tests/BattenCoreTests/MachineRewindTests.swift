import Testing

@testable import BattenCore

/// Gates that send the run back.
@Suite struct MachineRewindTests {
    private static func run(_ with: JSONObject = [:]) throws -> Driver {
        var gate: JSONObject = ["prompt": "Good?", "rewind_to": "write"]
        for (name, value) in with { gate[name] = value }
        var run = try Driver(
            workflow(
                [
                    stage("fetch"), stage("write", after: ["fetch"]), stage("check", after: ["write"]),
                    stage("side", after: ["write"]), stage("ask", "gate", after: ["check"]) { $0.with = gate },
                    stage("send", after: ["ask", "side"]),
                ], finally: [stage("tidy")]))
        run.accept()
        run.finish("fetch")
        return run
    }

    private static func answer(_ approves: Bool, by: String = "ann") -> RunInput {
        .control(.answer(GateAnswer(stage: "ask", approves: approves, by: by)))
    }

    @Test func aRejectionBeginsAnotherRound() throws {
        var run = try Self.run()
        #expect(run.open["write"]?.idempotencyKey == "abcdefgh2345/write")
        run.finish("write", StageOutcome(.ok, effect: .made, output: ["v": 1]))
        run.finish("check")
        run.send(Self.answer(false))
        #expect(
            run.summary
                == "fetch=completed write=running check=pending side=pending ask=pending send=pending tidy=pending")
        #expect(run.open["write"]?.idempotencyKey == "abcdefgh2345/write#2")
        #expect(run.open["write"]?.attempt == 2)
        #expect(run.open["write"]?.reason == .rewound)
        #expect(run.cancels == ["side#1"], "what still ran behind the stage is asked to stop")
        // The result of the attempt that was asked to stop comes too late.
        let late = try #require(run.open["side"])
        run.send(.attemptFinished(stage: late.stageIndex, attempt: 1, outcome: StageOutcome(.ok, effect: .made)))
        #expect(run.types.last == "attempt_late")
        try run.crash()
        #expect(
            run.open["write"]?.idempotencyKey == "abcdefgh2345/write#2", "a lost attempt keeps the key of its round")
        run.finish("write", StageOutcome(.ok, effect: .made, output: ["v": 2]))
        run.finish("side")
        run.finish("check")
        // The same person answers once a round.
        run.send(Self.answer(true))
        #expect(run.row("write")?.outputs == ["v": 2])
        run.finish("send")
        run.finish("tidy")
        #expect(run.ended == .completed)
        #expect(run.machine.state.row.failedStages == 0)
    }

    @Test func roundsAreBounded() throws {
        for (with, bound) in [([:], 16), (["max_rewinds": 2], 2)] as [(JSONObject, Int)] {
            var run = try Self.run(with)
            for _ in 0..<bound {
                run.finish("write")
                run.finish("side")
                run.finish("check")
                run.send(Self.answer(false))
                #expect(run.status("write") == .running)
            }
            run.finish("write")
            run.finish("side")
            run.finish("check")
            run.send(Self.answer(false))
            #expect(run.status("ask") == .failed)
            run.finish("tidy")
            #expect(run.ended == .failed)
            #expect(run.row("write")?.attempts == bound + 1)
        }
    }

    @Test func aFailureThatIsTakenBackDecidesNothing() throws {
        var run = try Driver(
            workflow([
                stage("write"), stage("side", after: ["write"]) { $0.onFailure = .skipDependents },
                stage("ask", "gate", after: ["write"]) { $0.with = ["prompt": "Good?", "rewind_to": "write"] },
            ]))
        run.accept()
        run.finish("write")
        run.finish("side", .permanent)
        #expect(run.machine.state.row.failedStages == 1)
        run.send(.control(.answer(GateAnswer(stage: "ask", approves: false, by: "ann"))))
        #expect(run.machine.state.row.failedStages == 0)
        run.finish("write")
        run.finish("side")
        run.send(.control(.answer(GateAnswer(stage: "ask", approves: true, by: "ann"))))
        #expect(run.ended == .completed)
    }

    @Test func timeRejectsToo() throws {
        var run = try Self.run(["timeout": "1h", "max_rewinds": 1])
        for round in 1...2 {
            run.finish("write")
            run.finish("side")
            run.finish("check")
            run.fireNextTimer()
            #expect(run.status("ask") == (round == 1 ? .pending : .failed))
        }
    }

    @Test func aGateCanOnlyGoBack() throws {
        for target in ["ask", "send", "nope"] {
            var run = try Self.run(["rewind_to": .string(target)])
            run.finish("write")
            run.finish("side")
            run.finish("check")
            #expect(run.row("ask")?.error?.code == "batten.gate", "\(target)")
        }
    }
}

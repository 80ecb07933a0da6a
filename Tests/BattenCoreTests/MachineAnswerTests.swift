import Testing

@testable import BattenCore

/// Gates and signals: what the machine takes in, refuses, keeps and decides.
@Suite struct MachineAnswerTests {
    private static func gate(_ with: JSONObject = [:], _ change: (inout StageDefinition) -> Void = { _ in }) throws
        -> Driver
    {
        var all: JSONObject = ["prompt": .string("Go?")]
        for (key, value) in with { all[key] = value }
        var run = try Driver(
            workflow([
                stage("ask", "gate") {
                    $0.with = all
                    change(&$0)
                }, stage("next", after: ["ask"]),
            ]))
        run.accept()
        return run
    }

    private static func answer(_ by: String, _ approves: Bool = true, _ form: JSONObject = [:]) -> RunControl {
        .answer(GateAnswer(stage: "ask", approves: approves, by: by, form: form, reason: approves ? "" : "no"))
    }

    private static let form: JSONValue = [
        "type": "object", "required": ["version"],
        "properties": ["version": ["type": "string"], "canary": ["type": "boolean", "default": true]],
    ]

    @Test func answersDecide() throws {
        // What the gate asks for, who answers, and what comes of the last answer and of the gate.
        let table: [(JSONObject, [RunControl], refusal: String?, GateDecision?, summary: String)] = [
            ([:], [Self.answer("ann")], nil, .approved, "ask=completed next=running"),
            ([:], [Self.answer("ann", false)], nil, .rejected, "ask=failed next=skipped"),
            (
                ["required_approvals": 2], [Self.answer("ann")], nil, nil, "ask=waiting next=pending"
            ),
            (
                ["required_approvals": 2], [Self.answer("ann"), Self.answer("bob")], nil, .approved,
                "ask=completed next=running"
            ),
            (
                ["required_approvals": 2], [Self.answer("ann"), Self.answer("ann")],
                "'ann' has answered gate 'ask' already", nil, "ask=waiting next=pending"
            ),
            (
                ["required_approvals": 2], [Self.answer("ann"), Self.answer("bob", false)], nil, .rejected,
                "ask=failed next=skipped"
            ),
            (
                ["approvers": ["ann", "bob"]], [Self.answer("eve")],
                "'eve' may not answer gate 'ask'; its approvers are ann, bob", nil, "ask=waiting next=pending"
            ),
            ([:], [Self.answer("")], "an answer needs the name of who gives it", nil, "ask=waiting next=pending"),
            (
                [:], [Self.answer("ann", true, ["a": 1])], "gate 'ask' has no form to fill in", nil,
                "ask=waiting next=pending"
            ),
            (
                ["form": Self.form], [Self.answer("ann", true, ["version": "1"])], nil, .approved,
                "ask=completed next=running"
            ),
            (
                ["form": Self.form, "required_approvals": 2],
                [Self.answer("ann", true, ["version": "1"]), Self.answer("bob")], nil, .approved,
                "ask=completed next=running"
            ),
            (
                [:], [Self.answer("ann"), Self.answer("bob", false)], "gate 'ask' is approved already, by ann",
                .approved,
                "ask=completed next=running"
            ),
            (
                [:], [.answer(GateAnswer(stage: "next", approves: true, by: "ann"))], "stage 'next' is no gate", nil,
                "ask=waiting next=pending"
            ),
            (
                [:], [.answer(GateAnswer(stage: "nope", approves: true, by: "ann"))], "the run has no stage 'nope'",
                nil, "ask=waiting next=pending"
            ),
        ]
        for (number, row) in table.enumerated() {
            var run = try Self.gate(row.0)
            #expect(run.machine.state.isStuck && run.machine.state.row.waiting?.on == "gate")
            var refusal: String?
            for control in row.1 { refusal = run.send(.control(control)).refusal }
            #expect(refusal == row.refusal, "row \(number)")
            #expect(run.machine.state.stages[0].gate?.decision == row.3, "row \(number)")
            #expect(run.summary == row.summary, "row \(number)")
            try run.crash()
            #expect(run.summary == row.summary, "row \(number), replayed")
        }
    }

    @Test func theFormsValuesAreTheOutputs() throws {
        var run = try Self.gate(["form": Self.form, "required_approvals": 2])
        for wrong: JSONObject in [[:], ["version": 1], ["version": "1", "canary": "yes"]] {
            #expect(run.refusing(Self.answer("ann", true, wrong))?.hasPrefix("the form: ") == true, "\(wrong)")
        }
        run.send(.control(Self.answer("ann", true, ["version": "1.4"])))
        run.send(.control(Self.answer("bob", true, ["canary": false])))
        #expect(run.row("ask")?.outputs == ["version": "1.4", "canary": false])
        #expect(run.row("ask")?.attempts == 0)
    }

    @Test func aRejectionHasItsOwnCode() throws {
        var run = try Self.gate()
        run.send(.control(Self.answer("ann", false)))
        #expect(run.ended == .failed)
        #expect(run.machine.state.row.error?.code == RunMachine.rejectionCode)
        #expect(run.machine.state.row.error?.message == "stage 'ask': rejected by ann: no")
        var second = try Self.gate { $0.fallback = StageBody(uses: "set", with: ["n": 1]) }
        second.send(.control(Self.answer("ann", false)))
        #expect(second.summary == "ask=completed next=running" && second.row("ask")?.outputs == ["n": 1])
    }

    @Test func timeAnswersToo() throws {
        let table: [(JSONObject, StageStatus, RunStatus?)] = [
            (["timeout": "1h"], .failed, .failed), (["timeout": "1h", "on_timeout": "reject"], .failed, .failed),
            (["timeout": "1h", "on_timeout": "approve"], .completed, nil),
            (["timeout": "1h", "on_timeout": "approve", "form": Self.form], .failed, .failed),
        ]
        for (with, status, ended) in table {
            var run = try Self.gate(with)
            run.fireNextTimer()
            #expect(run.status("ask") == status && run.ended == ended, "\(with)")
            #expect(run.machine.state.armedTimers.isEmpty)
        }
    }

    @Test func aGateThatCannotAskFails() throws {
        for with: JSONObject in [
            ["prompt": 1], ["approvers": "ann"], ["approvers": [1]], ["required_approvals": 0],
            ["approvers": ["ann"], "required_approvals": 2], ["form": ["type": "nothing"]], ["timeout": "soon"],
            ["on_timeout": "maybe"],
        ] {
            let run = try Self.gate(with)
            #expect(run.status("ask") == .failed && run.row("ask")?.error?.code == "batten.gate", "\(with)")
        }
    }

    @Test func clocksOfGatesStandStillInAPauseAndAnswersAreTaken() throws {
        var run = try Self.gate(["timeout": "1h", "required_approvals": 2])
        run.send(.control(.pause), after: .seconds(600))
        #expect(run.machine.state.armedTimers.isEmpty)
        run.send(.control(Self.answer("ann")), after: .seconds(7_200))
        try run.crash()
        run.send(.control(.resume))
        let left = run.machine.state.timers["answer:0"].map { $0 - run.now }
        #expect(left.map { $0 > .seconds(2_990) && $0 <= .seconds(3_000) } == true, "\(String(describing: left))")
        #expect(run.machine.state.stages[0].gate?.expiresAt == run.machine.state.timers["answer:0"])
        run.send(.control(.pause))
        run.send(.control(Self.answer("bob")))
        #expect(run.summary == "ask=completed next=waiting" && run.row("next")?.waiting?.on == "pause")
        run.send(.control(.resume))
        #expect(run.status("next") == .running)
    }

    @Test func endsCloseGates() throws {
        for control in [RunControl.cancel, .cancelNow] {
            var run = try Self.gate(["timeout": "1h"])
            run.send(.control(control))
            #expect(run.ended == .cancelled && run.status("ask") == .cancelled)
            #expect(run.machine.state.stages[0].gate?.decision == .closed)
        }
        var late = try Self.gate {
            $0.deadline = .seconds(5); $0.onFailure = .continue
        }
        late.fireNextTimer()
        #expect(late.status("ask") == .timedOut && late.machine.state.stages[0].gate?.decision == .closed)
        #expect(late.refusing(Self.answer("ann")) == "gate 'ask' is closed: its stage has ended")
    }

    @Test func storedRequestsAreTakenInOnce() throws {
        var run = try Self.gate(["required_approvals": 2])
        #expect(run.send(.control(Self.answer("ann"), request: 7)).refusal == nil)
        try run.crash()
        let again = run.send(.control(Self.answer("ann"), request: 7))
        #expect(again.isEmpty && again.refusal == nil, "it counted before its settlement was lost")
        var waiting = try Driver(workflow([stage("w", "signal") { $0.with = ["name": "go"] }, stage("a")]))
        waiting.accept()
        let go = RunControl.signal(RunSignal(name: "go", data: 1, by: "x"))
        waiting.send(.control(go, request: 3))
        try waiting.crash()
        #expect(waiting.send(.control(go, request: 3)).isEmpty)
        #expect(waiting.machine.state.signals.count == 1)
    }

    @Test func signalsAreKeptAndTakenInOrder() throws {
        func go(_ number: Int64, _ name: String = "go") -> RunInput {
            .control(.signal(RunSignal(name: name, data: .int(number), by: "x")))
        }
        var run = try Driver(
            workflow([
                stage("a"), stage("w1", "signal", after: ["a"]) { $0.with = ["name": "go"] },
                stage("w2", "signal", after: ["w1"]) { $0.with = ["name": "go", "timeout": "1m"] },
                stage("w3", "signal", after: ["w2"]) {
                    $0.with = ["name": "stop", "timeout": "1m"]; $0.onFailure = .continue
                },
            ]))
        run.accept()
        #expect(
            run.send(go(1, "other")).refusal
                == "no stage of the run waits for the signal 'other'; there is go, go, stop")
        run.send(go(1))
        run.send(.control(.pause))
        run.send(go(2))
        try run.crash()
        #expect(run.machine.state.signals.map(\.takenBy) == [nil, nil])
        run.send(.control(.resume))
        run.finish("a")
        #expect(run.summary == "a=completed w1=completed w2=completed w3=waiting")
        #expect(run.row("w1")?.outputs?["data"] == 1 && run.row("w2")?.outputs?["data"] == 2)
        #expect(run.machine.state.signals.map(\.takenBy) == [1, 2])
        #expect(run.machine.state.isStuck && run.machine.state.row.waiting?.on == "signal")
        run.fireNextTimer()
        #expect(run.status("w3") == .timedOut && run.row("w3")?.error?.code == "batten.signal_timeout")
        let plain = try Self.gate()
        #expect(
            plain.refusing(.signal(RunSignal(name: "go", data: 1, by: "x"))) == "no stage of the run waits for a signal"
        )
    }
}

import Testing

@testable import BattenCore

/// What single stages do: kinds, contracts, fallback, waiting, and what a lost engine means for them.
@Suite struct MachineStageTests {
    @Test func setIsDecidedAtOnceAndChainsDoNotRecurse() throws {
        let stages = (0..<10_000).map { place in
            stage("s\(place)", "set", after: place == 0 ? [] : ["s\(place - 1)"]) {
                $0.with = ["n": .string(place == 0 ? "${{ 1 }}" : "${{ stages.s\(place - 1).outputs.n + 1 }}")]
            }
        }
        var run = try Driver(
            workflow(stages) {
                $0.outputs = [OutputDefinition(name: "n", value: .string("${{ stages.s9999.outputs.n }}"))]
            })
        run.accept()
        #expect(run.commits == 1 && run.ended == .completed)
        #expect(run.machine.state.row.outputs == .object(["n": .int(10_000)]))
    }

    @Test func sleepIsATimer() throws {
        // 'with', then how long it sleeps from 2023-11-14T22:13:20.001Z; nil for a failure.
        let table: [(JSONObject, Duration?)] = [
            (["for": .string("10m")], .seconds(600)), (["for": .string("0s")], .zero),
            (["for": .string("${{ parameters.wait }}")], .seconds(3)),
            (["until": .string("2023-11-14T22:13:30.001Z")], .seconds(10)),
            (["until": .string("2001-01-01T00:00:00Z")], .zero), (["for": .int(3)], nil), ([:], nil),
            (["for": .string("soon")], nil), (["until": .string("tomorrow")], nil),
            (["for": .string("1s"), "until": .string("2023-11-14T22:13:30Z")], nil),
        ]
        for (with, length) in table {
            var run = try Driver(workflow([stage("nap", "sleep") { $0.with = with }]))
            run.accept(parameters: ["wait": .string("3s")])
            switch length {
            case .zero?: #expect(run.ended == .completed)
            case let length?:
                #expect(run.machine.state.armedTimers == [TimerRow(key: "sleep:0", at: run.now + length)])
                #expect(run.machine.state.row.status == .waiting && run.row("nap")?.waiting?.on == "sleep")
                try run.crash()
                run.fireNextTimer()
                #expect(run.ended == .completed && run.row("nap")?.attempts == 0)
            case nil: #expect(run.ended == .failed && run.row("nap")?.error?.code == "batten.sleep", "\(with)")
            }
        }
    }

    @Test func outputsAreHeldAgainstTheirContract() throws {
        let result = JSONValue.object(["n": .int(3), "text": .string("t"), "whole": .double(2)])
        // Declaration, then the outputs or the message.
        let table: [([OutputDefinition], Result<JSONObject, Complaint>)] = [
            ([], .success(["n": .int(3), "text": .string("t"), "whole": .double(2)])),
            ([OutputDefinition(name: "n", type: .integer)], .success(["n": .int(3)])),
            (
                [OutputDefinition(name: "x", type: .string, value: .string("${{ result.text }}-${{ result.n }}"))],
                .success(["x": .string("t-3")])
            ),
            ([OutputDefinition(name: "whole", type: .integer)], .success(["whole": .double(2)])),
            (
                [OutputDefinition(name: "k", value: .object(["deep": .string("${{ result.n }}")]))],
                .success(["k": .object(["deep": .int(3)])])
            ),
            ([OutputDefinition(name: "n", type: .string)], .failure("declared as string and is integer 3")),
            ([OutputDefinition(name: "nope", type: .string)], .failure("has no such field")),
            ([OutputDefinition(name: "x", value: .string("${{ result.nope }}"))], .failure("outputs.x of stage 'a'")),
            ([OutputDefinition(name: "x", value: .string("${{ secrets.S }}"))], .failure("outputs.x of stage 'a'")),
        ]
        for (declared, expected) in table {
            var run = try Driver(workflow([stage("a") { $0.outputs = declared }]))
            run.accept()
            run.finish("a", StageOutcome(.ok, effect: .made, output: result))
            switch expected {
            case .success(let outputs): #expect(run.row("a")?.outputs == .object(outputs))
            case .failure(let complaint):
                #expect(run.ended == .failed && run.row("a")?.error?.code == "batten.output_contract")
                #expect(
                    run.row("a")?.error?.message.contains(complaint.text) == true,
                    "\(run.row("a")?.error?.message ?? "")")
            }
        }
    }

    struct Complaint: Error, ExpressibleByStringLiteral {
        let text: String
        init(stringLiteral value: String) { text = value }
    }

    @Test func theFallbackComesAfterTheLastAttemptAndMeetsTheContract() throws {
        var definition = workflow([
            stage("a") {
                $0.retry = RetryDefinition()
                $0.retry?.maxAttempts = 2
                $0.fallback = StageBody(uses: "test.other", timeout: .seconds(5))
                $0.outputs = [OutputDefinition(name: "n", type: .integer)]
            }
        ])
        var run = try Driver(definition)
        run.accept()
        run.finish("a", .failed)
        run.fireNextTimer()
        run.finish("a", .failed)
        let start = run.open["a"]
        #expect(start?.attempt == 3 && start?.reason == .fallback && start?.body == .fallback)
        #expect(start?.timeout == .seconds(5) && start?.idempotencyKey == "abcdefgh2345/a/fallback")
        try run.crash()
        #expect(run.open["a"]?.body == .fallback && run.open["a"]?.reason == .engineLost)
        var other = run
        run.finish("a", StageOutcome(.ok, output: .object(["n": .int(1)])))
        #expect(run.ended == .completed && run.row("a")?.error == nil)
        other.finish("a", StageOutcome(.ok, output: .object(["n": .string("no")])))
        #expect(other.ended == .failed && other.row("a")?.error?.code == "batten.output_contract")

        definition.stages[0].fallback = StageBody(uses: "set", with: ["n": .int(7)])
        var set = try Driver(definition)
        set.accept()
        set.finish("a", .permanent)
        #expect(set.ended == .completed && set.row("a")?.outputs == .object(["n": .int(7)]))
    }

    @Test func maxParallelAndExclusiveStagesAreFirstComeFirstServed() throws {
        var run = try Driver(
            workflow([stage("a"), stage("b"), stage("c") { $0.parallel = false }, stage("d")]) { $0.maxParallel = 2 })
        run.accept()
        #expect(run.open.keys.sorted() == ["a", "b"])
        #expect(
            run.row("c")?.waiting?.on == "slot"
                && run.row("d")?.waiting?.detail == "2 stages run already (max_parallel)")
        run.finish("a")
        #expect(run.open.keys.sorted() == ["b"])
        try run.crash()
        run.finish("b")
        #expect(run.open.keys.sorted() == ["c"])
        run.finish("c")
        run.finish("d")
        #expect(run.ended == .completed)
    }

    @Test func aMissingSecretParksTheStageUntilAnEngineHasIt() throws {
        var run = try Driver(workflow([stage("a")]))
        run.accept()
        let start = try #require(run.open["a"])
        run.open = [:]
        run.send(.attemptBlocked(stage: start.stageIndex, attempt: start.attempt, reason: "secret KEY missing"))
        #expect(run.status("a") == .waiting && run.machine.state.isStuck)
        #expect(run.machine.state.waitingStages.map(\.reason.detail) == ["secret KEY missing"])
        #expect(run.machine.state.row.waiting?.on == "secret")
        try run.crash()
        #expect(run.open["a"]?.attempt == 2 && run.open["a"]?.reason == .first && !run.machine.state.isStuck)
        run.finish("a", .transient)
        #expect(run.status("a") == .retrying)
    }

    @Test func anAttemptLostWithItsEngineIsMadeAgainUnderTheSameKey() throws {
        var run = try Driver(
            workflow([
                stage("a") {
                    $0.retry = RetryDefinition(); $0.retry?.maxAttempts = 1
                }, stage("b"),
            ]))
        run.accept()
        let key = run.open["a"]?.idempotencyKey
        run.finish("b")
        for loss in 1...2 {
            try run.crash()
            #expect(run.open.keys.sorted() == ["a"])
            #expect(run.open["a"]?.attempt == loss + 1 && run.open["a"]?.reason == .engineLost)
            #expect(run.open["a"]?.idempotencyKey == key && run.open["a"]?.wantsIsolation == (loss == 2))
        }
        var fine = run
        fine.finish("a")
        #expect(fine.ended == .completed)
        try run.crash()
        #expect(run.ended == .failed && run.row("a")?.error?.outcomeClass == .crashed)
        #expect(run.row("a")?.attempts == 3)
    }

    @Test func anAttemptThatRunsOutOfTimeWithItsStageEndsByTheDeadlineWhoeverTellsFirst() throws {
        var run = try Driver(
            workflow([
                stage("a") {
                    $0.deadline = .milliseconds(50)
                    $0.retry = RetryDefinition()
                    $0.retry?.maxAttempts = 3
                }
            ]))
        run.accept()
        #expect(run.open["a"]?.timeout == .milliseconds(50))
        var early = run
        run.now = run.now + .milliseconds(50)
        run.finish("a", .timeout)
        #expect(run.status("a") == .timedOut && run.row("a")?.error?.code == "batten.deadline")
        early.finish("a", .timeout)
        #expect(early.status("a") == .retrying, "before that it is the attempt's own")
    }

    @Test func aLostAttemptFailsItsStageWhereTheAuthorSaysSo() throws {
        var lost = try Driver(
            workflow([
                stage("a") {
                    $0.onLost = .fail
                    $0.onFailure = .continue
                    $0.retry = RetryDefinition()
                    $0.retry?.maxAttempts = 3
                    $0.fallback = StageBody(uses: "test.run")
                },
                stage("b", after: ["a"]), stage("c"),
            ]))
        lost.accept()
        var worker = lost
        try lost.crash()
        #expect(lost.summary == "a=failed b=running c=running", "c goes by the default")
        #expect(lost.row("a")?.error?.outcomeClass == .crashed)
        #expect(lost.row("a")?.error?.code == "batten.engine_lost" && lost.row("a")?.attempts == 1)
        try lost.crash()
        lost.finish("b")
        lost.finish("c")
        #expect(lost.ended == .completed)

        worker.finish(
            "a", StageOutcome(.crashed, effect: .unknown, code: StageOutcome.lostWorkerCode, message: "SIGSEGV"))
        #expect(worker.summary == "a=failed b=running c=running")
        #expect(worker.row("a")?.error?.code == StageOutcome.lostWorkerCode && worker.row("a")?.attempts == 1)
    }

    @Test func whereAPersonDecidesALostAttemptIsAskedAbout() throws {
        func answer(_ approves: Bool) -> RunInput {
            .control(
                .answer(GateAnswer(stage: "a", approves: approves, by: "ann", reason: approves ? "" : "it was paid")))
        }
        var run = try Driver(
            workflow([
                stage("a") {
                    $0.onLost = .gate
                    $0.fallback = StageBody(uses: "test.run")
                }, stage("b", after: ["a"]),
            ]))
        run.accept()
        let key = run.open["a"]?.idempotencyKey
        #expect(run.send(answer(true)).refusal == "stage 'a' is running: its gate is not open")
        try run.crash()
        #expect(run.summary == "a=waiting b=pending" && run.open.isEmpty && run.machine.state.isStuck)
        #expect(run.machine.state.row.waiting?.on == "gate")
        #expect(run.row("a")?.waiting?.detail.contains("attempt 1 was lost with its engine") == true)
        // Asking outlives the next engine and is no loss.
        try run.crash()
        #expect(run.summary == "a=waiting b=pending")

        var rejected = run
        #expect(rejected.send(answer(false)).refusal == nil)
        #expect(rejected.ended == .failed && rejected.row("a")?.attempts == 1)
        #expect(rejected.row("a")?.error?.code == "batten.engine_lost")
        #expect(rejected.row("a")?.error?.message.hasSuffix("rejected by ann: it was paid") == true)
        var cancelled = run
        cancelled.send(.control(.cancel))
        #expect(cancelled.ended == .cancelled && cancelled.machine.state.gateRows.map(\.decision) == [.closed])

        // Approved while paused it waits for the resume.
        run.send(.control(.pause))
        #expect(run.send(answer(true)).refusal == nil && run.open.isEmpty && run.row("a")?.waiting?.on == "pause")
        try run.crash()
        run.send(.control(.resume))
        #expect(run.open["a"]?.attempt == 2 && run.open["a"]?.idempotencyKey == key)
        #expect(run.open["a"]?.reason == .engineLost)
        #expect(run.send(answer(true)).refusal == "gate 'a' is approved already, by ann")

        // The second loss may be a worker's; the third one ends the stage, and nobody is asked.
        run.finish(
            "a", StageOutcome(.crashed, effect: .unknown, code: StageOutcome.lostWorkerCode, message: "SIGSEGV"))
        #expect(run.row("a")?.waiting?.detail.contains("attempt 2 was lost with its worker") == true)
        #expect(run.machine.state.gateRows.map(\.decision) == [nil])
        run.send(answer(true))
        #expect(run.open["a"]?.wantsIsolation == true && run.open["a"]?.reason == .workerLost)
        var fine = run
        fine.finish("a")
        fine.finish("b")
        #expect(fine.ended == .completed)
        try run.crash()
        #expect(run.ended == .failed && run.row("a")?.error?.outcomeClass == .crashed)
    }

    @Test func whatIsGivenBackGoesByTheAuthorsWillAndIsNoLoss() throws {
        var run = try Driver(
            workflow([
                stage("a"),
                stage("b") {
                    $0.onLost = .fail; $0.onFailure = .continue
                }, stage("c") { $0.onLost = .gate },
            ]))
        run.accept()
        for _ in 0..<5 {
            let start = try #require(run.open["a"])
            #expect(!start.wantsIsolation)
            // An engine that stops has shut its slots.
            var slots = SlotPool.unlimited
            slots.shut()
            for (stage, attempt) in run.machine.state.runningAttempts {
                run.journal +=
                    run.machine.apply(
                        .attemptGivenBack(stage: stage, attempt: attempt), at: run.now, slots: &slots
                    ).records
            }
            #expect(run.summary == "a=waiting b=failed c=waiting")
            try run.crash()
        }
        #expect(run.row("b")?.error?.outcomeClass == .crashed && run.row("b")?.error?.code == "batten.engine_stopped")
        #expect(run.row("c")?.waiting?.detail.contains("attempt 1 was cut off when its engine was stopped") == true)
        #expect(run.open["a"]?.attempt == 6 && run.open["a"]?.reason == .engineStopped)

        // What was being cancelled is cancelled.
        run.send(.control(.cancel))
        run.send(.attemptGivenBack(stage: 0, attempt: 6))
        #expect(run.ended == .cancelled && run.status("a") == .cancelled)
    }

    @Test func aHaltedRunAsksNobodyAboutALostAttempt() throws {
        var run = try Driver(workflow([stage("a") { $0.onLost = .gate }, stage("b")]))
        run.accept()
        run.finish("b", .permanent)
        try run.crash()
        #expect(run.ended == .failed && run.summary == "a=failed b=failed")
        #expect(run.row("a")?.error?.message.contains("nobody was asked: halted") == true)
    }

    @Test func anAttemptLostWithItsWorkerIsMadeAgainAndAloneAfterTwoLosses() throws {
        let lost = StageOutcome(
            .crashed, effect: .unknown, code: StageOutcome.lostWorkerCode, message: "SIGSEGV",
            details: ["worker": ["pid": 7]])
        var run = try Driver(
            workflow([
                stage("a") {
                    $0.retry = RetryDefinition(); $0.retry?.maxAttempts = 1
                }, stage("b"),
            ]))
        run.accept()
        let key = run.open["a"]?.idempotencyKey
        func lose(_ run: inout Driver) throws {
            let started = run.open.removeValue(forKey: "a")
            let start = try #require(started)
            run.send(.attemptFinished(stage: start.stageIndex, attempt: start.attempt, outcome: lost))
        }
        try lose(&run)
        #expect(run.open["a"]?.attempt == 2 && run.open["a"]?.reason == .workerLost)
        #expect(run.open["a"]?.wantsIsolation == false && run.open["a"]?.idempotencyKey == key)
        try lose(&run)
        #expect(run.open["a"] == nil && run.row("a")?.waiting?.detail == "must run alone and waits for the others")
        run.finish("b")
        #expect(run.open["a"]?.attempt == 3 && run.open["a"]?.wantsIsolation == true)
        // What was lost is known after a restart of the engine.
        var fine = run
        try fine.crash()
        #expect(fine.ended == .failed && fine.row("a")?.error?.code == "batten.engine_lost")
        try lose(&run)
        #expect(run.ended == .failed && run.row("a")?.error?.outcomeClass == .crashed)
        #expect(run.row("a")?.error?.code == StageOutcome.lostWorkerCode)
        #expect(run.row("a")?.error?.message.contains("lost 3 times") == true)
        #expect(run.row("a")?.error?.details == ["worker": ["pid": 7]])
        #expect(run.row("a")?.attempts == 3 && run.types.count { $0 == "attempt_lost" } == 3)

        // A call that had a worker of its own is the cause itself: it goes by the retry policy.
        var own = try Driver(
            workflow([
                stage("a") {
                    $0.retry = RetryDefinition(); $0.retry?.maxAttempts = 1
                }
            ]))
        own.accept()
        own.finish("a", .crashed)
        #expect(own.ended == .failed && own.row("a")?.attempts == 1)
    }

    @Test func lateResultsAreRecordedAndIgnored() throws {
        var run = try Driver(workflow([stage("a"), stage("b", after: ["a"])]))
        run.accept()
        let first = try #require(run.open["a"])
        try run.crash()
        let late = run.send(
            .attemptFinished(stage: first.stageIndex, attempt: first.attempt, outcome: StageOutcome(.permanent)))
        #expect(late.records.map(\.type) == ["attempt_late"] && late.stages.isEmpty && late.effects.isEmpty)
        run.finish("a")
        run.send(.attemptFinished(stage: first.stageIndex, attempt: 2, outcome: StageOutcome(.ok)))
        #expect(run.send(.attemptFinished(stage: 77, attempt: 1, outcome: StageOutcome(.ok))).isEmpty)
        #expect(run.summary == "a=completed b=running" && run.types.count { $0 == "attempt_late" } == 2)
    }

    @Test func aPauseStopsClocksAndStartsNothing() throws {
        var run = try Driver(
            workflow([
                stage("a"), stage("b", after: ["a"]), stage("nap", "sleep") { $0.with = ["for": .string("1s")] },
            ]) { $0.timeout = .seconds(10) })
        run.accept()
        let before = run.machine.state.timers["run"].map { $0 - run.now }
        run.send(.control(.pause), after: .zero)
        #expect(run.machine.state.timers["run"] == nil && run.machine.state.row.status == .paused)
        run.finish("a")
        #expect(run.status("b") == .waiting && run.row("b")?.waiting?.on == "pause" && run.machine.state.isStuck)
        #expect(run.send(.timerFired("sleep:2"), after: .seconds(3_600)).isEmpty)
        try run.crash()
        run.send(.control(.resume), after: .zero)
        #expect(run.machine.state.timers["run"].map { $0 - run.now } == before)
        #expect(run.summary == "a=completed b=running nap=completed")
        run.finish("b")
        #expect(run.ended == .completed)
        let idle = try Driver(workflow([stage("a")]))
        #expect(idle.refusing(.resume) == "the run was not accepted yet")
    }

    @Test func aPauseIsRefusedWhereItMakesNoSense() throws {
        var run = try Driver(workflow([stage("a"), stage("b", after: ["a"])], finally: [stage("f")]))
        #expect(run.refusing(.pause) == "the run was not accepted yet")
        run.accept()
        #expect(run.refusing(.resume) == "the run is not paused")
        run.send(.control(.pause))
        #expect(run.refusing(.pause) == "the run is paused already")
        run.send(.control(.resume))
        run.send(.control(.cancel))
        #expect(run.refusing(.pause) == "the run is being cancelled")
        run.finish("a", .cancelled)
        run.finish("f")
        #expect(run.refusing(.pause) == "the run has ended (cancelled)")
    }

    @Test func clocksThatBeginInAPauseStandStillUntilItEnds() throws {
        var run = try Driver(
            workflow([
                stage("a"),
                stage("nap", "sleep", after: ["a"]) {
                    $0.with = ["for": .string("1h")]; $0.deadline = .seconds(5)
                },
            ]))
        run.accept()
        run.send(.control(.pause))
        run.finish("a")
        #expect(run.status("nap") == .waiting)
        #expect(run.machine.state.armedTimers.map(\.key) == ["sleep:1"], "the deadline stands still")
        try run.crash()
        run.send(.control(.resume), after: .seconds(600))
        let due = run.machine.state.timers["deadline:1"].map { $0 - run.now }
        #expect(due == .seconds(5))
        run.fireNextTimer()
        #expect(run.status("nap") == .timedOut)
    }

    @Test func whatCameDueInAPauseIsDueWhateverTheClockSays() throws {
        var run = try Driver(workflow([stage("nap", "sleep") { $0.with = ["for": .string("1m")] }]))
        run.accept()
        run.send(.control(.pause))
        // The engine counts monotonic time: by now the clock on the wall was set back.
        #expect(run.send(.timerFired("sleep:0"), after: .seconds(-500)).isEmpty)
        run.send(.control(.resume))
        #expect(run.ended == .completed)
    }

    @Test func callsAreRenderedWithWhatTheStageMayRead() throws {
        let definition = workflow([
            stage("first"),
            stage("a", after: ["first"], if: "env.MODE == 'fast'") {
                $0.with = [
                    "url": .string("${{ inputs.base }}/${{ stages.first.outputs.id }}?k=${{ secrets.KEY }}"),
                    "n": .string("${{ run.attempt }}"), "city": .string("${{ parameters.city }}"),
                ]
                $0.env = [
                    EnvironmentEntry(name: "MODE", source: .text("fast")),
                    EnvironmentEntry(name: "PATH", source: .text("/own:${{ env.PATH }}")),
                    EnvironmentEntry(name: "HOOK", source: .fromHost(name: "HOST_HOOK", default: nil)),
                    EnvironmentEntry(name: "UNSET", source: .fromHost(name: "NOPE", default: nil)),
                    EnvironmentEntry(name: "OTHER", source: .fromHost(name: "NOPE", default: "d")),
                ]
                $0.inputs = [InputDefinition(name: "base", type: .string, value: .string("https://x"))]
                $0.workingDirectory = "${{ run.workdir }}/sub"
            },
        ]) {
            $0.secrets = ["KEY"]
            $0.env = [
                EnvironmentEntry(name: "TOKEN", source: .text("${{ secrets.KEY }}")),
                EnvironmentEntry(name: "PATH", source: .text("/usr")),
            ]
        }
        func run(_ change: (inout StageDefinition) -> Void = { _ in }) throws -> Driver {
            var definition = definition
            change(&definition.stages[1])
            var run = try Driver(definition)
            run.accept(parameters: ["city": .string("Oslo")], host: ["HOST_HOOK": .string("h")])
            run.finish("first", StageOutcome(.ok, output: .object(["id": .int(5)])))
            return run
        }
        let started = try run()
        #expect(started.status("a") == .running)
        guard case .call(let call) = started.machine.renderCall(stageIndex: 1, body: .main, secrets: { _ in "s3cret" })
        else {
            Issue.record("it cannot be rendered")
            return
        }
        #expect(call.input == .object(["url": .string("https://x/5?k=s3cret"), "n": .int(1), "city": .string("Oslo")]))
        #expect(
            call.environment.map { "\($0.name)=\($0.value)" } == [
                "TOKEN=s3cret", "PATH=/own:/usr", "MODE=fast", "HOOK=h", "OTHER=d",
            ])
        #expect(call.workingDirectory == "/tmp/w/sub" && call.secrets == ["KEY"])

        guard case .blocked("KEY") = started.machine.renderCall(stageIndex: 1, body: .main, secrets: { _ in nil })
        else {
            Issue.record("a missing secret does not block")
            return
        }
        let faults: [(change: (inout StageDefinition) -> Void, code: String, says: String)] = [
            ({ $0.with["n"] = .string("${{ 1 / 0 }}") }, "batten.render", "with.n of stage 'a'"),
            ({ $0.workingDirectory = "${{ parameters.nope }}" }, "batten.render", "working_directory of stage 'a'"),
            ({ $0.env[0].source = .text("fast${{ null }}") }, "batten.render", "env.MODE of stage 'a'"),
            ({ $0.inputs[0].value = .int(3) }, "batten.input_contract", "declared as string and got integer 3"),
            ({ $0.inputs[0].value = nil }, "batten.input_contract", "needs the input 'base'"),
        ]
        for fault in faults {
            let machine = try run {
                fault.change(&$0)
                $0.condition = nil
            }.machine
            guard case .failed(let outcome) = machine.renderCall(stageIndex: 1, body: .main, secrets: { _ in "s" })
            else {
                Issue.record("rendered, though it should say \(fault.says)")
                continue
            }
            #expect(outcome.outcomeClass == .permanent && outcome.effect == .none && outcome.code == fault.code)
            #expect(outcome.message.contains(fault.says), "\(outcome.message)")
        }
    }

    @Test func brokenJournalsAreRefused() throws {
        var run = try Driver(workflow([stage("a")]))
        run.accept()
        run.finish("a")
        let good = run.journal
        func replay(_ change: (inout [JournalRecord]) -> Void) -> String? {
            var journal = good
            change(&journal)
            var machine = RunMachine(plan: run.machine.plan)
            do throws(ReplayError) {
                for record in journal { try machine.replay(record) }
                return nil
            } catch {
                return error.message
            }
        }
        #expect(replay { _ in } == nil)
        #expect(replay { $0.remove(at: 1) }?.contains("stands where 2 was expected") == true)
        #expect(replay { $0[2].type = "stage_exploded" }?.contains("stage_exploded") == true)
        #expect(replay { $0[2].stage = "zzz" }?.contains("'zzz'") == true)
        #expect(replay { $0[2].data = .object([:]) }?.contains("'reason'") == true)
        #expect(replay { $0[3].data = .null }?.contains("'outputs'") == true)
    }
}

extension Driver {
    /// Why a control is refused.
    func refusing(_ control: RunControl) -> String? {
        var copy = self
        return copy.send(.control(control)).refusal
    }
}

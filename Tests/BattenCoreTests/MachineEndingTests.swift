import Testing

@testable import BattenCore

/// How runs end: failure, finally, cancel, timeouts.
@Suite struct MachineEndingTests {
    @Test func haltSkipsWhatHasNotStartedAndLetsTheRestFinish() throws {
        var run = try Driver(
            workflow(
                [
                    stage("a"), stage("b"), stage("flaky") { $0.retry = RetryDefinition() },
                    stage("nap", "sleep") {
                        $0.with = ["for": .string("1h")]
                    }, stage("later", after: ["b"]), stage("watch", after: ["b"], if: "always()"),
                ], finally: [stage("tidy")]))
        run.accept()
        run.finish("flaky", .failed)
        #expect(run.status("flaky") == .retrying)
        run.finish("a", .failed)
        #expect(run.summary == "a=failed b=running flaky=failed nap=cancelled later=skipped watch=pending tidy=pending")
        #expect(run.row("later")?.reason == "halted: stage 'a' failed")
        #expect(run.machine.state.armedTimers.isEmpty)
        run.finish("b")
        run.finish("watch")
        #expect(run.open.keys.sorted() == ["tidy"])
        run.finish("tidy")
        #expect(run.ended == .failed)
        #expect(run.machine.state.row.failedStages == 2)
        #expect(run.machine.state.row.error?.message == "stage 'a': said no")
        #expect(run.machine.state.row.error?.details["stage"] == .string("a"))
    }

    @Test func continueAndSkipDependents() throws {
        let stages = [stage("a"), stage("b", after: ["a"]), stage("c", after: ["b"]), stage("other")]
        for (policy, summary, status) in [
            (OnFailure.continue, "a=failed b=completed c=completed other=completed", RunStatus.completed),
            (.skipDependents, "a=failed b=skipped c=skipped other=completed", .failed),
        ] {
            var run = try Driver(workflow(stages) { $0.stages[0].onFailure = policy })
            run.accept()
            run.finish("a", .permanent)
            while let id = run.open.keys.sorted().first { run.finish(id) }
            #expect(run.summary == summary && run.ended == status)
            #expect(run.machine.state.row.failedStages == 1)
        }
    }

    @Test func finallyDecidesTheRunOnlyWhenItWasCompleted() throws {
        // How the main stage ends, how finally ends, how the run ends.
        let table: [(OutcomeClass, OutcomeClass, RunStatus, error: String?)] = [
            (.ok, .ok, .completed, nil), (.ok, .permanent, .failed, "stage 'f': said no"),
            (.permanent, .ok, .failed, "stage 'a': said no"), (.permanent, .permanent, .failed, "stage 'a': said no"),
        ]
        for row in table {
            var run = try Driver(
                workflow([stage("a")], finally: [stage("f"), stage("g"), stage("h", after: ["f"])]))
            run.accept()
            run.finish("a", row.0)
            #expect(run.open.keys.sorted() == ["f", "g"])
            run.finish("f", row.1)
            run.finish("g")
            if row.1 == .ok { run.finish("h") }
            #expect(run.ended == row.2 && run.machine.state.row.error?.message == row.error)
            #expect(run.types.count { $0 == "finally_started" } == 1)
        }
    }

    @Test func finallySeesHowTheMainStagesEnded() throws {
        let conditions: [(String, whenFailed: StageStatus, whenFine: StageStatus)] = [
            ("failure()", .running, .skipped), ("!failure()", .skipped, .running), ("always()", .running, .running),
            ("cancelled()", .skipped, .skipped), ("stages.a.status == 'failed'", .running, .skipped),
        ]
        for (condition, whenFailed, whenFine) in conditions {
            for outcome in [OutcomeClass.ok, .permanent] {
                var run = try Driver(workflow([stage("a")], finally: [stage("f", if: condition)]))
                run.accept()
                run.finish("a", outcome)
                #expect(run.status("f") == (outcome == .ok ? whenFine : whenFailed), "\(condition), a \(outcome)")
            }
        }
    }

    @Test func cancelStopsRunsFinallyAndEndsCancelled() throws {
        var run = try Driver(
            workflow(
                [
                    stage("a"), stage("ok"), stage("nap", "sleep") { $0.with = ["for": .string("1h")] },
                    stage("next", after: ["a"]), stage("note", after: ["a"], if: "cancelled()"),
                ], finally: [stage("f", if: "cancelled()")]
            ) { $0.timeout = .seconds(10) })
        run.accept()
        run.send(.control(.cancel))
        #expect(run.cancels.sorted() == ["a#1", "ok#1"])
        #expect(run.summary == "a=running ok=running nap=cancelled next=skipped note=pending f=pending")
        #expect(run.send(.control(.cancel)).isEmpty)
        run.finish("ok")
        run.finish("a", .cancelled)
        #expect(run.status("ok") == .completed && run.status("a") == .cancelled && run.status("note") == .running)
        run.finish("note")
        run.finish("f")
        #expect(run.ended == .cancelled && run.machine.state.armedTimers.isEmpty)
        #expect(run.send(.control(.cancel)).refusal != nil)
    }

    @Test func cancelDuringFinallyLetsItFinishAndCancelNowDoesNot() throws {
        for control in [RunControl.cancel, .cancelNow] {
            var run = try Driver(workflow([stage("a")], finally: [stage("f"), stage("g", after: ["f"])]))
            run.accept()
            run.finish("a")
            run.send(.control(control))
            if control == .cancel {
                #expect(run.cancels.isEmpty && run.ended == nil)
                run.finish("f")
                run.finish("g")
                #expect(run.summary == "a=completed f=completed g=completed")
            } else {
                #expect(run.cancels == ["f#1!"] && run.summary == "a=completed f=cancelled g=skipped")
                #expect(run.finish("f").records.map(\.type) == ["attempt_late"])
            }
            #expect(run.ended == .cancelled)
        }
    }

    @Test func theRunsTimeoutStopsItAndFinallyStillRuns() throws {
        var run = try Driver(
            workflow([stage("a"), stage("b", after: ["a"], if: "always()")], finally: [stage("f")]) {
                $0.timeout = .seconds(60)
            })
        run.accept()
        run.fireNextTimer()
        #expect(run.cancels == ["a#1"])
        run.finish("a", .cancelled)
        #expect(run.summary == "a=cancelled b=skipped f=running")
        run.finish("f")
        #expect(run.ended == .timedOut && run.machine.state.row.error?.code == "batten.run_timeout")
    }

    @Test func theDeadlineBoundsAttemptsAndWaits() throws {
        let definition = workflow([
            stage("a") {
                $0.deadline = .seconds(30)
                $0.timeout = .seconds(20)
                $0.retry = RetryDefinition()
                $0.retry?.maxAttempts = 9
                $0.retry?.initial = .seconds(25)
                $0.retry?.jitter = Jitter.none
            }
        ])
        // While it waits: at once. While it runs: after the attempt has stopped; a success in between still counts.
        var run = try Driver(definition)
        run.accept()
        #expect(run.open["a"]?.timeout == .seconds(20))
        run.finish("a", .failed)
        run.fireNextTimer()
        #expect(run.open["a"]?.attempt == 2)
        #expect((run.open["a"]?.timeout ?? .zero) < .seconds(5))
        run.fireNextTimer()
        #expect(run.cancels == ["a#2"] && run.status("a") == .running)
        var late = run
        run.finish("a", .cancelled)
        #expect(run.status("a") == .timedOut && run.row("a")?.error?.code == "batten.deadline" && run.ended == .failed)
        late.finish("a")
        #expect(late.ended == .completed)

        var waiting = try Driver(workflow([definition.stages[0]]) { $0.stages[0].retry?.initial = .seconds(60) })
        waiting.accept()
        waiting.finish("a", .failed)
        waiting.fireNextTimer()
        #expect(waiting.status("a") == .timedOut && waiting.ended == .failed)
        #expect(waiting.machine.state.row.error?.outcomeClass == .timeout)
    }

    @Test func anAttemptsTimeoutEndsItTimedOut() throws {
        var run = try Driver(workflow([stage("a")]))
        run.accept()
        run.finish("a", .timeout, effect: .unknown)
        #expect(run.status("a") == .timedOut && run.ended == .failed && run.machine.state.row.failedStages == 1)
    }

    @Test func aDetachedRunStartsNothingBeforeAnEngineTakesItUp() throws {
        let request = RunRequest(run: "abcdefgh2345", trigger: "detached", seed: 1, workdir: "/tmp/w")
        let definition = workflow([stage("a"), stage("b", if: "cancelled()")], finally: [stage("tidy")]) {
            $0.timeout = .seconds(60)
        }
        var run = try Driver(definition)
        let step = run.send(.detached(request))
        #expect(step.records.map(\.type) == ["run_accepted"] && step.effects.isEmpty && step.status == .pending)
        #expect(step.stages.count == 3 && step.timersArmed.isEmpty)
        try run.crash()
        #expect(run.types.prefix(2) == ["run_accepted", "run_started"] && run.open.keys.sorted() == ["a"])
        // The clock of the run's timeout begins with the start.
        #expect(run.machine.state.armedTimers.first?.at == run.now + .seconds(60))

        for (control, open, status) in [
            (RunControl.cancel, [String](), RunStatus.cancelled), (.cancelNow, [], .cancelled), (.pause, [], .paused),
        ] {
            var run = try Driver(definition)
            run.send(.detached(request))
            #expect(run.send(.control(control)).refusal == nil)
            #expect(run.open.isEmpty)
            try run.crash()
            #expect(run.open.keys.sorted() == open && run.machine.state.row.status == status, "\(control)")
        }
    }
}

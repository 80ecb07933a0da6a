import Testing

@testable import BattenCore

/// Stages that follow what becomes of a run, and never change it.
@Suite struct MachineHookTests {
    private var definition: WorkflowDefinition {
        workflow([stage("a"), stage("b", after: ["a"])], finally: [stage("tidy")]) { definition in
            definition.hooks = HookEvent.allCases.map { event in
                HookDefinition(event: event.rawValue, stages: [stage("h-\(event.rawValue)")])
            }
        }
    }

    @Test func theyFollowTheRunAndItsOutcomeStands() throws {
        var run = try Driver(definition)
        run.accept()
        #expect(run.open.keys.sorted() == ["a", "on_start:h-on_start"])
        run.finish("on_start:h-on_start", .permanent)
        #expect(run.open.keys.sorted() == ["a"])
        run.finish("a")
        try run.crash()
        #expect(run.open.keys.sorted() == ["b", "on_recovery:h-on_recovery"])
        run.finish("b")
        run.finish("tidy")
        #expect(run.ended == nil && run.open.keys.sorted() == ["on_recovery:h-on_recovery", "on_success:h-on_success"])
        // Whatever comes now, the run has ended well.
        run.send(.control(.cancel))
        run.finish("on_success:h-on_success", .permanent)
        #expect(run.ended == nil)
        run.finish("on_recovery:h-on_recovery")
        #expect(run.ended == .completed && run.machine.state.row.failedStages == 0)
        try run.crash()
    }

    @Test func aFailureHasAHookOfItsOwnAndACancelNone() throws {
        for (outcome, hooks) in [(OutcomeClass.permanent, ["on_failure:h-on_failure"]), (.cancelled, [])] {
            var run = try Driver(definition)
            run.accept()
            run.finish("on_start:h-on_start")
            if outcome == .cancelled { run.send(.control(.cancel)) }
            run.finish("a", outcome)
            run.finish("tidy")
            #expect(run.open.keys.sorted() == hooks)
            for hook in hooks { run.finish(hook) }
            #expect(run.ended == (outcome == .cancelled ? .cancelled : .failed))
        }
    }

    @Test func eachWaitIsToldOnce() throws {
        var definition = definition
        definition.stages[0].retry = RetryDefinition()
        definition.stages[0].retry?.maxAttempts = 3
        var run = try Driver(definition)
        run.accept()
        run.finish("on_start:h-on_start")
        run.finish("a", .transient)
        #expect(run.machine.state.row.status == .waiting && run.open.keys.sorted() == ["on_waiting:h-on_waiting"])
        run.finish("on_waiting:h-on_waiting", .transient)
        #expect(run.status("on_waiting:h-on_waiting") == .retrying, "what a hook waits for is no wait of the run")
        run.fireNextTimer()
        run.fireNextTimer()
        #expect(run.open.keys.sorted() == ["a", "on_waiting:h-on_waiting"])
        run.finish("on_waiting:h-on_waiting")
        run.finish("a", .transient)
        #expect(run.open.keys.sorted() == ["on_waiting#2:h-on_waiting"])
        run.send(.control(.cancelNow))
        #expect(run.ended == .cancelled)
    }
}

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
        #expect(run.open.keys.sorted() == ["b"])
        run.finish("b")
        run.finish("tidy")
        #expect(run.ended == nil && run.open.isEmpty && run.looksBack)
        // Whoever takes the run up before the store has answered asks again.
        run.looksBack = false
        try run.crash()
        #expect(run.ended == nil && run.open.isEmpty && run.looksBack)
        run.send(.lookedBack(hadFailed: true))
        #expect(run.ended == nil && run.open.keys.sorted() == ["on_recovery:h-on_recovery", "on_success:h-on_success"])
        // Whatever comes now, the run has ended well.
        run.send(.control(.cancel))
        run.finish("on_success:h-on_success", .permanent)
        #expect(run.ended == nil)
        run.finish("on_recovery:h-on_recovery")
        #expect(run.ended == .completed && run.machine.state.row.failedStages == 0)
        try run.crash()
    }

    @Test(arguments: ["at once", "detached", "in a group", "in line", "in line of another engine"])
    func theFirstOneComesWithTheStart(how: String) throws {
        var definition = definition
        if how.hasPrefix("in") {
            definition.concurrency = ConcurrencyDefinition(group: "one", onConflict: .queue)
        }
        var run = try Driver(definition)
        let request = RunRequest(
            run: "abcdefgh2345", trigger: "cli", parameters: .object([:]), hostEnvironment: .object([:]), seed: 42,
            workdir: "/tmp/w")
        run.send(how == "detached" ? .detached(request) : .accepted(request))
        if how == "detached" { run.send(.restarted) }
        if how.hasPrefix("in line") {
            run.send(.group(.waits(behind: GroupMember(run: "other", workflow: "w", holds: true, isDriven: true))))
        }
        if how.hasSuffix("engine") { run.send(.restarted) }
        #expect(run.open.isEmpty == how.hasPrefix("in"))
        if how.hasPrefix("in") { run.send(.group(.holds)) }
        #expect(run.open.keys.sorted() == ["a", "on_start:h-on_start"])
        #expect(run.types.count { $0 == "hook_started" } == 1)
    }

    /// The first run that does well after one that failed recovers, whether or not it has other hooks.
    @Test(arguments: [true, false]) func onlyAfterAFailureThereIsARecovery(hadFailed: Bool) throws {
        var run = try Driver(
            workflow([stage("a")]) {
                $0.hooks = [HookDefinition(event: "on_recovery", stages: [stage("h")])]
            })
        run.accept()
        run.finish("a")
        #expect(run.looksBack && run.ended == nil)
        run.send(.lookedBack(hadFailed: hadFailed))
        #expect(run.open.keys.sorted() == (hadFailed ? ["on_recovery:h"] : []))
        if hadFailed {
            try run.crash()
            run.finish("on_recovery:h")
        }
        #expect(run.ended == .completed)
    }

    /// A run that is cancelled while the store is asked ends as cancelled.
    @Test func aRunThatIsCancelledMeanwhileDoesNotRecover() throws {
        var run = try Driver(
            workflow([stage("a")]) {
                $0.hooks = [HookDefinition(event: "on_recovery", stages: [stage("h")])]
            })
        run.accept()
        run.finish("a")
        run.send(.control(.cancel))
        #expect(run.ended == .cancelled)
        run.send(.lookedBack(hadFailed: true))
        #expect(run.open.isEmpty && run.ended == .cancelled)
    }

    @Test func aWaitForAChildIsToldOnceWhateverHooksWaitFor() throws {
        var child = StageDefinition(id: "below", uses: "workflow")
        child.child = workflow([stage("a")])
        let definition = workflow([child]) {
            $0.hooks = [HookDefinition(event: "on_waiting", stages: [stage("h0"), stage("h1"), stage("h2")])]
        }
        var run = try Driver(definition)
        run.accept()
        var pool = SlotPool(blocking: 1, asynchronous: 1)
        var records: [JournalRecord] = []
        let wait = ChildWait(data: ["run": "other", "detail": "people are asked"])
        records += run.machine.apply(.childStands(stage: 0, attempt: 1, wait: wait), at: run.now, slots: &pool).records
        for place in 0..<3 {
            #expect(run.machine.state.row.status == .waiting && run.machine.state.row.waiting?.on == "child")
            let number = run.machine.plan.stages.count + place
            #expect(run.machine.isRunning(stage: number, attempt: 1), "one after the other, for want of slots")
            let outcome = StageOutcome(.ok, effect: .made)
            records +=
                run.machine.apply(
                    .attemptFinished(stage: number, attempt: 1, outcome: outcome), at: run.now, slots: &pool
                ).records
            records += run.machine.apply(.slotsFreed, at: run.now, slots: &pool).records
        }
        #expect(records.count { $0.type == "hook_started" } == 1)
        records += run.machine.apply(.childStands(stage: 0, attempt: 1, wait: nil), at: run.now, slots: &pool).records
        #expect(run.machine.state.row.status == .running && run.status("below") == .running)
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

    /// A hook may be anything that a stage can be; the run's own stages go on beside what it waits for.
    @Test func hooksMayWaitAndBeSpread() throws {
        let asking = workflow([stage("a")]) { definition in
            definition.hooks = [
                HookDefinition(
                    event: "on_start",
                    stages: [
                        stage("ask", "gate") { $0.with = ["prompt": "Go?"] },
                        stage("each", after: ["ask"]) {
                            $0.forEach = ["x", "y"]
                            $0.maxParallel = 1
                            $0.deadline = .seconds(60)
                        },
                        stage("sum", "set", after: ["each"]) {
                            $0.with = ["all": "${{ stages.each.items.*.status }}", "asked": "${{ stages.ask.status }}"]
                        },
                    ]),
                HookDefinition(event: "on_success", stages: [stage("nap", "sleep") { $0.with = ["for": "1m"] }]),
            ]
        }
        var run = try Driver(asking)
        run.accept()
        #expect(run.machine.state.row.status == .running && run.open.keys.sorted() == ["a"])
        run.finish("a")
        #expect(run.machine.state.row.status == .waiting && !run.machine.state.isStuck, "only the last hook sleeps")
        try run.crash()
        run.fireNextTimer()
        #expect(run.machine.state.isStuck && run.status("on_success:nap") == .completed)
        run.send(.control(.answer(GateAnswer(stage: "on_start:ask", approves: true, by: "ann"))))
        #expect(run.open.keys.sorted() == ["on_start:each[0]"] && !run.machine.state.isStuck)
        try run.crash()
        run.finish("on_start:each[0]")
        run.finish("on_start:each[1]")
        #expect(run.ended == .completed)
        #expect(run.row("on_start:sum")?.outputs == ["all": ["completed", "completed"], "asked": "completed"])
    }

    @Test func aDeadlineOfAHookIsThatOfItsOwnStage() throws {
        var definition = workflow([stage("a") { $0.deadline = .seconds(600) }])
        let each = stage("each") {
            $0.forEach = ["x", "y"]
            $0.deadline = .seconds(5)
        }
        definition.hooks = [HookDefinition(event: "on_start", stages: [each])]
        var run = try Driver(definition)
        run.accept()
        #expect(run.open["on_start:each[0]"]?.timeout == .seconds(5) && run.open["a"]?.timeout == .seconds(600))
        run.fireNextTimer()
        #expect(run.cancels == ["on_start:each[0]#1", "on_start:each[1]#1"])
        run.finish("on_start:each[0]", .timeout)
        run.finish("on_start:each[1]", .timeout)
        #expect(run.status("on_start:each") == .timedOut && run.ended == nil)
        run.finish("a")
        #expect(run.ended == .completed)
    }

    /// A cancel ends what hooks wait for, and lets what they do go on to its end.
    @Test(arguments: [false, true]) func aCancelLetsHooksWaitForNothing(isLast: Bool) throws {
        let hook = [
            stage("ask", "gate") { $0.with = ["prompt": "Go?"] },
            stage("again", "gate", after: ["ask"], if: "always()") { $0.with = ["prompt": "Really?"] }, stage("tell"),
        ]
        var run = try Driver(
            workflow([stage("a")]) {
                $0.hooks = [HookDefinition(event: isLast ? "on_success" : "on_start", stages: hook)]
            })
        run.accept()
        if isLast { run.finish("a") }
        let prefix = isLast ? "on_success" : "on_start"
        run.send(.control(.cancel))
        #expect(run.status("\(prefix):ask") == .cancelled && run.status("\(prefix):again") == .skipped)
        #expect(run.ended == nil && run.status("\(prefix):tell") == .running)
        if !isLast { run.finish("a", .cancelled) }
        run.finish("\(prefix):tell")
        #expect(run.ended == (isLast ? .completed : .cancelled))
    }

    /// The time of a run is that of its own stages.
    @Test func aHookThatTakesLongLetsNoRunTimeOut() throws {
        for event in ["on_start", "on_success"] {
            var run = try Driver(
                workflow([stage("a")]) {
                    $0.timeout = .seconds(60)
                    $0.hooks = [HookDefinition(event: event, stages: [stage("h")])]
                })
            run.accept()
            #expect(run.machine.state.armedTimers.map(\.key) == ["run"])
            run.finish("a")
            #expect(run.machine.state.armedTimers.isEmpty, "\(event)")
            try run.crash()
            run.finish("\(event):h")
            #expect(run.ended == .completed)
        }
    }

    /// What a lost attempt of a hook asks can be answered under the hook's name.
    @Test func aHookThatWasLostAsks() throws {
        var run = try Driver(
            workflow([stage("a")]) {
                $0.hooks = [HookDefinition(event: "on_start", stages: [stage("h") { $0.onLost = .gate }])]
            })
        run.accept()
        try run.crash()
        run.finish("a")
        #expect(run.status("on_start:h") == .waiting && run.machine.state.isStuck && run.ended == nil)
        let step = run.send(.control(.answer(GateAnswer(stage: "on_start:h", approves: true, by: "ann"))))
        #expect(step.refusal == nil)
        run.finish("on_start:h")
        #expect(run.ended == .completed)
    }
}

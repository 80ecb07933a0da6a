import BattenCore
import BattenEngine
import BattenStore
import BattenSystem
import Synchronization
import TestSupport
import Testing

/// Runs that other runs start, on a real store.
struct ChildTests {
    /// A stage that runs another workflow.
    private func child(
        _ id: String, after dependencies: [String] = [], parameters: JSONObject = [:], _ definition: WorkflowDefinition
    ) -> StageDefinition {
        var stage = StageDefinition(id: id, uses: "workflow", dependsOn: dependencies)
        if !parameters.isEmpty { stage.with = ["parameters": .object(parameters)] }
        stage.child = definition
        return stage
    }

    private func inner(_ change: (inout WorkflowDefinition) -> Void = { _ in }) -> WorkflowDefinition {
        var definition = WorkflowDefinition(
            name: "inner", stages: [stage("work", with: ["n": "${{ parameters.n }}"])])
        definition.parameters = [ParameterDefinition(name: "n", type: .integer, defaultValue: 7)]
        definition.outputs = [
            OutputDefinition(name: "got", type: .integer, value: "${{ stages.work.outputs.n }}")
        ]
        change(&definition)
        return definition
    }

    private func childID(_ run: String, _ stage: String, attempt: Int = 1) -> String {
        ParentStage(run: run, stage: stage, attempt: attempt).childRun
    }

    @Test func parametersGoInAndOutputsComeBack() throws {
        let harness = try EngineHarness(script: { $0.succeed($0.call.input) })
        defer { harness.remove() }
        let run = try harness.submit([
            child("a", inner()),
            child("b", after: ["a"], parameters: ["n": "${{ stages.a.outputs.got + 1 }}"], inner()),
        ]) { $0.outputs = [OutputDefinition(name: "last", value: "${{ stages.b.outputs.got }}")] }
        #expect(try harness.engine.wait(run: run) == .ended(.completed))
        #expect(try harness.stored(run).row.outputs == ["last": 8])
        let below = try harness.stored(childID(run, "b"))
        #expect(below.row.parent == ParentStage(run: run, stage: "b", attempt: 1))
        #expect(below.row.parameters == ["n": 8] && below.row.status == .completed)
        let reader = try #require(try StoreReader(StateFolder(harness.home)))
        #expect(try reader.runs().items.map(\.id) == [run], "children are listed when they are asked for")
        #expect(try reader.runs(RunFilter(parent: run)).items.count == 2)
        #expect(try reader.runs(RunFilter(withChildren: true)).items.count == 3)
    }

    @Test func whatFailsBelowFailsTheStage() throws {
        let harness = try EngineHarness(script: { call in
            call.finish(StageOutcome(.permanent, effect: .none, code: "test.no", message: "no way"))
        })
        defer { harness.remove() }
        let run = try harness.submit([
            child("a", inner()), child("wrong", parameters: ["n": "${{ 'text' }}"], inner()),
        ]) { $0.defaults.onFailure = .continue }
        #expect(try harness.engine.wait(run: run) == .ended(.completed))
        let records = try harness.stored(run).journal.filter { $0.type == "stage_failed" }
        let error = try #require(records.first { $0.stage == "a" }?.data["error"])
        #expect(error["code"] == "batten.child_failed" && error["class"] == "permanent")
        #expect(error["details"]?["error"]?["code"] == "test.no")
        #expect(error["details"]?["run"] == .string(childID(run, "a")))
        #expect(records.first { $0.stage == "wrong" }?.data["error"]?["code"] == "batten.child_parameters")
        #expect(try harness.store.recover(run: childID(run, "wrong")) == nil)
    }

    @Test func aRetryStartsAnotherChild() throws {
        let harness = try EngineHarness(script: { call in
            call.finish(StageOutcome(.failed, effect: .none, code: "test.no", message: "no"))
        })
        defer { harness.remove() }
        var again = child("a", inner())
        again.retry = RetryDefinition()
        again.retry?.maxAttempts = 2
        again.retry?.initial = .milliseconds(1)
        let run = try harness.submit([again])
        #expect(try harness.engine.wait(run: run) == .ended(.failed))
        for attempt in 1...2 {
            #expect(try harness.stored(childID(run, "a", attempt: attempt)).row.status == .failed)
        }
    }

    @Test(arguments: [RunControl.cancel, .cancelNow])
    func cancelsReachAllGenerations(control: RunControl) throws {
        let harness = try EngineHarness(script: { _ in })
        defer { harness.remove() }
        let engine = harness.engine
        var middle = WorkflowDefinition(name: "middle", stages: [child("deep", inner())])
        middle.finally = [StageDefinition(id: "last", uses: "set", with: ["done": true])]
        let run = try harness.submit([child("mid", middle)])
        let call = try #require(harness.record.wait { _ in harness.host.calls.first })
        engine.control(run: run, control)
        if control == .cancel {
            _ = harness.record.wait { _ in harness.host.cancelled.first }
            call.finish(StageOutcome(.cancelled, effect: .none))
        }
        #expect(try engine.wait(run: run) == .ended(.cancelled))
        let mid = childID(run, "mid")
        let deep = try harness.stored(childID(mid, "deep"))
        #expect(deep.row.status == .cancelled)
        let below = try harness.stored(mid)
        #expect(below.row.status == .cancelled)
        let ranFinally = below.journal.contains { $0.type == "stage_completed" && $0.stage == "last" }
        #expect(ranFinally == (control == .cancel))
    }

    @Test func aPauseReachesAllGenerations() throws {
        let harness = try EngineHarness(script: { call in if call.call.stage == "then" { call.succeed() } })
        defer { harness.remove() }
        let deep = inner { $0.stages.append(stage("then", after: ["work"])) }
        let middle = WorkflowDefinition(name: "middle", stages: [child("deep", deep)])
        let run = try harness.submit([child("mid", middle)])
        let call = try #require(harness.record.wait { _ in harness.host.calls.first })
        harness.engine.control(run: run, .pause)
        let havePaused = harness.record.wait { seen in
            seen.records.count { $0.type == "run_paused" } == 3 ? true : nil
        }
        #expect(havePaused == true)
        call.succeed(call.call.input)
        guard case .awaiting = try harness.engine.wait(run: run) else {
            Issue.record("the run did not stand still")
            return
        }
        #expect(harness.host.calls.map(\.call.stage) == ["work"])
        harness.engine.control(run: run, .resume)
        #expect(try harness.engine.wait(run: run, staying: true) == .ended(.completed))
        #expect(harness.host.calls.map(\.call.stage) == ["work", "then"])
    }

    @Test func aStageWaitsWhileItsChildDoes() throws {
        let harness = try EngineHarness(script: { call in
            if call.call.stage != "beside" { call.succeed(call.call.input) }
        })
        defer { harness.remove() }
        let asking = inner {
            $0.stages.append(
                StageDefinition(id: "ask", uses: "gate", with: ["prompt": "Good?"], dependsOn: ["work"]))
        }
        let middle = WorkflowDefinition(name: "middle", stages: [child("deep", asking)])
        let run = try harness.submit([child("mid", middle), stage("beside")])
        let mid = childID(run, "mid")
        let deep = childID(mid, "deep")
        let told = harness.record.wait { seen in
            seen.records.count { $0.type == "child_waiting" } == 2 ? true : nil
        }
        try #require(told == true)
        // What is decided is on disk before it is shown.
        #expect(try harness.stored(mid).row.waiting?.on == "child")
        #expect(try harness.stored(run).row.status == .running, "another stage of it moves")
        let call = try #require(harness.record.wait { _ in harness.host.calls.first { $0.call.stage == "beside" } })
        call.succeed()
        guard case .awaiting(let awaited) = try harness.engine.wait(run: run) else {
            Issue.record("the run did not stand still")
            return
        }
        #expect(awaited.compactMap(\.stage) == ["mid/deep/ask"])
        #expect(try harness.stored(run).row.status == .waiting)
        let rows = try #require(try StoreReader(StateFolder(harness.home))).stages(run: run)
        #expect(rows.first?.status == .waiting && rows.first?.waiting?.detail.hasPrefix("run \(mid): ") == true)
        // A pause of the child alone is another thing that is waited for.
        harness.engine.control(run: deep, .pause)
        let isPaused = harness.record.wait { seen in
            seen.records.contains {
                $0.type == "child_waiting" && $0.data["detail"]?.stringValue?.contains("resume \(deep)") == true
            } ? true : nil
        }
        #expect(isPaused == true)
        harness.engine.control(run: deep, .resume)
        harness.engine.control(run: deep, .answer(GateAnswer(stage: "ask", approves: true, by: "ann")))
        #expect(try harness.engine.wait(run: run, staying: true) == .ended(.completed))
        #expect(try harness.stored(run).journal.contains { $0.type == "stage_completed" && $0.stage == "mid" })
    }

    @Test func theAttemptsTimeoutBoundsTheChild() throws {
        let harness = try EngineHarness(script: { _ in })
        defer { harness.remove() }
        var bounded = child("a", inner { $0.stages[0].timeout = .seconds(60) })
        bounded.timeout = .seconds(2)
        let run = try harness.submit([bounded])
        let call = try #require(harness.record.wait { _ in harness.host.calls.first })
        _ = harness.record.wait { _ in harness.host.cancelled.first }
        call.finish(StageOutcome(.cancelled, effect: .none))
        #expect(try harness.engine.wait(run: run) == .ended(.failed))
        #expect(try harness.stored(childID(run, "a")).row.status == .timedOut)
        let end = try #require(try harness.stored(run).journal.first { $0.type == "stage_timed_out" })
        #expect(end.data["error"]?["code"] == "batten.child_timeout")
    }

    @Test func eachItemHasAChildOfItsOwn() throws {
        let harness = try EngineHarness(script: { $0.succeed($0.call.input) })
        defer { harness.remove() }
        var spread = child("a", parameters: ["n": "${{ item }}"], inner())
        spread.forEach = [4, 5, 6]
        spread.maxParallel = 2
        let run = try harness.submit([spread]) {
            $0.outputs = [OutputDefinition(name: "all", value: "${{ stages.a.outputs.got }}")]
        }
        #expect(try harness.engine.wait(run: run) == .ended(.completed))
        #expect(try harness.stored(run).row.outputs == ["all": [4, 5, 6]])
        for item in 0..<3 {
            let parent = ParentStage(run: run, stage: "a", item: item, attempt: 1)
            let below = try harness.stored(parent.childRun)
            #expect(below.row.parent == parent && below.row.status == .completed)
        }
    }

    @Test func anotherRoundIsAnotherChild() throws {
        let harness = try EngineHarness(script: { $0.succeed($0.call.input) })
        defer { harness.remove() }
        let run = try harness.submit([
            child("a", inner()),
            StageDefinition(id: "ask", uses: "gate", with: ["prompt": "Good?", "rewind_to": "a"], dependsOn: ["a"]),
        ])
        for (round, approves) in [false, true].enumerated() {
            let hasAsked = harness.record.wait { seen in
                seen.records.count { $0.type == "stage_waiting" && $0.stage == "ask" } == round + 1 ? true : nil
            }
            try #require(hasAsked == true)
            harness.engine.control(run: run, .answer(GateAnswer(stage: "ask", approves: approves, by: "ann")))
        }
        #expect(try harness.engine.wait(run: run, staying: true) == .ended(.completed))
        #expect(harness.host.calls.count == 2)
        for attempt in 1...2 {
            #expect(try harness.stored(childID(run, "a", attempt: attempt)).row.status == .completed)
        }
    }

    /// A child that the gate does not wait for may still run when the gate is rejected.
    @Test func aGateCannotGoBackOverAChildThatMayRun() throws {
        let harness = try EngineHarness(script: { _ in })
        defer { harness.remove() }
        let gate = StageDefinition(
            id: "ask", uses: "gate", with: ["prompt": "Good?", "rewind_to": "first"], dependsOn: ["first"])
        let beside = try harness.plan([stage("first"), child("a", after: ["first"], inner()), gate])
        #expect(
            beside.unsupported.map(\.feature) == ["rewind_to before a workflow that the gate does not wait for"])
        var waits = gate
        waits.dependsOn = ["a"]
        let on = [stage("first"), child("a", after: ["first"], inner()), waits, child("b", after: ["ask"], inner())]
        #expect(try harness.plan(on).unsupported.isEmpty)
    }

    /// A cancel of the parent that comes with a commit of the child has the child decide more than that commit holds.
    @Test func aChildDoesNothingBeforeItIsCommitted() throws {
        let controls = Mutex<Engine?>(nil)
        let early = Mutex<[String]>([])
        let home = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-engine-")
        let store = try SQLiteStore(StateFolder(home))
        let harness = try EngineHarness(
            home: home,
            script: { call in
                let journal = (try? store.recover(run: call.call.run))?.journal ?? []
                if !journal.contains(where: { $0.type == "stage_started" && $0.stage == call.call.stage }) {
                    early.withLock { $0.append(call.call.stage) }
                }
                // The engine takes both in one turn: it is here that its thread is now.
                if call.call.stage == "work" {
                    let parent = journal.first?.data["parent"]?["run"]?.stringValue ?? ""
                    controls.withLock { $0 }?.control(run: parent, .cancel)
                }
                call.succeed()
            })
        defer { harness.remove() }
        controls.withLock { $0 = harness.engine }
        let below = inner {
            $0.stages.append(StageDefinition(id: "later", uses: "sleep", with: ["for": "1h"], dependsOn: ["work"]))
            $0.finally = [stage("tidy")]
        }
        let run = try harness.submit([child("a", below)])
        #expect(try harness.engine.wait(run: run) == .ended(.cancelled))
        #expect(try harness.stored(childID(run, "a")).row.status == .cancelled)
        #expect(harness.host.calls.map(\.call.stage) == ["work", "tidy"])
        #expect(early.withLock { $0 } == [])
    }

    @Test func noSlotIsHeldByAParent() throws {
        let harness = try EngineHarness(
            adjust: { $0.asynchronousLimit = 1 }, script: { $0.succeed($0.call.input) })
        defer { harness.remove() }
        let run = try harness.submit([child("a", inner()), child("b", inner())]) { $0.maxParallel = 1 }
        #expect(try harness.engine.wait(run: run) == .ended(.completed))
    }

    @Test func aChildThatWaitsForItsParentsGroupFails() throws {
        let harness = try EngineHarness(script: { $0.succeed($0.call.input) })
        defer { harness.remove() }
        let run = try harness.submit([
            child("a", inner { $0.concurrency = ConcurrencyDefinition(group: "g") })
        ]) { $0.concurrency = ConcurrencyDefinition(group: "g") }
        #expect(try harness.engine.wait(run: run) == .ended(.failed))
        #expect(try harness.stored(childID(run, "a")).row.error?.code == "batten.group_taken")
    }

    /// Whatever of a parent and its child is on disk when the engine dies, the next one goes on with both.
    @Test func aTakeoverFindsTheChildAgain() throws {
        let first = try EngineHarness(script: { _ in })
        let definition = inner()
        let stages = [child("a", definition)]
        let run = try first.submit(stages)
        let call = try #require(first.record.wait { _ in first.host.calls.first })
        first.engine.stop()
        let second = try EngineHarness(
            home: first.home, engineID: "engine-two", script: { $0.succeed($0.call.input) })
        defer { second.remove() }
        let epoch = try #require(try second.store.claim(run: run, engine: "engine-two", fromEpoch: 1))
        try second.engine.adopt(try second.stored(run), plan: try second.plan(stages), epoch: epoch)
        #expect(try second.engine.wait(run: run) == .ended(.completed))
        let below = try second.stored(childID(run, "a"))
        #expect(below.row.status == .completed && below.epoch == 2)
        #expect(below.journal.count { $0.type == "run_accepted" } == 1)
        let again = try #require(second.host.calls.first)
        #expect(again.call.attempt == 2 && again.call.idempotencyKey == call.call.idempotencyKey)
        let parent = try second.stored(run).journal
        #expect(parent.count { $0.type == "stage_started" } == 1, "the parent's attempt was not lost")
    }

    /// An orderly stop gives back what a child's stages do, and leaves the child where it is.
    @Test func anOrderlyStopLeavesTheChildToTheNextEngine() throws {
        let first = try EngineHarness(script: { _ in })
        let stages = [child("a", inner())]
        let run = try first.submit(stages)
        let call = try #require(first.record.wait { _ in first.host.calls.first })
        first.engine.giveBack()
        first.engine.stop()
        let id = childID(run, "a")
        let lost = try first.stored(id).journal.filter { $0.type == "attempt_lost" }
        #expect(lost.count == 1 && lost.first?.data["error"]?["code"] == "batten.engine_stopped")
        #expect(try first.stored(run).journal.contains { $0.type == "attempt_lost" } == false)
        let second = try EngineHarness(
            home: first.home, engineID: "engine-two", script: { $0.succeed($0.call.input) })
        defer { second.remove() }
        let epoch = try #require(try second.store.claim(run: run, engine: "engine-two", fromEpoch: 1))
        try second.engine.adopt(try second.stored(run), plan: try second.plan(stages), epoch: epoch)
        #expect(try second.engine.wait(run: run) == .ended(.completed))
        #expect(second.host.calls.map(\.call.idempotencyKey) == [call.call.idempotencyKey])
        #expect(try second.stored(run).journal.count { $0.type == "stage_started" } == 1)
    }

    @Test func aChildThatEndedBeforeTheTakeoverIsNotRunAgain() throws {
        let first = try EngineHarness(script: { _ in })
        let stages = [child("a", inner()), stage("other")]
        let run = try first.submit(stages)
        _ = first.record.wait { _ in first.host.calls.count == 2 ? true : nil }
        first.engine.stop()
        // Another engine ends the child alone; then the parent is taken up.
        let id = childID(run, "a")
        let second = try EngineHarness(
            home: first.home, engineID: "engine-two", script: { $0.succeed($0.call.input) })
        defer { second.remove() }
        let plan = try second.plan(stages)
        let childPlan = try #require(plan.stages[0].child)
        let epoch = try #require(try second.store.claim(run: id, engine: "engine-two", fromEpoch: 1))
        try second.engine.adopt(try second.stored(id), plan: childPlan, epoch: epoch)
        #expect(try second.engine.wait(run: id) == .ended(.completed))
        let calls = second.host.calls.count
        let claimed = try #require(try second.store.claim(run: run, engine: "engine-two", fromEpoch: 1))
        try second.engine.adopt(try second.stored(run), plan: plan, epoch: claimed)
        #expect(try second.engine.wait(run: run) == .ended(.completed))
        #expect(second.host.calls.count == calls + 1, "only the parent's own stage was called")
    }
}

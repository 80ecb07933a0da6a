import Testing

@testable import BattenCore

@Suite struct MachineTests {
    @Test func aChainOfNStagesTakesNPlusOneCommits() throws {
        var run = try Driver(
            workflow((0..<20).map { stage("s\($0)", after: $0 == 0 ? [] : ["s\($0 - 1)"]) }))
        run.accept()
        for place in 0..<20 { run.finish("s\(place)") }
        #expect(run.ended == .completed)
        #expect(run.commits == 21)
        #expect(run.types.first == "run_accepted" && run.types.last == "run_completed")
        #expect(run.journal.map(\.seq) == (1...Int64(run.journal.count)).map { $0 })
    }

    @Test func aFanOutStartsInOneCommitAndJoins() throws {
        let leaves = (0..<1_000).map { stage("l\($0)", after: ["root"]) }
        var run = try Driver(workflow([stage("root")] + leaves + [stage("join", after: leaves.map(\.id))]))
        run.accept()
        let step = run.finish("root")
        #expect(step.stages.count == 1_001)
        #expect(run.open.count == 1_000)
        for leaf in leaves {
            #expect(run.open["join"] == nil)
            run.finish(leaf.id)
        }
        run.finish("join")
        #expect(run.ended == .completed)
    }

    @Test func retriesWaitAndKeepTheirKey() throws {
        var run = try Driver(
            workflow([
                stage("a") {
                    $0.retry = RetryDefinition(); $0.retry?.maxAttempts = 3
                }
            ]))
        run.accept()
        let first = run.open["a"]
        run.finish("a", .transient)
        #expect(run.status("a") == .retrying)
        #expect(run.machine.state.row.status == .waiting)
        run.fireNextTimer()
        #expect(run.open["a"]?.attempt == 2 && run.open["a"]?.reason == .retry)
        #expect(run.open["a"]?.idempotencyKey == first?.idempotencyKey)
        run.finish("a", .failed)
        run.fireNextTimer()
        run.finish("a", .failed)
        #expect(run.ended == .failed)
        #expect(run.machine.state.row.error?.code == "test.failed")
        #expect(run.machine.state.armedTimers.isEmpty)
    }

    @Test func conditionsDecideWhatStarts() throws {
        // What 'b' is given, how 'a' ends, and what becomes of b and of c, which needs b.
        let table: [(condition: String?, outcome: OutcomeClass, onFailure: OnFailure, expected: String)] = [
            (nil, .ok, .halt, "a=completed b=running c=pending"),
            (nil, .failed, .halt, "a=failed b=skipped c=skipped"),
            ("failure()", .failed, .halt, "a=failed b=running c=skipped"),
            ("${{ always() }}", .failed, .halt, "a=failed b=running c=skipped"),
            ("failure()", .ok, .halt, "a=completed b=skipped c=skipped"),
            ("!failure()", .failed, .skipDependents, "a=failed b=skipped c=skipped"),
            (nil, .failed, .continue, "a=failed b=running c=pending"),
            ("stages.a.status == 'failed'", .failed, .continue, "a=failed b=running c=pending"),
            ("stages.a.outputs?.x == null", .failed, .continue, "a=failed b=running c=pending"),
            ("stages.a.outputs.x == 1", .ok, .halt, "a=completed b=running c=pending"),
            ("stages.a.outputs.x == 2", .ok, .halt, "a=completed b=skipped c=skipped"),
            ("stages.a.outputs.nope == 2", .ok, .halt, "a=completed b=failed c=skipped"),
            ("'text'", .ok, .halt, "a=completed b=failed c=skipped"),
            ("cancelled()", .ok, .halt, "a=completed b=skipped c=skipped"),
        ]
        for row in table {
            var run = try Driver(
                workflow([
                    stage("a") { $0.onFailure = row.onFailure }, stage("b", after: ["a"], if: row.condition),
                    stage("c", after: ["b"]),
                ]))
            run.accept()
            run.finish("a", StageOutcome(row.outcome, effect: .none, output: .object(["x": .int(1)])))
            #expect(run.summary == row.expected, "if: \(row.condition ?? "-"), a \(row.outcome)")
        }
    }
}

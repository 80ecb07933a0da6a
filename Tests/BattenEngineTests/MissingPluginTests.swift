import BattenCore
import BattenEngine
import BattenSystem
import Synchronization
import TestSupport
import Testing

/// Stages whose plugin is missing go on in the engine that blocked them, once it is there.
@Suite struct MissingPluginTests {
    /// A host that lacks executors until they are installed, and sees that only when it looks again.
    private final class Shelf: ExecutorHost {
        let scripted: ScriptedHost
        private let state = Mutex((missing: Set(["test.late"]), seen: Set(["test.late"]), looks: 0))

        private let changed: @Sendable () -> Void

        init(changed: @escaping @Sendable () -> Void) {
            self.changed = changed
            scripted = ScriptedHost(changed: changed) { call in
                if call.call.executor != "test.held" { call.succeed() }
            }
        }

        /// How often it was asked to look again.
        var looks: Int { state.withLock { $0.looks } }

        func install() { state.withLock { $0.missing = [] } }

        func missing(_ executor: String) -> String? {
            state.withLock { $0.seen.contains(executor) ? "there is no plugin for \(executor); install it" : nil }
        }

        func lookAgain() {
            state.withLock { state in
                state.seen = state.missing
                state.looks += 1
            }
            changed()
        }

        func start(_ call: ExecutorCall, sink: any CallSink) -> CallHandle { scripted.start(call, sink: sink) }
        func cancel(_ handle: CallHandle, why: CancelReason) { scripted.cancel(handle, why: why) }
        func shutdown(within limit: Duration) {}
        func executor(_ type: String) -> ExecutorLookup { scripted.executor(type) }
        func knownTypes() -> [String] { ["test.run", "test.late", "test.held"] }
    }

    private func stages() -> [StageDefinition] {
        var late = stage("late")
        late.uses = "test.late"
        var held = stage("held")
        held.uses = "test.held"
        return [late, stage("after", after: ["late"]), held]
    }

    @Test func aBlockedStageGoesOnWhenItsPluginWasInstalled() throws {
        let harness = try EngineHarness(makeHost: { Shelf(changed: $0) })
        defer { harness.remove() }
        let shelf = try #require(harness.ownHost as? Shelf)
        let run = try harness.submit(stages())
        #expect(harness.record.wait { _ in shelf.scripted.calls.count == 1 ? true : nil } == true)
        let isBlocked = harness.record.wait { seen in
            seen.records.contains { $0.type == "stage_waiting" && $0.data["on"] == "plugin" } ? true : nil
        }
        #expect(isBlocked == true)
        // Somebody wakes the engine for another reason: nothing is there, and nothing is tried.
        let looks = shelf.looks
        harness.engine.storeChanged()
        #expect(harness.record.wait { _ in shelf.looks > looks ? true : nil } == true)
        #expect(shelf.scripted.calls.count == 1)
        shelf.install()
        harness.engine.storeChanged()
        let calls = try #require(
            harness.record.wait { _ in shelf.scripted.calls.count == 3 ? shelf.scripted.calls : nil })
        calls[0].succeed()
        #expect(try harness.engine.wait(run: run) == .ended(.completed))
        #expect(calls.map(\.call.stage) == ["held", "late", "after"])
        #expect(calls[1].call.attempt == 2, "the attempt that could not be made has a number and does not count")
    }

    /// What was installed before the stage was reached needs no waking.
    @Test func whatWasInstalledMeanwhileIsSeen() throws {
        let harness = try EngineHarness(makeHost: { Shelf(changed: $0) })
        defer { harness.remove() }
        let shelf = try #require(harness.ownHost as? Shelf)
        shelf.install()
        let run = try harness.submit([stages()[0]])
        #expect(try harness.engine.wait(run: run) == .ended(.completed))
    }
}

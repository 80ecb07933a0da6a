import BattenCore
import BattenEngine
import BattenStore
import BattenSystem
import Synchronization
import TestSupport
import Testing

/// Threads of executors that work in the engine's place.
struct FreeThreadTests {
    @Test func aThreadThatHasDoneOneStageBeginsTheNext() throws {
        let host = Box()
        let harness = try EngineHarness(makeHost: { _ in host.make(threads: 1) })
        defer { harness.remove() }
        defer { host.host?.close() }
        let made = try #require(host.host)
        // On a busy machine a call may end before the engine's thread rests, which then goes on itself.
        var runs = 0
        while runs == 0 || made.callsFromWithin < 10, runs < 200 {
            let run = try harness.submit(chain(50))
            #expect(try harness.engine.wait(run: run) == .ended(.completed))
            runs += 1
        }
        #expect(made.callsFromWithin >= 10, "\(made.callsFromWithin) of \(made.calls) calls")
        #expect(made.calls == 50 * runs)
        #expect(harness.store.counts.commits == 51 * runs)
        #expect(harness.record.types.filter { $0 == "stage_completed" }.count == 50 * runs)
    }

    /// The engine's thread begins what it is given and rests before the loop wakes; from then on the loop goes on alone.
    @Test func aChainStaysOnTheLoopThatHasBegunIt() throws {
        let loop = try EventLoop()
        try loop.start(name: "test-loop")
        defer { loop.stop() }
        let made = Mutex<LoopHost?>(nil)
        let harness = try EngineHarness(makeHost: { _ in
            made.withLock { made in
                let host = LoopHost(loop: loop)
                made = host
                return host
            }
        })
        defer { harness.remove() }
        for _ in 0..<20 {
            let run = try harness.submit(chain(50))
            #expect(try harness.engine.wait(run: run) == .ended(.completed))
        }
        let host = try #require(made.withLock { $0 })
        #expect(host.calls.total == 1_000)
        #expect(host.calls.fromOutside < 100, "each run's first, and what a timer of the engine's comes between")
    }

    @Test func whatElseArrivesIsDoneToo() throws {
        let host = Box()
        let harness = try EngineHarness(makeHost: { _ in host.make(threads: 3) })
        defer { harness.remove() }
        defer { host.host?.close() }
        let engine = harness.engine
        let endings = Monitor<[RunEnding]>([])
        let submission = try harness.submission(chain(40))
        for client in 0..<8 {
            try Thread.detach(name: "client-\(client)") {
                for turn in 0..<5 {
                    guard let run = try? engine.submit(submission) else { continue }
                    if client == 0 { engine.control(run: run, turn.isMultiple(of: 2) ? .pause : .cancel) }
                    if client == 0, turn.isMultiple(of: 2) { engine.control(run: run, .resume) }
                    if client == 1 { engine.storeChanged() }
                    guard let ending = try? engine.wait(run: run, staying: true) else { continue }
                    endings.signal { $0.append(ending) }
                }
            }
        }
        let all: [RunEnding]? = endings.wait(until: MonotonicClock.now() + 60_000_000_000) { list in
            list.count == 40 ? list : nil
        }
        let ended = try #require(all)
        #expect(ended.filter { $0 == .ended(.completed) }.count >= 38, "\(ended)")
        #expect(engine.drain(within: .seconds(20)))
    }

    @Test func anEngineThatIsToStopWaitsForItsWork() throws {
        for _ in 0..<5 {
            let host = Box()
            let harness = try EngineHarness(makeHost: { _ in host.make(threads: 1) })
            defer { host.host?.close() }
            let run = try harness.submit(chain(1_000))
            _ = harness.record.wait { $0.records.count > 20 ? true : nil }
            harness.engine.stop()
            let shown = harness.record.types.count
            // Nothing is decided, shown or done once the engine has stopped.
            let calls = host.host?.calls
            #expect(harness.record.types.count == shown)
            #expect(host.host?.calls == calls)
            let stored = try harness.stored(run)
            #expect(stored.row.status == .running)
            #expect(stored.journal.count == shown, "the journal has what was shown")
            try? FileSystem.removeTree(harness.home)
        }
    }

    @Test func aDeadlineIsKeptWhoeverWorks() throws {
        let host = Box()
        let harness = try EngineHarness(makeHost: { _ in host.make(threads: 1) })
        defer { harness.remove() }
        defer { host.host?.close() }
        // The sleep is armed by a thread that works in the engine's place, and sooner than the engine would wake.
        let nap = StageDefinition(id: "nap", uses: "sleep", with: ["for": .string("20ms")], dependsOn: ["s9"])
        // The best of some: a busy machine wakes whom it likes.
        var best = Int64.max
        for _ in 0..<5 {
            let begun = MonotonicClock.now()
            let run = try harness.submit(chain(10) + [nap, stage("end", after: ["nap"])])
            #expect(try harness.engine.wait(run: run, staying: true) == .ended(.completed))
            best = min(best, MonotonicClock.now() - begun)
        }
        #expect(best < 900_000_000, "not only when the engine looks after its store")
    }

    private func chain(_ count: Int) -> [StageDefinition] {
        (0..<count).map { stage("s\($0)", after: $0 == 0 ? [] : ["s\($0 - 1)"]) }
    }

    /// Takes out a host that is made inside another one's initializer.
    private final class Box: Sendable {
        private let made = Mutex<FreeThreadHost?>(nil)
        var host: FreeThreadHost? { made.withLock { $0 } }

        func make(threads: Int) -> FreeThreadHost {
            made.withLock { made in
                let host = FreeThreadHost(threads: threads)
                made = host
                return host
            }
        }
    }
}

/// Carries out calls on the thread of a loop.
private final class LoopHost: ExecutorHost {
    private let loop: EventLoop
    private let counts = Mutex((total: 0, fromOutside: 0))
    private let scripted = ScriptedHost { _ in }

    init(loop: EventLoop) {
        self.loop = loop
    }

    /// How many calls there were, and how many of them were begun by another thread than the loop's.
    var calls: (total: Int, fromOutside: Int) { counts.withLock { $0 } }

    func start(_ call: ExecutorCall, sink: any CallSink) -> CallHandle {
        let isOutside = !isOnLoop.withLock { $0 }
        counts.withLock { counts in
            counts.total += 1
            if isOutside { counts.fromOutside += 1 }
        }
        loop.post { [self] in
            let outcome = StageOutcome(.ok, effect: .made, output: .object([:]))
            guard loop.isFree else { return sink.finished(tag: call.tag, outcome: outcome) }
            isOnLoop.withLock { $0 = true }
            loop.lend { sink.finishedOnFreeThread(tag: call.tag, outcome: outcome) }
            isOnLoop.withLock { $0 = false }
        }
        return CallHandle(token: call.tag)
    }

    /// Whether the loop's thread works in the engine's place; nobody else starts calls then.
    private let isOnLoop = Mutex(false)

    func cancel(_ handle: CallHandle, why: CancelReason) {}
    func shutdown(within limit: Duration) {}
    func executor(_ type: String) -> ExecutorLookup { scripted.executor(type) }
    func knownTypes() -> [String] { scripted.knownTypes() }
}

/// Carries out calls on threads of its own, and lets each be kept that has nothing else to do.
private final class FreeThreadHost: ExecutorHost {
    private struct State {
        var queue: [(call: ExecutorCall, sink: any CallSink)] = []
        var calls = 0
        var callsFromWithin = 0
        var isClosed = false
    }

    private let state = Monitor(State())
    private let scripted = ScriptedHost { _ in }
    private let threads = Mutex<[Thread]>([])

    init(threads count: Int) {
        for number in 0..<count {
            guard let thread = try? Thread.start(name: "free-\(number)", stackSize: 4 << 20, { [self] in work() })
            else { continue }
            threads.withLock { $0.append(thread) }
        }
    }

    var calls: Int { state.withLock { $0.calls } }
    /// Calls that were started on a thread of this host's.
    var callsFromWithin: Int { state.withLock { $0.callsFromWithin } }

    func close() {
        state.signal(all: true) { $0.isClosed = true }
        for thread in threads.withLock({ $0 }) { thread.join() }
    }

    private func work() {
        while true {
            let next: (call: ExecutorCall, sink: any CallSink, isLast: Bool)?? = state.wait { state in
                if state.isClosed { return .some(nil) }
                guard let first = state.queue.first else { return nil }
                state.queue.removeFirst()
                return (first.call, first.sink, state.queue.isEmpty)
            }
            guard let found = next, let (call, sink, isLast) = found else { return }
            let outcome = StageOutcome(.ok, effect: .made, output: .object([:]))
            if isLast {
                sink.finishedOnFreeThread(tag: call.tag, outcome: outcome)
            } else {
                sink.finished(tag: call.tag, outcome: outcome)
            }
        }
    }

    func start(_ call: ExecutorCall, sink: any CallSink) -> CallHandle {
        let isWithin = threads.withLock { threads in threads.contains { $0.isCurrent } }
        state.signal { state in
            state.queue.append((call, sink))
            state.calls += 1
            if isWithin { state.callsFromWithin += 1 }
        }
        return CallHandle(token: call.tag)
    }

    func cancel(_ handle: CallHandle, why: CancelReason) {}
    func shutdown(within limit: Duration) {}
    func executor(_ type: String) -> ExecutorLookup { scripted.executor(type) }
    func knownTypes() -> [String] { scripted.knownTypes() }
}

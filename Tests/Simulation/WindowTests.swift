import BattenStore
import BattenSystem
import TestSupport
import Testing

@testable import BattenCore
@testable import BattenEngine

/// Stages that wait for the window of a quota to move on, under clocks that stand still until they are moved.
struct WindowTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let window: QuotaWindow
        /// When the limit is used up, and when time alone makes room.
        let used: String
        let room: String
        var testDescription: String { "\(window.words), from \(used)" }

        init(_ window: QuotaWindow, used: String, room: String) {
            (self.window, self.used, self.room) = (window, used, room)
        }
    }

    /// A rolling window is summed up in pieces of a 120th, counted from the epoch.
    ///
    /// In Oslo the clocks go forward on 29 March 2026 at 01:00 UTC, and back on 25 October at 01:00 UTC.
    static let cases = [
        Case(.rolling(.minute), used: "2026-03-01T12:00:10.2Z", room: "2026-03-01T12:01:10.5Z"),
        Case(.rolling(.hour), used: "2026-03-01T12:00:10Z", room: "2026-03-01T13:00:30Z"),
        Case(.rolling(.day), used: "2026-03-28T23:30:01Z", room: "2026-03-29T23:36:00Z"),
        Case(.rolling(.month), used: "2026-03-28T18:00:01Z", room: "2026-04-28T00:00:00Z"),
        Case(.calendar(.minute, zone: "Oslo"), used: "2026-03-01T12:00:10.2Z", room: "2026-03-01T12:01:00Z"),
        Case(.calendar(.hour, zone: "Oslo"), used: "2026-10-25T00:30:00Z", room: "2026-10-25T01:00:00Z"),
        Case(.calendar(.hour, zone: "Oslo"), used: "2026-10-25T01:30:00Z", room: "2026-10-25T02:00:00Z"),
        Case(.calendar(.day, zone: "Oslo"), used: "2026-03-28T22:59:59.9Z", room: "2026-03-28T23:00:00Z"),
        // A day of 23 hours, and one of 25.
        Case(.calendar(.day, zone: "Oslo"), used: "2026-03-28T23:00:00Z", room: "2026-03-29T22:00:00Z"),
        Case(.calendar(.day, zone: "Oslo"), used: "2026-10-24T22:00:00Z", room: "2026-10-25T23:00:00Z"),
        Case(.calendar(.month, zone: "Oslo"), used: "2026-03-01T12:00:00Z", room: "2026-03-31T22:00:00Z"),
        Case(.calendar(.month, zone: "Oslo"), used: "2026-10-31T22:59:00Z", room: "2026-10-31T23:00:00Z"),
    ]

    @Test(arguments: cases) func stagesThatWaitStartWhenTheWindowHasRoom(_ one: Case) throws {
        let scene = try WindowScene(at: one.used, one.window, limit: 2)
        defer { scene.remove() }
        let room = try #require(Timestamp(rfc3339: one.room))
        let run = try scene.submit(stages: 5)
        #expect(scene.started == 2)
        let waits = try scene.waits(run)
        #expect(waits.map(\.until) == [room, room, room], "each says until when: \(waits)")
        #expect(scene.sleepsUntil == room)
        // Until then nothing wakes it but the look whether anybody else has written, and that starts nothing.
        scene.goOn(to: room - .nanoseconds(1))
        #expect(scene.started == 2)
        scene.goOn(to: room)
        #expect(scene.started == 4, "at the very instant, and no more than there is room for")
        let next = try #require(scene.sleepsUntil)
        scene.goOn(to: next - .nanoseconds(1))
        #expect(scene.started == 4)
        scene.goOn(to: next)
        #expect(scene.started == 5)
        #expect(try scene.types(run).suffix(1) == ["run_completed"])
    }

    @Test func whatWaitsForAWindowMakesNoCommit() throws {
        let scene = try WindowScene(at: "2026-03-01T12:00:00Z", .rolling(.day), limit: 1)
        defer { scene.remove() }
        let run = try scene.submit(stages: 2)
        scene.second()
        // What another connection sees.
        let version = try scene.other.dataVersion()
        let journal = try scene.journal(run)
        for _ in 0..<60 { scene.second() }
        #expect(try scene.other.dataVersion() == version)
        #expect(try scene.journal(run) == journal)
        #expect(scene.started == 1)
    }

    @Test func aClockThatIsSetBackMakesNoRoom() throws {
        let scene = try WindowScene(at: "2026-03-01T12:00:00Z", .rolling(.minute), limit: 2)
        defer { scene.remove() }
        let run = try scene.submit(stages: 3)
        let room = try #require(scene.sleepsUntil)
        scene.clock.jump(by: .seconds(-600))
        // What was used at 12:00 counts, since nobody knows how long ago that is.
        for _ in 0..<120 { scene.second() }
        #expect(scene.started == 2)
        #expect(scene.sleepsUntil == room)
        #expect(try scene.waits(run).map(\.until) == [room])
        // Set right again, it is later than that: what has been asleep through it sees so within a second.
        scene.clock.jump(by: .seconds(600))
        scene.second()
        #expect(scene.started == 3)
        #expect(try scene.types(run).suffix(1) == ["run_completed"])
    }

    @Test func aClockThatIsSetForwardMakesRoomWithinASecond() throws {
        let scene = try WindowScene(at: "2026-03-28T22:00:00Z", .calendar(.day, zone: "Oslo"), limit: 2)
        defer { scene.remove() }
        let run = try scene.submit(stages: 3)
        scene.second()
        #expect(scene.started == 2)
        scene.clock.jump(by: .seconds(3_600))
        scene.second()
        #expect(scene.started == 3)
        #expect(try scene.types(run).suffix(1) == ["run_completed"])
    }

    @Test func aQuotaThatIsLoweredBelowWhatIsUsedHasStagesGoOnWaiting() throws {
        let scene = try WindowScene(at: "2026-03-01T12:00:00Z", .rolling(.minute), limit: 4)
        defer { scene.remove() }
        let run = try scene.submit(stages: 6)
        #expect(scene.started == 4)
        try scene.set(limit: 1, .rolling(.minute))
        let room = try #require(scene.sleepsUntil)
        scene.goOn(to: room - .nanoseconds(1))
        #expect(scene.started == 4)
        scene.goOn(to: room)
        #expect(scene.started == 5, "one goes on in the next window, as the limit now is")
        try scene.set(limit: 0, .rolling(.minute))
        #expect(scene.started == 5)
        #expect(try scene.types(run).suffix(1) == ["run_failed"], "what can never be is not waited for")
        #expect(try scene.journal(run).contains { $0.type == "stage_failed" && "\($0.data)".contains("batten.quota") })
    }

    @Test func anotherProcessMakesRoomByRaisingTheLimit() throws {
        let scene = try WindowScene(at: "2026-03-01T12:00:00Z", .calendar(.month, zone: "Oslo"), limit: 2)
        defer { scene.remove() }
        let run = try scene.submit(stages: 3)
        #expect(scene.started == 2)
        try scene.set(limit: 3, .calendar(.month, zone: "Oslo"), by: scene.other, telling: false)
        // Nobody has told: the look once a second finds it.
        scene.second()
        #expect(scene.started == 3)
        #expect(try scene.types(run).suffix(1) == ["run_completed"])
    }
}

/// One engine without threads of its own, whose calls end at once, and a quota of attempts.
private final class WindowScene {
    let clock = SimulatedClock()
    let store: SQLiteStore
    /// The same file, as another process has it.
    let other: SQLiteStore
    private let home: String
    private let host = ScriptedHost { $0.succeed() }
    private let loop: EngineLoop
    private let inbox = Inbox()
    private static let zone = "Oslo"

    init(at instant: String, _ window: QuotaWindow, limit: Int64) throws {
        home = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-window-")
        let clock = clock
        func open(_ home: String) throws -> SQLiteStore {
            try SQLiteStore(
                StateFolder(home), options: StoreOptions(durability: .off),
                monotonic: { clock.monotonicNanoseconds() }, isEngineAlive: { _ in true })
        }
        store = try open(home)
        other = try open(home)
        var settings = EngineSettings(engineID: "engine", processors: 2)
        let rules = TimeZoneRules(
            name: Self.zone, listed: [.init(offset: 3_600, abbreviation: "CET", start: .min, end: .max)],
            rule: try TimeZoneYearRule("CET-1CEST,M3.5.0,M10.5.0/3"))
        settings.zones = { $0 == Self.zone ? rules : nil }
        loop = EngineLoop(store: store, host: host, clock: clock, settings: settings, observer: nil, inbox: inbox)
        let at = try #require(Timestamp(rfc3339: instant))
        clock.jump(by: at - clock.now())
        try set(limit: limit, window)
    }

    func remove() { try? FileSystem.removeTree(home) }

    /// Sets the quota, and tells the engine as the store does.
    func set(limit: Int64, _ window: QuotaWindow, by store: SQLiteStore? = nil, telling: Bool = true) throws {
        let rule = QuotaRule(name: "starts", metric: QuotaMetric.stageRuns, limit: limit, window: window)
        _ = try (store ?? self.store).set(rule, at: clock.now(), zones: loop.settings.zones)
        if telling { inbox.put(.storeChanged) }
        work()
    }

    /// Submits a run whose stages are ready at once.
    func submit(stages count: Int) throws -> String {
        let stages = (0..<count).map { StageDefinition(id: "s\($0)", uses: "test.run") }
        let definition = WorkflowDefinition(name: "tested", stages: stages)
        let plan = try Planner.plan(definition, catalog: host, snapshot: Array("\(definition)".utf8))
        let submission = RunSubmission(plan: plan, directory: home, workdir: home + "/work")
        inbox.put(.submit(submission, id: "run", seed: 1, reply: Reply()))
        work()
        return "run"
    }

    private func work() {
        var messages: [InboxMessage] = []
        var before = 0
        repeat {
            before = started
            inbox.take(into: &messages, until: 0)
            loop.turn(messages)
        } while (!messages.isEmpty || started > before) && loop.failure == nil
    }

    /// Calls that were made so far.
    var started: Int { host.calls.count }

    /// When the engine next has room to give, by the clock on the wall.
    var sleepsUntil: Timestamp? {
        loop.quotaDue.map { clock.now() + .nanoseconds($0 - clock.monotonicNanoseconds()) }
    }

    /// Lets a second pass.
    func second() {
        clock.advance(to: clock.monotonicNanoseconds() + 1_000_000_000)
        work()
    }

    /// Lets time pass.
    func goOn(to instant: Timestamp) {
        clock.advance(to: clock.monotonicNanoseconds() + (instant - clock.now()).saturatedNanoseconds)
        work()
    }

    func journal(_ run: String) throws -> [JournalRecord] { try #require(try store.recover(run: run)).journal }

    /// The types of the records of a run's journal.
    func types(_ run: String) throws -> [String] { try journal(run).map(\.type) }

    /// What stages wait for.
    func waits(_ run: String) throws -> [WaitReason] {
        let reader = try #require(try StoreReader(StateFolder(home)))
        return try reader.stages(run: run).compactMap(\.waiting)
    }
}

import BattenCore
import BattenEngine
import BattenStore
import BattenSystem
import TestSupport
import Testing

/// Schedules over a real store, with a clock that the tests set.
@Suite struct SchedulerTests {
    private static let zone = TimeZoneRules.utc
    private static let start = Timestamp(rfc3339: "2026-03-01T00:00:00Z") ?? Timestamp(nanoseconds: 0)

    private static func rule(_ text: String) throws -> ScheduleRule {
        try ScheduleRule(#require(JSONReader.parse(text).objectValue))
    }

    /// A store with schedules, and whatever looks at it.
    private final class Stage {
        let home: String
        let store: SQLiteStore
        var now = SchedulerTests.start
        /// Runs that have not ended, with their schedules.
        var active: [String: String] = [:]
        /// Whether the next decision about schedules is lost, as if the process had died before it.
        var diesBeforeSettling = false
        var reports: [Scheduler.Report] = []
        let plan: Plan

        init(_ schedules: [(name: String, rule: String)]) throws {
            home = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-scheduler-")
            store = try SQLiteStore(StateFolder(home), options: StoreOptions(durability: .off))
            plan = try Planner.plan(
                WorkflowDefinition(name: "tested", stages: [stage("a")]), catalog: ScriptedHost { $0.succeed() },
                snapshot: [])
            let made = try schedules.map { name, text in
                let rule = try SchedulerTests.rule(text)
                let due = DueFires(
                    name, rule, times: rule.times(in: SchedulerTests.zone), after: now, now: now)
                return Schedule(
                    name: name, workflow: "tested", rule: rule, origin: .command, position: now,
                    nextAt: due.wakesAt, createdAt: now)
            }
            try store.changeSchedules(ofWorkflow: "tested", at: now) { _ in (made, []) }
        }

        deinit { try? FileSystem.removeTree(home) }

        /// A scheduler as a process has it.
        func scheduler() -> Scheduler {
            Scheduler(
                store: Mortal(store) { [self] in
                    defer { diesBeforeSettling = false }
                    return diesBeforeSettling
                },
                times: { .success($0.rule.times(in: SchedulerTests.zone)) },
                find: { [store] name throws(StoreError) in try store.schedule(name) },
                start: { [self] wanted in wanted.map { start($0.schedule, $0.fire) } },
                cancel: { [self] run in try? end(run, .cancelled) }, report: { [self] in reports.append($0) })
        }

        private func start(_ schedule: Schedule, _ fire: ScheduleFire) -> Scheduler.Start {
            let clock = SetClock(now: now)
            let submission = RunSubmission(
                plan: plan, trigger: "schedule", directory: home, workdir: home + "/{run}", fire: fire)
            guard let run = try? DetachedRun(store: store, clock: clock).accept(submission, owner: "nobody") else {
                return .later
            }
            if run.run.isEmpty { return .taken }
            if run.isNew { active[run.run] = schedule.name }
            return .started(run: run.run)
        }

        /// Ends a run.
        func end(_ run: String, _ status: RunStatus) throws {
            guard active.removeValue(forKey: run) != nil, var row = try store.recover(run: run)?.row else { return }
            row.status = status
            row.endedAt = now
            var commit = RunCommit(run: run, epoch: 1)
            commit.runRow = row
            _ = try store.commit([commit])
        }

        func fires(_ name: String) throws -> [ScheduleFire] {
            let reader = try #require(try StoreReader(StateFolder(home)))
            return try reader.fires(ofSchedule: name, limit: 1_000_000).reversed()
        }
    }

    private struct SetClock: EngineClock {
        let instant: Timestamp
        init(now: Timestamp) { instant = now }
        func now() -> Timestamp { instant }
        func monotonicNanoseconds() -> Int64 { instant.nanoseconds }
    }

    /// Passes everything on, but for decisions of a process that dies before they are on disk.
    private final class Mortal: ScheduleStore, @unchecked Sendable {
        // SAFETY: one thread uses it.
        private let store: SQLiteStore
        private let dies: () -> Bool

        init(_ store: SQLiteStore, dies: @escaping () -> Bool) {
            self.store = store
            self.dies = dies
        }

        func dueSchedules(at: Timestamp, limit: Int) throws(StoreError) -> [Schedule] {
            try store.dueSchedules(at: at, limit: limit)
        }
        func nextScheduleDue() throws(StoreError) -> Timestamp? { try store.nextScheduleDue() }
        func activeScheduledRuns() throws(StoreError) -> [String: Int] { try store.activeScheduledRuns() }
        func activeRuns(ofSchedule name: String) throws(StoreError) -> [String] {
            try store.activeRuns(ofSchedule: name)
        }
        func queuedFires(limit: Int) throws(StoreError) -> [ScheduleFire] { try store.queuedFires(limit: limit) }
        func hasFailed(schedule name: String, times: Int) throws(StoreError) -> Bool {
            try store.hasFailed(schedule: name, times: times)
        }
        func settle(_ changes: [ScheduleChange]) throws(StoreError) {
            if dies() { throw StoreError(.io, "the process is gone", help: "") }
            try store.settle(changes)
        }
        func pauseSchedule(_ name: String, why: String, at: Timestamp) throws(StoreError) {
            try store.pauseSchedule(name, why: why, at: at)
        }
    }

    // MARK: A month

    @Test func aMonthOfDeathsAndClockJumpsStartsEachDueTimeOnce() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let stage = try Stage([
            ("beside", #"{"every": "37m", "overlap": "allow", "catch_up": "all", "window": "60d"}"#),
            ("daily", #"{"cron": "30 6 * * *", "overlap": "allow", "catch_up": "all", "window": "60d"}"#),
            ("late", #"{"every": "50m", "overlap": "allow", "catch_up": "all", "window": "60d", "jitter": "10m"}"#),
            ("line", #"{"every": "45m", "overlap": "queue", "catch_up": "all", "window": "60d"}"#),
            ("alone", #"{"every": "20m", "overlap": "skip", "catch_up": "last"}"#),
            ("first", #"{"every": "25m", "overlap": "cancel_running"}"#),
        ])
        let end = Self.start + .seconds(30 * 86_400)
        var furthest = Self.start
        var schedulers = [stage.scheduler(), stage.scheduler()]
        var wakes: Timestamp? = stage.now
        var deaths = 0
        // Chance decides how many die on the way; so many at least, however far the clock has come.
        while furthest < end || deaths <= 50 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<2: stage.now = stage.now + .seconds(Int64.random(in: 60...100_000, using: &random))
            case 2..<4: stage.now = max(Self.start, stage.now - .seconds(Int64.random(in: 1...90_000, using: &random)))
            default:
                stage.now = max(stage.now, wakes ?? stage.now) + .seconds(Int64.random(in: 0...600, using: &random))
            }
            furthest = max(furthest, stage.now)
            let place = Int.random(in: 0..<2, using: &random)
            stage.diesBeforeSettling = Int.random(in: 0..<10, using: &random) == 0
            do {
                wakes = try schedulers[place].look(at: stage.now)
            } catch {
                deaths += 1
                schedulers[place] = stage.scheduler()
                wakes = nil
            }
            stage.diesBeforeSettling = false
            for name in ["line", "alone", "first"] {
                let count = stage.active.values.count { $0 == name }
                #expect(count <= 1, "seed \(seed): \(count) runs of \(name) at once")
            }
            for run in stage.active.keys.sorted() where Int.random(in: 0..<3, using: &random) == 0 {
                try stage.end(run, .completed)
            }
        }
        // What waits is worked off once nothing is in its way.
        for _ in 0..<20_000 where try !stage.store.queuedFires(limit: 1).isEmpty {
            for run in stage.active.keys { try stage.end(run, .completed) }
            _ = try schedulers[0].look(at: stage.now)
        }
        var runs: Set<String> = []
        for schedule in ["beside", "daily", "late", "line", "alone", "first"] {
            let fires = try stage.fires(schedule)
            let started = fires.filter { $0.outcome == .started }
            for fire in started {
                let run = try #require(fire.run, "seed \(seed): \(fire)")
                #expect(runs.insert(run).inserted, "seed \(seed): run \(run) was started for two times")
            }
            guard ["beside", "daily", "late", "line"].contains(schedule) else { continue }
            let kept = try #require(try stage.store.schedule(schedule))
            let times = kept.rule.times(in: Self.zone)
            var due: [Timestamp] = []
            var instant = Self.start
            while let next = times.next(after: instant), next <= kept.position {
                due.append(next)
                instant = next
            }
            #expect(started.map(\.at) == due, "seed \(seed): \(schedule)")
        }
        let reader = try #require(try StoreReader(StateFolder(stage.home)))
        let total = try reader.query("SELECT count(*) FROM runs").rows[0][0]
        #expect(total == .int(Int64(runs.count)), "seed \(seed): a run belongs to no due time")
    }

    // MARK: Single rules

    @Test func aFailingScheduleIsPaused() throws {
        let stage = try Stage([("often", #"{"every": "1m", "pause_after": 2}"#)])
        let scheduler = stage.scheduler()
        for minute in 1...5 as ClosedRange<Int64> {
            stage.now = Self.start + .seconds(60 * minute)
            _ = try scheduler.look(at: stage.now)
            for run in stage.active.keys { try stage.end(run, minute == 1 ? .completed : .failed) }
        }
        #expect(try stage.fires("often").count == 3)
        #expect(stage.reports.last == .paused(schedule: "often", why: "its last 2 runs failed"))
        #expect(try stage.store.schedule("often")?.pause == "its last 2 runs failed")
        #expect(try scheduler.look(at: stage.now) == nil, "nothing is due any more")
    }

    @Test func aQueueOfOneHoldsOne() throws {
        let stage = try Stage([("often", #"{"every": "1m", "overlap": "queue_one"}"#)])
        let scheduler = stage.scheduler()
        for minute in 1...4 as ClosedRange<Int64> {
            stage.now = Self.start + .seconds(60 * minute)
            _ = try scheduler.look(at: stage.now)
        }
        #expect(try stage.fires("often").map(\.outcome) == [.started, .queued, .skipped, .skipped])
        for run in stage.active.keys { try stage.end(run, .completed) }
        _ = try scheduler.look(at: stage.now)
        #expect(try stage.fires("often").map(\.outcome) == [.started, .started, .skipped, .skipped])
    }

    @Test func aScheduleThatIsRemovedMeanwhileStartsNothing() throws {
        let stage = try Stage([("often", #"{"every": "1m"}"#)])
        stage.now = Self.start + .seconds(60)
        let scheduler = Scheduler(
            store: stage.store, times: { .success($0.rule.times(in: Self.zone)) },
            find: { name throws(StoreError) in try stage.store.schedule(name) },
            start: { wanted in
                _ = try? stage.store.removeSchedule("often")
                let submission = RunSubmission(
                    plan: stage.plan, directory: "/", workdir: "/", fire: wanted[0].fire)
                let run = try? DetachedRun(store: stage.store, clock: SetClock(now: stage.now)).accept(
                    submission, owner: "nobody")
                return [run?.run.isEmpty == true ? .taken : .started(run: run?.run ?? "?")]
            }, cancel: { _ in }, report: { stage.reports.append($0) })
        _ = try scheduler.look(at: stage.now)
        #expect(stage.reports.isEmpty)
        let reader = try #require(try StoreReader(StateFolder(stage.home)))
        #expect(try reader.query("SELECT count(*) FROM runs").rows == [[0]])
    }
}

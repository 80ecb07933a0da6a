import BattenCore
import BattenEngine
import BattenPluginHost
import BattenStore
import BattenSystem
import TestSupport

/// Thirty simulated days of schedules over the real store: two engines that die at random, one clock that jumps.
final class ScheduleMonth {
    private struct SetClock: EngineClock {
        let instant: Timestamp
        func now() -> Timestamp { instant }
        func monotonicNanoseconds() -> Int64 { instant.nanoseconds }
    }

    private static let start = Timestamp(rfc3339: "2026-03-01T00:00:00Z") ?? Timestamp(nanoseconds: 0)
    private static let days: Int64 = 30
    private let home: StateFolder
    private let store: SQLiteStore
    private let plan: Plan
    private var now = ScheduleMonth.start
    private var random: SeededGenerator
    private let seed = Entropy.bits()
    private var deaths = 0
    private var mayDie = true

    init(folder: String) throws {
        home = StateFolder(folder + "/month")
        store = try SQLiteStore(home, options: StoreOptions(durability: .off))
        plan = try Planner.plan(
            WorkflowDefinition(name: "month", stages: [StageDefinition(id: "a", uses: "set", with: ["x": 1])]),
            catalog: PluginHost(HostSettings(bundledFolder: folder)), snapshot: [])
        random = SeededGenerator(seed: seed)
        let rules = (1...20).map { number -> JSONObject in
            let times: JSONObject =
                number % 2 == 0
                ? ["every": .string("\(10 + number)m")] : ["cron": .string("\(number) */\(1 + number % 6) * * *")]
            var rule: JSONObject = ["overlap": "allow", "catch_up": "all", "window": "60d"]
            for (key, value) in times { rule[key] = value }
            if number % 5 == 0 { rule["jitter"] = "9m" }
            return rule
        }
        let made = try rules.enumerated().map { number, entry in
            let rule = try ScheduleRule(entry)
            return Schedule(
                name: "s\(number)", workflow: "month", rule: rule, origin: .command, position: now,
                nextAt: rule.times(in: .utc).next(after: now), createdAt: now)
        }
        try store.changeSchedules(ofWorkflow: "month", at: now) { _ in (made, []) }
    }

    func measure() throws {
        let begun = MonotonicClock.now()
        let end = Self.start + .seconds(Self.days * 86_400)
        var schedulers = [scheduler(), scheduler()]
        var furthest = now
        var wakes: Timestamp?
        while furthest < end {
            switch Int.random(in: 0..<100, using: &random) {
            case 0: now = now + .seconds(Int64.random(in: 60...100_000, using: &random))
            case 1: now = max(Self.start, now - .seconds(Int64.random(in: 1...90_000, using: &random)))
            default: now = max(now, wakes ?? now) + .seconds(Int64.random(in: 0...600, using: &random))
            }
            now = min(now, end)
            furthest = max(furthest, now)
            let place = Int.random(in: 0..<2, using: &random)
            let before = deaths
            wakes = try schedulers[place].look(at: now)
            if deaths > before { schedulers[place] = scheduler() }
        }
        now = end
        mayDie = false
        _ = try schedulers[0].look(at: now)
        let fires = try check(through: end)
        Table.show(
            .plain(
                "\(Self.days) simulated days, \(deaths) restarts",
                "\(fires) fires, a run each, in \(Figure.short(Double(MonotonicClock.now() - begun) / 1e9)) s"))
    }

    private func scheduler() -> Scheduler {
        Scheduler(
            store: store, times: { .success($0.rule.times(in: .utc)) },
            find: { [store] name throws(StoreError) in try store.schedule(name) },
            start: { [self] in start($0) }, cancel: { _ in }, report: { _ in })
    }

    /// Puts runs on disk; now and then the process is gone before all of them are, or before it has noted that they are.
    private func start(_ wanted: [(schedule: Schedule, fire: ScheduleFire)]) -> [Scheduler.Start] {
        let dies = mayDie && Int.random(in: 0..<10, using: &random) == 0
        let reached = dies ? Int.random(in: 0...wanted.count, using: &random) : wanted.count
        if dies { deaths += 1 }
        let intake = DetachedRun(store: store, clock: SetClock(instant: now))
        return wanted.enumerated().map { place, wanted in
            guard place < reached else { return .later }
            let submission = RunSubmission(
                plan: plan, trigger: "schedule", directory: "/", workdir: "/{run}", fire: wanted.fire)
            guard let run = try? intake.accept(submission, owner: "nobody"), !dies else { return .later }
            return run.run.isEmpty ? .taken : .started(run: run.run)
        }
    }

    /// Holds what is on disk against the calendar.
    ///
    /// - Returns: how many times were due.
    private func check(through end: Timestamp) throws -> Int {
        guard let reader = try StoreReader(home) else { throw BenchError("the store is gone") }
        var count = 0
        var runs: Set<String> = []
        for schedule in try reader.schedules() {
            let times = schedule.rule.times(in: .utc)
            var due: [Timestamp] = []
            var instant = Self.start
            while let next = times.next(after: instant), next <= schedule.position {
                due.append(next)
                instant = next
            }
            let fires = try reader.fires(ofSchedule: schedule.name, limit: 1_000_000).reversed()
            guard fires.map(\.at) == due else {
                throw BenchError("seed \(seed): \(schedule.name) was due \(due.count) times and fired \(fires.count)")
            }
            for fire in fires {
                guard let run = fire.run, runs.insert(run).inserted else {
                    throw BenchError("seed \(seed): \(schedule.name) has no run of its own at \(fire.at.rfc3339)")
                }
            }
            count += due.count
        }
        guard try reader.query("SELECT count(*) FROM runs").rows.first?.first == .int(Int64(count)) else {
            throw BenchError("seed \(seed): a run belongs to no due time")
        }
        return count
    }
}

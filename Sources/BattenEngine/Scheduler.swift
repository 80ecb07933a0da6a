public import BattenCore

/// Starts the runs of schedules at their times.
///
/// It is looked with, from one thread, when something may be due; between two looks it does nothing. Every decision is
/// on disk before the next one: a scheduler that is killed anywhere leaves its times to the next one, and a time that
/// has started a run starts no other.
public final class Scheduler {
    /// What became of an attempt to start a run.
    public enum Start: Sendable, Hashable {
        /// The run is on disk.
        case started(run: String)
        /// Somebody else has decided about this time.
        case taken
        /// It cannot be started now, nor by itself later: the schedule pauses.
        case impossible(String)
        /// It cannot be started now.
        case later
    }

    /// What a scheduler tells of.
    public enum Report: Sendable, Hashable {
        case started(ScheduleFire)
        /// A due time that started nothing.
        case passed(ScheduleFire)
        case paused(schedule: String, why: String)
    }

    private let store: any ScheduleStore
    private let times: (Schedule) -> Result<FireTimes, ScheduleError>
    private let start: ([(schedule: Schedule, fire: ScheduleFire)]) -> [Start]
    private let cancel: (String) -> Void
    private let find: (String) throws(StoreError) -> Schedule?
    private let report: (Report) -> Void
    /// Whether due times waited for earlier runs to end at the last look.
    public private(set) var isQueued = false

    /// Schedules that are decided about together.
    private static let batch = 1_024
    /// How often waiting times are looked at while there are any: a run that another process drives ends unseen.
    private static let queueInterval = Duration.seconds(1)

    /// Creates a scheduler.
    ///
    /// - Parameters:
    ///   - store: where schedules are kept.
    ///   - times: when a schedule is due; fails when its zone is not known here.
    ///   - find: a schedule by its name.
    ///   - start: puts runs on disk, each with its fire in one transaction, and drives them.
    ///   - cancel: asks for a run to be cancelled.
    ///   - report: is told what was decided, after it was.
    public init(
        store: any ScheduleStore, times: @escaping (Schedule) -> Result<FireTimes, ScheduleError>,
        find: @escaping (String) throws(StoreError) -> Schedule?,
        start: @escaping ([(schedule: Schedule, fire: ScheduleFire)]) -> [Start], cancel: @escaping (String) -> Void,
        report: @escaping (Report) -> Void
    ) {
        self.store = store
        self.times = times
        self.find = find
        self.start = start
        self.cancel = cancel
        self.report = report
    }

    /// Decides about everything that is due.
    ///
    /// - Returns: when to look again without being asked to; nil is never.
    public func look(at now: Timestamp) throws(StoreError) -> Timestamp? {
        var isStuck = false
        while !isStuck {
            let due = try store.dueSchedules(at: now, limit: Self.batch)
            if due.isEmpty { break }
            isStuck = try !decide(due, now) || due.count < Self.batch
        }
        isQueued = try startQueued(now)
        var next = try store.nextScheduleDue()
        if let due = next, due <= now { next = now + Self.queueInterval }
        if isQueued { next = min(next ?? now + Self.queueInterval, now + Self.queueInterval) }
        return next
    }

    // MARK: Due times

    /// - Returns: whether all of them were decided about.
    private func decide(_ schedules: [Schedule], _ now: Timestamp) throws(StoreError) -> Bool {
        var active = try store.activeScheduledRuns()
        var wanted: [(schedule: Schedule, fire: ScheduleFire)] = []
        var changes: [ScheduleChange] = []
        for schedule in schedules {
            if let count = schedule.rule.pauseAfter, try store.hasFailed(schedule: schedule.name, times: count) {
                try pause(schedule, count == 1 ? "its last run failed" : "its last \(count) runs failed", now)
                continue
            }
            let times: FireTimes
            switch self.times(schedule) {
            case .success(let known): times = known
            case .failure(let error):
                try pause(schedule, error.message, now)
                continue
            }
            let due = DueFires(schedule.name, schedule.rule, times: times, after: schedule.position, now: now)
            var change = ScheduleChange(schedule: schedule, position: due.position, nextAt: due.wakesAt)
            if let missed = due.missed { change.fires.append(self.missed(missed, of: schedule, now)) }
            for time in due.fires {
                let fire = ScheduleFire(
                    schedule: schedule.name, at: time, kind: .due, outcome: .started, decidedAt: now)
                if schedule.rule.overlap == .allow || active[schedule.name, default: 0] == 0 {
                    active[schedule.name, default: 0] += 1
                    wanted.append((schedule, fire))
                } else {
                    try hold(fire, of: schedule, in: &change)
                }
            }
            changes.append(change)
        }
        // Runs first: a time that is not moved past is decided about again, and its row says that it has its run.
        let undone = try begin(wanted, now)
        try store.settle(changes.filter { !undone.contains($0.schedule.name) })
        for change in changes where !undone.contains(change.schedule.name) {
            for fire in change.fires { report(.passed(fire)) }
        }
        return undone.isEmpty
    }

    /// Decides about a time while an earlier run has not ended.
    private func hold(
        _ fire: ScheduleFire, of schedule: Schedule, in change: inout ScheduleChange
    ) throws(StoreError) {
        var fire = fire
        fire.outcome = .queued
        switch schedule.rule.overlap {
        case .queue, .allow: break
        case .skip:
            fire.outcome = .skipped
            fire.note = "an earlier run has not ended"
        case .queueOne:
            let isQueued = try store.queuedFires(limit: .max).contains { $0.schedule == schedule.name }
            if isQueued || change.fires.contains(where: { $0.outcome == .queued }) {
                fire.outcome = .skipped
                fire.note = "another one waits already"
            }
        case .cancelRunning:
            change.dropsQueue = true
            for place in change.fires.indices where change.fires[place].outcome == .queued {
                change.fires[place].outcome = .skipped
                change.fires[place].note = "a later one took its place"
            }
            for run in try store.activeRuns(ofSchedule: schedule.name) { cancel(run) }
        }
        change.fires.append(fire)
    }

    private func missed(_ times: ClosedRange<Timestamp>, of schedule: Schedule, _ now: Timestamp) -> ScheduleFire {
        let first = times.lowerBound.rfc3339(fractionDigits: 0)
        return ScheduleFire(
            schedule: schedule.name, at: times.upperBound, kind: .due, outcome: .missed, decidedAt: now,
            note: times.lowerBound == times.upperBound ? "nobody served" : "nobody served from \(first) on")
    }

    private func pause(_ schedule: Schedule, _ why: String, _ now: Timestamp) throws(StoreError) {
        try store.pauseSchedule(schedule.name, why: why, at: now)
        report(.paused(schedule: schedule.name, why: why))
    }

    /// Starts runs.
    ///
    /// - Returns: the schedules of which something could not be started yet.
    private func begin(
        _ wanted: [(schedule: Schedule, fire: ScheduleFire)], _ now: Timestamp
    ) throws(StoreError) -> Set<String> {
        guard !wanted.isEmpty else { return [] }
        var undone: Set<String> = []
        for (place, result) in start(wanted).enumerated() {
            let (schedule, fire) = wanted[place]
            switch result {
            case .started(let run):
                var fire = fire
                fire.run = run
                report(.started(fire))
            case .taken: break
            case .later: undone.insert(schedule.name)
            case .impossible(let why):
                if undone.insert(schedule.name).inserted { try pause(schedule, why, now) }
            }
        }
        return undone
    }

    // MARK: Times that wait

    /// Starts what waited, as far as earlier runs have ended.
    ///
    /// - Returns: whether something still waits.
    private func startQueued(_ now: Timestamp) throws(StoreError) -> Bool {
        let queued = try store.queuedFires(limit: DueFires.most)
        guard !queued.isEmpty else { return false }
        var active = try store.activeScheduledRuns()
        var known: [String: Schedule] = [:]
        var wanted: [(schedule: Schedule, fire: ScheduleFire)] = []
        var isLeft = queued.count == DueFires.most
        for fire in queued {
            if known[fire.schedule] == nil { known[fire.schedule] = try find(fire.schedule) }
            // What a person asked for does not wait for the schedule.
            guard let schedule = known[fire.schedule], schedule.pause == nil || fire.kind != .due else { continue }
            guard active[fire.schedule, default: 0] < fire.parallel else {
                isLeft = true
                continue
            }
            active[fire.schedule, default: 0] += 1
            var fire = fire
            fire.outcome = .started
            fire.decidedAt = now
            wanted.append((schedule, fire))
        }
        return try !begin(wanted, now).isEmpty || isLeft
    }
}

import BattenCore
import BattenStore

/// Brings the schedules of a kept workflow into line with what its file says.
struct WorkflowSchedules {
    let context: CommandContext

    /// What has changed.
    struct Change: Hashable {
        var kept: [Schedule] = []
        /// Those that were paused because the workflow was not kept.
        var resumed: [Schedule] = []
        var removed: [String] = []
    }

    /// What a definition says, read before anything is written.
    struct Wanted {
        fileprivate let schedules: [Schedule]
        fileprivate let zones: ScheduleZones
    }

    /// Reads the schedules of a definition.
    ///
    /// - Throws: when one of them cannot be kept: its zone is not known here, its name is taken.
    func read(_ definition: WorkflowDefinition) throws(CommandFailure) -> Wanted {
        let now = context.now
        var zones = ScheduleZones(ZoneFiles(environment: context.environment))
        var schedules: [Schedule] = []
        let reader = try context.openReader()
        for (place, entry) in definition.schedule.enumerated() {
            let rule = try ScheduleZones.read(entry)
            let standard = definition.schedule.count == 1 ? definition.name : "\(definition.name)-\(place + 1)"
            let name = rule.name ?? standard
            guard !schedules.contains(where: { $0.name == name }) else {
                throw CommandFailure(
                    "schedule_exists", "the workflow has two schedules of the name '\(name)'",
                    help: "give each a name of its own", exit: .invalid)
            }
            try ScheduleName.check(name)
            let holder = try orFailure { () throws(StoreError) in try reader?.schedule(name)?.workflow }
            if let holder, holder != definition.name {
                throw CommandFailure(
                    "schedule_exists", "there is a schedule '\(name)' of the workflow '\(holder)'",
                    help: "give this one another name, or remove that one: batten schedule remove \(name)",
                    exit: .invalid)
            }
            schedules.append(
                try Self.begun(
                    Schedule(
                        name: name, workflow: definition.name, rule: try Self.pinned(rule, &zones), origin: .workflow,
                        position: now, createdAt: now), &zones, now))
        }
        return Wanted(schedules: schedules, zones: zones)
    }

    /// Takes over what a definition says: new schedules begin now, those that it has no longer go.
    ///
    /// One that was there with the same times goes on where it is, also when it is paused; unless it was paused because its
    /// workflow was not kept any more, as schedules of the command line are: those go on, too.
    func apply(
        _ wanted: Wanted, to workflow: String, in store: SQLiteStore
    ) throws(CommandFailure) -> Change {
        let now = context.now
        let made = wanted.schedules
        var change = Change()
        try orFailure { () throws(StoreError) in
            try store.changeSchedules(ofWorkflow: workflow, at: now) { present throws(StoreError) in
                let old = Dictionary(uniqueKeysWithValues: present.map { ($0.name, $0) })
                change = Change()
                for schedule in made {
                    guard let before = old[schedule.name] else {
                        change.kept.append(schedule)
                        continue
                    }
                    var schedule = schedule
                    schedule.createdAt = before.createdAt
                    schedule.pause = before.pause
                    if before.pause == Schedule.workflowIsGone {
                        schedule.pause = nil
                        change.resumed.append(schedule)
                        continue
                    }
                    if before.rule.hasSameTimes(as: schedule.rule) {
                        schedule.position = before.position
                        schedule.nextAt = before.nextAt
                    }
                    if schedule != before { change.kept.append(schedule) }
                }
                let names = Set(made.map(\.name))
                var zones = wanted.zones
                for schedule in present
                where schedule.origin == .command && schedule.pause == Schedule.workflowIsGone
                    && !names.contains(schedule.name)
                {
                    // One whose zone this machine does not know stays as it is.
                    guard var resumed = try? Self.begun(schedule, &zones, now) else { continue }
                    resumed.pause = nil
                    change.resumed.append(resumed)
                }
                change.removed = present.filter { $0.origin == .workflow && !names.contains($0.name) }.map(\.name)
                return (change.kept + change.resumed, change.removed)
            }
        }
        return change
    }

    /// Pauses the schedules of a workflow that is not kept any more; those that are paused keep their reason.
    ///
    /// - Returns: the names of those that were in force.
    static func suspend(ofWorkflow name: String, in store: SQLiteStore, at now: Timestamp) throws(StoreError)
        -> [String]
    {
        var names: [String] = []
        try store.changeSchedules(ofWorkflow: name, at: now) { present in
            let paused = present.filter { $0.pause == nil }.map { schedule in
                var schedule = schedule
                schedule.pause = Schedule.workflowIsGone
                return schedule
            }
            names = paused.map(\.name)
            return (paused, [])
        }
        return names
    }

    /// A rule with its zone said: what local times mean does not change when the machine moves.
    static func pinned(_ rule: ScheduleRule, _ zones: inout ScheduleZones) throws(CommandFailure) -> ScheduleRule {
        var rule = rule
        let zone = try zones.zone(of: rule)
        if case .cron = rule.when { rule.timezone = zone.name }
        return rule
    }

    /// A schedule whose times count from now on.
    static func begun(
        _ schedule: Schedule, _ zones: inout ScheduleZones, _ now: Timestamp
    ) throws(CommandFailure) -> Schedule {
        var schedule = schedule
        schedule.position = now
        let due = DueFires(
            schedule.name, schedule.rule, times: try zones.times(of: schedule.rule), after: now, now: now)
        schedule.nextAt = due.wakesAt
        return schedule
    }
}

/// What schedules may be called.
enum ScheduleName {
    /// Refuses a name that a command line could not give.
    static func check(_ name: String) throws(CommandFailure) {
        let isPlain = name.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || "0123456789._-".unicodeScalars.contains($0)
        }
        guard isPlain, !name.isEmpty, name.utf8.count <= 128, !name.hasPrefix("-"), !name.hasPrefix(".") else {
            throw .usage(
                "bad_name", "'\(TextFit.clean(name))' is no name of a schedule",
                help: "letters, digits, '.', '_' and '-', not more than 128")
        }
    }
}

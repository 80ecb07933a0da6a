import BattenCore
import BattenStore

/// Brings the schedules of a kept workflow into line with what its file says.
struct WorkflowSchedules {
    let context: CommandContext

    /// What has changed.
    struct Change: Hashable {
        var kept: [Schedule] = []
        var removed: [String] = []
    }

    /// Takes over the schedules of a definition: new ones begin now, those that it has no longer go.
    ///
    /// One that was there with the same times goes on where it is, also when it is paused.
    func apply(_ definition: WorkflowDefinition, in store: SQLiteStore) throws(CommandFailure) -> Change {
        let now = context.now
        var zones = ScheduleZones(ZoneFiles(environment: context.environment))
        var rules: [(name: String, rule: ScheduleRule)] = []
        for (place, entry) in definition.schedule.enumerated() {
            let rule = try ScheduleZones.read(entry)
            let standard = definition.schedule.count == 1 ? definition.name : "\(definition.name)-\(place + 1)"
            let name = rule.name ?? standard
            guard !rules.contains(where: { $0.name == name }) else {
                throw CommandFailure(
                    "schedule_exists", "the workflow has two schedules of the name '\(name)'",
                    help: "give each a name of its own", exit: .invalid)
            }
            try ScheduleName.check(name)
            rules.append((name, try Self.pinned(rule, &zones)))
        }
        var made: [Schedule] = []
        for (name, rule) in rules {
            made.append(
                try Self.begun(
                    Schedule(
                        name: name, workflow: definition.name, rule: rule, origin: .workflow, position: now,
                        createdAt: now), &zones, now))
        }
        var change = Change()
        try orFailure { () throws(StoreError) in
            try store.changeSchedules(ofWorkflow: definition.name, at: now) { present throws(StoreError) in
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
                    if before.rule.hasSameTimes(as: schedule.rule) {
                        schedule.position = before.position
                        schedule.nextAt = before.nextAt
                    }
                    if schedule != before { change.kept.append(schedule) }
                }
                let names = Set(made.map(\.name))
                change.removed = present.filter { $0.origin == .workflow && !names.contains($0.name) }.map(\.name)
                return (change.kept, change.removed)
            }
        }
        return change
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

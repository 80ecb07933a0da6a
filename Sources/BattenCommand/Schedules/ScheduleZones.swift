import BattenCore

/// Turns what schedules say into times, with the zones of this machine.
struct ScheduleZones {
    private let files: ZoneFiles
    private var known: [String: TimeZoneRules] = [:]

    init(_ files: ZoneFiles) { self.files = files }

    /// The zone that a schedule means; one that names none has the machine's.
    mutating func zone(of rule: ScheduleRule) throws(CommandFailure) -> TimeZoneRules {
        let name = rule.timezone ?? ""
        if let zone = known[name] { return zone }
        let zone = if let named = rule.timezone { try files.zone(named: named) } else { try files.local() }
        known[name] = zone
        return zone
    }

    /// The times at which a schedule is due.
    mutating func times(of rule: ScheduleRule) throws(CommandFailure) -> FireTimes {
        rule.times(in: try zone(of: rule))
    }

    /// Reads a schedule as it is written in a workflow, whose shape was checked when it was kept.
    static func read(_ entry: JSONObject) throws(CommandFailure) -> ScheduleRule {
        do throws(ScheduleError) {
            return try ScheduleRule(entry)
        } catch {
            throw .usage("bad_schedule", "a schedule cannot be read: \(error.message)", help: error.help)
        }
    }
}

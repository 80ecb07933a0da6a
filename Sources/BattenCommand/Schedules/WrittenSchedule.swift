import BattenCore

/// One entry of a workflow's `schedule`, ready to be asked for its times.
struct WrittenSchedule {
    /// What a person calls it: its name, or when it fires.
    let title: String
    /// When it is due.
    let times: FireTimes
    /// The zone that its times are shown in.
    let zone: TimeZoneRules

    /// Reads an entry of a kept workflow, whose shape was checked when it was kept.
    ///
    /// - Parameters:
    ///   - entry: the entry as it was written.
    ///   - zones: where named zones come from; an entry that names none has the machine's.
    init(_ entry: JSONObject, zones: ZoneFiles) throws(CommandFailure) {
        if let name = entry["timezone"]?.stringValue {
            zone = try zones.zone(named: name)
        } else {
            zone = try zones.local()
        }
        let start = entry["start"]?.stringValue.flatMap { Timestamp(rfc3339: $0) }
        let end = entry["end"]?.stringValue.flatMap { Timestamp(rfc3339: $0) }
        let source: FireTimes.Source
        let words: String
        if let text = entry["cron"]?.stringValue {
            source = try Self.cron(text, in: zone)
            words = text
        } else if let text = entry["every"]?.stringValue, let interval = try? DurationText.parse(text) {
            source = .every(interval, from: start ?? Timestamp(nanoseconds: 0))
            words = "every \(text)"
        } else if let text = entry["at"]?.stringValue, let instant = Timestamp(rfc3339: text) {
            source = .at(instant)
            words = "at \(text)"
        } else {
            throw .usage("bad_schedule", "a schedule has neither 'cron' nor 'every' nor 'at'")
        }
        title = entry["name"]?.stringValue ?? words
        times = FireTimes(source, start: start, end: end)
    }

    /// A cron expression in a zone.
    static func cron(_ text: String, in zone: TimeZoneRules) throws(CommandFailure) -> FireTimes.Source {
        do throws(CronError) {
            return .cron(try CronExpression(text), zone: zone)
        } catch {
            throw .usage("bad_cron", error.message, help: error.help)
        }
    }
}

/// What a schedule says: when it is due, and what happens at its times.
public struct ScheduleRule: Sendable, Hashable {
    /// When it is due.
    public enum When: Sendable, Hashable {
        case cron(CronExpression)
        /// Every so often, counted from the start, or from 1970-01-01T00:00:00Z without one.
        case every(Duration)
        /// Once.
        case at(Timestamp)
    }

    /// What becomes of a due time while an earlier run of the schedule has not ended.
    public enum Overlap: String, Sendable, Hashable, CaseIterable {
        /// Nothing starts.
        case skip
        /// It starts when the earlier ones have ended.
        case queue
        /// The same, with at most one that waits.
        case queueOne = "queue_one"
        /// The earlier run is cancelled, and this one starts when it has ended.
        case cancelRunning = "cancel_running"
        /// It starts beside the earlier one.
        case allow
    }

    /// What becomes of times at which nobody was there to start a run.
    public enum CatchUp: String, Sendable, Hashable, CaseIterable {
        case none
        /// The last of them starts a run, if no later time does.
        case last
        /// All within the window start a run each.
        case all
    }

    /// When it is due.
    public var when: When
    /// Name of the zone that local times and dates are meant in; nil is the machine's.
    public var timezone: String?
    /// No due time is earlier.
    public var start: Timestamp?
    /// No due time is later.
    public var end: Timestamp?
    /// What becomes of a due time while an earlier run has not ended.
    public var overlap: Overlap
    /// What becomes of missed times.
    public var catchUp: CatchUp
    /// How old a missed time may be that is caught up with.
    public var window: Duration
    /// How much later than due a run starts at most.
    public var jitter: Duration
    /// Failed runs in a row after which the schedule pauses; nil is never.
    public var pauseAfter: Int?
    /// Parameters of its runs.
    public var parameters: JSONObject
    /// The name that its author gave it.
    public var name: String?
    /// What it is for.
    public var description: String?

    /// How old a missed time may be where nothing is said.
    public static let standardWindow = Duration.seconds(86_400)

    /// Reads a schedule as it is written in a workflow.
    ///
    /// - Throws: ``ScheduleError``.
    public init(_ entry: JSONObject) throws(ScheduleError) {
        func text(_ field: String) throws(ScheduleError) -> String? {
            guard let value = entry[field], !value.isNull else { return nil }
            guard let text = value.stringValue else {
                throw ScheduleError("'\(field)' is \(value.typeName), not a text", help: "put it in quotes")
            }
            return text
        }
        func instant(_ field: String) throws(ScheduleError) -> Timestamp? {
            guard let text = try text(field) else { return nil }
            guard let instant = Timestamp(rfc3339: text) else {
                throw ScheduleError("'\(field)' is '\(text)', which is not a time", help: "write 2026-03-01T06:00:00Z")
            }
            return instant
        }
        func duration(_ field: String) throws(ScheduleError) -> Duration? {
            guard let text = try text(field) else { return nil }
            guard let duration = try? DurationText.parse(text) else {
                throw ScheduleError("'\(field)' is '\(text)', which is no duration", help: "write 30s, 5m or 1h30m")
            }
            return duration
        }
        func word<Word: RawRepresentable & CaseIterable>(
            _ field: String, _ standard: Word
        ) throws(ScheduleError) -> Word where Word.RawValue == String {
            guard let text = try text(field) else { return standard }
            guard let word = Word(rawValue: text) else {
                throw ScheduleError(
                    "'\(field)' cannot be '\(text)'",
                    help: "it is one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return word
        }
        when = try Self.when(cron: text("cron"), every: duration("every"), at: instant("at"))
        timezone = try text("timezone")
        start = try instant("start")
        end = try instant("end")
        overlap = try word("overlap", Overlap.skip)
        catchUp = try word("catch_up", CatchUp.none)
        window = try duration("window") ?? Self.standardWindow
        jitter = try duration("jitter") ?? .zero
        pauseAfter = nil
        if let value = entry["pause_after"], !value.isNull {
            guard let count = value.intValue, (1...1_000_000).contains(count) else {
                throw ScheduleError("'pause_after' is \(JSONWriter.string(value))", help: "it is a number from 1")
            }
            pauseAfter = Int(count)
        }
        parameters = entry["parameters"]?.objectValue ?? [:]
        name = try text("name")
        description = try text("description")
    }

    private static func when(cron: String?, every: Duration?, at: Timestamp?) throws(ScheduleError) -> When {
        switch (cron, every, at) {
        case (let text?, nil, nil):
            do throws(CronError) {
                return .cron(try CronExpression(text))
            } catch {
                throw ScheduleError(error.message, help: error.help)
            }
        case (nil, let interval?, nil):
            guard interval >= shortest else {
                throw ScheduleError("'every' is shorter than a second", help: "a schedule is due once a second at most")
            }
            return .every(interval)
        case (nil, nil, let once?): return .at(once)
        case (nil, nil, nil):
            throw ScheduleError(
                "it has neither 'cron' nor 'every' nor 'at'", help: "for example cron: \"0 6 * * *\", or every: 15m")
        default: throw ScheduleError("it has more than one of 'cron', 'every' and 'at'", help: "keep one of them")
        }
    }

    /// The shortest interval.
    private static let shortest = Duration.seconds(1)

    /// The rule as it is written in a workflow, without what is standard.
    public var json: JSONObject {
        var object = JSONObject()
        if let name { object["name"] = .string(name) }
        if let description { object["description"] = .string(description) }
        switch when {
        case .cron(let expression): object["cron"] = .string(expression.text)
        case .every(let interval): object["every"] = .string(DurationText.format(interval))
        case .at(let once): object["at"] = .string(once.rfc3339)
        }
        if let timezone { object["timezone"] = .string(timezone) }
        if let start { object["start"] = .string(start.rfc3339) }
        if let end { object["end"] = .string(end.rfc3339) }
        object["overlap"] = .string(overlap.rawValue)
        object["catch_up"] = .string(catchUp.rawValue)
        if catchUp != .none { object["window"] = .string(DurationText.format(window)) }
        if jitter > .zero { object["jitter"] = .string(DurationText.format(jitter)) }
        if let pauseAfter { object["pause_after"] = .int(Int64(pauseAfter)) }
        if !parameters.isEmpty { object["parameters"] = .object(parameters) }
        return object
    }

    /// Whether another rule is due at the same times.
    public func hasSameTimes(as other: ScheduleRule) -> Bool {
        when == other.when && timezone == other.timezone && start == other.start && end == other.end
            && jitter == other.jitter
    }

    /// When it is due, in words.
    public var words: String {
        switch when {
        case .cron(let expression): expression.text
        case .every(let interval): "every \(DurationText.format(interval))"
        case .at(let once): "at \(once.rfc3339(fractionDigits: 0))"
        }
    }

    /// The times at which it is due.
    ///
    /// - Parameter zone: the zone that ``timezone`` names.
    public func times(in zone: TimeZoneRules) -> FireTimes {
        let source: FireTimes.Source =
            switch when {
            case .cron(let expression): .cron(expression, zone: zone)
            case .every(let interval): .every(interval, from: start ?? Timestamp(nanoseconds: 0))
            case .at(let once): .at(once)
            }
        return FireTimes(source, start: start, end: end)
    }
}

/// Why something is no schedule.
public struct ScheduleError: Error, Sendable, Hashable {
    /// What is wrong.
    public var message: String
    /// What to do about it.
    public var help: String

    /// Creates an error.
    public init(_ message: String, help: String) {
        self.message = message
        self.help = help
    }
}

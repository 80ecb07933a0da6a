import BattenCore
import BattenStore

/// `batten schedule next`.
enum ScheduleNextCommand {
    static let description = CommandDescription(
        "schedule next", .inspecting, "show when a schedule fires next",
        details: [
            """
            For a kept workflow, the next times of all its schedules; with --cron, those of an expression. Times are \
            those of the schedule's zone, or of this machine's where it names none.
            """,
            """
            Where the clocks change, a job with a fixed hour and minute runs once a day: at the next time that exists \
            when its own does not, at the first when it comes twice. A job with *, a step or a range in its minute or \
            hour follows elapsed time.
            """,
        ],
        arguments: [ArgumentDescription("NAME", .optional, "name of a schedule, or of a kept workflow")],
        options: [
            .value("cron", "EXPR", .text, "a cron expression of five or six fields, or a name such as @daily"),
            .value("timezone", "ZONE", .text, "the IANA zone that the expression means, like Europe/Oslo"),
            .value("after", "TIME", .instant, standard: "now", "times after this one"),
            .value("count", short: "n", "COUNT", .integer(1...10_000), standard: "5", "how many times"),
            .flag("utc", "show the times in UTC"),
        ],
        examples: [
            CommandExample("batten schedule next --cron '0 6 * * 1-5' --timezone Europe/Oslo", "shows five mornings"),
            CommandExample("batten schedule next weather-brief -n 3 --format json", "shows three times as data"),
        ],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            var zones = ScheduleZones(ZoneFiles(environment: context.environment))
            let fires = try next(
                schedules(context, invocation), &zones,
                after: invocation.instant("after", now: context.now) ?? context.now,
                count: invocation.integer("count") ?? 5)
            show(fires, context)
            return .done
        })

    /// One due time of a schedule.
    private struct Fire {
        let at: Timestamp
        /// What a person calls the schedule: its name, or when it fires.
        let title: String
        let zone: TimeZoneRules
    }

    private static func schedules(
        _ context: CommandContext, _ invocation: Invocation
    ) throws(CommandFailure) -> [(title: String, rule: ScheduleRule)] {
        let name = invocation.argument("NAME")
        if let text = invocation.value("cron") {
            guard name == nil else {
                throw .usage("conflicting_options", "give the name of a schedule or --cron, not both")
            }
            var entry: JSONObject = ["cron": .string(text)]
            if let zone = invocation.value("timezone") { entry["timezone"] = .string(zone) }
            let rule = try ScheduleZones.read(entry)
            return [(rule.words, rule)]
        }
        guard let name else {
            throw .usage(
                "missing_argument", "the name of a schedule or of a kept workflow is missing, or --cron EXPR",
                help: "`batten schedule list` shows the schedules")
        }
        if invocation.value("timezone") != nil {
            throw .usage("conflicting_options", "--timezone belongs to --cron: a schedule names its own zone")
        }
        let reader = try context.openReader()
        if let found = try orFailure({ () throws(StoreError) in try reader?.schedule(name) }) {
            return [(found.name, found.rule)]
        }
        let kept = try KeptWorkflow.require(name, in: context)
        let definition = try? JSONReader.parse(kept.snapshot)
        let entries = definition?["schedule"]?.arrayValue?.compactMap(\.objectValue) ?? []
        guard !entries.isEmpty else {
            throw .notFound(
                "no_schedule", "the workflow '\(kept.workflow.name)' has no schedule",
                help: "write one under 'schedule:' in its file and `batten add` it, or: batten schedule add \(name)")
        }
        var rules: [(String, ScheduleRule)] = []
        for entry in entries {
            let rule = try ScheduleZones.read(entry)
            rules.append((rule.name ?? rule.words, rule))
        }
        return rules
    }

    private static func next(
        _ schedules: [(title: String, rule: ScheduleRule)], _ zones: inout ScheduleZones, after start: Timestamp,
        count: Int
    ) throws(CommandFailure) -> [Fire] {
        var fires: [Fire] = []
        for (title, rule) in schedules {
            let zone = try zones.zone(of: rule)
            let times = rule.times(in: zone)
            var instant = start
            for _ in 0..<count {
                guard let next = times.next(after: instant) else { break }
                fires.append(Fire(at: next, title: title, zone: zone))
                instant = next
            }
        }
        return Array(fires.sorted { $0.at < $1.at }.prefix(count))
    }

    private static func show(_ fires: [Fire], _ context: CommandContext) {
        let invocation = context.invocation
        if invocation.format.isData {
            context.console.data(
                .object([
                    "items": .array(
                        fires.map { fire in
                            .object([
                                "at": .string(fire.at.rfc3339(fractionDigits: 0)),
                                "local": .string(local(fire.at, fire.zone, separator: "T")),
                                "timezone": .string(fire.zone.name), "schedule": .string(fire.title),
                            ])
                        })
                ]), invocation.format)
            return
        }
        guard !fires.isEmpty else { return context.console.note("it does not fire again") }
        var table = TextTable([.fixed("AT"), .fixed("ZONE"), .fixed("FROM NOW"), .flexible("SCHEDULE", least: 12)])
        for fire in fires {
            let zone = invocation.has("utc") ? .utc : fire.zone
            table.add([
                local(fire.at, zone, separator: " "), zone.name, TimeText.relative(fire.at, now: context.now),
                fire.title,
            ])
        }
        context.console.write(table.render(context.console.output))
    }

    /// An instant by the clocks of a zone, with its offset from UTC.
    private static func local(_ instant: Timestamp, _ zone: TimeZoneRules, separator: String) -> String {
        let offset = zone.period(at: instant.seconds).offset
        let text = (instant + .seconds(offset)).rfc3339(fractionDigits: 0).dropLast()
        let minutes = abs(offset) / 60
        let hours = minutes / 60
        let sign = offset < 0 ? "-" : "+"
        let clock = "\(hours < 10 ? "0" : "")\(hours):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
        return text.replacing("T", with: separator) + (separator == "T" ? "" : " ") + sign + clock
    }
}

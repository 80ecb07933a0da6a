import BattenCore
import BattenSpec
import BattenStore

/// `batten schedule add`, `list`, `show`, `pause`, `resume`, `remove`, `trigger` and `backfill`.
enum ScheduleCommands {
    private static let name = ArgumentDescription("NAME", .required, "name of a schedule")

    static let add = CommandDescription(
        "schedule add", .library, "have a kept workflow started by the clock",
        details: [
            "The schedule begins now; its runs start where a 'batten serve' works on the store. One of the same name and "
                + "workflow is replaced.",
            "Of times at which nobody served, --catch-up starts none, the last, or all that are not older than --window. "
                + "While an earlier run has not ended, --overlap decides: skip starts nothing, queue and queue_one wait, "
                + "cancel_running cancels the earlier one, allow starts beside it.",
        ],
        arguments: [ArgumentDescription("WORKFLOW", .required, "name of a kept workflow")],
        options: [
            .value("name", "NAME", .text, standard: "the workflow's name", "what to call it"),
            .value("cron", "EXPR", .text, "a cron expression of five or six fields, or a name such as @daily"),
            .value("every", "DURATION", .duration, "an interval, counted from --start or 1970-01-01T00:00:00Z"),
            .value("at", "TIME", .text, "once, at this time"),
            .value("timezone", "ZONE", .text, standard: "this machine's", "the IANA zone that local times mean"),
            .value("start", "TIME", .text, "nothing is due before"),
            .value("end", "TIME", .text, "nothing is due after"),
            .value(
                "overlap", "RULE", .choice(ScheduleRule.Overlap.allCases.map(\.rawValue)), standard: "skip",
                "what a due time does while an earlier run has not ended"),
            .value(
                "catch-up", "RULE", .choice(ScheduleRule.CatchUp.allCases.map(\.rawValue)), standard: "none",
                "which missed times still start a run"),
            .value("window", "DURATION", .duration, standard: "1d", "how old a missed time may be"),
            .value("jitter", "DURATION", .duration, "start up to so much later, each time by another length"),
            .value("pause-after", "COUNT", .integer(1...1_000_000), "pause after so many failed runs in a row"),
            .value(
                "param", short: "p", "KEY=VALUE", .keyValue, repeated: true, "a parameter, read by its declared type"),
        ],
        examples: [
            CommandExample(
                "batten schedule add brief --cron '0 6 * * 1-5' --timezone Europe/Oslo --catch-up last",
                "runs it on working days"),
            CommandExample("batten schedule add sync --every 15m --overlap queue_one", "runs it four times an hour"),
        ],
        exits: [.invalid, .notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let kept = try KeptWorkflow.require(invocation.argument("WORKFLOW") ?? "", in: context)
            let schedule = try schedule(of: kept, context, invocation)
            let store = try context.openStore()
            try orFailure { () throws(StoreError) in
                try store.changeSchedules(ofWorkflow: schedule.workflow, at: context.now) { present in
                    var schedule = schedule
                    if let before = present.first(where: { $0.name == schedule.name }) {
                        schedule.createdAt = before.createdAt
                    }
                    return ([schedule], [])
                }
            }
            context.wakeEngines()
            if invocation.format.isData {
                context.console.data(json(schedule, last: nil), invocation.format)
            } else {
                context.console.line(promise(schedule, context))
                try tellWhoServes(context)
            }
            return .done
        })

    static let list = CommandDescription(
        "schedule list", .library, "list schedules with their next times",
        options: [
            .value("limit", short: "n", "COUNT", .integer(1...10_000), standard: "100", "how many at most"),
            .value("cursor", "CURSOR", .text, "the next_cursor of the page before"),
        ],
        examples: [CommandExample("batten schedule list", "lists them by name")],
        exits: [.store],
        body: { context, invocation throws(CommandFailure) in
            let limit = invocation.integer("limit") ?? 100
            var schedules: [Schedule] = []
            var last: [String: ScheduleFire] = [:]
            if let reader = try context.openReader() {
                try orFailure { () throws(StoreError) in
                    schedules = try reader.schedules(after: invocation.value("cursor") ?? "", limit: limit)
                    for schedule in schedules {
                        last[schedule.name] = try reader.fires(ofSchedule: schedule.name, limit: 1).first
                    }
                }
            }
            let cursor = schedules.count == limit ? schedules.last?.name : nil
            if invocation.format.isData {
                let items = schedules.map { json($0, last: last[$0.name]) }
                context.console.data(
                    .object(["items": .array(items), "next_cursor": cursor.map { .string($0) } ?? .null]),
                    invocation.format)
                return .done
            }
            guard !schedules.isEmpty else {
                context.console.note("no schedules; batten schedule add WORKFLOW --cron EXPR makes one")
                return .done
            }
            var table = TextTable([
                .fixed("SCHEDULE"), .flexible("WORKFLOW"), .flexible("WHEN", least: 12), .fixed("NEXT"), .fixed("LAST"),
                .flexible("STATE", least: 10),
            ])
            for schedule in schedules {
                let state = schedule.pause.map { "paused: \($0)" } ?? (schedule.nextAt == nil ? "over" : "active")
                table.add(
                    [
                        schedule.name, schedule.workflow, when(schedule.rule),
                        schedule.pause == nil
                            ? schedule.nextAt.map { TimeText.relative($0, now: context.now) } ?? "–" : "–",
                        last[schedule.name].map {
                            "\($0.outcome.rawValue) \(TimeText.relative($0.at, now: context.now))"
                        }
                            ?? "–",
                        state,
                    ], tones: [nil, nil, nil, nil, nil, schedule.pause == nil ? nil : .yellow])
            }
            context.console.write(table.render(context.console.output))
            if let cursor { context.console.note("more: --cursor \(cursor)") }
            return .done
        })

    static let show = CommandDescription(
        "schedule show", .library, "show a schedule and what became of its last times",
        arguments: [name],
        options: [.value("limit", short: "n", "COUNT", .integer(1...10_000), standard: "10", "how many times at most")],
        examples: [CommandExample("batten schedule show brief", "tells what it says and what it did")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let schedule = try require(context, invocation)
            guard let reader = try context.openReader() else { return .done }
            let fires = try orFailure { () throws(StoreError) in
                try reader.fires(ofSchedule: schedule.name, limit: invocation.integer("limit") ?? 10)
            }
            if invocation.format.isData {
                guard case .object(var object) = json(schedule, last: fires.first) else { return .done }
                object["fires"] = .array(fires.map(json))
                context.console.data(.object(object), invocation.format)
                return .done
            }
            let console = context.console
            console.line("schedule \(schedule.name) of \(schedule.workflow)")
            for (key, value) in schedule.rule.json {
                console.line("  \(key): \(TextFit.clean(value.stringValue ?? JSONWriter.string(value)))")
            }
            let next = schedule.nextAt.map { "\($0.rfc3339(fractionDigits: 0))" } ?? "never"
            console.line(schedule.pause.map { "  paused: \(TextFit.clean($0))" } ?? "  next: \(next)")
            guard !fires.isEmpty else { return .done }
            var table = TextTable([.fixed("DUE"), .fixed("BY"), .fixed("OUTCOME"), .fixed("RUN"), .flexible("NOTE")])
            for fire in fires {
                table.add([
                    fire.at.rfc3339(fractionDigits: 0), fire.kind.rawValue, fire.outcome.rawValue, fire.run ?? "–",
                    fire.note ?? "",
                ])
            }
            console.write(table.render(console.output))
            return .done
        })

    static let pause = CommandDescription(
        "schedule pause", .library, "start no more runs of a schedule",
        arguments: [name],
        options: [.value("reason", "TEXT", .text, standard: "paused by hand", "why, for those who look")],
        examples: [
            CommandExample("batten schedule pause brief --reason 'on holiday'", "starts none until it is resumed")
        ],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let schedule = try require(context, invocation)
            let reason = invocation.value("reason") ?? "paused by hand"
            let store = try context.openStore()
            try orFailure { () throws(StoreError) in
                try store.pauseSchedule(schedule.name, why: reason, at: context.now)
            }
            context.wakeEngines()
            return try tell(schedule.name, "is paused; runs that have begun go on", context)
        })

    static let resume = CommandDescription(
        "schedule resume", .library, "go on with a paused schedule",
        details: ["Its times count from now on: what was due while it was paused starts nothing."],
        arguments: [name],
        examples: [CommandExample("batten schedule resume brief", "starts runs again")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let schedule = try require(context, invocation)
            guard schedule.pause != nil else { return try tell(schedule.name, "is not paused", context) }
            let reader = try context.openReader()
            guard try orFailure({ () throws(StoreError) in try reader?.workflowHead(schedule.workflow) }) != nil else {
                throw .notFound(
                    "workflow_gone", "the workflow '\(schedule.workflow)' is not kept, so the schedule starts nothing",
                    help: "batten add FILE keeps it again, and has the schedule go on")
            }
            var zones = ScheduleZones(ZoneFiles(environment: context.environment))
            var resumed = try WorkflowSchedules.begun(schedule, &zones, context.now)
            resumed.pause = nil
            let store = try context.openStore()
            try orFailure { () throws(StoreError) in
                try store.changeSchedules(ofWorkflow: schedule.workflow, at: context.now) { present in
                    // Removed meanwhile, it stays so.
                    (present.contains { $0.name == schedule.name } ? [resumed] : [], [])
                }
            }
            context.wakeEngines()
            return try tell(schedule.name, "goes on", context)
        })

    static let remove = CommandDescription(
        "schedule remove", .library, "forget a schedule; its runs stay",
        details: ["One that its workflow's file says comes back when that is added again."],
        arguments: [name],
        examples: [CommandExample("batten schedule remove brief", "forgets it and what became of its times")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let schedule = try require(context, invocation)
            let store = try context.openStore()
            _ = try orFailure { () throws(StoreError) in try store.removeSchedule(schedule.name) }
            context.wakeEngines()
            return try tell(schedule.name, "is gone", context)
        })

    static let trigger = CommandDescription(
        "schedule trigger", .library, "start a run of a schedule now",
        details: ["The run has the schedule's parameters. It starts beside earlier ones, whatever the schedule says."],
        arguments: [name],
        examples: [CommandExample("batten schedule trigger brief", "starts a run, and writes its id")],
        exits: [.invalid, .notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let schedule = try require(context, invocation)
            _ = try KeptWorkflow.require(schedule.workflow, in: context)
            let now = context.now
            let fire = ScheduleFire(
                schedule: schedule.name, at: now, kind: .trigger, outcome: .started, decidedAt: now)
            let submission = try ScheduledRuns(context: context).submission(schedule, fire)
            return try DetachedStart(context: context).accept(submission)
        })

    static let backfill = CommandDescription(
        "schedule backfill", .library, "start a run for each due time of a range that has passed",
        details: [
            "The times wait in order, and --parallel of the schedule's runs go on at once. A time that has started a run "
                + "already starts no other."
        ],
        arguments: [name],
        options: [
            .value("from", "TIME", .instant, "the first time of the range"),
            .value("to", "TIME", .instant, standard: "now", "the last time of the range"),
            .value("parallel", "COUNT", .integer(1...1_000), standard: "1", "runs at once"),
        ],
        examples: [
            CommandExample(
                "batten schedule backfill brief --from 2026-03-01T00:00:00Z --to 2026-03-08T00:00:00Z",
                "makes up for a week")
        ],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let schedule = try require(context, invocation)
            guard let from = invocation.instant("from", now: context.now) else {
                throw .usage("missing_option", "--from TIME is missing", help: "the first time of the range")
            }
            let to = min(invocation.instant("to", now: context.now) ?? context.now, context.now)
            var zones = ScheduleZones(ZoneFiles(environment: context.environment))
            let times = try zones.times(of: schedule.rule)
            var fires: [ScheduleFire] = []
            var instant = from - .nanoseconds(1)
            while let next = times.next(after: instant), next <= to {
                guard fires.count < mostBackfilled else {
                    throw .usage(
                        "too_many", "the range has more than \(mostBackfilled) times",
                        help: "backfill a shorter one first")
                }
                fires.append(
                    ScheduleFire(
                        schedule: schedule.name, at: next, kind: .backfill, outcome: .queued,
                        parallel: invocation.integer("parallel") ?? 1, decidedAt: context.now))
                instant = next
            }
            let store = try context.openStore()
            let count = try orFailure { () throws(StoreError) in try store.queue(fires) }
            context.wakeEngines()
            if invocation.format.isData {
                context.console.data(
                    .object([
                        "schedule": .string(schedule.name), "times": .int(Int64(fires.count)),
                        "new": .int(Int64(count)),
                    ]), invocation.format)
            } else {
                let known = fires.count - count
                context.console.line(
                    "\(count) \(count == 1 ? "time waits" : "times wait") for a run"
                        + (known > 0 ? "; \(known) had been dealt with" : ""))
                try tellWhoServes(context)
            }
            return .done
        })

    /// Times that are backfilled at once at most.
    private static let mostBackfilled = 10_000

    // MARK: Parts

    private static func schedule(
        of kept: StoredDefinition, _ context: CommandContext, _ invocation: Invocation
    ) throws(CommandFailure) -> Schedule {
        var entry = JSONObject()
        for option in ["cron", "every", "at", "timezone", "start", "end", "overlap", "window", "jitter"] {
            if let value = invocation.value(option) { entry[option] = .string(value) }
        }
        if let value = invocation.value("catch-up") { entry["catch_up"] = .string(value) }
        if let count = invocation.integer("pause-after") { entry["pause_after"] = .int(Int64(count)) }
        let workflow = kept.workflow.name
        let name = invocation.value("name") ?? workflow
        try ScheduleName.check(name)
        var zones = ScheduleZones(ZoneFiles(environment: context.environment))
        var rule = try WorkflowSchedules.pinned(try ScheduleZones.read(entry), &zones)
        let definition = try CheckedWorkflow.check(
            WorkflowText(
                label: "\(workflow).json", bytes: kept.snapshot, path: kept.workflow.path, reference: .name(workflow)),
            in: context
        ).definition
        let given = invocation.values("param")
        let reader = ParameterReader(definitions: definition.parameters, workflow: workflow)
        let all = try reader.read(file: [:], options: given)
        // Those that are not given follow the workflow's defaults, also when these change.
        for option in given {
            let key = String(option.prefix { $0 != "=" })
            rule.parameters[key] = all[key]
        }
        if let problem = StartParameters.problem(rule.parameters) {
            throw .usage("bad_parameter", problem.message, help: problem.help)
        }
        let schedule = try WorkflowSchedules.begun(
            Schedule(
                name: name, workflow: workflow, rule: rule, origin: .command, position: context.now,
                createdAt: context.now), &zones, context.now)
        guard schedule.nextAt != nil else {
            throw .usage(
                "never_due", "the schedule is never due: its times have passed",
                help: "look at --at, --start and --end")
        }
        return schedule
    }

    private static func require(
        _ context: CommandContext, _ invocation: Invocation
    ) throws(CommandFailure) -> Schedule {
        let name = invocation.argument("NAME") ?? ""
        let reader = try context.openReader()
        if let found = try orFailure({ () throws(StoreError) in try reader?.schedule(name) }) { return found }
        let names = try orFailure { () throws(StoreError) in try reader?.schedules().map(\.name) ?? [] }
        let near = DidYouMean.help(for: name, in: names)
        throw .notFound(
            "no_such_schedule", "there is no schedule '\(TextFit.clean(name))'",
            help: near.isEmpty ? "`batten schedule list` shows them" : near)
    }

    /// What a schedule will do next, in words.
    static func promise(_ schedule: Schedule, _ context: CommandContext) -> String {
        let next = schedule.nextAt.map {
            "next \(TimeText.relative($0, now: context.now)), \($0.rfc3339(fractionDigits: 0))"
        }
        return "schedule \(schedule.name): \(when(schedule.rule)); "
            + (schedule.pause.map { "paused: \($0)" } ?? next ?? "it is not due any more")
    }

    /// When a schedule is due, in words, with its zone.
    static func when(_ rule: ScheduleRule) -> String {
        guard case .cron = rule.when, let zone = rule.timezone else { return rule.words }
        return "\(rule.words) \(zone)"
    }

    private static func tell(_ name: String, _ what: String, _ context: CommandContext) throws(CommandFailure)
        -> ExitCode
    {
        if context.invocation.format.isData {
            let reader = try context.openReader()
            let schedule = try orFailure { () throws(StoreError) in try reader?.schedule(name) }
            context.console.data(
                schedule.map { json($0, last: nil) } ?? .object(["schedule": .string(name), "removed": true]),
                context.invocation.format)
        } else {
            context.console.line("schedule \(name) \(what)")
        }
        return .done
    }

    private static func tellWhoServes(_ context: CommandContext) throws(CommandFailure) {
        guard try !DetachedStart(context: context).wakeServing() else { return }
        context.console.note("nobody serves this store now: its runs start once 'batten serve' works on it")
    }

    // MARK: Data

    private static func json(_ schedule: Schedule, last: ScheduleFire?) -> JSONValue {
        var object: JSONObject = [
            "schedule": .string(schedule.name), "workflow": .string(schedule.workflow),
            "origin": .string(schedule.origin.rawValue), "paused": .bool(schedule.pause != nil),
            "pause_reason": schedule.pause.map { .string($0) } ?? .null,
            "next_at": schedule.pause == nil ? RunReport.instant(schedule.nextAt) : .null,
            "created_at": .string(schedule.createdAt.rfc3339),
            "rule": .object(schedule.rule.json),
        ]
        if let last { object["last"] = json(last) }
        return .object(object)
    }

    private static func json(_ fire: ScheduleFire) -> JSONValue {
        .object([
            "due": .string(fire.at.rfc3339), "kind": .string(fire.kind.rawValue),
            "outcome": .string(fire.outcome.rawValue), "run": fire.run.map { .string($0) } ?? .null,
            "decided_at": .string(fire.decidedAt.rfc3339), "note": fire.note.map { .string($0) } ?? .null,
        ])
    }
}

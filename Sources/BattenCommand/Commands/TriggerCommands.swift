import BattenCore
import BattenStore
import BattenSystem

/// `batten trigger` and `batten triggers`.
enum TriggerCommands {
    static let trigger = CommandDescription(
        "trigger", .running, "tell an event that kept workflows wait for",
        details: [
            "Each kept workflow with 'on: {event: NAME}' has a run started. The event is on disk when this returns; the runs "
                + "start at once where a 'batten serve' works on the store, else when one does.",
            "Without 'parameters' under 'on', the members of the data are the parameters of the run; a text in 'parameters' "
                + "may read it as ${{ run.event.data }}.",
        ],
        arguments: [ArgumentDescription("NAME", .required, "the event's name")],
        options: [
            .value("data", short: "d", "JSON", .json, standard: "null", "what it carries"),
            .value("key", short: "k", "KEY", .text, "a second event with the same key starts nothing"),
        ],
        formats: [.text, .json, .yaml],
        examples: [
            CommandExample(
                "batten trigger deploy --data '{\"commit\": \"4f2a\"}' --key 4f2a", "is one run for that commit")
        ],
        exits: [.usage, .notFound, .store],
        body: { context, invocation throws(CommandFailure) in try tell(context, invocation) })

    static let list = CommandDescription(
        "triggers", .library, "list what starts runs besides the clock, and what it has started",
        arguments: [ArgumentDescription("NAME", .optional, "a trigger; its last events are shown")],
        options: [
            .value("limit", short: "n", "COUNT", .integer(1...10_000), standard: "10", "how many events at most")
        ],
        formats: [.text, .json, .yaml],
        examples: [CommandExample("batten triggers inbox", "tells which files have started which runs")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let reader = try context.openReader()
            let triggers = try orFailure { () throws(StoreError) in try reader?.triggers() ?? [] }
            if let name = invocation.argument("NAME") {
                guard let trigger = triggers.first(where: { $0.name == name }) else {
                    throw .notFound(
                        "no_such_trigger", "there is no trigger '\(TextFit.clean(name))'",
                        help: DidYouMean.help(for: name, in: triggers.map(\.name)))
                }
                let events = try orFailure { () throws(StoreError) in
                    try reader?.events(ofTrigger: name, limit: invocation.integer("limit") ?? 10) ?? []
                }
                show(trigger, events, context)
            } else {
                var last: [String: TriggerEvent] = [:]
                try orFailure { () throws(StoreError) in
                    for trigger in triggers {
                        last[trigger.name] = try reader?.events(ofTrigger: trigger.name, limit: 1).first
                    }
                }
                show(triggers, last, context)
            }
            return .done
        })

    // MARK: Telling

    private static func tell(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        let name = invocation.argument("NAME") ?? ""
        let text = invocation.value("data") ?? "null"
        guard text.utf8.count <= TriggerIntake.limit else {
            throw .usage(
                "too_long", "--data has \(text.utf8.count) bytes; an event carries \(TriggerIntake.limit) at most",
                help: "write the data to a file and tell its path")
        }
        let data: JSONValue
        do throws(JSONError) {
            data = try JSONReader.parse(text)
        } catch {
            throw .usage("bad_json", "--data is not JSON: \(error.description)", help: "quote it for the shell")
        }
        // Asked twice, because an answer did not come, it is still one event.
        let key = invocation.value("key") ?? Entropy.name(length: 24)
        let question: JSONValue = ["trigger": .string(name), "data": data, "key": .string(key)]
        var answer = try ask(question, context)
        let isServed = answer != nil
        if answer == nil {
            answer = try TriggerIntake(store: context.openStore()).accept(name, data: data, key: key)
        }
        guard case .object(var object)? = answer else { return .done }
        object["served"] = .bool(isServed)
        if context.invocation.format.isData {
            context.console.data(.object(object), context.invocation.format)
            return .done
        }
        for accepted in object["accepted"]?.arrayValue ?? [] {
            let isNew = accepted["new"]?.boolValue == true
            let (trigger, workflow) = (accepted["trigger"]?.stringValue ?? "", accepted["workflow"]?.stringValue ?? "")
            context.console.line(
                isNew
                    ? "trigger \(trigger): a run of \(workflow) is asked for"
                    : "trigger \(trigger): the key was used before, nothing new starts")
        }
        if !isServed {
            context.console.note("no 'batten serve' works on this store; the event is on disk until one does")
        }
        return .done
    }

    /// Asks the engines that serve, one after the other.
    ///
    /// - Returns: the first answer; nil when nobody answers.
    private static func ask(_ question: JSONValue, _ context: CommandContext) throws(CommandFailure) -> JSONValue? {
        guard let reader = try context.openReader() else { return nil }
        let engines = try orFailure { () throws(StoreError) in try reader.living(role: EngineRuntime.serving) }
        for engine in engines {
            let line = Array(JSONWriter.string(question).utf8)
            let bytes = try? EngineFolder.ask(line, of: engine, in: reader.folder, within: .seconds(5))
            guard let bytes = bytes ?? nil, let answer = try? JSONReader.parse(bytes) else { continue }
            guard let error = answer["error"]?.objectValue else { return answer }
            throw CommandFailure(
                error["code"]?.stringValue ?? "refused", error["message"]?.stringValue ?? "the engine refuses",
                help: error["help"]?.stringValue ?? "",
                exit: error["code"] == "no_such_event" ? .notFound : error["code"] == "bad_key" ? .usage : .store)
        }
        return nil
    }

    // MARK: Showing

    private static func show(_ triggers: [Trigger], _ last: [String: TriggerEvent], _ context: CommandContext) {
        let console = context.console
        if context.invocation.format.isData {
            let items = triggers.map { json($0, last: last[$0.name]) }
            return console.data(.object(["items": .array(items), "next_cursor": .null]), context.invocation.format)
        }
        guard !triggers.isEmpty else {
            return console.note("no triggers; write 'on' in a workflow and keep it with batten add")
        }
        var table = TextTable([
            .fixed("TRIGGER"), .flexible("WORKFLOW"), .flexible("ON", least: 16), .fixed("LAST"),
            .flexible("RUN", least: 12),
        ])
        for trigger in triggers {
            let event = last[trigger.name]
            table.add(
                [
                    trigger.name, trigger.workflow, trigger.rule.words,
                    event.map { "\($0.outcome.rawValue) \(TimeText.relative($0.at, now: context.now))" } ?? "–",
                    event.map { $0.run ?? $0.note ?? "–" } ?? "–",
                ], tones: [nil, nil, nil, event?.outcome == .refused ? .red : nil])
        }
        console.write(table.render(console.output))
    }

    private static func show(_ trigger: Trigger, _ events: [TriggerEvent], _ context: CommandContext) {
        let console = context.console
        if context.invocation.format.isData {
            guard case .object(var object) = json(trigger, last: events.first) else { return }
            object["events"] = .array(events.map(json))
            return console.data(.object(object), context.invocation.format)
        }
        console.line("trigger \(trigger.name) of \(trigger.workflow)")
        for (key, value) in trigger.rule.json {
            console.line("  \(key): \(TextFit.clean(value.stringValue ?? JSONWriter.string(value)))")
        }
        guard !events.isEmpty else { return }
        var table = TextTable([
            .fixed("CAME"), .fixed("OUTCOME"), .fixed("RUN"), .flexible("KEY", least: 16), .flexible("NOTE"),
        ])
        for event in events {
            table.add([
                event.at.rfc3339(fractionDigits: 0), event.outcome.rawValue, event.run ?? "–", event.key,
                event.note ?? "",
            ])
        }
        console.write(table.render(console.output))
    }

    private static func json(_ trigger: Trigger, last: TriggerEvent?) -> JSONValue {
        .object([
            "trigger": .string(trigger.name), "workflow": .string(trigger.workflow), "on": .object(trigger.rule.json),
            "created_at": .string(trigger.createdAt.rfc3339), "last": last.map(json) ?? .null,
        ])
    }

    private static func json(_ event: TriggerEvent) -> JSONValue {
        .object([
            "key": .string(event.key), "at": .string(event.at.rfc3339), "outcome": .string(event.outcome.rawValue),
            "run": event.run.map { .string($0) } ?? .null, "data": .object(event.data),
            "note": event.note.map { .string($0) } ?? .null,
        ])
    }
}

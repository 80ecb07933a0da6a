import BattenCore
import BattenStore

/// `batten logs`.
enum LogsCommand {
    static let description = CommandDescription(
        "logs", .inspecting, "show what a run's stages wrote",
        arguments: [
            ArgumentDescription("RUN", .required, "a run id, the beginning of one, or - for the last run"),
            ArgumentDescription("STAGE", .optional, "lines of this stage only"),
        ],
        options: [
            .value("item", "N", .integer(0...1_000_000), "lines of this item of the stage only, counted from 0"),
            .flag("follow", short: "f", "go on until the run has ended"),
        ],
        formats: [.text, .json, .ndjson, .yaml],
        examples: [
            CommandExample("batten logs - build", "shows the log of a stage of the last run"),
            CommandExample("batten logs - -f", "follows the last run"),
        ],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in try run(context, invocation) })

    private static func run(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        let found = try NamedRun.find(invocation.argument("RUN") ?? "", in: context)
        let id = found.row.id
        guard let reader = try context.openReader() else { return .done }
        let stage = invocation.argument("STAGE")
        let item = invocation.integer("item")
        if let stage {
            let stages = try orFailure { () throws(StoreError) in try reader.stages(run: id) }
            let rows = stages.filter { $0.id == stage }
            guard !rows.isEmpty else {
                throw .notFound(
                    "no_such_stage", "run \(id) has no stage '\(stage)'",
                    help: DidYouMean.help(for: stage, in: stages.filter { $0.item == nil }.map(\.id)))
            }
            if let item, !rows.contains(where: { $0.item == item }) {
                let count = rows.count - 1
                throw .notFound(
                    "no_such_item", "stage '\(stage)' of run \(id) has no item \(item)",
                    help: count > 0 ? "its items are 0 to \(count - 1)" : "it has no items")
            }
        } else if item != nil {
            throw .usage("stage_needed", "--item needs a stage", help: "write: batten logs RUN STAGE --item N")
        }
        let format = invocation.format
        let follows = invocation.has("follow")
        let tail = try StoreTail(context)
        var cursor: String?
        var items: [JSONValue] = []
        var hasLines = false
        while !context.console.isOutputClosed {
            // The state is read before the lines: what a run wrote before it ended is then among them.
            let isOver = try NamedRun.find(id, in: context).row.status.isTerminal
            var isMore = true
            while isMore, !context.console.isOutputClosed {
                let page = try orFailure { () throws(StoreError) in
                    try reader.logs(run: id, stage: stage, item: item, after: cursor, limit: 1_000)
                }
                cursor = page.nextCursor
                isMore = !page.items.isEmpty
                hasLines = hasLines || !page.items.isEmpty
                for line in page.items {
                    switch format {
                    case .ndjson: context.console.line(JSONWriter.string(json(line)))
                    case .json, .yaml: items.append(json(line))
                    default:
                        context.console.line(
                            text(line, isOneStage: stage != nil, isOneItem: item != nil, context.console.output))
                    }
                }
            }
            context.console.flush()
            if !follows || isOver { break }
            try tail.waitForChange()
        }
        if format == .json || format == .yaml {
            context.console.data(.object(["items": .array(items), "next_cursor": .null]), format)
        }
        if !hasLines, !format.isData {
            context.console.note((stage.map { "stage '\($0)' of run \(id)" } ?? "run \(id)") + " has written no lines")
        }
        return .done
    }

    private static func text(_ line: LogLine, isOneStage: Bool, isOneItem: Bool, _ profile: TextProfile) -> String {
        let item = isOneItem ? "" : line.item.map { "[\($0)]" } ?? ""
        let source = (isOneStage ? "" : TextFit.clean(line.stage)) + item
        let name = source.isEmpty ? "" : profile.paint(source, .bold) + " "
        let stream = line.stream == "stdout" ? "" : "[\(TextFit.clean(line.stream))] "
        return profile.paint(TimeText.clock(line.at), .dim) + " " + name + stream + TextFit.clean(line.text)
    }

    private static func json(_ line: LogLine) -> JSONValue {
        var object: JSONObject = ["at": .string(line.at.rfc3339), "stage": .string(line.stage)]
        if let item = line.item { object["item"] = .int(Int64(item)) }
        object["attempt"] = .int(Int64(line.attempt))
        object["stream"] = .string(line.stream)
        object["text"] = .string(line.text)
        return .object(object)
    }
}

/// `batten events`.
enum EventsCommand {
    static let description = CommandDescription(
        "events", .inspecting, "show a run's journal: every decision in its order",
        arguments: [ArgumentDescription("RUN", .required, "a run id, the beginning of one, or - for the last run")],
        options: [.flag("follow", short: "f", "go on until the run has ended")],
        formats: [.text, .json, .ndjson],
        examples: [
            CommandExample("batten events -", "lists the events of the last run"),
            CommandExample("batten events - --format json -f | jq .type", "gives one object a line as they come"),
        ],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let id = try NamedRun.find(invocation.argument("RUN") ?? "", in: context).row.id
            guard let reader = try context.openReader() else { return .done }
            let tail = try StoreTail(context)
            var last: Int64 = 0
            while !context.console.isOutputClosed {
                let records = try orFailure { () throws(StoreError) in
                    try reader.events(run: id, after: last, limit: 1_000)
                }
                for record in records {
                    context.console.line(
                        invocation.format.isData
                            ? JSONWriter.string(record.json(run: id)) : text(record, context.console.output))
                }
                context.console.flush()
                if let seq = records.last?.seq {
                    last = seq
                    continue
                }
                guard invocation.has("follow"), try !NamedRun.find(id, in: context).row.status.isTerminal else { break }
                try tail.waitForChange()
            }
            return .done
        })

    private static func text(_ record: JournalRecord, _ profile: TextProfile) -> String {
        var parts = [
            TextFit.pad(String(record.seq), to: 4, right: true), profile.paint(TimeText.clock(record.at), .dim),
            record.type,
        ]
        if let stage = record.stage {
            parts.append(profile.paint(TextFit.clean(stage) + (record.item.map { "[\($0)]" } ?? ""), .bold))
        }
        if let attempt = record.attempt { parts.append("attempt \(attempt)") }
        let data = JSONWriter.string(record.data)
        if data != "{}", data != "null" { parts.append(profile.paint(TextFit.cut(TextFit.clean(data), to: 200), .dim)) }
        return parts.joined(separator: " ")
    }
}

import BattenCore

/// Writes a run's events as data, one object a line: what is on disk with its `seq`, what came live without one.
struct EventLines: RunDisplay {
    /// The lines of the runs that this one has started, by run id.
    private var children: [String: ChildLines] = [:]
    private let write: @Sendable (String) -> Void
    /// The run's id: what is first told of it has its row.
    private var run: String
    private var attempts: [Instance: Int] = [:]

    /// A stage, or one of its items.
    private struct Instance: Hashable {
        let stage: String
        let item: Int?
    }

    /// Creates a writer.
    ///
    /// - Parameters:
    ///   - run: the run's id; empty while it has none.
    ///   - write: takes the lines.
    init(run: String = "", write: @escaping @Sendable (String) -> Void) {
        self.run = run
        self.write = write
    }

    var refresh: Duration? { nil }

    mutating func show(_ events: [FollowEvent], now: Timestamp) {
        var text = ""
        for event in events {
            switch event {
            case .committed(let records, let row, let stages):
                for stage in stages { attempts[Instance(stage: stage.id, item: stage.item)] = stage.attempts }
                if let row { run = row.id }
                for record in records { text += JSONWriter.string(record.json(run: run)) + "\n" }
            // What is on disk already was told when it came about.
            case .takenUp(let picture): run = picture.id
            case .log(let log):
                let data: JSONValue = .object(["stream": .string(log.stream), "text": .string(log.text)])
                text += live("log_line", Instance(stage: log.stage, item: log.item), log.attempt, data, log.at)
            case .progress(let stage, let item, let fraction, let note):
                let instance = Instance(stage: stage, item: item)
                let data: JSONValue = .object([
                    "fraction": fraction.map { .double($0) } ?? .null, "note": .string(note),
                ])
                text += live("stage_progress", instance, attempts[instance], data, now)
            case .stream(let stage, let item, let piece):
                let instance = Instance(stage: stage, item: item)
                text += live("stage_stream", instance, attempts[instance], .object(["text": .string(piece)]), now)
            case .usage(let stage, let metric, let subject, let amount, let cost):
                let instance = Instance(stage: stage, item: nil)
                let data: JSONValue = .object([
                    "metric": .string(metric), "subject": .string(subject), "amount": .int(amount),
                    "cost_usd": NumberText.data(dollars: cost),
                ])
                text += live("stage_usage", instance, attempts[instance], data, now)
            case .child(let run, let inner):
                if !text.isEmpty { write(text) }
                text = ""
                var child = children[run] ?? ChildLines(EventLines(run: run, write: write))
                child.show(inner, now: now)
                children[run] = child.isOver ? nil : child
            case .resized: break
            }
        }
        if !text.isEmpty { write(text) }
    }

    mutating func finish(now: Timestamp) {}

    private func live(
        _ type: String, _ instance: Instance, _ attempt: Int?, _ data: JSONValue, _ at: Timestamp
    ) -> String {
        var object: JSONObject = [
            "seq": .null, "at": .string(at.rfc3339), "run": .string(run), "stage": .string(instance.stage),
        ]
        if let item = instance.item { object["item"] = .int(Int64(item)) }
        object["attempt"] = attempt.map { .int(Int64($0)) } ?? .null
        object["type"] = .string(type)
        object["data"] = data
        return JSONWriter.string(.object(object)) + "\n"
    }
}

/// The lines of a run that another one has started, until it is over.
private struct ChildLines {
    private var lines: [EventLines]
    private(set) var isOver = false

    init(_ lines: EventLines) { self.lines = [lines] }

    mutating func show(_ event: FollowEvent, now: Timestamp) {
        lines[0].show([event], now: now)
        if case .committed(_, let row?, _) = event, row.status.isTerminal { isOver = true }
    }
}

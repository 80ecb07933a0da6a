import BattenCore

/// Writes a run's events as data, one object a line: what is on disk with its `seq`, what came live without one.
struct EventLines: RunDisplay {
    private let write: @Sendable (String) -> Void
    private let run: @Sendable () -> String
    private var attempts: [String: Int] = [:]

    /// Creates a writer.
    ///
    /// - Parameters:
    ///   - run: gives the run's id.
    ///   - write: takes the lines.
    init(run: @escaping @Sendable () -> String, write: @escaping @Sendable (String) -> Void) {
        self.run = run
        self.write = write
    }

    var refresh: Duration? { nil }

    mutating func show(_ events: [FollowEvent], now: Timestamp) {
        var text = ""
        for event in events {
            switch event {
            case .committed(let records, let row, let stages):
                for stage in stages { attempts[stage.id] = stage.attempts }
                let id = row?.id ?? run()
                for record in records { text += JSONWriter.string(record.json(run: id)) + "\n" }
            case .log(let log):
                let data: JSONValue = .object(["stream": .string(log.stream), "text": .string(log.text)])
                text += live("log_line", log.stage, log.attempt, data, log.at)
            case .progress(let stage, let fraction, let note):
                let data: JSONValue = .object([
                    "fraction": fraction.map { .double($0) } ?? .null, "note": .string(note),
                ])
                text += live("stage_progress", stage, attempts[stage], data, now)
            case .stream(let stage, let piece):
                text += live("stage_stream", stage, attempts[stage], .object(["text": .string(piece)]), now)
            case .usage(let stage, let metric, let subject, let amount):
                let data: JSONValue = .object([
                    "metric": .string(metric), "subject": .string(subject), "amount": .int(amount),
                ])
                text += live("stage_usage", stage, attempts[stage], data, now)
            case .resized: break
            }
        }
        if !text.isEmpty { write(text) }
    }

    mutating func finish(now: Timestamp) {}

    private func live(
        _ type: String, _ stage: String, _ attempt: Int?, _ data: JSONValue, _ at: Timestamp
    ) -> String {
        let value: JSONValue = .object([
            "seq": .null, "at": .string(at.rfc3339), "run": .string(run()), "stage": .string(stage),
            "attempt": attempt.map { .int(Int64($0)) } ?? .null, "type": .string(type), "data": data,
        ])
        return JSONWriter.string(value) + "\n"
    }
}

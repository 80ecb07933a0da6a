import BattenCore

/// Commands that show runs, plugins and the store, as the program's commands do.
extension ReplVerb {
    static let looks: [ReplVerb] = [
        ReplVerb(
            "logs", "NAME", "show what a line's stage wrote", argument: .name,
            body: { repl, rest, line in
                let (run, stage) = try repl.run(rest, line)
                return try repl.program(["logs", run] + (stage.map { [$0] } ?? []), line)
            }),
        ReplVerb(
            "status", "NAME|RUN", "show a run", argument: .name,
            body: { repl, rest, line in try repl.program(["status", try repl.run(rest, line).run], line) }),
        ReplVerb(
            "events", "NAME|RUN", "show every decision of a run", argument: .name,
            body: { repl, rest, line in try repl.program(["events", try repl.run(rest, line).run], line) }),
        ReplVerb(
            "why", "NAME|RUN", "tell what a run waits for", argument: .name,
            body: { repl, rest, line in try repl.program(["why", try repl.run(rest, line).run], line) }),
        ReplVerb(
            "usage", "", "show what this session has used, and what it cost",
            body: { repl, rest, line in
                try repl.program(["usage", "--workflow", repl.session.name] + repl.words(rest), line)
            }),
        ReplVerb(
            "runs", "[OPTIONS]", "list the runs of this session; with options as 'batten runs'",
            body: { repl, rest, line in
                let words = rest.isEmpty ? ["--workflow", repl.session.name] : repl.words(rest)
                return try repl.program(["runs"] + words, line)
            }),
        ReplVerb(
            "sql", "SELECT …", "query the store, read-only",
            body: { repl, rest, line in try repl.program(["query", rest], line) }),
        ReplVerb(
            "plugins", "", "list plugins and their executors",
            body: { repl, _, line in try repl.program(["plugin", "list"], line) }),
        ReplVerb(
            "info", "EXECUTOR|PLUGIN", "show what an executor takes and gives", argument: .executor,
            body: { repl, rest, line in try repl.program(["plugin", "info"] + repl.words(rest), line) }),
        ReplVerb(
            "explain", "CODE", "tell what a diagnostic's code means",
            body: { repl, rest, line in try repl.program(["explain"] + repl.words(rest), line) }),
    ]
}

extension Repl {
    /// The run of a line by the line's name, and its stage; anything else is taken for a run's id.
    func run(_ text: String, _ line: LineSource) throws(CommandFailure) -> (run: String, stage: String?) {
        if let attached {
            if text.isEmpty { return (attached, nil) }
            let isStage = session.entry(text).map { session.entries[$0].run == attached } ?? true
            if isStage, let row = try? NamedRun.report(of: attached, in: context).stages.first(where: { $0.id == text })
            {
                return (attached, row.id)
            }
        }
        guard !text.isEmpty else {
            guard let last = session.entries.last(where: { !$0.run.isEmpty }) else {
                throw .notFound("no_such_run", "nothing was run yet", help: "name a run, or run something first")
            }
            return (last.run, last.id)
        }
        guard let place = session.entry(text) else { return (text, nil) }
        let entry = session.entries[place]
        guard !entry.run.isEmpty else {
            throw .notFound("no_such_run", "'\(text)' was not run: its outputs were given with :mock")
        }
        return (entry.run, entry.id)
    }

    /// The words of a command's arguments.
    func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}

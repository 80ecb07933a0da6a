import BattenCore

/// Commands about what runs in the background and what waits for people.
extension ReplVerb {
    static let jobs: [ReplVerb] = [
        ReplVerb(
            "jobs", "", "list the lines that still run",
            body: { repl, _, line in
                let running = repl.session.entries.filter(\.isRunning)
                repl.output.data(
                    ["items": .array(running.map { .object(ReplOutput.members($0)) })],
                    running.isEmpty
                        ? ["nothing runs"] : running.map { "▶ \($0.name)  \($0.definition.uses)  (run \($0.run))" },
                    line)
                return .done
            }),
        ReplVerb(
            "wait", "[NAME]", "wait for a line, or for all that run", argument: .name,
            body: { repl, rest, line in try repl.wait(rest, line) }),
        ReplVerb(
            "fg", "[NAME]", "follow a line that runs, the newest without a name, to its end", argument: .name,
            body: { repl, rest, line in
                let newest = repl.session.entries.last(where: \.isRunning)?.name ?? ""
                return try repl.wait(rest.isEmpty ? newest : rest, line)
            }),
        ReplVerb(
            "cancel", "NAME|RUN [--now]", "cancel what runs", argument: .name,
            body: { repl, rest, line in
                let words = repl.words(rest)
                let run = try repl.run(words.first ?? "", line).run
                return try repl.program(["cancel", run] + words.dropFirst(), line)
            }),
        ReplVerb(
            "gates", "", "list the questions that wait for an answer",
            body: { repl, rest, line in try repl.program(["gates"] + repl.words(rest), line) }),
        ReplVerb(
            "approve", "NAME|RUN [STAGE] [--form k=v]", "answer a gate with yes", argument: .name,
            body: { repl, rest, line in try repl.answer("approve", rest, line) }),
        ReplVerb(
            "reject", "NAME|RUN [STAGE] --reason TEXT", "answer a gate with no", argument: .name,
            body: { repl, rest, line in try repl.answer("reject", rest, line) }),
        ReplVerb(
            "signal", "NAME|RUN SIGNAL [--data JSON]", "hand a signal to a run", argument: .name,
            body: { repl, rest, line in
                var words = try repl.shellWords(rest)
                if let run = repl.attached, words.prefix(while: { !$0.hasPrefix("-") }).count == 1 {
                    words.insert(run, at: 0)
                } else if !words.isEmpty {
                    words[0] = try repl.run(words[0], line).run
                }
                return try repl.program(["signal"] + words, line)
            }),
    ]
}

extension Repl {
    fileprivate func wait(_ name: String, _ line: LineSource) throws -> Outcome {
        guard !name.isEmpty else {
            let code = finishAll()
            return code == .done ? .done : .failed(code)
        }
        guard let place = session.entry(name) else {
            throw CommandFailure.notFound(
                "no_such_name", "there is no name '\(name)' in this session",
                help: DidYouMean.nearest(to: name, in: session.names).map { "did you mean '\($0)'?" } ?? "")
        }
        // How it ended was told when it was seen.
        guard session.entries[place].isRunning else {
            return session.entries[place].outputs == nil ? .failed(.runFailed) : .done
        }
        return try finish(place, line)
    }

    fileprivate func answer(_ verb: String, _ rest: String, _ line: LineSource) throws -> Outcome {
        var words = try shellWords(rest)
        guard let first = words.first, !first.hasPrefix("-") else {
            throw CommandFailure.usage(
                "name_needed", ":\(verb) needs a name or a run", help: ":gates lists what is asked")
        }
        let (run, stage) = try run(first, line)
        words[0] = run
        if let stage, words.count < 2 || words[1].hasPrefix("-") { words.insert(stage, at: 1) }
        return try program([verb] + words, line)
    }

    /// Words as a shell takes them: quotes keep spaces.
    func shellWords(_ text: String) throws(CommandFailure) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character == " " {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { throw .usage("open_quote", "a quote is not closed", help: "close it") }
        if let word { words.append(word) }
        return words
    }
}

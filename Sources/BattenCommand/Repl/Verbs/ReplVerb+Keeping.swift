import BattenCore
import BattenSpec
import BattenSystem

/// Commands about what the session has become: saving, drawing, taking back, trying again.
extension ReplVerb {
    static let keeping: [ReplVerb] = [
        ReplVerb(
            "save", "FILE [--force]", "write the session as a workflow",
            details:
                "The file holds the lines that names stand for and those they read, with 'depends_on' from their references. "
                + "Outputs of the run are the names that no other line reads. Secrets are named, never written.",
            argument: .file,
            body: { repl, rest, line in try repl.save(rest, line) }),
        ReplVerb(
            "graph", "", "draw what the names stand for, and what they read",
            body: { repl, _, line in
                let plan = try repl.plan()
                repl.output.text(
                    GraphReport(plan: plan).text(repl.output.console.output).split(separator: "\n").map(String.init),
                    line)
                return .done
            }),
        ReplVerb(
            "plan", "", "show the session as a workflow, level by level",
            body: { repl, _, line in
                let plan = try repl.plan()
                let text = PlanReport(plan: plan, parameters: [:]).text(repl.output.console.output)
                repl.output.data(
                    plan.description,
                    text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init),
                    line)
                return .done
            }),
        ReplVerb(
            "retry", "[NAME]", "carry out a line again, the last one without a name", argument: .name,
            body: { repl, rest, line in try repl.again(rest, line) }),
        ReplVerb(
            "edit", "[NAME]", "change a line in $EDITOR and carry it out", argument: .name,
            body: { repl, rest, line in try repl.edit(rest, line) }),
        ReplVerb(
            "undo", "", "let names stand for what they stood for before the last line; runs stay",
            body: { repl, _, line in
                guard let changed = repl.session.undo() else {
                    throw CommandFailure.usage("nothing_to_undo", "there is nothing to take back")
                }
                try repl.remember(line)
                repl.output.text(
                    [changed.isEmpty ? "taken back" : "taken back: \(changed.joined(separator: ", "))"], line)
                return .done
            }),
        ReplVerb(
            "param", "NAME=VALUE", "give the session a parameter; its value is the default in a saved workflow",
            body: { repl, rest, line in try repl.parameter(line) }),
        ReplVerb(
            "set", "[lines N|all] [time on|off]", "change how values are shown; alone it tells what holds",
            body: { repl, rest, line in try repl.change(rest, line) }),
        ReplVerb(
            "time", "[LINE]", "carry out a line and tell how long it took; alone: tell it of every line",
            body: { repl, rest, line in try repl.time(rest, line) }),
    ]
}

extension Repl {
    /// The session as a plan.
    fileprivate func plan() throws -> Plan {
        let written = try SessionWriter(session: session, context: context).workflow(named: session.name)
        return try CheckedWorkflow.plan(
            written.definition, snapshot: WorkflowWriter.canonical(written.definition), parsed: written.parsed,
            in: context)
    }

    fileprivate func save(_ rest: String, _ line: LineSource) throws -> Outcome {
        let words = words(rest)
        let paths = words.filter { $0 != "--force" }
        guard paths.count == 1 else {
            throw CommandFailure.usage(
                "file_needed", ":save takes the name of a file", help: "for example :save brief.yaml")
        }
        let path = context.absolute(paths[0])
        if FileSystem.exists(path), !words.contains("--force"), !saved.contains(path) {
            throw CommandFailure.usage(
                "file_exists", "'\(paths[0])' is there already", help: "to replace it: :save \(paths[0]) --force")
        }
        let writer = SessionWriter(session: session, context: context)
        let written = try writer.workflow(named: Self.workflowName(PathText.name(paths[0])))
        let isJSON = PathText.fileExtension(paths[0]) == "json"
        let text = isJSON ? WorkflowWriter.jsonText(written.definition) : writer.yaml(written)
        // What is written is what was checked: it is read back before it replaces anything.
        let label = isJSON ? "saved.json" : "saved.yaml"
        let result = try CheckedWorkflow.read(WorkflowText(label: label, bytes: Array(text.utf8)), in: context)
        guard result.definition != nil else { throw LineFault(diagnostics: result.diagnostics, source: result.source) }
        try RunSession.asFailure { try FileSystem.writeAtomically(Array(text.utf8), to: path, mode: 0o644) }
        saved.insert(path)
        let count = written.definition.stages.count
        output.text(
            ["saved \(paths[0]): \(count) \(count == 1 ? "stage" : "stages"); run it with: batten run \(paths[0])"],
            line)
        return .done
    }

    /// A workflow's name from that of a file.
    private static func workflowName(_ file: String) -> String {
        let stem = file.split(separator: ".", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        var name = ""
        for byte in stem.lowercased().utf8 {
            let isFit = byte.continuesName && (byte != UInt8(ascii: "_") || !name.isEmpty)
            if isFit {
                name.append(Character(Unicode.Scalar(byte)))
            } else if !name.isEmpty, !name.hasSuffix("-") {
                name.append("-")
            }
        }
        while name.hasSuffix("-") { name.removeLast() }
        return name.isEmpty ? "session" : String(name.prefix(64))
    }

    // MARK: Again

    /// The newest entry of a name, or the newest of all.
    private func entry(_ name: String) throws(CommandFailure) -> SessionEntry {
        if name.isEmpty {
            guard let last = session.entries.last else {
                throw .notFound("no_line", "nothing was run yet", help: "run a line first")
            }
            return last
        }
        guard let place = session.entry(name) else {
            throw .notFound(
                "no_such_name", "there is no name '\(name)' in this session",
                help: DidYouMean.nearest(to: name, in: session.names).map { "did you mean '\($0)'?" } ?? "")
        }
        return session.entries[place]
    }

    fileprivate func again(_ name: String, _ line: LineSource) throws -> Outcome {
        let entry = try entry(name)
        if case .file = entry.origin { return try step(entry.definition, line) }
        return try carryOut(entry.line.bytes, named: entry.name, line)
    }

    fileprivate func edit(_ name: String, _ line: LineSource) throws -> Outcome {
        let entry = try entry(name)
        if case .file = entry.origin {
            throw CommandFailure.usage(
                "not_a_line", "'\(entry.name)' comes from a file that was loaded",
                help: "change the file and :load it again, or write a line of this name")
        }
        let editor = context.environment["VISUAL"] ?? context.environment["EDITOR"] ?? "vi"
        let folder = try RunSession.asFailure { try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-edit-") }
        defer { try? FileSystem.removeTree(folder) }
        let path = "\(folder)/line.btn"
        try RunSession.asFailure {
            try FileSystem.writeAtomically(entry.line.bytes + [0x0A], to: path)
            let end = try ForegroundProcess.run(
                "\(editor) \"$1\"", arguments: [path], environment: context.environment)
            guard end == .exited(0) else {
                throw CommandFailure(
                    "editor_failed", "'\(editor)' did not end well", help: "set EDITOR", exit: .runFailed)
            }
        }
        var bytes = try RunSession.asFailure { try FileSystem.read(path) }
        while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
        guard !bytes.isEmpty else {
            output.text(["the line is empty: nothing was done"], line)
            return .done
        }
        return try carryOut(bytes, named: entry.name, line)
    }

    /// Carries out the text of an earlier line; one without a name keeps the one it was given.
    private func carryOut(_ bytes: [UInt8], named name: String, _ line: LineSource) throws -> Outcome {
        let source = LineSource(path: line.path, firstLine: line.firstLine, bytes: bytes)
        let statement = try LineParser.parse(source, LineShape(bytes), try knowledge())
        if case .stage(let stage, _) = statement, stage.name == nil {
            let named = LineSource(
                path: line.path, firstLine: line.firstLine, bytes: Array("\(name) = ".utf8) + bytes)
            if !output.isData { output.console.note(named.text) }
            return attempt(named)
        }
        if !output.isData { output.console.note(source.text) }
        return attempt(source)
    }

    // MARK: Settings

    fileprivate func parameter(_ line: LineSource) throws -> Outcome {
        let bytes = line.bytes
        var scanner = LineScanner(bytes, bytes.trimmed(0..<bytes.count))
        _ = scanner.piece()
        scanner.skipSpace()
        guard let range = scanner.name() else {
            throw line.fault(
                .badLine, "':param' takes NAME=VALUE", at: bytes.trimmed(0..<bytes.count),
                help: "for example :param city=\"Oslo\"")
        }
        let word = LineWord(text: bytes.text(range), range: range)
        scanner.skipSpace()
        guard scanner.equals() else {
            throw line.fault(
                .badLine, "the parameter '\(word.text)' has no value", at: range, help: "write :param \(word.text)=…")
        }
        guard ExpressionNamespace(rawValue: word.text) == nil, session.current[word.text] == nil else {
            throw line.fault(
                .duplicateName, "'\(word.text)' is a name already", at: range, help: "take another name")
        }
        let value = try evaluate(scanner.place..<scanner.end, line, bytes)
        guard let type = ValueType(rawValue: value.typeName) else {
            throw line.fault(.typeMismatch, "a parameter cannot be null", at: range, help: "give it a value")
        }
        session.set(Session.Parameter(name: word.text, type: type, value: value))
        try remember(line)
        output.text(
            ["\(word.text) = \(ValueText.brief(value, columns: output.console.output.width - word.text.count - 3))"],
            line)
        return .done
    }

    fileprivate func change(_ rest: String, _ line: LineSource) throws -> Outcome {
        let words = words(rest)
        switch (words.first, words.count) {
        case (nil, _): break
        case ("lines", 2):
            if words[1] == "all" {
                output.lineLimit = nil
            } else if let count = Int(words[1]), count > 0 {
                output.lineLimit = count
            } else {
                throw CommandFailure.usage(
                    "bad_setting", "'\(words[1])' is no number of lines", help: "write a number, or all")
            }
        case ("time", 2):
            guard words[1] == "on" || words[1] == "off" else {
                throw CommandFailure.usage("bad_setting", "'\(words[1])' is neither on nor off")
            }
            showsTime = words[1] == "on"
        case ("edit", 2):
            guard let mode = EditMode(rawValue: words[1]) else {
                throw CommandFailure.usage("bad_setting", "'\(words[1])' is neither emacs nor vi")
            }
            editMode = mode
        default:
            throw CommandFailure.usage(
                "bad_setting", "there is no setting '\(rest)'",
                help: "lines N, lines all, time on, time off, edit emacs, edit vi")
        }
        output.text(
            [
                "lines \(output.lineLimit.map { "\($0)" } ?? "all")", "time \(showsTime ? "on" : "off")",
                "edit \(editMode.rawValue)",
            ], line)
        return .done
    }

    fileprivate func time(_ rest: String, _ line: LineSource) throws -> Outcome {
        guard !rest.isEmpty else {
            showsTime.toggle()
            output.text(["time \(showsTime ? "on" : "off")"], line)
            return .done
        }
        // The rest stands at its place, so that problems are shown where they are.
        var bytes = line.bytes
        let end = bytes.trimmed(0..<bytes.count).upperBound
        for place in 0..<end - rest.utf8.count { bytes[place] = 0x20 }
        let start = MonotonicClock.now()
        let outcome = attempt(LineSource(path: line.path, firstLine: line.firstLine, bytes: bytes))
        let taken = Duration.nanoseconds(MonotonicClock.now() - start)
        output.data(
            ["took_ms": .int(taken.saturatedNanoseconds / 1_000_000)], ["took \(TimeText.elapsed(taken))"], line)
        return outcome
    }

    /// Puts a command that changes the session on disk, as a run of its own, for whoever takes the session up.
    func remember(_ line: LineSource) throws {
        guard !isReplaying else { return }
        var text = StageText(uses: LineWord(text: "set", range: 0..<0))
        text.with = [
            (LineWord(text: "command", range: 0..<0), .text(MappedText(line.text.escapedTemplate, from: 0..<0)))
        ]
        let made = try LineWorkflow.make(
            text, id: "session", line: line, note: ["command": .string(line.text)], session: session, in: context)
        let run = try engine.submit(made.submission)
        _ = try engine.wait(run)
        engine.forget(run)
    }
}

import BattenCore
import BattenSpec

/// Help, values and the end.
extension ReplVerb {
    static let basics: [ReplVerb] = [
        ReplVerb(
            "help", "[COMMAND|EXECUTOR|FUNCTION]", "tell how lines and commands are written", argument: .verb,
            body: { repl, rest, line in try repl.help(rest, line) }),
        ReplVerb(
            "vars", "", "list names with their types and values",
            body: { repl, _, line in
                repl.vars(line)
                return .done
            }),
        ReplVerb(
            "type", "EXPRESSION", "tell the type of a value", argument: .expression,
            body: { repl, rest, line in
                let value = try repl.evaluate(argument: rest, line)
                repl.output.data(.string(ValueText.type(value)), [ValueText.type(value)], line)
                return .done
            }),
        ReplVerb(
            "all", "EXPRESSION", "show a value uncut", argument: .expression,
            body: { repl, rest, line in
                let value = try repl.evaluate(argument: rest, line)
                var output = repl.output
                output.lineLimit = nil
                output.value(value, line)
                return .done
            }),
        ReplVerb("quit", "", "end the session", body: { _, _, _ in .quit }),
    ]
}

extension Repl {
    /// The value of an expression that a command is given.
    func evaluate(argument text: String, _ line: LineSource) throws -> JSONValue {
        let bytes = line.bytes
        guard !text.isEmpty else {
            throw line.fault(
                .badLine, "an expression is missing", at: bytes.trimmed(0..<bytes.count),
                help: "name a value, for example :type page.status")
        }
        let range = bytes.trimmed(0..<bytes.count)
        return try evaluate(range.upperBound - text.utf8.count..<range.upperBound, line, bytes)
    }

    fileprivate func vars(_ line: LineSource) {
        if output.isData {
            let items = session.names.compactMap { name in
                session.current[name].map { JSONValue.object(ReplOutput.members(session.entries[$0])) }
            }
            let parameters = JSONObject(session.parameters.map { ($0.name, $0.value) })
            return output.record(line, "data", ["data": ["items": .array(items), "parameters": .object(parameters)]])
        }
        if session.names.isEmpty, session.parameters.isEmpty, session.functions.isEmpty {
            return output.text(["nothing has a name yet; try: x = 1 + 1"], line)
        }
        var table = TextTable([.fixed("NAME"), .flexible("FROM"), .flexible("TYPE"), .flexible("VALUE")])
        for parameter in session.parameters {
            table.add([
                parameter.name, "parameter", parameter.type.rawValue, ValueText.brief(parameter.value, columns: 200),
            ])
        }
        for name in session.names {
            guard let place = session.current[name] else { continue }
            let entry = session.entries[place]
            let uses = entry.member == "value" ? "expression" : entry.definition.uses
            guard let value = entry.value else {
                var state = "still runs"
                if case .ended(let status, _) = entry.state { state = StatusText.word(status) }
                table.add([name, uses, "", "\(state) (run \(entry.run))"])
                continue
            }
            table.add([name, uses, ValueText.type(value), ValueText.brief(value, columns: 200)])
        }
        for function in session.functions.values.sorted(by: { $0.name < $1.name }) {
            table.add([function.name, function.library, "function", function.signature])
        }
        output.console.write(table.render(output.console.output))
        output.console.flush()
    }

    fileprivate func help(_ topic: String, _ line: LineSource) throws -> Outcome {
        let word = topic.hasPrefix(":") ? String(topic.dropFirst()) : topic
        if word.isEmpty {
            output.text(Self.overview, line)
            return .done
        }
        if let verb = ReplVerb.all.first(where: { $0.name == word }) {
            output.text(["\(verb.label): \(verb.summary)"] + (verb.details.isEmpty ? [] : [verb.details]), line)
            return .done
        }
        if let signature = Expression.functionSignatures[word] {
            output.text([signature], line)
            return .done
        }
        if word.contains(".") { return try program(["plugin", "info", word], line) }
        throw CommandFailure.notFound(
            "no_such_topic", "there is no help about '\(word)'",
            help: DidYouMean.nearest(
                to: word, in: ReplVerb.all.map(\.name) + Expression.functionSignatures.keys.sorted()
            )
            .map { "did you mean '\($0)'?" } ?? ":help lists the commands")
    }

    private static let overview: [String] = {
        var lines = [
            "name = plugin.executor key=value …   calls an executor; its outputs are name.output",
            "name = expression                    gives a value a name",
            "expression                           shows a value",
            "… &                                  goes on in the background",
            "",
            "A value behind key= ends at a space. Text stands in quotes and may hold ${{ name.output }};",
            "an expression of several words stands in round brackets: n=(a + 1).",
            "Fields of the stage itself, such as timeout=5s or retry={max_attempts: 3}, stand beside them;",
            "@timeout= names the stage's where the executor has a field of the same name.",
            "",
        ]
        let width = ReplVerb.all.map(\.label.count).max() ?? 0
        lines += ReplVerb.all.map { "\($0.label.padded(to: width))  \($0.summary)" }
        return lines
    }()
}

extension String {
    /// The text filled up with spaces.
    fileprivate func padded(to count: Int) -> String { TextFit.pad(self, to: count) }
}

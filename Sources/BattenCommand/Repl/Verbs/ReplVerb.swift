import BattenCore
import BattenSpec

/// A command of the session, `:name …`.
struct ReplVerb: Sendable {
    /// What an argument of it is, for completion.
    enum Argument: Sendable, Hashable {
        case none, name, expression, file, executor, run, verb, plugin
    }

    typealias Body = @Sendable (Repl, String, LineSource) throws -> Repl.Outcome

    /// Name without the colon.
    let name: String
    /// Its arguments as help shows them.
    let usage: String
    /// One line without a full stop at the end.
    let summary: String
    /// Further lines of its help.
    let details: String
    /// What its arguments are.
    let argument: Argument
    /// What it does.
    let body: Body

    init(
        _ name: String, _ usage: String = "", _ summary: String, details: String = "", argument: Argument = .none,
        body: @escaping Body
    ) {
        self.name = name
        self.usage = usage
        self.summary = summary
        self.details = details
        self.argument = argument
        self.body = body
    }

    /// The command with its arguments.
    var label: String { usage.isEmpty ? ":\(name)" : ":\(name) \(usage)" }

    /// All commands, in the order of the help page.
    static let all: [ReplVerb] = basics + keeping + stepping + jobs + attaching + plugins + looks
}

extension Repl {
    /// Carries out a command; its name may be shortened as long as one command alone begins so.
    func command(_ name: LineWord, _ rest: String, _ line: LineSource) throws -> Outcome {
        let word = name.text
        var found = ReplVerb.all.filter { $0.name == word }
        if found.isEmpty, !word.isEmpty { found = ReplVerb.all.filter { $0.name.hasPrefix(word) } }
        guard found.count == 1 else {
            let names = ReplVerb.all.map(\.name)
            if found.count > 1 {
                throw line.fault(
                    .badLine, "':\(word)' begins several commands", at: name.range,
                    help: "it may be \(found.map { ":\($0.name)" }.joined(separator: ", "))")
            }
            throw line.fault(
                .badLine, "there is no command ':\(word)'", at: name.range,
                help: DidYouMean.nearest(to: word, in: names).map { "did you mean ':\($0)'?" }
                    ?? ":help lists the commands")
        }
        return try found[0].body(self, rest, line)
    }

    /// A command line of the program with the session's own global options.
    func merged(_ invocation: Invocation) -> Invocation {
        var invocation = invocation
        for option in GlobalOptions.all(formats: []) where invocation.options[option.name] == nil {
            invocation.options[option.name] = context.invocation.options[option.name]
        }
        return invocation
    }

    /// Has a command of the program write what it would write for its words.
    func program(_ words: [String], _ line: LineSource) throws -> Outcome {
        var invocation = merged(try CommandParser(commands: CommandTable.all).parse(words))
        guard let command = invocation.command else { return .done }
        guard output.isData else {
            let inner = CommandContext(
                console: output.console, environment: context.environment, directory: context.directory,
                invocation: invocation)
            inner.openedHost = try context.host()
            inner.openedReader = try context.openReader()
            let code = try command.body(inner, invocation)
            output.console.flush()
            return code == .done ? .done : .failed(code)
        }
        if command.formats.contains(.json) { invocation.options["format"] = ["json"] }
        let caught = CaughtText()
        let inner = CommandContext(
            console: Console(output: .plain(), errors: .plain(), sink: { stream, bytes in caught.take(stream, bytes) }),
            environment: context.environment, directory: context.directory, invocation: invocation)
        inner.openedHost = try context.host()
        inner.openedReader = try context.openReader()
        let code = try command.body(inner, invocation)
        inner.console.flush()
        if let data = try? JSONReader.parse(caught.text) {
            output.record(line, "data", ["data": data])
        } else {
            output.text([caught.text], line)
        }
        return code == .done ? .done : .failed(code)
    }
}

import BattenCore
import BattenSystem
import BattenTerminal

/// `batten repl`.
enum ReplCommand {
    static let description = CommandDescription(
        "repl", .running, "try stages line by line, and keep what works",
        details: [
            "Each line calls an executor (name = plugin.executor key=value …), names a value (name = expression) or "
                + "shows one (expression); :help lists the commands. What a line runs is a durable run of the session's "
                + "workflow, visible in 'batten runs'.",
            "With FILE, or when standard input is no terminal, lines are read from there and the first error ends the "
                + "session with the exit code that 'batten run' would have; --keep-going carries out the others too, "
                + "and the first error's code is the last word.",
        ],
        arguments: [ArgumentDescription("FILE", .optional, .file, "a script of lines; without it standard input")],
        options: [
            .flag("keep-going", "go on behind an error in a script"),
            .value("session", "NAME", .text, "name of the session's workflow"),
            .flag("resume", "take up the session of that name, or the last one, where it ended"),
        ],
        formats: [.text, .json],
        examples: [
            CommandExample("batten repl", "starts a session"),
            CommandExample("batten repl < checks.btn", "carries out a script, up to its first error"),
            CommandExample("echo '[1, 2, 3].*' | batten repl --format json", "gives a record a line"),
        ],
        exits: [
            .runFailed, .invalid, .cancelled, .timedOut, .quota, .rejected, .notFound, .plugin, .store, .waiting,
            .interrupted,
        ],
        body: { context, invocation throws(CommandFailure) in try run(context, invocation) })

    private static func run(_ context: CommandContext, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
        let resumes = invocation.has("resume")
        let name = try sessionName(invocation, resumes ? try SessionReplay.last(in: context) : nil)
        let isData = invocation.format.isData
        let isTyped =
            invocation.argument("FILE") == nil && !isData && StandardStream.input.isTerminal
            && StandardStream.output.isTerminal && context.environment["TERM"] != "dumb"
        if isTyped { return try type(context, name) }
        let feed = try LineFeed.open(invocation.argument("FILE"), in: context)
        let news = try ReplNews(console: context.console, isData: isData, isTerminal: false)
        let engine = SessionEngine(context: context, observer: SessionObserver(tell: { news.tell($0) }))
        let interrupts = SessionInterrupts(idle: { signal in if signal != .resized { feed.wake() } })
        try RunSession.asFailure { try interrupts.watch() }
        let repl = Repl(
            context: context, session: Session(name: name), engine: engine, interrupts: interrupts,
            output: ReplOutput(console: context.console, isData: isData, lineLimit: nil), news: news)
        defer { repl.close() }
        if resumes { try resume(repl) }
        return try ReplScript(repl: repl, feed: feed, keepsGoing: invocation.has("keep-going")).run()
    }

    /// Carries out what a person types.
    private static func type(_ outer: CommandContext, _ name: String) throws(CommandFailure) -> ExitCode {
        let editor = try RunSession.asFailure {
            try LineEditor(keys: .emacs, write: { text in _ = StandardStream.error.write(Array(text.utf8)) })
        }
        let screen = editor.shared
        // Whatever is told while a line is typed stands above it, whoever tells it.
        let console = Console(
            output: outer.console.output, errors: outer.console.errors, isQuiet: outer.console.isQuiet,
            sink: { stream, bytes in
                guard stream == .error else { return stream.write(bytes) }
                screen.show(String(decoding: bytes, as: UTF8.self))
                return .written
            })
        let context = CommandContext(
            console: console, environment: outer.environment, directory: outer.directory, invocation: outer.invocation)
        let news = try ReplNews(console: console, isData: false, isTerminal: true, onMove: { screen.wake() })
        let engine = SessionEngine(context: context, observer: SessionObserver(tell: { news.tell($0) }))
        let interrupts = SessionInterrupts(idle: { signal in
            switch signal {
            case .resized: screen.resized()
            case .interrupt: screen.interrupt()
            case .terminate, .hangup: screen.leave()
            }
        })
        try RunSession.asFailure { try interrupts.watch() }
        let home = try context.settings().home
        try RunSession.asFailure { try FileSystem.makeFolder(home, mode: 0o700) }
        let repl = Repl(
            context: context, session: Session(name: name), engine: engine, interrupts: interrupts,
            output: ReplOutput(console: console, isData: false, lineLimit: 40), news: news)
        defer {
            repl.close()
            console.flush()
        }
        if outer.invocation.has("resume") { try resume(repl) }
        console.note("batten \(BattenProgram.version), session \(name); :help tells how to write lines, Ctrl-D ends")
        return ReplTerminal(
            repl: repl, editor: editor, history: LineHistory(path: PathText.join(home, "repl_history"))
        ).run()
    }

    /// Reads a session back.
    private static func resume(_ repl: Repl) throws(CommandFailure) {
        let count = try SessionReplay(repl: repl).run()
        let names = repl.session.names
        repl.output.console.note(
            "session \(repl.session.name): \(count) \(count == 1 ? "line" : "lines")"
                + (names.isEmpty ? "" : "; names: \(names.joined(separator: ", "))"))
    }

    private static func sessionName(
        _ invocation: Invocation, _ last: String?
    ) throws(CommandFailure) -> String {
        guard let name = invocation.value("session") else {
            if let last { return last }
            guard !invocation.has("resume") else {
                throw .notFound("no_session", "there is no session to take up", help: "start one with: batten repl")
            }
            return "repl-" + Entropy.name(length: 6)
        }
        guard let first = name.utf8.first, (1...64).contains(name.utf8.count), first.beginsName || first.continuesName,
            name.utf8.allSatisfy({ $0.continuesName && !(0x41...0x5A).contains($0) || $0 == UInt8(ascii: "-") }),
            first != UInt8(ascii: "_")
        else {
            throw .usage(
                "bad_name", "'\(name)' cannot name a session",
                help: "use small letters, digits, '_' and '-', at most 64, beginning with a letter or digit")
        }
        return name
    }
}

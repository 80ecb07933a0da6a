import BattenCore
import BattenSystem

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
        let name = try sessionName(invocation)
        let feed = try LineFeed.open(invocation.argument("FILE"), in: context)
        let observer = SessionObserver(tell: ReplNews(console: context.console, isData: invocation.format.isData).tell)
        let engine = SessionEngine(context: context, observer: observer)
        let interrupts = SessionInterrupts(idle: { _ in feed.wake() })
        try RunSession.asFailure { try interrupts.watch() }
        let repl = Repl(
            context: context, session: Session(name: name), engine: engine,
            interrupts: interrupts,
            output: ReplOutput(console: context.console, isData: invocation.format.isData, lineLimit: nil))
        defer { engine.close() }
        return try ReplScript(repl: repl, feed: feed, keepsGoing: invocation.has("keep-going")).run()
    }

    private static func sessionName(_ invocation: Invocation) throws(CommandFailure) -> String {
        guard let name = invocation.value("session") else { return "repl-" + Entropy.name(length: 6) }
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

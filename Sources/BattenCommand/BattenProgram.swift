import BattenCore
import BattenSystem

/// The whole program: one command line in, one exit code out.
public enum BattenProgram {
    /// The version of this build.
    public static let version = "0.1.0"

    /// Runs one command line.
    ///
    /// - Parameter words: the words behind the program's name.
    /// - Returns: the exit code, one of ``ExitCode``.
    public static func run(_ words: [String]) -> Int32 {
        // Closed standard streams are opened on /dev/null, lest the store's file gets their number.
        try? StandardStream.prepare()
        // Secrets lie open in the memory of whoever uses them.
        try? ProcessRights.refuseCoreDumps()
        let environment = ProcessEnvironment.variables()
        let parsed: Result<Invocation, CommandFailure> = parse(words)
        let color = (try? parsed.get()).map(colorChoice) ?? "auto"
        let console = Console(
            output: .of(.output, environment: environment, color: color),
            errors: .of(.error, environment: environment, color: color),
            isQuiet: (try? parsed.get().has("quiet")) ?? false)
        let code = perform(parsed, words, console, environment)
        console.flush()
        if let trouble = console.outputTrouble {
            console.rawErrors("error: the results could not be written: \(trouble.message)\n")
            return code == .done ? ExitCode.runFailed.rawValue : code.rawValue
        }
        return code.rawValue
    }

    private static func parse(_ words: [String]) -> Result<Invocation, CommandFailure> {
        do throws(CommandFailure) {
            return .success(try CommandParser(commands: CommandTable.all).parse(words))
        } catch {
            return .failure(error)
        }
    }

    private static func colorChoice(_ invocation: Invocation) -> String {
        invocation.has("no-color") ? "never" : invocation.value("color") ?? "auto"
    }

    private static func perform(
        _ parsed: Result<Invocation, CommandFailure>, _ words: [String], _ console: Console,
        _ environment: [String: String]
    ) -> ExitCode {
        var format = CommandParser.requestedFormat(in: words)
        do throws(CommandFailure) {
            let invocation = try parsed.get()
            // A format that is only the standard one of its command is no wish to get errors as data.
            if invocation.command != nil, invocation.has("format") { format = invocation.format }
            let context = CommandContext(
                console: console, environment: environment, directory: ProcessEnvironment.currentFolder,
                invocation: invocation)
            if invocation.has("version"), invocation.command == nil { return VersionCommand.run(context, invocation) }
            guard let command = invocation.command, !invocation.has("help") else {
                return try HelpCommand.show(context, invocation)
            }
            return try command.body(context, invocation)
        } catch {
            console.report(error, format)
            return error.exit
        }
    }
}

import BattenCore
import BattenSystem
import BattenTerminal

/// Carries out the lines that a person types.
struct ReplTerminal {
    let repl: Repl
    let editor: LineEditor
    let history: LineHistory

    private static let prompt = "> "
    private static let further = "  "

    /// Reads and carries out lines until the session ends.
    func run() -> ExitCode {
        for line in history.lines { editor.remember(line) }
        let executors = ExecutorNames(repl: repl)
        editor.complete = { [repl] line, cursor in
            let before = String(String.UnicodeScalarView(line.unicodeScalars.prefix(cursor)))
            guard let completer = try? executors.completer(repl.session) else {
                return LineEditor.Completion(replacing: 0, candidates: [])
            }
            let found = completer.complete(before)
            return LineEditor.Completion(
                replacing: found.replacing,
                candidates: found.candidates.map { .init($0.text, note: $0.note, ending: $0.ending) })
        }
        editor.list = { [repl] candidates in Self.list(candidates, repl.output.console) }
        editor.onWake = { [repl] in repl.absorb() }
        var bytes: [UInt8] = []
        var number = 1
        while true {
            repl.absorb()
            let isFurther = !bytes.isEmpty
            switch editor.read(prompt: isFurther ? Self.further : Self.prompt) {
            case .interrupted:
                if repl.interrupts.isGone { return end() }
                bytes = []
            case .end:
                if isFurther {
                    _ = repl.perform(LineSource(path: ReplOutput.terminal, firstLine: 1, bytes: bytes))
                }
                return end()
            case .line(let line):
                if isFurther { bytes.append(0x0A) }
                bytes += Array(line.utf8)
                guard LineShape(bytes).opening == nil else { continue }
                let statement = bytes
                bytes = []
                if statement.allSatisfy({ $0 <= 0x20 }) { continue }
                if let line = history.keep(statement) { editor.remember(line) }
                let mode = repl.editMode
                let outcome = repl.perform(LineSource(path: ReplOutput.terminal, firstLine: 1, bytes: statement))
                repl.output.console.flush()
                if repl.editMode != mode { editor.setKeys(repl.editMode == .vi ? .vi : .emacs) }
                number += 1
                if outcome == .quit || repl.interrupts.isGone || repl.output.console.isOutputClosed { return end() }
            }
        }
    }

    /// Says what goes on without the session.
    private func end() -> ExitCode {
        let running = repl.session.entries.filter(\.isRunning)
        for entry in running {
            repl.output.console.note(
                "\(entry.name) (run \(entry.run)) stays as it is on disk; go on with: batten repl --resume")
        }
        return .done
    }

    /// Lists what fits, in columns, or with what each is where that fits.
    private static func list(_ candidates: [LineEditor.Completion.Candidate], _ console: Console) {
        let limit = 100
        let width = console.output.width
        let longest = candidates.prefix(limit).map { TextFit.width($0.text) }.max() ?? 0
        var lines: [String] = []
        if candidates.contains(where: { !$0.note.isEmpty }) {
            for candidate in candidates.prefix(limit) {
                let text =
                    TextFit.pad(candidate.text, to: min(longest, width / 2)) + "  " + TextFit.clean(candidate.note)
                lines.append(TextFit.cut(text, to: width - 1))
            }
        } else {
            let columns = max(1, width / (longest + 2))
            let shown = Array(candidates.prefix(limit))
            for start in stride(from: 0, to: shown.count, by: columns) {
                let row = shown[start..<min(start + columns, shown.count)]
                lines.append(
                    TextFit.cut(row.map { TextFit.pad($0.text, to: longest) }.joined(separator: "  "), to: width - 1))
            }
        }
        if candidates.count > limit { lines.append("… and \(candidates.count - limit) more") }
        for line in lines { console.line(line) }
        console.flush()
    }
}

/// The executors that can be completed; looked for once.
private final class ExecutorNames {
    private let repl: Repl
    private var names: [String]?

    init(repl: Repl) { self.repl = repl }

    func completer(_ session: Session) throws(CommandFailure) -> LineCompleter {
        let catalog = try repl.context.catalog()
        if repl.hasReloaded { names = nil }
        repl.hasReloaded = false
        let names = self.names ?? catalog.knownTypes()
        self.names = names
        return LineCompleter(session: session, catalog: catalog, executors: names, directory: repl.context.directory)
    }
}

import BattenCore

/// Carries out the lines of a script or pipe.
struct ReplScript {
    let repl: Repl
    let feed: LineFeed
    /// Whether an error does not end it.
    let keepsGoing: Bool

    /// Carries out all lines.
    ///
    /// - Returns: the code of the first error; `done` without one.
    func run() throws(CommandFailure) -> ExitCode {
        var number = 0
        var first: ExitCode?
        while let statement = try statement(&number) {
            let outcome = statement.map { repl.perform($0) } ?? .failed(.interrupted)
            switch outcome {
            case .done: break
            case .quit: return try end(first)
            case .failed(let code):
                first = first ?? code
                if !keepsGoing || code == .interrupted || repl.interrupts.isGone { return code }
            }
            if repl.output.console.isOutputClosed { return first ?? .done }
        }
        return try end(first)
    }

    /// Waits for what still runs in the background.
    private func end(_ first: ExitCode?) throws(CommandFailure) -> ExitCode {
        let code = repl.finishAll()
        return first ?? code
    }

    /// The next statement, lines that belong together as one; an empty optional inside for an interrupt, nil at the end.
    private func statement(_ number: inout Int) throws(CommandFailure) -> LineSource?? {
        var bytes: [UInt8] = []
        var firstLine = 0
        while true {
            switch try feed.next() {
            case .woken: return .some(nil)
            case .end:
                guard firstLine > 0 else { return nil }
                return LineSource(path: feed.path, firstLine: firstLine, bytes: bytes)
            case .line(let line):
                number += 1
                if firstLine == 0 { firstLine = number } else { bytes.append(0x0A) }
                bytes += line
                if LineShape(bytes).opening == nil {
                    return LineSource(path: feed.path, firstLine: firstLine, bytes: bytes)
                }
            }
        }
    }
}

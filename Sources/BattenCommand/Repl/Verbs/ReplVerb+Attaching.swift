import BattenCore
import BattenStore

/// Commands about runs of other processes.
extension ReplVerb {
    static let attaching: [ReplVerb] = [
        ReplVerb(
            "attach", "RUN", "take a run of any process up: its outputs become names, commands about runs mean it",
            details:
                ":watch follows it; :approve, :reject, :signal, :pause, :resume, :cancel, :status, :logs and :why take "
                + "stages of it, or nothing for the run itself. Without a run it is let go.",
            argument: .run,
            body: { repl, rest, line in try repl.attach(rest, line) }),
        ReplVerb(
            "watch", "[NAME|RUN]", "follow a run until it has ended or waits; Ctrl-C stops following", argument: .run,
            body: { repl, rest, line in try repl.watch(rest, line) }),
        ReplVerb(
            "pause", "[NAME|RUN]", "start nothing new of a run", argument: .run,
            body: { repl, rest, line in try repl.program(["pause", try repl.run(rest, line).run], line) }),
        ReplVerb(
            "resume", "[NAME|RUN]", "go on with a paused run", argument: .run,
            body: { repl, rest, line in
                try repl.program(["resume", try repl.run(rest, line).run, "--detach"], line)
            }),
    ]
}

extension Repl {
    fileprivate func attach(_ rest: String, _ line: LineSource) throws -> Outcome {
        guard !rest.isEmpty else {
            attached = nil
            output.text(["let go"], line)
            return .done
        }
        let found = try NamedRun.find(rest, in: context)
        attached = found.row.id
        let names = try takeOutputs(of: found.row.id, line)
        _ = try program(["status", found.row.id], line)
        if !output.isData, !names.isEmpty { output.console.note("names: \(names.joined(separator: ", "))") }
        return .done
    }

    /// Gives the completed stages of a run names.
    ///
    /// - Returns: the names that are new.
    private func takeOutputs(of run: String, _ line: LineSource) throws(CommandFailure) -> [String] {
        guard let reader = try context.openReader() else { return [] }
        let rows = try orFailure { () throws(StoreError) in try reader.stages(run: run) }
        var names: [String] = []
        for row in rows where row.item == nil && row.status == .completed && row.outputs != nil {
            guard session.parameter(row.id) == nil, ExpressionNamespace(rawValue: row.id) == nil else { continue }
            if let place = session.current[row.id] {
                // What the session has of its own is not taken away.
                guard session.entries[place].run == run else { continue }
                continue
            }
            session.add(
                SessionEntry(
                    name: row.id, id: row.id, line: line, definition: StageDefinition(id: row.id, uses: row.uses),
                    member: nil, usage: LineUsage(), origin: .run, run: run,
                    state: .completed(row.outputs ?? .object([:])),
                    elapsed: row.startedAt.flatMap { start in row.endedAt.map { $0 - start } }))
            names.append(row.id)
        }
        return names
    }

    fileprivate func watch(_ rest: String, _ line: LineSource) throws -> Outcome {
        let run = try run(rest, line).run
        let found = try NamedRun.find(run, in: context)
        let interrupts = interrupts
        let follower = DistantRun(
            context: inner(["status", found.row.id]), id: found.row.id, staysAtGates: false,
            isInterrupted: { interrupts.count > 0 })
        let code = try interrupts.during({ _ in }) { () throws(CommandFailure) -> ExitCode in try follower.follow() }
        output.console.flush()
        if attached == found.row.id { _ = try takeOutputs(of: found.row.id, line) }
        if code == .interrupted || code == .waiting { return .done }
        return code == .done ? .done : .failed(code)
    }

    /// A context for a part of the program that reads its options.
    private func inner(_ words: [String]) -> CommandContext {
        let invocation = (try? CommandParser(commands: CommandTable.all).parse(words)) ?? context.invocation
        let inner = CommandContext(
            console: output.console, environment: context.environment, directory: context.directory,
            invocation: merged(invocation))
        inner.openedHost = context.openedHost
        inner.openedReader = context.openedReader
        return inner
    }
}

import BattenCore
import BattenStore
import BattenSystem

/// `batten checkpoint` and `batten checkpoints`.
enum CheckpointCommands {
    private static let run = ArgumentDescription(
        "RUN", .required, "a run id, the beginning of one, or - for the last run")

    static let checkpoint = CommandDescription(
        "checkpoint", .running, "name the position at which a run stands",
        details: [
            "A checkpoint is a position in the journal of a run, and what is committed there. Each stage makes one when it "
                + "completes; this names the present one, so that 'batten restore' and 'batten fork' find it again. It "
                + "changes nothing in the run and lives as long as the run is kept."
        ],
        arguments: [run],
        options: [
            .value(
                "label", "LABEL", .text, standard: "the number of the position",
                "its name in the run: letters, digits, '_', '-' and '.'")
        ],
        examples: [CommandExample("batten checkpoint - --label before-deploy", "names where the last run stands")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let label = invocation.value("label")
            if let label, !CheckpointName.isLabel(label) {
                throw .usage(
                    "bad_label", "'\(label)' cannot be a label",
                    help: "a label has 1 to 64 letters, digits, '_', '-' or '.', and is not a number")
            }
            let found = try NamedRun.find(invocation.argument("RUN") ?? "", in: context)
            let store = try context.openStore()
            let made: NamedCheckpoint
            do throws(StoreError) {
                made = try store.addCheckpoint(run: found.row.id, label: label, at: context.now)
            } catch {
                guard error.code == .constraint else { throw CommandFailure(error) }
                throw .usage("checkpoint_exists", error.message, help: error.help)
            }
            if invocation.format.isData {
                context.console.data(json(made), invocation.format)
            } else {
                context.console.line("\(made.run)@\(made.label)")
                context.console.note(
                    "position \(made.seq) of run \(made.run), which is \(StatusText.word(found.row.status))")
            }
            return .done
        })

    static let checkpoints = CommandDescription(
        "checkpoints", .inspecting, "list the positions of a run that another one can start from",
        arguments: [run],
        examples: [CommandExample("batten checkpoints -", "lists those of the last run")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let id = try NamedRun.find(invocation.argument("RUN") ?? "", in: context).row.id
            let entries = try entries(of: id, context)
            if invocation.format.isData {
                context.console.data(
                    .object(["items": .array(entries.map { $0.json(run: id) }), "next_cursor": .null]),
                    invocation.format)
                return .done
            }
            guard !entries.isEmpty else {
                context.console.note("run \(id) has no checkpoint yet: no stage has completed")
                return .done
            }
            var table = TextTable([
                .fixed("CHECKPOINT"), .fixed("POSITION", right: true), .fixed("SINCE"), .flexible("WHAT"),
            ])
            for entry in entries {
                table.add([
                    "\(id)@\(entry.label ?? String(entry.seq))", String(entry.seq),
                    TimeText.relative(entry.at, now: context.now),
                    entry.stage.map { "stage '\($0)' completed" } ?? "named",
                ])
            }
            context.console.write(table.render(context.console.output))
            return .done
        })

    /// One line of the list.
    private struct Entry {
        let seq: Int64
        let at: Timestamp
        var label: String?
        var stage: String?

        func json(run: String) -> JSONValue {
            .object([
                "checkpoint": .string("\(run)@\(label ?? String(seq))"), "run": .string(run), "seq": .int(seq),
                "label": label.map { .string($0) } ?? .null, "stage": stage.map { .string($0) } ?? .null,
                "created_at": .string(at.rfc3339),
            ])
        }
    }

    private static func entries(of run: String, _ context: CommandContext) throws(CommandFailure) -> [Entry] {
        guard let reader = try context.openReader() else { return [] }
        let completions = try orFailure { () throws(StoreError) in try reader.completions(run: run) }
        let named = try orFailure { () throws(StoreError) in try reader.checkpoints(run: run) }
        var entries = completions.map { Entry(seq: $0.seq, at: $0.at, stage: $0.stage) }
        entries += named.map { Entry(seq: $0.seq, at: $0.createdAt, label: $0.label) }
        return entries.enumerated().sorted { ($0.element.seq, $0.offset) < ($1.element.seq, $1.offset) }.map(\.element)
    }

    private static func json(_ made: NamedCheckpoint) -> JSONValue {
        Entry(seq: made.seq, at: made.createdAt, label: made.label).json(run: made.run)
    }
}

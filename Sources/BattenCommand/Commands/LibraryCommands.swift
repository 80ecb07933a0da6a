import BattenCore
import BattenSpec
import BattenStore

/// `batten add`.
enum AddCommand {
    static let description = CommandDescription(
        "add", .library, "keep a workflow in the store, to run it by name",
        details: [
            "A workflow of the same name is replaced; runs keep the definition they were started with. What its file says "
                + "under 'schedule' and 'on' holds from now on, as soon as a 'batten serve' works on the store."
        ],
        arguments: [ArgumentDescription("FILE", .required, .file, "a workflow file, '-' for standard input")],
        examples: [CommandExample("batten add build.yaml", "keeps it; then: batten run build")],
        exits: [.invalid, .notFound, .plugin, .store],
        body: { context, invocation throws(CommandFailure) in
            let path = invocation.argument("FILE") ?? ""
            let text = try WorkflowText.read(path, in: context)
            let checked = try CheckedWorkflow.check(text, in: context).definition
            // Children that are files are kept with it; those that are kept by name are found at each run.
            let definition = checked.withoutFoundChildren(namedOnly: true)
            let snapshot = WorkflowWriter.canonical(definition)
            let store = try context.openStore()
            // What cannot be kept whole is not kept at all.
            let wanted = try WorkflowSchedules(context: context).read(definition)
            let starts = try WorkflowTriggers(context: context).read(
                definition, path: path == "-" ? nil : context.absolute(path))
            let isNew = try orFailure { () throws(StoreError) in
                try store.addWorkflow(
                    NewWorkflow(
                        name: definition.name, version: definition.version, hash: SHA256.hex(snapshot),
                        snapshot: snapshot, source: text.bytes, path: path == "-" ? nil : context.absolute(path),
                        at: context.now))
            }
            let schedules = try WorkflowSchedules(context: context).apply(
                wanted, to: definition.name, in: store)
            let triggers = try orFailure { () throws(StoreError) in
                try store.setTriggers(ofWorkflow: definition.name, starts, at: context.now)
            }
            let changes = [
                schedules.kept.count, schedules.resumed.count, schedules.removed.count, triggers.kept.count,
                triggers.removed.count,
            ]
            if changes.contains(where: { $0 > 0 }) { context.wakeEngines() }
            if invocation.format.isData {
                context.console.data(
                    .object([
                        "workflow": .string(definition.name), "version": .string(definition.version),
                        "changed": .bool(isNew),
                    ]), invocation.format)
                return .done
            }
            context.console.line(
                isNew
                    ? "\(definition.name) \(definition.version) is kept"
                    : "\(definition.name) is kept already, unchanged")
            for schedule in schedules.kept { context.console.line(ScheduleCommands.promise(schedule, context)) }
            for schedule in schedules.resumed {
                context.console.line(
                    "\(ScheduleCommands.promise(schedule, context)); it was paused: \(Schedule.workflowIsGone)")
            }
            for name in schedules.removed { context.console.line("schedule \(name) is gone") }
            for trigger in triggers.kept {
                context.console.line("trigger \(trigger.name): \(TextFit.clean(trigger.rule.words))")
            }
            for name in triggers.removed { context.console.line("trigger \(name) is gone") }
            return .done
        })
}

/// `batten list`.
enum ListCommand {
    /// What starts runs of a workflow by itself.
    private struct Starts {
        var schedules: [Schedule] = []
        var triggers: [Trigger] = []

        /// The first two in words, and how many more there are.
        var text: String {
            let words =
                schedules.prefix(3).map { ScheduleCommands.when($0.rule) + ($0.pause == nil ? "" : " (paused)") }
                + triggers.prefix(3).map { "on \($0.rule.words)" }
            let count = schedules.count + triggers.count
            return words.prefix(2).joined(separator: ", ") + (count > 2 ? ", \(count - 2) more" : "")
        }
    }

    static let description = CommandDescription(
        "list", .library, "list the workflows that are kept, with what starts them by itself",
        examples: [CommandExample("batten list", "lists them by name")],
        exits: [.store],
        body: { context, invocation throws(CommandFailure) in
            let reader = try context.openReader()
            var starts: [String: Starts] = [:]
            let workflows = try orFailure { () throws(StoreError) in
                for schedule in try reader?.schedules(limit: 10_000) ?? [] {
                    starts[schedule.workflow, default: Starts()].schedules.append(schedule)
                }
                for trigger in try reader?.triggers(limit: 10_000) ?? [] {
                    starts[trigger.workflow, default: Starts()].triggers.append(trigger)
                }
                return try reader?.workflows(limit: 10_000) ?? []
            }
            if invocation.format.isData {
                let items = workflows.map { workflow -> JSONValue in
                    let starts = starts[workflow.name] ?? Starts()
                    return .object([
                        "workflow": .string(workflow.name), "version": .string(workflow.version),
                        "hash": .string(workflow.hash), "path": workflow.path.map { .string($0) } ?? .null,
                        "enabled": .bool(workflow.isEnabled), "added_at": .string(workflow.addedAt.rfc3339),
                        "updated_at": .string(workflow.updatedAt.rfc3339),
                        "schedules": .array(starts.schedules.map { .string($0.name) }),
                        "triggers": .array(starts.triggers.map { .string($0.name) }),
                    ])
                }
                context.console.data(
                    .object(["items": .array(items), "next_cursor": .null]), invocation.format)
                return .done
            }
            guard !workflows.isEmpty else {
                context.console.note("no workflow is kept; batten add FILE keeps one")
                return .done
            }
            var table = TextTable([
                .fixed("WORKFLOW"), .fixed("VERSION"), .fixed("UPDATED"), .flexible("STARTS", least: 12),
                .flexible("FROM"),
            ])
            for workflow in workflows {
                table.add([
                    workflow.isEnabled ? workflow.name : "\(workflow.name) (disabled)", workflow.version,
                    TimeText.relative(workflow.updatedAt, now: context.now),
                    starts[workflow.name]?.text ?? "by hand", workflow.path ?? "standard input",
                ])
            }
            context.console.write(table.render(context.console.output))
            return .done
        })
}

/// `batten show`.
enum ShowCommand {
    static let description = CommandDescription(
        "show", .library, "show a kept workflow",
        details: ["As text it is shown as its author wrote it; as JSON or YAML in its canonical form."],
        arguments: [ArgumentDescription("NAME", .required, "name of a kept workflow")],
        examples: [CommandExample("batten show build > build.yaml", "writes it to a file again")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let kept = try KeptWorkflow.require(invocation.argument("NAME") ?? "", in: context)
            if invocation.format.isData {
                let value = (try? JSONReader.parse(kept.snapshot)) ?? .null
                context.console.data(value, invocation.format)
            } else {
                let text = String(decoding: kept.source, as: UTF8.self)
                context.console.write(text.hasSuffix("\n") ? text : text + "\n")
            }
            return .done
        })
}

/// `batten remove`.
enum RemoveCommand {
    static let description = CommandDescription(
        "remove", .library, "forget a kept workflow and its triggers; its runs stay",
        details: [
            "Its schedules are paused, and go on when a workflow of this name is kept again; batten schedule remove forgets "
                + "one."
        ],
        arguments: [ArgumentDescription("NAME", .required, "name of a kept workflow")],
        examples: [CommandExample("batten remove build", "forgets it")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let kept = try KeptWorkflow.require(invocation.argument("NAME") ?? "", in: context)
            let store = try context.openStore()
            let name = kept.workflow.name
            let paused = try orFailure { () throws(StoreError) in
                // A schedule that this does not come to pauses at its next time, for the same reason.
                _ = try store.removeWorkflow(name)
                _ = try store.setTriggers(ofWorkflow: name, [], at: context.now)
                return try WorkflowSchedules.suspend(ofWorkflow: name, in: store, at: context.now)
            }
            context.wakeEngines()
            if invocation.format.isData {
                context.console.data(
                    .object([
                        "workflow": .string(name), "removed": true, "paused": .array(paused.map { .string($0) }),
                    ]), invocation.format)
            } else {
                context.console.line("\(name) is no longer kept")
                for schedule in paused {
                    context.console.line("schedule \(schedule) is paused: \(Schedule.workflowIsGone)")
                }
            }
            return .done
        })
}

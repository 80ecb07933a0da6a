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
            let isNew = try orFailure { () throws(StoreError) in
                try store.addWorkflow(
                    NewWorkflow(
                        name: definition.name, version: definition.version, hash: SHA256.hex(snapshot),
                        snapshot: snapshot, source: text.bytes, path: path == "-" ? nil : context.absolute(path),
                        at: context.now))
            }
            let schedules = try WorkflowSchedules(context: context).apply(definition, in: store)
            let triggers = try WorkflowTriggers(context: context).apply(
                definition, path: path == "-" ? nil : context.absolute(path), in: store)
            let changes = [schedules.kept.count, schedules.removed.count, triggers.kept.count, triggers.removed.count]
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
    static let description = CommandDescription(
        "list", .library, "list the workflows that are kept",
        examples: [CommandExample("batten list", "lists them by name")],
        exits: [.store],
        body: { context, invocation throws(CommandFailure) in
            let reader = try context.openReader()
            let workflows = try orFailure { () throws(StoreError) in try reader?.workflows(limit: 10_000) ?? [] }
            if invocation.format.isData {
                let items = workflows.map { workflow -> JSONValue in
                    .object([
                        "workflow": .string(workflow.name), "version": .string(workflow.version),
                        "hash": .string(workflow.hash), "path": workflow.path.map { .string($0) } ?? .null,
                        "enabled": .bool(workflow.isEnabled), "added_at": .string(workflow.addedAt.rfc3339),
                        "updated_at": .string(workflow.updatedAt.rfc3339),
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
            var table = TextTable([.fixed("WORKFLOW"), .fixed("VERSION"), .fixed("UPDATED"), .flexible("FROM")])
            for workflow in workflows {
                table.add([
                    workflow.isEnabled ? workflow.name : "\(workflow.name) (disabled)", workflow.version,
                    TimeText.relative(workflow.updatedAt, now: context.now),
                    workflow.path ?? "standard input",
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
        "remove", .library, "forget a kept workflow, its schedules and triggers; its runs stay",
        arguments: [ArgumentDescription("NAME", .required, "name of a kept workflow")],
        examples: [CommandExample("batten remove build", "forgets it")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let kept = try KeptWorkflow.require(invocation.argument("NAME") ?? "", in: context)
            let store = try context.openStore()
            let name = kept.workflow.name
            try orFailure { () throws(StoreError) in
                try store.changeSchedules(ofWorkflow: name, at: context.now) { present in ([], present.map(\.name)) }
                _ = try store.setTriggers(ofWorkflow: name, [], at: context.now)
                _ = try store.removeWorkflow(name)
            }
            if invocation.format.isData {
                context.console.data(
                    .object(["workflow": .string(kept.workflow.name), "removed": true]), invocation.format)
            } else {
                context.console.line("\(kept.workflow.name) is no longer kept")
            }
            return .done
        })
}

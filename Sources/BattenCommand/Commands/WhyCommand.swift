import BattenCore
import BattenStore

/// `batten why`.
enum WhyCommand {
    static let description = CommandDescription(
        "why", .inspecting, "tell what each unfinished stage of a run waits for, and since when",
        arguments: [ArgumentDescription("RUN", .required, "a run id, the beginning of one, or - for the last run")],
        formats: [.text, .json, .yaml],
        examples: [CommandExample("batten why -", "tells why the last run does not move")],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let found = try NamedRun.find(invocation.argument("RUN") ?? "", in: context)
            let report = try NamedRun.report(of: found.row.id, in: context)
            let entries = try reasons(found, report, context)
            if invocation.format.isData {
                context.console.data(
                    .object([
                        "run": .string(found.row.id), "status": .string(found.row.status.rawValue),
                        "items": .array(entries.map(\.json)),
                    ]), invocation.format)
                return .done
            }
            let name = "run \(found.row.id) of \(found.row.workflow)"
            if found.row.status.isTerminal {
                let error = report.run.error.map { ": \(TextFit.clean($0.message))" } ?? ""
                context.console.line("\(name) has ended: \(StatusText.word(found.row.status))\(error)")
                return .done
            }
            context.console.line("\(name) is \(StatusText.word(found.row.status))")
            for entry in entries {
                let since = TimeText.relative(entry.since, now: context.now)
                let item = entry.item.map { "[\($0)]" } ?? ""
                let whose = entry.stage.map { "stage '\($0)\(item)'" } ?? "the run"
                var times = "since \(since)"
                if entry.quota == nil, let until = entry.until, until > context.now {
                    times += ", until \(until.rfc3339(fractionDigits: 0))"
                }
                context.console.line("  \(whose): \(TextFit.clean(entry.detail)) (\(times))")
                if let quota = entry.quota {
                    context.console.line("    \(QuotaFill.text(quota, until: entry.until, now: context.now))")
                }
                for line in HolderText.lines(entry.holders, now: context.now) { context.console.line("    \(line)") }
            }
            return .done
        })

    /// One thing that is waited for.
    private struct Entry {
        let stage: String?
        var item: Int?
        let on: String
        let detail: String
        let since: Timestamp
        var until: Timestamp?
        /// Stages that hold what it waits for.
        var holders: [RunningStage] = []
        /// The quota that it waits for, as full as it is now.
        var quota: StoredQuota?

        var json: JSONValue {
            var object: JSONObject = ["stage": stage.map { .string($0) } ?? .null]
            if let item { object["item"] = .int(Int64(item)) }
            object["on"] = .string(on)
            object["detail"] = .string(detail)
            object["since"] = .string(since.rfc3339)
            object["until"] = RunReport.instant(until)
            if let quota { object["quota"] = QuotaCommands.json(quota) }
            object["holders"] = .array(holders.map(HolderText.json))
            return .object(object)
        }
    }

    private static func reasons(
        _ found: StoredRun, _ report: RunReport, _ context: CommandContext
    ) throws(CommandFailure) -> [Entry] {
        guard !found.row.status.isTerminal else { return [] }
        var entries = try waits(found, report, context)
        guard entries.contains(where: { $0.on == "quota" && $0.quota == nil }) else { return entries }
        let fill = try QuotaFill(of: found.row.id, context)
        for place in entries.indices where entries[place].on == "quota" && entries[place].quota == nil {
            guard let quota = fill.quota(of: entries[place].detail) else { continue }
            entries[place].quota = quota
            entries[place].until = fill.room(in: quota, until: entries[place].until)
        }
        return entries
    }

    private static func waits(
        _ found: StoredRun, _ report: RunReport, _ context: CommandContext
    ) throws(CommandFailure) -> [Entry] {
        var entries: [Entry] = []
        let holders = SlotHolders(context: context)
        let folder = try context.stateFolder()
        // A child goes on with its parent, which says this of itself.
        let standsAlone = found.row.parent == nil
        if standsAlone, try !orFailure({ () throws(StoreError) in try EngineFolder.isAlive(found.owner, in: folder) }) {
            let goOn = "batten resume \(found.row.id), or a batten serve"
            entries.append(
                Entry(
                    stage: nil, on: "engine",
                    detail: found.owner == EngineFolder.nobody
                        ? "it was detached and no engine has taken it up yet; one does with: \(goOn)"
                        : "the engine that drove it is gone; go on with: \(goOn)",
                    since: found.row.startedAt ?? found.row.acceptedAt, until: nil))
        }
        if let waiting = found.row.waiting, waiting.on != ChildWait.on {
            entries.append(
                Entry(stage: nil, on: waiting.on, detail: waiting.detail, since: waiting.since, until: waiting.until))
        }
        // The stages of a run that has not started wait for nothing of their own.
        if found.row.status == .pending, found.row.waiting != nil { return entries }
        for stage in report.stages where !stage.status.isTerminal {
            let since = stage.startedAt ?? found.row.startedAt ?? found.row.acceptedAt
            let isChild = stage.status == .running || stage.waiting?.on == ChildWait.on
            if isChild, let run = report.childRun(of: stage), let child = report.children[run] {
                entries.append(
                    Entry(
                        stage: stage.id, on: "child",
                        detail: "run \(run) of \(child.run.workflow) is \(StatusText.word(child.run.status))",
                        since: since, until: nil))
                if let found = try? NamedRun.find(run, in: context) {
                    for entry in try reasons(found, child, context) {
                        let name = entry.stage.map { "\(stage.id)/\($0)" } ?? stage.id
                        entries.append(
                            Entry(
                                stage: name, on: entry.on, detail: entry.detail, since: entry.since,
                                until: entry.until, quota: entry.quota))
                    }
                }
            } else if let waiting = stage.waiting {
                entries.append(
                    Entry(
                        stage: stage.id, on: waiting.on, detail: stage.waitText ?? "", since: waiting.since,
                        until: waiting.until,
                        holders: waiting.on == "slot" ? try holders.holding(stage, of: found) : []))
            } else if stage.status == .running, let items = report.items[stage.id] {
                entries.append(
                    Entry(stage: stage.id, on: "items", detail: counts(items).text, since: since, until: nil))
                entries += waitingItems(items)
            } else if stage.status == .running {
                entries.append(
                    Entry(
                        stage: stage.id, on: "executor", detail: "\(stage.uses) runs, attempt \(stage.attempts)",
                        since: since, until: nil))
            } else {
                entries.append(
                    Entry(
                        stage: stage.id, on: "dependencies",
                        detail: stage.isFinally ? "waits for the main stages" : "waits for the stages it depends on",
                        since: since, until: nil))
            }
        }
        return entries
    }

    private static func counts(_ items: [StageRow]) -> ItemCounts {
        var counts = ItemCounts()
        for row in items { counts.set(row.status, of: row.item ?? 0) }
        return counts
    }

    /// What the items wait for: of those that wait for the same thing the first, and how many there are.
    private static func waitingItems(_ items: [StageRow]) -> [Entry] {
        var first: [String: (row: StageRow, waiting: WaitReason, count: Int)] = [:]
        var order: [String] = []
        for row in items where !row.status.isTerminal {
            guard let waiting = row.waiting else { continue }
            if first[waiting.on] == nil { order.append(waiting.on) }
            first[waiting.on, default: (row, waiting, 0)].count += 1
        }
        return order.compactMap { first[$0] }.map { row, waiting, count in
            let more = count > 1 ? " (and \(count - 1) more)" : ""
            return Entry(
                stage: row.id, item: row.item, on: waiting.on, detail: (row.waitText ?? "") + more,
                since: waiting.since, until: waiting.until)
        }
    }
}

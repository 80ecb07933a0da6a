import BattenCore
import BattenStore

/// `batten runs`.
enum RunsCommand {
    static let description = CommandDescription(
        "runs", .inspecting, "list runs, newest first",
        details: [
            "Runs that a stage of another run has started are listed with --all, or with --parent alone."
        ],
        options: [
            .value("workflow", short: "w", "NAME", .text, "runs of this workflow only"),
            .value(
                "status", short: "s", "STATUS", .choice(RunStatus.allCases.map(\.rawValue)), repeated: true,
                "runs in this state only; may be repeated"),
            .flag("failed", "runs that have failed or timed out only"),
            .value("since", "TIME", .instant, "runs accepted after an instant, or so long ago: 24h"),
            .flag("all", short: "a", "runs that other runs have started too"),
            .value("parent", "RUN", .text, "the runs that this run has started"),
            .value("limit", short: "n", "COUNT", .integer(1...10_000), standard: "20", "how many at most"),
            .value("cursor", "CURSOR", .text, "the next_cursor of the page before"),
        ],
        examples: [
            CommandExample("batten runs --failed --since 24h", "lists yesterday's failures"),
            CommandExample("batten runs --format json | jq '.items[].run'", "gives their ids"),
        ],
        exits: [.store],
        body: { context, invocation throws(CommandFailure) in
            guard let reader = try context.openReader() else {
                show(Page(items: [], nextCursor: nil), context)
                return .done
            }
            var statuses = invocation.values("status").compactMap(RunStatus.init(rawValue:))
            if invocation.has("failed") { statuses += [.failed, .timedOut] }
            let parent: String?
            if let name = invocation.value("parent") {
                parent = try NamedRun.find(name, in: context).row.id
            } else {
                parent = nil
            }
            let filter = RunFilter(
                workflow: invocation.value("workflow"), statuses: Set(statuses),
                since: invocation.instant("since", now: context.now),
                withChildren: invocation.has("all"), parent: parent)
            let page = try orFailure { () throws(StoreError) in
                try reader.runs(
                    filter, after: invocation.value("cursor"), limit: invocation.integer("limit") ?? 20)
            }
            show(page, context)
            return .done
        })

    private static func show(_ page: Page<BattenStore.RunSummary>, _ context: CommandContext) {
        let format = context.invocation.format
        if format.isData {
            context.console.data(
                .object([
                    "items": .array(page.items.map(json)), "next_cursor": page.nextCursor.map { .string($0) } ?? .null,
                ]), format)
            return
        }
        guard !page.items.isEmpty else { return context.console.note("no runs") }
        let now = context.now
        var table = TextTable([
            .fixed("RUN"), .flexible("WORKFLOW"), .fixed("STATUS"), .fixed("STARTED"), .fixed("TOOK", right: true),
            .flexible("WHY", least: 12),
        ])
        for run in page.items {
            let took = run.startedAt.map { TimeText.elapsed((run.endedAt ?? now) - $0) } ?? ""
            table.add(
                [
                    run.id, run.workflow, "\(StatusText.sign(run.status)) \(StatusText.word(run.status))",
                    TimeText.relative(run.startedAt ?? run.acceptedAt, now: now), took,
                    run.error?.message ?? run.waiting?.detail
                        ?? run.parent.map { "child of \($0.run), stage \($0.stage)" } ?? "",
                ], tones: [nil, nil, StatusText.tone(run.status)])
        }
        context.console.write(table.render(context.console.output))
        if let cursor = page.nextCursor { context.console.note("more: --cursor \(cursor)") }
    }

    private static func json(_ run: BattenStore.RunSummary) -> JSONValue {
        .object([
            "run": .string(run.id), "workflow": .string(run.workflow), "version": .string(run.version),
            "status": .string(run.status.rawValue), "trigger": .string(run.trigger),
            "accepted_at": .string(run.acceptedAt.rfc3339), "started_at": RunReport.instant(run.startedAt),
            "ended_at": RunReport.instant(run.endedAt),
            "duration_ms": TimeText.milliseconds(from: run.startedAt, to: run.endedAt),
            "failed_stages": .int(Int64(run.failedStages)), "waiting": RunReport.json(run.waiting),
            "error": run.error?.json ?? .null, "parent": RunReport.json(run.parent),
        ])
    }
}

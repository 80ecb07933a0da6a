import BattenCore
import BattenStore

/// `batten usage`.
enum UsageCommand {
    static let description = CommandDescription(
        "usage", .inspecting, "show what was used and what it cost",
        details: [
            """
            Tokens, requests and whatever else plugins count are booked with the stage that used them. Costs come from \
            a file of prices (setting `prices`); what has no price there is shown as such, never guessed.
            """,
            """
            Usage outlives its run: after 32 days what belongs to no kept run is summed up by day, so that its run and \
            stage are not known any more. Days are those of UTC.
            """,
        ],
        options: [
            .value(
                "by", "GROUP", .choice(UsageGrouping.allCases.map(\.rawValue)), repeated: true, standard: "model",
                "what to add up by; may be repeated"),
            .value("since", "TIME", .instant, "usage after an instant, or of so long: 7d"),
            .value("until", "TIME", .instant, "usage before an instant"),
            .value("workflow", short: "w", "NAME", .text, "usage of this workflow only"),
            .value("run", "RUN", .text, "usage of this run only"),
            .value("limit", short: "n", "COUNT", .integer(1...1_000_000), standard: "50", "how many groups at most"),
        ],
        formats: [.text, .json, .yaml, .csv],
        examples: [
            CommandExample("batten usage --by model --since 7d", "shows what a week cost, by model"),
            CommandExample("batten usage --by day --by workflow --format csv", "gives a table for a spreadsheet"),
        ],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let groups = groups(invocation)
            var filter = UsageFilter(
                since: invocation.instant("since", now: context.now),
                until: invocation.instant("until", now: context.now), workflow: invocation.value("workflow"))
            if let run = invocation.value("run") { filter.run = try NamedRun.find(run, in: context).row.id }
            var report = UsageReport(groups: groups, filter: filter)
            if let reader = try context.openReader() {
                let sums = try orFailure { () throws(StoreError) in try reader.usage(filter, by: groups) }
                report.add(sums)
            }
            show(report.limited(to: invocation.integer("limit") ?? 50), context)
            return .done
        })

    private static func groups(_ invocation: Invocation) -> [UsageGrouping] {
        var groups: [UsageGrouping] = []
        for group in invocation.values("by").compactMap(UsageGrouping.init(rawValue:)) where !groups.contains(group) {
            groups.append(group)
        }
        return groups.isEmpty ? [.model] : groups
    }

    private static func show(_ report: UsageReport, _ context: CommandContext) {
        let format = context.invocation.format
        if format.isData { return context.console.data(report.json, format) }
        if format == .csv { return context.console.write(report.csv) }
        guard !report.rows.isEmpty else { return context.console.note("nothing was used") }
        context.console.write(report.text(context.console.output))
        if report.leftOff > 0 {
            context.console.note("\(report.leftOff) more: --limit \(report.limit + report.leftOff)")
        }
        if report.total.tokens.unpricedTokens > 0 {
            context.console.note(
                "\(NumberText.grouped(report.total.tokens.unpricedTokens)) tokens have no known price; "
                    + "docs/prices.md tells how to give one")
        }
    }
}

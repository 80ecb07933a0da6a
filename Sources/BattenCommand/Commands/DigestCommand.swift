import BattenCore
import BattenStore

/// `batten digest`.
enum DigestCommand {
    static let description = CommandDescription(
        "digest", .inspecting, "sum up what has happened, to be sent to people",
        details: [
            "Ends of runs workflow by workflow, failures with their reasons, schedules that need somebody, due times that "
                + "nobody was there for, events that have started nothing, and runs that wait. A workflow with a schedule can "
                + "mail it: 'batten init digest' writes one."
        ],
        options: [
            .value("since", "TIME", .instant, standard: "24h", "from an instant on, or so long ago"),
            .value("limit", short: "n", "COUNT", .integer(1...1_000), standard: "20", "entries of each list at most"),
        ],
        formats: [.text, .json, .yaml],
        examples: [CommandExample("batten digest --since 7d", "sums up a week")],
        exits: [.store],
        body: { context, invocation throws(CommandFailure) in
            let now = context.now
            let since = invocation.instant("since", now: now) ?? now - .seconds(86_400)
            let limit = invocation.integer("limit") ?? 20
            guard let reader = try context.openReader() else {
                context.console.note("there is no store yet")
                return .done
            }
            let (report, failed) = try orFailure { () throws(StoreError) in
                (
                    try HealthReport(
                        reader, since: since, at: now, limit: limit,
                        zones: ZoneFiles(environment: context.environment)),
                    try reader.runs(RunFilter(statuses: [.failed, .timedOut], since: since), limit: limit).items
                )
            }
            if invocation.format.isData {
                context.console.data(json(report, failed), invocation.format)
            } else {
                for line in lines(report, failed) { context.console.line(line) }
            }
            return .done
        })

    private static func json(_ report: HealthReport, _ failed: [BattenStore.RunSummary]) -> JSONValue {
        guard case .object(var object) = report.json else { return .null }
        object["workflows"] = .array(
            report.overview.workflows.map { workflow in
                var entry: JSONObject = ["workflow": .string(workflow.name)]
                for status in TriggerRule.statuses {
                    entry[status.rawValue] = .int(Int64(workflow.ended[status] ?? 0))
                }
                return .object(entry)
            })
        object["failures"] = .array(
            failed.map { run in
                .object([
                    "run": .string(run.id), "workflow": .string(run.workflow), "status": .string(run.status.rawValue),
                    "ended_at": RunReport.instant(run.endedAt), "error": run.error?.json ?? .null,
                ])
            })
        object["missed"] = .array(
            report.overview.missed.map { fire in
                .object([
                    "schedule": .string(fire.schedule), "due": .string(fire.at.rfc3339),
                    "note": fire.note.map { .string($0) } ?? .null,
                ])
            })
        return .object(object)
    }

    /// Plain lines: they go into mails.
    private static func lines(_ report: HealthReport, _ failed: [BattenStore.RunSummary]) -> [String] {
        let overview = report.overview
        var lines = [
            "Batten, \(report.since.rfc3339(fractionDigits: 0)) to \(report.at.rfc3339(fractionDigits: 0))", "",
        ]
        if report.servers.isEmpty { lines += ["NOBODY SERVES: schedules, triggers and detached runs wait.", ""] }
        func part(_ title: String, _ entries: [String]) {
            guard !entries.isEmpty else { return }
            lines.append(title)
            lines += entries.map { "  \($0)" }
            lines.append("")
        }
        func text(_ text: String?) -> String { text.map { ": \(TextFit.clean($0))" } ?? "" }
        part(
            "Runs that have ended",
            overview.workflows.map { workflow in
                let parts = TriggerRule.statuses.compactMap { status in
                    workflow.ended[status].map { "\($0) \(StatusText.word(status))" }
                }
                return "\(workflow.name): \(parts.joined(separator: ", "))"
            })
        part(
            "Failures",
            failed.map { "\($0.workflow), run \($0.id), \(StatusText.word($0.status))\(text($0.error?.message))" })
        part(
            "Schedules that need somebody",
            overview.failing.map { failing in
                "\(failing.schedule)\(failing.pause == nil ? "" : ", paused")\(text(failing.pause ?? failing.error))"
            })
        part(
            "Due times that nobody was there for",
            overview.missed.map { "\($0.schedule), \($0.at.rfc3339(fractionDigits: 0))\(text($0.note))" })
        part(
            "Events that have started nothing",
            overview.refused.map { "\($0.trigger), \(TextFit.clean($0.key))\(text($0.note))" })
        part(
            "Runs that wait",
            report.blocked.map { "\($0.workflow), run \($0.id)\(text($0.waiting?.detail))" })
        if lines.count == 2 { lines.append("Nothing has happened.") }
        while lines.last == "" { lines.removeLast() }
        return lines
    }
}

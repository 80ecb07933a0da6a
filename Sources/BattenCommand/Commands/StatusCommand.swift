import BattenCore
import BattenStore

/// `batten status` and `batten outputs`.
enum StatusCommand {
    static let description = CommandDescription(
        "status", .inspecting, "show where a run stands, stage by stage; without one, how everything is doing",
        details: [
            "Without a run: the engines that serve, runs by state, the next and the last due times, schedules that need "
                + "somebody, runs that wait and what for, events that have started nothing, and the room on the disk."
        ],
        arguments: [ArgumentDescription("RUN", .optional, "a run id, the beginning of one, or - for the last run")],
        options: [
            .flag("watch", short: "w", "follow it to its end"),
            .value(
                "since", "TIME", .instant, standard: "24h", "without a run: how far back ends of runs are counted"),
        ],
        formats: [.text, .json, .yaml],
        examples: [
            CommandExample("batten status -", "shows the last run"),
            CommandExample("batten status", "shows who serves, what is due, and what needs somebody"),
            CommandExample("batten status 3fk --watch", "follows a run that another process drives"),
        ],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            guard let name = invocation.argument("RUN") else { return try overview(context, invocation) }
            if invocation.has("watch") { return try watch(name, context) }
            show(try NamedRun.report(of: name, in: context), context)
            return .done
        })

    /// Shows how everything is doing.
    private static func overview(
        _ context: CommandContext, _ invocation: Invocation
    ) throws(CommandFailure) -> ExitCode {
        guard !invocation.has("watch") else {
            throw .usage("no_run", "--watch follows a run, and none is named", help: "batten status - --watch")
        }
        let now = context.now
        let since = invocation.instant("since", now: now) ?? now - .seconds(86_400)
        guard let reader = try context.openReader() else {
            throw .notFound(
                "no_store", "there is no store in \(try context.settings().home)",
                help: "the first run makes one; --home or BATTEN_HOME name another place")
        }
        let zones = ZoneFiles(environment: context.environment)
        let report = try orFailure { () throws(StoreError) in
            try HealthReport(reader, since: since, at: now, zones: zones)
        }
        if invocation.format.isData {
            context.console.data(report.json, invocation.format)
        } else {
            report.show(on: context.console)
        }
        return .done
    }

    /// Shows a run as data or as a tree.
    static func show(_ report: RunReport, _ context: CommandContext) {
        let format = context.invocation.format
        guard !format.isData else { return context.console.data(report.json, format) }
        let profile = context.console.output
        let frame = TreeFrame(profile: profile, width: profile.width, now: context.now, room: nil)
        for line in frame.lines(RunPicture(report)) { context.console.line(line) }
        if let origin = report.run.origin {
            context.console.line("\(origin.kind.rawValue) of run \(origin.run) at \(origin.seq)")
        }
        if let error = report.run.error { context.console.line("error: \(TextFit.clean(error.message))") }
        for line in OutputText.lines(report.run.outputs) { context.console.line(line) }
    }

    private static func watch(_ name: String, _ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let id = try NamedRun.find(name, in: context).row.id
        let tail = try StoreTail(context)
        var shown: RunReport?
        while true {
            let report = try NamedRun.report(of: id, in: context)
            let isTerminal = context.console.output.isTerminal && !context.invocation.format.isData
            if isTerminal || shown?.run != report.run || shown?.stages != report.stages
                || shown?.items != report.items
            {
                if isTerminal, shown != nil { context.console.write("\u{1B}[H\u{1B}[2J") }
                show(report, context)
                context.console.flush()
                shown = report
            }
            if report.run.status.isTerminal || context.console.isOutputClosed { return report.exitCode }
            // On a terminal the lengths of what runs go on by themselves.
            try tail.waitForChange(atMost: isTerminal ? 1_000_000_000 : nil)
        }
    }
}

/// `batten outputs`.
enum OutputsCommand {
    static let description = CommandDescription(
        "outputs", .inspecting, "show what a run or one of its stages gave back",
        arguments: [
            ArgumentDescription("RUN", .required, "a run id, the beginning of one, or - for the last run"),
            ArgumentDescription("STAGE", .optional, "a stage; without one, the outputs of the run"),
        ],
        formats: [.text, .json, .yaml],
        examples: [
            CommandExample("batten outputs - --format json", "gives the last run's outputs as data"),
            CommandExample("batten outputs - fetch", "shows those of a stage"),
        ],
        exits: [.notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let report = try NamedRun.report(of: invocation.argument("RUN") ?? "", in: context)
            var outputs = report.run.outputs
            if let id = invocation.argument("STAGE") {
                guard let stage = report.stages.first(where: { $0.id == id }) else {
                    throw .notFound(
                        "no_such_stage", "run \(report.run.id) has no stage '\(id)'",
                        help: DidYouMean.help(for: id, in: report.stages.map(\.id)))
                }
                outputs = stage.outputs
            }
            if invocation.format.isData {
                context.console.data(outputs ?? .null, invocation.format)
            } else if let outputs {
                for line in OutputText.lines(outputs) { context.console.line(line) }
            } else {
                context.console.note("there are no outputs yet")
            }
            return .done
        })
}

extension RunPicture {
    /// A picture of what the store knows of a run.
    init(_ report: RunReport) {
        self.init(workflow: report.run.workflow)
        apply(.committed(records: [], run: report.run, stages: report.rows))
        for (run, child) in report.children { apply(run, RunPicture(child)) }
        for (stage, usage) in report.usageByStage { book(usage, of: stage) }
        usageBelow = report.usageBelow
    }
}

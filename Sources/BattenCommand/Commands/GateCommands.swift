import BattenCore
import BattenStore

/// `batten gates`.
enum GatesCommand {
    static let description = CommandDescription(
        "gates", .inspecting, "list the gates that wait for people, over all runs, the oldest first",
        options: [
            .value("limit", short: "n", "COUNT", .integer(1...10_000), standard: "20", "how many at most"),
            .value("cursor", "CURSOR", .text, "the next_cursor of the page before"),
        ],
        examples: [CommandExample("batten gates --format json | jq '.items[].prompt'", "shows what is asked")],
        exits: [.store],
        body: { context, invocation throws(CommandFailure) in
            guard let reader = try context.openReader() else {
                show(Page(items: [], nextCursor: nil), context)
                return .done
            }
            let page = try orFailure { () throws(StoreError) in
                try reader.openGates(after: invocation.value("cursor"), limit: invocation.integer("limit") ?? 20)
            }
            show(page, context)
            return .done
        })

    private static func show(_ page: Page<OpenGate>, _ context: CommandContext) {
        let format = context.invocation.format
        if format.isData {
            context.console.data(
                .object([
                    "items": .array(page.items.map(json)), "next_cursor": page.nextCursor.map { .string($0) } ?? .null,
                ]), format)
            return
        }
        guard !page.items.isEmpty else { return context.console.note("no gate waits for anybody") }
        var table = TextTable([
            .fixed("RUN"), .flexible("WORKFLOW"), .flexible("STAGE"), .fixed("SINCE"), .fixed("APPROVALS", right: true),
            .flexible("ASKS", least: 16),
        ])
        for item in page.items {
            table.add([
                item.run, item.workflow, item.stage + (item.item.map { "[\($0)]" } ?? ""),
                TimeText.relative(item.gate.openedAt, now: context.now),
                "\(item.gate.approvals)/\(item.gate.required)", item.gate.prompt,
            ])
        }
        context.console.write(table.render(context.console.output))
        if let cursor = page.nextCursor { context.console.note("more: --cursor \(cursor)") }
    }

    private static func json(_ item: OpenGate) -> JSONValue {
        let gate = item.gate
        var object: JSONObject = [
            "run": .string(item.run), "workflow": .string(item.workflow), "status": .string(item.status.rawValue),
            "stage": .string(item.stage),
        ]
        if let number = item.item { object["item"] = .int(Int64(number)) }
        let rest: JSONObject = [
            "prompt": .string(gate.prompt),
            "approvers": .array(gate.approvers.map { .string($0) }), "required_approvals": .int(Int64(gate.required)),
            "approvals": .array(
                gate.votes.map { .object(["by": .string($0.answer.by), "at": .string($0.at.rfc3339)]) }),
            "form": gate.form ?? .null, "opened_at": .string(gate.openedAt.rfc3339),
            "expires_at": RunReport.instant(gate.expiresAt),
            "on_timeout": .string(gate.approvesOnTimeout ? "approve" : "reject"),
        ]
        for (key, value) in rest { object[key] = value }
        return .object(object)
    }
}

/// `batten approve` and `batten reject`.
enum AnswerCommands {
    private static let arguments = [
        ArgumentDescription("RUN", .required, "a run id, the beginning of one, or - for the last run"),
        ArgumentDescription("STAGE", .required, "the stage that is the gate"),
    ]
    private static let item = OptionDescription.value(
        "item", "N", .integer(0...1_000_000), "the item whose gate it is, counted from 0, of a stage with items")
    private static let person = OptionDescription.value(
        "as", "NAME", .text, standard: "the user's name", "who answers; a record, not a proof")

    static let approve = CommandDescription(
        "approve", .running, "approve a gate of a run",
        details: [
            "The answer is on disk when this returns. Each person answers once; the gate opens with as many approvals as "
                + "it asks for, and the values of its form become the outputs of its stage. Without a process that drives "
                + "the run, the answer is taken in by 'batten resume'."
        ],
        arguments: arguments,
        options: [
            person, item,
            .value("form", short: "f", "KEY=VALUE", .keyValue, repeated: true, "a value of the gate's form"),
            .value("reason", "TEXT", .text, "why, for the record"),
        ],
        examples: [CommandExample("batten approve 3fk release --form version=1.4.0", "approves with a value")],
        exits: [.usage, .notFound, .store],
        body: { context, invocation throws(CommandFailure) in try answer(true, context, invocation) })

    static let reject = CommandDescription(
        "reject", .running, "reject a gate of a run",
        details: [
            "The stage fails with the code batten.gate_rejected; a run that fails by it ends with exit code 7. A stage that "
                + "asks about a lost attempt (on_lost: gate) fails as crashed. The answer is on disk when this returns."
        ],
        arguments: arguments,
        options: [person, item, .value("reason", "TEXT", .text, "why; it is needed")],
        examples: [CommandExample("batten reject 3fk release --reason 'not on a Friday'", "rejects")],
        exits: [.usage, .notFound, .store],
        body: { context, invocation throws(CommandFailure) in try answer(false, context, invocation) })

    private static func answer(
        _ approves: Bool, _ context: CommandContext, _ invocation: Invocation
    ) throws(CommandFailure) -> ExitCode {
        let sender = ControlSender(context: context)
        let found = try sender.openRun(invocation.argument("RUN") ?? "")
        let run = found.row.id
        let stage = invocation.argument("STAGE") ?? ""
        let reason = invocation.value("reason") ?? ""
        if !approves, reason.isEmpty {
            throw .usage("reason_needed", "a rejection needs a reason", help: "add: --reason 'why'")
        }
        let item = invocation.integer("item")
        var gate = try openGate(stage, item, of: found, context)
        let answer = GateAnswer(
            stage: stage, item: item, approves: approves, by: invocation.value("as") ?? Self.user(context),
            form: form(invocation.values("form"), gate.form), reason: reason)
        // Answers that wait on disk count before this one.
        let reader = try context.openReader()
        let pending = try orFailure { () throws(StoreError) in try reader?.pendingAnswers(run: run) ?? [] }
        for earlier in pending where earlier.stage == stage && earlier.item == item && gate.refusal(of: earlier) == nil
        {
            gate.take(earlier, at: context.now)
        }
        if let refusal = gate.refusal(of: answer) { throw refused(refusal, run) }
        let control = RunControl.answer(answer)
        let word = approves ? "approved" : "rejected"
        try sender.tell(
            try sender.send(control, to: found), of: control, to: run,
            applied: "\(word) \(answer.gate) of run \(run) as \(answer.by)",
            kept: "recorded as \(answer.by); no process drives run \(run): go on with batten resume "
                + "\(try NamedRun.top(of: found, in: context))")
        return .done
    }

    private static func openGate(
        _ stage: String, _ item: Int?, of found: StoredRun, _ context: CommandContext
    ) throws(CommandFailure) -> GateRow {
        let run = found.row.id
        let report = try NamedRun.report(of: run, in: context)
        let below = WaitingBelow(report: report)
        guard var row = report.stages.first(where: { $0.id == stage }) else {
            throw .notFound(
                "no_such_stage", "run \(run) has no stage '\(stage)'",
                help: below.gates(like: stage).first.map { "a run that it has started asks: \($0)" }
                    ?? DidYouMean.help(for: stage, in: report.stages.map(\.id)))
        }
        let items = report.items[stage] ?? []
        if let item {
            guard items.indices.contains(item) else {
                throw .notFound(
                    "no_such_item", "stage '\(stage)' of run \(run) has no item \(item)",
                    help: items.isEmpty ? "it has no items" : "its items are 0 to \(items.count - 1)")
            }
            row = items[item]
        } else if !items.isEmpty, row.uses == "gate" {
            throw .usage(
                "item_needed", "stage '\(stage)' of run \(run) has \(items.count) items, each with a gate",
                help: "name one with --item; `batten gates` lists what is open")
        }
        let reader = try context.openReader()
        let gates = try orFailure { () throws(StoreError) in try reader?.gates(run: run) ?? [] }
        guard let gate = gates.first(where: { $0.stageIndex == row.index }) else {
            if row.uses == "workflow", let open = below.gates(of: row).first {
                throw .usage(
                    "refused", "run \(run) refuses this: stage '\(stage)' runs a workflow, whose own gate is open",
                    help: "answer it with: \(open)")
            }
            throw refused(
                row.uses == "gate"
                    ? "stage '\(stage)' is \(StatusText.word(row.status)): its gate is not open"
                    : "stage '\(stage)' is no gate (it uses \(row.uses))", run)
        }
        return gate
    }

    private static func refused(_ why: String, _ run: String) -> CommandFailure {
        .usage("refused", "run \(run) refuses this: \(why)", help: "`batten gates` lists what is open")
    }

    /// The name of the user who runs the command.
    static func user(_ context: CommandContext) -> String {
        for name in ["USER", "LOGNAME"] {
            if let user = context.environment[name], !user.isEmpty { return user }
        }
        return "cli"
    }

    /// Values as the form's schema has them: a text where it wants one, else JSON.
    private static func form(_ options: [String], _ schema: JSONValue?) -> JSONObject {
        var values = JSONObject()
        for option in options {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let text = parts.count > 1 ? parts[1] : ""
            let isText = schema?["properties"]?[parts[0]]?["type"]?.stringValue == "string"
            values[parts[0]] = isText ? .string(text) : (try? JSONReader.parse(text)) ?? .string(text)
        }
        return values
    }
}

/// `batten signal`.
enum SignalCommand {
    /// Bytes of data that a signal may carry.
    private static let limit = 1 << 20

    static let description = CommandDescription(
        "signal", .running, "hand a signal to a run",
        details: [
            "The first stage that waits for the name goes on with the data as its outputs. A signal that comes before a "
                + "stage waits for it is kept. It is on disk when this returns."
        ],
        arguments: [
            ArgumentDescription("RUN", .required, "a run id, the beginning of one, or - for the last run"),
            ArgumentDescription("NAME", .required, "the signal's name"),
        ],
        options: [
            .value("data", short: "d", "JSON", .json, standard: "null", "what it carries"),
            .value("as", "NAME", .text, standard: "the user's name", "who sends it; a record, not a proof"),
        ],
        examples: [CommandExample("batten signal 3fk paid --data '{\"amount\": 40}'", "says that it was paid")],
        exits: [.usage, .notFound, .store],
        body: { context, invocation throws(CommandFailure) in
            let sender = ControlSender(context: context)
            let found = try sender.openRun(invocation.argument("RUN") ?? "")
            let run = found.row.id
            let name = invocation.argument("NAME") ?? ""
            let text = invocation.value("data") ?? "null"
            guard text.utf8.count <= limit else {
                throw .usage(
                    "too_long", "--data has \(text.utf8.count) bytes; a signal carries \(limit) at most",
                    help: "write the data to a file and send its path")
            }
            let data: JSONValue
            do throws(JSONError) {
                data = try JSONReader.parse(text)
            } catch {
                throw .usage("bad_json", "--data is not JSON: \(error.description)", help: "quote it for the shell")
            }
            let control = RunControl.signal(
                RunSignal(name: name, data: data, by: invocation.value("as") ?? AnswerCommands.user(context)))
            try sender.tell(
                try sender.send(control, to: found), of: control, to: run,
                applied: "run \(run) has the signal '\(name)'",
                kept: "recorded; no process drives run \(run): go on with batten resume "
                    + "\(try NamedRun.top(of: found, in: context))")
            let below = WaitingBelow(report: try NamedRun.report(of: run, in: context))
            if let other = below.signals(name).first {
                context.console.note("a run that it has started waits for that name as well: \(other)")
            }
            return .done
        })
}

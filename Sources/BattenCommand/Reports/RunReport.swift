import BattenCore

/// A run as data: the shape that `run` and `status` promise.
struct RunReport: Sendable {
    /// The run's row.
    var run: RunRow
    /// Its stages in file order.
    var stages: [StageRow]
    /// The items of stages with `for_each` or `matrix`, in their order, by the stage's id.
    var items: [String: [StageRow]]
    /// Tokens used, and what they cost.
    var usage: UsageTotals { usageByStage.values.reduce(into: usageBelow) { $0.add($1) } }
    /// The same of each stage that used any, by its id.
    var usageByStage: [String: UsageTotals]
    /// The same of the runs that it has started, and those that they have.
    var usageBelow = UsageTotals()
    /// The newest child of each stage that runs another workflow, by run id.
    var children: [String: RunReport] = [:]

    /// Creates a report.
    ///
    /// - Parameters:
    ///   - rows: the rows of all stages and items, in their order.
    ///   - usage: what was booked for the run.
    init(run: RunRow, rows: [StageRow], usage: [UsageRow]) {
        self.run = run
        stages = rows.filter { $0.item == nil }
        items = [:]
        for row in rows where row.item != nil { items[row.id, default: []].append(row) }
        usageByStage = [:]
        for row in usage {
            usageByStage[row.stage, default: UsageTotals()].add(
                metric: row.metric, amount: row.amount, cost: row.cost)
        }
    }

    /// The rows of all stages and items.
    var rows: [StageRow] { stages + stages.flatMap { items[$0.id] ?? [] } }

    /// The report, keys in the promised order.
    var json: JSONValue {
        var data: JSONObject = [
            "run": .string(run.id), "workflow": .string(run.workflow), "version": .string(run.version),
            "status": .string(run.status.rawValue), "trigger": .string(run.trigger),
            "started_at": Self.instant(run.startedAt), "ended_at": Self.instant(run.endedAt),
            "duration_ms": TimeText.milliseconds(from: run.startedAt, to: run.endedAt),
            "parameters": run.parameters, "outputs": run.outputs ?? .null,
            "usage": Self.json(usage),
            "error": run.error?.json ?? .null, "stages": .array(stages.map(json)),
        ]
        if let origin = run.origin { data["origin"] = origin.json }
        if let parent = run.parent { data["parent"] = .object(parent.members) }
        return .object(data)
    }

    /// Id of the run that a stage has started last; nil when it starts none.
    func childRun(of stage: StageRow) -> String? { stage.childRun(of: run.id) }

    /// The stage attempt that started a run.
    static func json(_ parent: ParentStage?) -> JSONValue { parent.map { .object($0.members) } ?? .null }

    /// One stage, with its items when it has some.
    private func json(_ stage: StageRow) -> JSONValue {
        var object = Self.json(stage)
        if let child = childRun(of: stage) { object["run"] = .string(child) }
        if let items = items[stage.id] {
            object["items"] = .array(
                items.map { row in
                    var members = Self.json(row)
                    if let child = childRun(of: row) { members["run"] = .string(child) }
                    members["id"] = nil
                    members["uses"] = nil
                    var item: JSONObject = ["item": .int(Int64(row.item ?? 0))]
                    for (key, value) in members { item[key] = value }
                    return .object(item)
                })
        }
        return .object(object)
    }

    private static func json(_ stage: StageRow) -> JSONObject {
        var data: JSONObject = [
            "id": .string(stage.id), "uses": .string(stage.uses), "status": .string(stage.status.rawValue),
            "attempts": .int(Int64(stage.attempts)), "started_at": instant(stage.startedAt),
            "ended_at": instant(stage.endedAt),
            "duration_ms": TimeText.milliseconds(from: stage.startedAt, to: stage.endedAt),
            "outputs": stage.outputs ?? .null, "error": stage.error?.json ?? .null, "waiting": json(stage.waiting),
            "cached_from": stage.cachedFrom.map { .string($0) } ?? .null,
        ]
        if let origin = stage.keptFrom { data["kept_from"] = .string(origin) }
        return data
    }

    /// Tokens and their cost; what has no price is told apart.
    static func json(_ usage: UsageTotals) -> JSONValue {
        var object: JSONObject = [
            "tokens": .int(usage.tokens), "cost_usd": NumberText.data(dollars: usage.cost),
        ]
        if usage.unpricedTokens > 0 { object["unpriced_tokens"] = .int(usage.unpricedTokens) }
        return .object(object)
    }

    /// What something waits for, and since when.
    static func json(_ waiting: WaitReason?) -> JSONValue {
        guard let waiting else { return .null }
        return .object(["on": .string(waiting.on), "since": .string(waiting.since.rfc3339)])
    }

    /// An instant as data.
    static func instant(_ instant: Timestamp?) -> JSONValue { instant.map { .string($0.rfc3339) } ?? .null }

    /// The exit code that a run's state gives.
    var exitCode: ExitCode {
        switch run.status {
        case .completed: .done
        case .failed where run.error?.code == RunMachine.rejectionCode: .rejected
        case .failed: run.error?.outcomeClass == .quota ? .quota : .runFailed
        case .cancelled: .cancelled
        case .timedOut: .timedOut
        case .pending, .running, .paused, .waiting: .waiting
        }
    }
}

extension RunRow {
    /// Whether only gates or signals are left to wait for.
    var isLeftToPeople: Bool { status == .waiting && ["gate", "signal"].contains(waiting?.on ?? "") }
}

extension StageRow {
    /// Id of the run that the stage's newest attempt has started; nil unless it runs another workflow.
    func childRun(of run: String) -> String? {
        guard uses == "workflow", attempts > 0 else { return nil }
        return ParentStage(run: run, stage: id, item: item, attempt: attempts).childRun
    }
}

import BattenCore

/// A run as data: the shape that `run` and `status` promise.
struct RunReport: Sendable {
    /// The run's row.
    var run: RunRow
    /// Its stages in file order.
    var stages: [StageRow]
    /// Tokens used.
    var tokens: Int64
    /// Money spent in US dollars; nil when nothing says what it cost.
    var cost: Double?

    /// The report, keys in the promised order.
    var json: JSONValue {
        .object([
            "run": .string(run.id), "workflow": .string(run.workflow), "version": .string(run.version),
            "status": .string(run.status.rawValue), "trigger": .string(run.trigger),
            "started_at": Self.instant(run.startedAt), "ended_at": Self.instant(run.endedAt),
            "duration_ms": TimeText.milliseconds(from: run.startedAt, to: run.endedAt),
            "parameters": run.parameters, "outputs": run.outputs ?? .null,
            "usage": .object(["tokens": .int(tokens), "cost_usd": cost.map { .double($0) } ?? .null]),
            "error": run.error?.json ?? .null, "stages": .array(stages.map(Self.json)),
        ])
    }

    /// One stage.
    static func json(_ stage: StageRow) -> JSONValue {
        .object([
            "id": .string(stage.id), "uses": .string(stage.uses), "status": .string(stage.status.rawValue),
            "attempts": .int(Int64(stage.attempts)), "started_at": instant(stage.startedAt),
            "ended_at": instant(stage.endedAt),
            "duration_ms": TimeText.milliseconds(from: stage.startedAt, to: stage.endedAt),
            "outputs": stage.outputs ?? .null, "error": stage.error?.json ?? .null, "waiting": json(stage.waiting),
        ])
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

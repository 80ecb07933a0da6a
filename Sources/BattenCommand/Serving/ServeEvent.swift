import BattenCore
import BattenStore

/// One thing that a serving engine tells: a line for people and an object for programs.
struct ServeEvent: Sendable {
    /// When it happened.
    let at: Timestamp
    /// What happened, in one word.
    let name: String
    /// What it is about, for programs.
    let fields: JSONObject
    /// The same for people; nil for what only programs are told one by one.
    let text: String?

    init(_ name: String, at: Timestamp, _ fields: JSONObject, text: String?) {
        self.name = name
        self.at = at
        self.fields = fields
        self.text = text
    }

    /// The event as one line of data.
    var json: JSONValue {
        var object: JSONObject = ["at": .string(at.rfc3339), "event": .string(name)]
        for (key, value) in fields { object[key] = value }
        return .object(object)
    }
}

extension ServeEvent {
    /// - Parameter others: engines that serve the same store already.
    static func serving(
        engine: String, pid: Int32, home: String, others: [EngineRecord], at: Timestamp
    ) -> ServeEvent {
        let beside = others.map { other in
            "\(other.id) (pid \(other.pid), since \(other.startedAt.rfc3339(fractionDigits: 0)))"
        }
        return ServeEvent(
            "serving", at: at,
            [
                "engine": .string(engine), "pid": .int(Int64(pid)), "home": .string(home),
                "others": .array(
                    others.map { other in
                        .object([
                            "engine": .string(other.id), "pid": .int(Int64(other.pid)),
                            "since": .string(other.startedAt.rfc3339),
                        ])
                    }),
            ],
            text: "engine \(engine) serves \(home) (pid \(pid))"
                + (others.isEmpty ? "" : " beside \(beside.joined(separator: ", "))"))
    }

    /// - Parameters:
    ///   - applied: settings that hold from now on.
    ///   - later: settings that hold after the next start.
    static func reloaded(applied: [String], later: [String], at: Timestamp) -> ServeEvent {
        var parts: [String] = []
        if !applied.isEmpty { parts.append("\(applied.joined(separator: ", ")) hold from now on") }
        if !later.isEmpty { parts.append("\(later.joined(separator: ", ")) need a restart") }
        return ServeEvent(
            "reloaded", at: at,
            ["applied": .array(applied.map { .string($0) }), "restart": .array(later.map { .string($0) })],
            text: "configuration read again: \(parts.isEmpty ? "nothing has changed" : parts.joined(separator: "; "))")
    }

    static func notReloaded(_ failure: CommandFailure, at: Timestamp) -> ServeEvent {
        ServeEvent(
            "not_reloaded", at: at, ["code": .string(failure.code), "message": .string(failure.message)],
            text: "configuration stays as it was: \(TextFit.clean(failure.message))")
    }

    /// What ends the engine, or keeps it from beginning.
    static func failed(_ failure: CommandFailure, at: Timestamp) -> ServeEvent {
        ServeEvent(
            "failed", at: at,
            ["code": .string(failure.code), "message": .string(failure.message), "help": .string(failure.help)],
            text: TextFit.clean(failure.message))
    }

    static func silent(_ part: String, at: Timestamp) -> ServeEvent {
        ServeEvent(
            "silent", at: at, ["part": .string(part)],
            text: "\(part) does not answer; the service manager is told nothing until it does")
    }

    /// - Parameter isOneOfMany: whether people are told of many runs in one line instead.
    static func adopted(_ run: RunRow, from: String?, isOneOfMany: Bool, at: Timestamp) -> ServeEvent {
        let origin = from.map { " from the engine \($0), which is gone" } ?? ""
        return ServeEvent(
            "adopted", at: at,
            ["run": .string(run.id), "workflow": .string(run.workflow), "from": from.map { .string($0) } ?? .null],
            text: isOneOfMany
                ? nil
                : "\(from == nil ? "detached " : "")run \(run.id) of \(TextFit.clean(run.workflow)) taken up\(origin)")
    }

    static func adopted(count: Int, from: String?, at: Timestamp) -> ServeEvent {
        ServeEvent(
            "adopted_many", at: at, ["count": .int(Int64(count)), "from": from.map { .string($0) } ?? .null],
            text: from.map { "\(count) runs taken up from the engine \($0), which is gone" }
                ?? "\(count) detached runs taken up")
    }

    static func refused(run: String, _ failure: CommandFailure, at: Timestamp) -> ServeEvent {
        ServeEvent(
            "refused", at: at,
            ["run": .string(run), "code": .string(failure.code), "message": .string(failure.message)],
            text: "run \(run) cannot be taken up: \(TextFit.clean(failure.message))")
    }

    static func trouble(_ error: StoreError, at: Timestamp) -> ServeEvent {
        ServeEvent(
            "trouble", at: at, ["code": .string("store_\(error.code.rawValue)"), "message": .string(error.message)],
            text: "the store could not be used, trying again: \(TextFit.clean(error.message))")
    }

    static func fired(_ fire: ScheduleFire, at: Timestamp) -> ServeEvent {
        ServeEvent(
            "fired", at: at,
            [
                "schedule": .string(fire.schedule), "due": .string(fire.at.rfc3339),
                "kind": .string(fire.kind.rawValue),
                "run": fire.run.map { .string($0) } ?? .null,
            ],
            text: "schedule \(fire.schedule) started run \(fire.run ?? "") for \(fire.at.rfc3339(fractionDigits: 0))")
    }

    static func passed(_ fire: ScheduleFire, at: Timestamp) -> ServeEvent {
        let why = fire.note.map { ": \(TextFit.clean($0))" } ?? ""
        let what = fire.outcome == .queued ? "waits for earlier runs to end" : "\(fire.outcome.rawValue)\(why)"
        return ServeEvent(
            fire.outcome.rawValue, at: at,
            [
                "schedule": .string(fire.schedule), "due": .string(fire.at.rfc3339),
                "note": fire.note.map { .string($0) } ?? .null,
            ], text: "schedule \(fire.schedule), \(fire.at.rfc3339(fractionDigits: 0)): \(what)")
    }

    static func schedulePaused(_ name: String, _ why: String, at: Timestamp) -> ServeEvent {
        ServeEvent(
            "schedule_paused", at: at, ["schedule": .string(name), "why": .string(why)],
            text: "schedule \(name) is paused: \(TextFit.clean(why)); go on with: batten schedule resume \(name)")
    }

    /// - Parameter next: the next due time of any schedule.
    static func clockSet(_ step: ClockComparison.Step, next: Timestamp?, at: Timestamp) -> ServeEvent {
        let (from, to) = (step.from.rfc3339(fractionDigits: 0), step.to.rfc3339(fractionDigits: 0))
        let due = next.map { "the next due time is \($0.rfc3339(fractionDigits: 0))" } ?? "no schedule is due"
        let what =
            step.isBack
            ? "back from \(from) to \(to): what was due before starts nothing again; \(due)"
            : "forward from \(from) to \(to): what was due in between is started or missed as catch_up says; \(due)"
        return ServeEvent(
            "clock_set", at: at,
            [
                "from": .string(step.from.rfc3339), "to": .string(step.to.rfc3339),
                "next": next.map { .string($0.rfc3339) } ?? .null,
            ], text: "the clock was set \(what)")
    }

    static func triggered(_ event: TriggerEvent, at: Timestamp) -> ServeEvent {
        ServeEvent(
            "triggered", at: at,
            [
                "trigger": .string(event.trigger), "key": .string(event.key),
                "run": event.run.map { .string($0) } ?? .null,
            ], text: "trigger \(event.trigger) started run \(event.run ?? "") for \(TextFit.clean(event.key))")
    }

    static func untriggered(_ event: TriggerEvent, at: Timestamp) -> ServeEvent {
        let why = event.note ?? ""
        return ServeEvent(
            "trigger_refused", at: at,
            ["trigger": .string(event.trigger), "key": .string(event.key), "why": .string(why)],
            text: "trigger \(event.trigger) starts no run for \(TextFit.clean(event.key)): \(TextFit.clean(why))")
    }

    static func unwatched(_ folder: String, _ why: String, at: Timestamp) -> ServeEvent {
        ServeEvent(
            "unwatched", at: at, ["folder": .string(folder), "why": .string(why)],
            text: "\(TextFit.clean(folder)) cannot be watched: \(TextFit.clean(why))")
    }

    static func waiting(_ run: RunRow, _ reason: WaitReason, at: Timestamp) -> ServeEvent {
        ServeEvent(
            "waiting", at: at,
            ["run": .string(run.id), "workflow": .string(run.workflow), "on": .string(reason.on)],
            text: "run \(run.id) of \(TextFit.clean(run.workflow)) waits: \(TextFit.clean(reason.detail))")
    }

    static func ended(_ run: RunRow, at: Timestamp) -> ServeEvent {
        let length = run.startedAt.map { " after \(TimeText.elapsed((run.endedAt ?? at) - $0))" } ?? ""
        let why = run.error.map { ": \(TextFit.clean($0.message))" } ?? ""
        return ServeEvent(
            "ended", at: at,
            [
                "run": .string(run.id), "workflow": .string(run.workflow), "status": .string(run.status.rawValue),
                "duration_ms": TimeText.milliseconds(from: run.startedAt, to: run.endedAt),
                "error": run.error?.json ?? .null,
            ],
            text: "run \(run.id) of \(TextFit.clean(run.workflow)) \(StatusText.word(run.status))\(length)\(why)")
    }

    static func lost(_ run: String, at: Timestamp) -> ServeEvent {
        ServeEvent(
            "taken_over", at: at, ["run": .string(run)], text: "run \(run) was taken over by another engine")
    }

    static func stopping(within time: Duration, at: Timestamp) -> ServeEvent {
        ServeEvent(
            "stopping", at: at, ["drain_ms": .int(time.saturatedNanoseconds / 1_000_000)],
            text: "stopping: nothing new starts, running stages get \(DurationText.format(time)) to end")
    }

    static func stopped(left: Int, at: Timestamp) -> ServeEvent {
        let runs = left == 1 ? "one run that has" : "\(left) runs that have"
        return ServeEvent(
            "stopped", at: at, ["left": .int(Int64(left))],
            text: left == 0 ? "stopped" : "stopped; \(runs) not ended can be taken up by another engine")
    }
}

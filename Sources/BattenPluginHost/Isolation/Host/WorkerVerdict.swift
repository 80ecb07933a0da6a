import BattenCore
import BattenSystem

/// Why the host ends a worker.
enum WorkerEndReason: Sendable, Hashable {
    /// It has nothing more to do, or is replaced by a fresh one.
    case retired
    /// The host shuts down.
    case shutdown
    /// It did not say in time that it is ready.
    case notReady
    /// A call did not stop in time; the executor.
    case hung(String)
    /// It holds more memory than it may: how much, and how much it may.
    case memory(Int64, Int64)
    /// It sent something that is no frame, or closed its socket; the rule it broke.
    case fault(String)
}

/// How a worker process ended, and what is known about why.
struct WorkerVerdict: Sendable {
    let pid: Int32
    let end: ProcessEnd
    /// Why the host ended it; nil when it ended by itself.
    let reason: WorkerEndReason?
    let wasReady: Bool
    /// How many calls it had.
    let calls: Int
    /// The last lines it wrote.
    let log: [String]
    /// What it wrote about its crash.
    let backtrace: [String]

    /// Whether nobody wanted it to end.
    var isCrash: Bool {
        switch reason {
        case nil, .fault, .memory: true
        case .retired, .shutdown, .notReady, .hung: false
        }
    }

    /// What happened, for people: the rest of a sentence that begins with the worker.
    var text: String {
        switch reason {
        case .fault(let rule): return "broke the rules between worker and host (\(rule)) and was ended"
        case .memory(let bytes, let limit):
            return "held \(bytes >> 20) MiB of memory where \(limit >> 20) MiB are allowed, and was ended"
        case .notReady: return "did not become ready in time and was ended"
        case .hung(let type): return "was ended because a call of \(type) did not stop"
        case .retired, .shutdown, nil: break
        }
        switch end {
        case .exited(let status): return "left with status \(status)"
        case .signalled: return "was ended by \(end.signalName ?? "a signal")"
        case .unknown: return "ended in an unknown way"
        }
    }

    /// The facts as data.
    var details: JSONValue {
        var members: JSONObject = ["pid": .int(Int64(pid))]
        switch end {
        case .exited(let status): members["exit_status"] = .int(Int64(status))
        case .signalled: members["signal"] = .string(end.signalName ?? "")
        case .unknown: break
        }
        if case .fault(let rule) = reason { members["violation"] = .string(rule) }
        members["calls"] = .int(Int64(calls))
        if !log.isEmpty { members["log"] = .array(log.map(JSONValue.string)) }
        if !backtrace.isEmpty { members["backtrace"] = .array(backtrace.map(JSONValue.string)) }
        return .object(["worker": .object(members)])
    }

    /// The outcome of a call that was inside.
    ///
    /// - Parameters:
    ///   - call: the call; one that was asked to stop has stopped in its way.
    ///   - isOwn: whether each call has a worker of its own, so that nobody else can have been the cause.
    func outcome(of call: IsolatedCall, isOwn: Bool) -> StageOutcome {
        let (type, stop) = (call.executor.type, call.stop)
        guard stop == 0 else {
            return HostOutcome.endedWhileStopping(type, why: stop, what: text, details: details)
        }
        var message = "the worker process of \(type) \(text)"
        if calls > 1 { message += "; \(calls) calls were inside" }
        if let line = log.last { message += "; its last line: \(line)" }
        return StageOutcome(
            .crashed, effect: .unknown, code: isOwn ? "plugin.crashed" : StageOutcome.lostWorkerCode, message: message,
            details: details)
    }
}

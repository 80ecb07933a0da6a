import BattenCore

/// The journal of one run of a crash loop, held against what its workflow says.
///
/// What has ended does not start again; what is undone is exactly what has completed, the last first and one after the
/// other, before `finally`; and the hooks of a run are those of what became of it, each round carried out.
struct CrashStory {
    let run: String
    let graph: CrashGraph
    private(set) var violations: [String] = []
    private(set) var attempts: [String: [Int: CrashReport.Fate]] = [:]
    private(set) var undosEnded = 0
    /// How often the hooks of an event have begun.
    private(set) var hookRounds: [String: Int] = [:]
    private var ended: Set<String> = []
    private var expanded: Set<String> = []
    /// What has completed and can be undone, in order.
    private var completed: [String] = []
    /// The undos, in the order in which they are to be made.
    private var undos: [String]?
    /// Whether something has gone wrong while it could still be undone.
    private var isSpoilt = false
    private var isInFinally = false
    private var isStarted = false
    private var verdict: String?
    private var end: String?

    init(run: String, graph: CrashGraph) {
        self.run = run
        self.graph = graph
    }

    private static let ends: Set = [
        "stage_completed", "stage_failed", "stage_timed_out", "stage_cancelled", "stage_skipped",
    ]

    /// Takes in the next event of the journal.
    mutating func take(_ event: JSONValue, _ type: String) {
        if end != nil, type != "attempt_late" { violations.append("run \(run): \(type) after its end") }
        guard let stage = event["stage"]?.stringValue else { return take(runEvent: type, event["data"] ?? .null) }
        let item = event["item"]?.intValue
        let key = "\(run)/\(stage)" + (item.map { "/\($0)" } ?? "")
        let isUndo = stage.hasSuffix(":undo")
        if type == "stage_expanded" { expanded.insert(stage) }
        if ended.contains(key), type != "attempt_late" { violations.append("\(key): \(type) after its end") }
        if isUndo, undos?.dropFirst(undosEnded).first != stage {
            violations.append("\(key): \(type), and it is not its turn of \(undos ?? [])")
        }
        if type == "stage_started", !isUndo, !stage.contains(":") {
            if (stage == "last") != isInFinally {
                violations.append("\(key) started, and finally is not what it is in")
            }
            if undos != nil, stage != "last" { violations.append("\(key) started beside what is undone") }
        }
        if Self.ends.contains(type) {
            ended.insert(key)
            if isUndo { undosEnded += 1 }
            if type == "stage_completed", graph.undone.contains(stage), item != nil || !expanded.contains(stage) {
                completed.append(stage + (item.map { "[\($0)]" } ?? "") + ":undo")
            }
            if type == "stage_failed" || type == "stage_timed_out", item == nil, stage != "last", !stage.contains(":") {
                isSpoilt = true
            }
        }
        guard let attempt = event["attempt"]?.intValue.map({ Int($0) }) else { return }
        switch type {
        case "stage_started": attempts[key, default: [:]][attempt] = .running
        case "attempt_lost": attempts[key, default: [:]][attempt] = .lost
        case "stage_completed", "stage_failed", "stage_retrying": attempts[key, default: [:]][attempt] = .ended
        case "stage_cancelled", "stage_timed_out": attempts[key, default: [:]][attempt] = .stopped
        default: break
        }
    }

    private mutating func take(runEvent type: String, _ data: JSONValue) {
        switch type {
        case "run_started": isStarted = true
        case "run_cancel_requested": if !isInFinally, verdict == nil { isSpoilt = true }
        case "compensation_started":
            let expected = Array(completed.reversed())
            if undos != nil { violations.append("run \(run): undone twice") }
            if !isSpoilt { violations.append("run \(run): undone, and nothing went wrong") }
            let told = (data["stages"]?.arrayValue ?? []).map { entry in
                (entry["stage"]?.stringValue ?? "") + (entry["item"]?.intValue.map { "[\($0)]" } ?? "") + ":undo"
            }
            if told != expected { violations.append("run \(run): undoes \(told), completed were \(completed)") }
            undos = expected
        case "finally_started":
            isInFinally = true
            checkUndos("finally")
        case "hook_started":
            hookRounds[data["hook"]?.stringValue ?? "", default: 0] += 1
            if let status = data["status"]?.stringValue {
                verdict = status
                checkUndos("the last hook")
            }
        case "run_completed", "run_failed", "run_cancelled", "run_timed_out":
            end = String(type.dropFirst("run_".count))
            checkUndos("its end")
        default: break
        }
    }

    private mutating func checkUndos(_ before: String) {
        if undosEnded != undos?.count ?? 0 {
            violations.append("run \(run): \(undosEnded) of \(undos ?? []) undone before \(before)")
        }
        if isSpoilt, undos == nil, !completed.isEmpty {
            violations.append("run \(run): \(completed) left as they are before \(before)")
        }
    }

    /// Looks at the whole once the journal is read.
    mutating func close() {
        guard let end else { return violations.append("run \(run) has not ended") }
        for (key, made) in attempts where made.values.contains(.running) {
            violations.append("\(key) runs in a run that has ended")
        }
        if let verdict, verdict != end { violations.append("run \(run): \(end), its last hook said \(verdict)") }
        let wanted = [
            "on_start": isStarted ? 1 : 0, "on_success": end == "completed" ? 1 : 0,
            "on_failure": end == "failed" || end == "timed_out" ? 1 : 0,
        ]
        for (event, stages) in graph.hooks {
            let rounds = hookRounds[event] ?? 0
            if let wanted = wanted[event], rounds != wanted {
                violations.append("run \(run): \(event) came \(rounds) times, not \(wanted)")
            }
            // Which run went before, this one's journal does not tell.
            if event == "on_recovery", rounds > (end == "completed" ? 1 : 0) {
                violations.append("run \(run): on_recovery came \(rounds) times in a run that is \(end)")
            }
            for round in 0..<rounds {
                for stage in stages where !ended.contains("\(run)/\(event)\(round > 0 ? "#\(round + 1)" : ""):\(stage)")
                {
                    violations.append("run \(run): round \(round + 1) of \(event):\(stage) has not ended")
                }
            }
        }
    }
}

@testable import BattenCore

/// The hooks of a run that have begun, counted anew from its journal.
struct HookLedger {
    /// The names of their stages.
    private(set) var names: [String] = []
    private var rounds: [String: Int] = [:]
    /// How the run is to end, once its last hook has begun.
    private var verdict: String?
    private var hasStarted = false
    private var isHurried = false

    /// The planned stage of a hook that is shown under a name; nil for every other name.
    static func stage(_ name: String, _ plan: Plan) -> PlannedStage? {
        guard let colon = name.firstIndex(of: ":") else { return nil }
        return plan.hookIndexByID[String(name[name.index(after: colon)...])].map { plan.planned($0) }
    }

    /// The name of a stage that one of this name depends on: in a hook that of the same event and round.
    static func sibling(_ id: String, of name: String, _ plan: Plan) -> String {
        guard stage(name, plan) != nil, let colon = name.firstIndex(of: ":") else { return id }
        return "\(name[...colon])\(id)"
    }

    /// - Parameter isDone: whether all stages of the run itself have ended.
    mutating func add(_ record: JournalRecord, _ plan: Plan, isDone: Bool, _ complain: (String) -> Void) {
        switch record.type {
        case "run_started": hasStarted = true
        case "run_cancel_requested": isHurried = isHurried || record.data["cause"] != "timeout"
        case "hook_started": begin(record, plan, isDone: isDone, complain)
        case "run_completed", "run_failed", "run_timed_out", "run_cancelled": checkEnd(record, plan, complain)
        default: break
        }
        guard let name = record.stage, Self.stage(name, plan) != nil else { return }
        if !names.contains(name) { complain("'\(name)' has \(record.type) before its hook began") }
        if isHurried, record.type == "stage_waiting",
            ["gate", "signal", "sleep"].contains(record.data["on"]?.stringValue ?? "")
        {
            complain("'\(name)' begins to wait in a run that was cancelled")
        }
    }

    private mutating func begin(
        _ record: JournalRecord, _ plan: Plan, isDone: Bool, _ complain: (String) -> Void
    ) {
        let event = record.data["hook"]?.stringValue ?? ""
        guard let part = plan.hookParts.first(where: { $0.event.rawValue == event }) else {
            return complain("the hook '\(event)' began, and there is none")
        }
        let round = rounds[event, default: 0] + 1
        rounds[event] = round
        names += part.stages.map { "\(event)\(round > 1 ? "#\(round)" : ""):\($0.id)" }
        if !hasStarted { complain("the hook '\(event)' began before the run") }
        let isLast = ["on_success", "on_failure", "on_recovery"].contains(event)
        if round > 1, isLast || event == "on_start" { complain("the hook '\(event)' began twice") }
        if isLast, !isDone { complain("the hook '\(event)' began before the stages of the run had ended") }
        let status = record.data["status"]?.stringValue
        if let verdict, event != "on_recovery" || verdict != status {
            complain("the hook '\(event)' began after the last one")
        }
        if event == "on_recovery", status != "completed" { complain("a run recovers and does not end well") }
        if isLast { verdict = status }
    }

    private func checkEnd(_ record: JournalRecord, _ plan: Plan, _ complain: (String) -> Void) {
        let end = String(record.type.dropFirst("run_".count))
        if let verdict, verdict != end, end != "cancelled" {
            complain("the run was to end as \(verdict) and is \(end)")
        }
        let starts = rounds["on_start", default: 0]
        if plan.hookParts.contains(where: { $0.event == .onStart }), starts != (hasStarted ? 1 : 0) {
            complain("the hook 'on_start' began \(starts) times")
        }
        let event: HookEvent = end == "completed" ? .onSuccess : .onFailure
        guard hasStarted, end != "cancelled", plan.hookParts.contains(where: { $0.event == event }) else { return }
        if rounds[event.rawValue] == nil { complain("the run ended as \(end) without its hook '\(event.rawValue)'") }
    }
}

import BattenCore

/// What a run has undone, counted anew from its journal.
struct UndoLedger {
    /// What completed by calls of this run, in this order.
    private var completed: [Place] = []
    /// The undos, in the order in which they are to be made.
    private var names: [String] = []
    private var places: [String: Place] = [:]
    private var ended: Set<String> = []
    /// What an undo was begun of.
    private(set) var begun: Set<Place> = []

    /// Undos that have not ended.
    var open: [String] { names.filter { !ended.contains($0) } }

    /// What an undo of this name undoes; nil for the name of any other stage.
    func undone(_ stage: String) -> Place? { places[stage] }

    /// Whether a stage of this name is an undo.
    func isUndo(_ stage: String) -> Bool { places[stage] != nil }

    /// What completed is undone when the run does not end well: the last first, one at a time, before `finally`.
    mutating func add(_ record: JournalRecord, _ plan: Plan, _ complain: (String) -> Void) {
        let stage = record.stage ?? ""
        switch record.type {
        case "stage_rewound": completed.removeAll { $0.stage == stage }
        case "compensation_started": begin(record, plan, complain)
        case "stage_started" where isUndo(stage):
            if open.first != stage { complain("'\(stage)' starts, and the next undo is \(open.first ?? "none")") }
            if let place = places[stage] { begun.insert(place) }
        // Its turn has come, and nothing but a slot is in its way.
        case "stage_waiting" where isUndo(stage):
            if let place = places[stage] { begun.insert(place) }
        case "stage_completed" where !isUndo(stage) && record.data["cached_from"] == nil:
            completed.append(Place(stage: stage, item: record.item))
        case _ where isUndo(stage) && OracleRun.ends.contains(record.type):
            ended.insert(stage)
            // One that needs neither a slot nor time ends as it begins.
            if record.type != "stage_skipped", let place = places[stage] { begun.insert(place) }
        case "finally_started", "run_failed", "run_timed_out", "run_cancelled", "run_completed":
            if !open.isEmpty { complain("'\(record.type)' before the undos \(open)") }
            checkNeed(record, plan, complain)
        default: break
        }
    }

    private mutating func begin(_ record: JournalRecord, _ plan: Plan, _ complain: (String) -> Void) {
        if !names.isEmpty { complain("undos were begun twice") }
        let list = (record.data["stages"]?.arrayValue ?? []).map { json in
            Place(stage: json["stage"]?.stringValue ?? "", item: json["item"]?.intValue.map { Int($0) })
        }
        let due = Array(completed.reversed().filter { isUndoable($0, plan) })
        if list != due { complain("undone are \(list), and those that completed are \(due)") }
        for place in list {
            let name = place.stage + (place.item.map { "[\($0)]" } ?? "") + ":undo"
            names.append(name)
            places[name] = place
        }
    }

    /// A run that failed before `finally`, or timed out, has undone what it could.
    private func checkNeed(_ record: JournalRecord, _ plan: Plan, _ complain: (String) -> Void) {
        let culprit = record.data["error"]?["details"]?["stage"]?.stringValue.flatMap { plan.indexByID[$0] }
        let isInTime =
            record.type == "run_timed_out"
            || (record.type == "run_failed" && (culprit.map { $0 < plan.finallyStart } ?? false))
        if isInTime, names.isEmpty, completed.contains(where: { isUndoable($0, plan) }) {
            complain("the run did not end well and nothing was undone")
        }
    }

    private func isUndoable(_ place: Place, _ plan: Plan) -> Bool {
        guard let stage = plan.indexByID[place.stage].map({ plan.stages[$0] }), stage.compensate != nil else {
            return false
        }
        return place.item != nil || stage.fanOut == nil
    }
}

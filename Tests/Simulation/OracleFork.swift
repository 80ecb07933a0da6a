import BattenCore

/// What a run takes from the one it continues, found anew from the journal of that one.
struct OracleFork {
    let origin: String
    let kind: ForkOrigin.Kind
    /// Stages that were asked to run again.
    let from: Set<String>
    /// The other run as it stood at the position from which this one goes on.
    private let past: OracleRun
    /// What the other run has undone, also after that.
    private let undone: Set<Place>
    /// Whether both runs have the same definition.
    private let isSameDefinition: Bool

    init(
        origin: String, _ other: OracleRun, seq: Int64, kind: ForkOrigin.Kind, from: Set<String>,
        isSameDefinition: Bool
    ) {
        self.origin = origin
        self.kind = kind
        self.from = from
        self.isSameDefinition = isSameDefinition
        var past = OracleRun(plan: other.plan)
        past.add(Array(other.journal.prefix { $0.seq <= seq }), now: 0) { _ in }
        self.past = past
        undone = other.undo.begun
    }

    /// Holds what a run began with against the past of the other one.
    ///
    /// - Parameter records: those that accepted the run.
    func check(_ records: [JournalRecord], plan: Plan, _ complain: (String) -> Void) {
        var kept: Set<String> = []
        for record in records {
            guard let stage = record.stage, record.item == nil else { continue }
            if record.type == "stage_kept" {
                kept.insert(stage)
                check(record, stage, complain)
            } else if record.type == "items_kept" {
                checkItems(record, stage, complain)
            }
        }
        var again: Set<Int> = []
        for index in plan.levels.joined() {
            let stage = plan.stages[index]
            if from.contains(stage.id) || !again.isDisjoint(with: stage.dependencies) { again.insert(index) }
        }
        for stage in plan.stages[..<plan.finallyStart] {
            let hasAll = stage.dependencies.allSatisfy { kept.contains(plan.stages[$0].id) }
            guard kept.contains(stage.id) else {
                let end = past.standing(Place(stage: stage.id, item: nil)).end
                if isSameDefinition, end == "stage_completed", hasAll, !again.contains(stage.index), !isUndone(stage.id)
                {
                    complain("stage '\(stage.id)' had completed in \(origin), and is not kept")
                }
                continue
            }
            if isUndone(stage.id) { complain("stage '\(stage.id)' is kept and was undone") }
            if !hasAll { complain("stage '\(stage.id)' is kept, and not all that it depends on") }
            if again.contains(stage.index) { complain("stage '\(stage.id)' is kept and was to run again") }
        }
    }

    private func isUndone(_ stage: String) -> Bool { undone.contains { $0.stage == stage } }

    private func check(_ record: JournalRecord, _ stage: String, _ complain: (String) -> Void) {
        let standing = past.standing(Place(stage: stage, item: nil))
        let outputs = record.data["outputs"] ?? .null
        if outputs.isNull {
            if standing.end != "stage_skipped" { complain("stage '\(stage)' is kept as skipped, \(origin) did not") }
        } else if standing.end != "stage_completed" || standing.outputs != outputs {
            complain("stage '\(stage)' is kept with outputs that \(origin) did not commit")
        }
    }

    private func checkItems(_ record: JournalRecord, _ stage: String, _ complain: (String) -> Void) {
        for item in record.data["items"]?.arrayValue ?? [] {
            let number = Int(item["item"]?.intValue ?? -1)
            let place = Place(stage: stage, item: number)
            if undone.contains(place) { complain("\(place) is kept and was undone") }
            let standing = past.standing(place)
            if standing.end != "stage_completed" || standing.outputs != item["outputs"]
                || past.items[stage]?[number] != item["value"]
            {
                complain("item \(number) of '\(stage)' is kept, which \(origin) did not commit like this")
            }
        }
    }
}

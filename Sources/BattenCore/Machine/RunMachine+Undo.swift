// `compensate`: what completed is undone when the run does not end well, the last first and one after the other.
extension RunMachine {
    /// The stages and items that the end of the main stages has undone, in this order; nil when there are none.
    ///
    /// Those that this run has completed itself: what was kept from another run, or taken over from another call, is
    /// theirs to undo. A run that is ended at once undoes nothing.
    var stagesToUndo: [Int]? {
        switch state.stop {
        case .now: return nil
        case .cancel, .timeout: break
        case nil: guard state.decisiveError != nil || state.isCancelAsked else { return nil }
        }
        let undone = state.stages.indices.filter { index in
            state.stages[index].completedAt > 0 && planned(index).compensate != nil
                // The items of a stage are undone one by one.
                && (state.stages[index].row.item != nil || planned(index).fanOut == nil)
        }
        return undone.isEmpty ? nil : undone.sorted { state.stages[$0].completedAt > state.stages[$1].completedAt }
    }

    /// Begins an undo whose turn has come.
    mutating func beginUndo(_ index: Int, _ at: Timestamp) {
        guard state.stages[index].mode == .idle, state.nextUndo == index else { return }
        if let reason = reasonNotToStart(index) {
            emit(.stageSkipped(stage: index, reason: reason), at)
        } else {
            begin(index, at)
        }
    }
}

extension RunState {
    /// The undo that is made now, or next; nil when none is left.
    var nextUndo: Int? { undosLeft > 0 ? firstUndo + undos.count - undosLeft : nil }

    /// Makes an instance of each undo.
    mutating func startCompensation(_ undone: [Int], _ plan: Plan, _ changes: inout RunChanges) {
        phase = .compensation
        disarm(.run, &changes)
        let first = stages.count
        firstUndo = first
        undosLeft = undone.count
        changes.grow(to: first + undone.count)
        for index in undone {
            let name = UndoneStage(stages[index].row).undo
            let row = StageRow(
                index: stages.count, id: name, uses: planned(index, plan).uses(of: .compensate), isFinally: false)
            var undo = StageState(row: row, planned: stages[index].planned, dependenciesLeft: 0)
            undo.undoes = index
            undo.body = .compensate
            undos[name] = stages.count
            changes.touch(stage: stages.count)
            stages.append(undo)
        }
        changes.decidable.append(first)
    }

    /// Notes that an undo has ended, well or not: the next one's turn has come.
    mutating func noteEnd(ofUndo index: Int, _ changes: inout RunChanges) {
        undosLeft -= 1
        if undosLeft > 0 { changes.decidable.append(index + 1) }
    }

    /// The stages and items whose undos have begun: whatever came of that, what they gave cannot be built on.
    public var undone: Set<UndoneStage> {
        var undone: Set<UndoneStage> = []
        for stage in stages {
            guard let index = stage.undoes, stage.row.status != .pending, stage.row.status != .skipped else { continue }
            undone.insert(UndoneStage(stages[index].row))
        }
        return undone
    }
}

/// A stage, or an item of one, that was undone.
public struct UndoneStage: Sendable, Hashable {
    /// Stage id.
    public let id: String
    /// Number of the item, from 0; nil for a stage that is one.
    public let item: Int?

    /// What stands behind the name of a stage in the name of its undo; no stage's id can hold it.
    private static let suffix = ":undo"

    init(_ row: StageRow) {
        id = row.id
        item = row.item
    }

    /// Reads what ``json`` has written; nil for anything else.
    init?(json: JSONValue) {
        guard let id = json["stage"]?.stringValue else { return nil }
        self.id = id
        item = json["item"]?.intValue.map { Int(clamping: $0) }
    }

    var json: JSONValue {
        var members: JSONObject = ["stage": .string(id)]
        if let item { members["item"] = .int(Int64(item)) }
        return .object(members)
    }

    /// The name of the undo, under which it is shown like a stage: `charge:undo`, of an item `charge[2]:undo`.
    public var undo: String { id + (item.map { "[\($0)]" } ?? "") + Self.suffix }

    /// The id of the stage that an undo of this name undoes; nil for the name of anything else.
    public static func stage(ofUndo name: String) -> String? {
        guard name.hasSuffix(suffix) else { return nil }
        let whole = name.dropLast(suffix.count)
        return String(whole.prefix { $0 != "[" })
    }
}

// What a run takes over from the one that it continues.
extension RunState {
    /// Takes a stage as it was decided; or an item; or notes items for the moment at which their stage is spread.
    mutating func keep(_ index: Int, _ kept: KeptStage, _ at: Timestamp, _ plan: Plan, _ changes: inout RunChanges) {
        guard kept.items.isEmpty else {
            stages[index].keptItems = kept.items
            return
        }
        stages[index].row.outputs = kept.outputs
        stages[index].summary = kept.summary
        stages[index].row.reason = StageRow.keptReason(of: kept.run ?? row.origin?.run ?? "")
        if var gate = kept.gate {
            gate.stageIndex = index
            stages[index].gate = gate
            changes.touch(gate: index)
        }
        if let views = kept.views {
            expansions[index] = Expansion(first: stages.count, items: [], at: at)
            expansions[index]?.views = views
        }
        let isItem = stages[index].row.item != nil
        if isItem { noteKeep(ofItem: index) }
        settle(index, kept.outputs == nil ? .skipped : .completed, at, plan, &changes)
        if isItem { passOverEnded(of: stages[index].home) }
    }

    /// The items of a stage that have completed, for a run that continues this one.
    func completedItems(of index: Int) -> [KeptStage.Item] {
        guard let expansion = expansions[index] else { return [] }
        return expansion.instances.enumerated().compactMap { number, place in
            guard stages[place].row.status == .completed else { return nil }
            return KeptStage.Item(
                number: number, value: expansion.items[number], outputs: stages[place].row.outputs ?? .object([:]))
        }
    }
}

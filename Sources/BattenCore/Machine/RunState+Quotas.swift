extension RunState {
    /// Counts the stages and items that wait for quotas.
    mutating func noteQuotaWait(_ index: Int, _ change: Int) {
        if stages[index].hookShift == nil { quotaWaits += change }
        guard stages[index].row.item != nil else { return }
        let parent = stages[index].planned
        let count = (parkedItems[parent] ?? 0) + change
        parkedItems[parent] = count > 0 ? count : nil
    }
}

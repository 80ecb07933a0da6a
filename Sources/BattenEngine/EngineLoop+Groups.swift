import BattenCore

/// Runs that exclude one another.
extension EngineLoop {
    /// Asks the store for a run's place in its group.
    func join(_ run: ActiveRun, cancelsEarlier: Bool) {
        guard failure == nil else { return }
        let group = run.machine.state.row.group ?? ""
        if let holder = ancestor(of: run, in: group) {
            apply(.groupOfAncestor(holder), to: run)
            return
        }
        do {
            let place = try store.joinGroup(
                GroupRequest(
                    run: run.id, epoch: run.epoch, engine: settings.engineID, limit: settings.groupLimits[group] ?? 1,
                    cancelsEarlier: cancelsEarlier, at: clock.now()))
            guard let place else { return release(run) }
            apply(.group(place), to: run)
            if run.isInLine { hasLines = true }
            // The runs that were asked to cancel may be this engine's own.
            if cancelsEarlier, place != .holds { inbox.put(.storeChanged) }
        } catch {
            fail(error)
        }
    }

    /// Asks again for all runs that wait in line, the oldest first.
    func askForGroups() {
        groupsWereLeft = false
        guard hasLines, failure == nil else { return }
        let waiting = runs.values.filter { $0.isInLine && $0.isStored }.sorted { $0.number < $1.number }
        hasLines = !waiting.isEmpty
        for run in waiting { join(run, cancelsEarlier: false) }
    }
}

public import BattenCore

extension SQLiteStore {
    /// Decides and writes the changes of several runs in one transaction, during which no other engine takes a slot.
    public func commit(
        _ request: SlotRequest, deciding decide: (SlotView) -> SlotDecision
    ) throws(StoreError) -> [CommitVerdict] {
        try writing { writer throws(StoreError) in
            try writer.write(
                request, isAlive: { (engine) throws(StoreError) in try isAlive(engine) }, deciding: decide
            ) { commits throws(StoreError) in try encode(commits) }
        }
    }

    /// Has the slots of an engine count until an instant, whether the engine can be seen to live or not.
    public func renewSlots(engine: String, until: Timestamp) throws(StoreError) {
        try withWriter { writer throws(StoreError) in
            try writer.connection.transaction { () throws(StoreError) in
                let update = try writer.connection.statement(
                    "UPDATE slots SET expires_at = ?2 WHERE engine = ?1 AND expires_at IS NOT NULL")
                update.bind(1, engine)
                update.bind(2, until)
                try update.run()
            }
        }
    }

    /// Forgets engines that are gone and still said to wait for slots.
    func forgetWaiting(_ engines: [String]) throws(StoreError) {
        if engines.isEmpty { return }
        try withWriter { writer throws(StoreError) in
            try writer.connection.transaction { () throws(StoreError) in
                for engine in engines {
                    let delete = try writer.connection.statement("DELETE FROM slot_waiters WHERE engine = ?1")
                    delete.bind(1, engine)
                    try delete.run()
                }
            }
        }
    }
}

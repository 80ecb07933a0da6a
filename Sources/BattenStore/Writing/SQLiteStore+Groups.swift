public import BattenCore

extension SQLiteStore {
    /// Gives a run its place in the group it was accepted in: it holds the group, or stands in the line for it.
    ///
    /// Runs before it in line whose engines are gone are passed over: they cannot start. A run that holds the group
    /// keeps it whatever became of its engine, because only its end says that it does nothing more.
    public func joinGroup(_ request: GroupRequest) throws(StoreError) -> GroupPlace? {
        // Most who ask again are told to go on waiting, which takes no write.
        if !request.cancelsEarlier {
            let seen = try withWriter { writer throws(StoreError) in
                try writer.connection.snapshot { () throws(StoreError) in try look(request, writer) }
            }
            guard let seen, seen.place == .holds, !seen.isWritten else { return seen?.place }
        }
        let (place, engines) = try withWriter { writer throws(StoreError) in
            try writer.connection.transaction { () throws(StoreError) -> (GroupPlace?, [String]) in
                guard let seen = try look(request, writer) else { return (nil, []) }
                if seen.place == .holds {
                    if !seen.isWritten { try writer.hold(seen.group, run: seen.key, at: request.at) }
                    return (.holds, [])
                }
                guard request.cancelsEarlier else { return (seen.place, []) }
                try writer.cancel(seen.group, before: seen.key, at: request.at)
                return (seen.place, seen.before.map(\.owner))
            }
        }
        wake(engines)
        return place
    }

    private struct Look {
        let key: Int64
        let group: String
        let place: GroupPlace
        /// Whether the store says so already.
        let isWritten: Bool
        let before: [RunWriter.Member]
    }

    private func look(_ request: GroupRequest, _ writer: RunWriter) throws(StoreError) -> Look? {
        guard let (key, group) = try writer.inGroup(request) else { return nil }
        func found(_ place: GroupPlace, isWritten: Bool, before: [RunWriter.Member] = []) -> Look {
            Look(key: key, group: group, place: place, isWritten: isWritten, before: before)
        }
        if try writer.holdsGroup(key) { return found(.holds, isWritten: true) }
        let holders = try writer.members(group, holding: true)
        let earlier = try writer.members(group, holding: false, before: key)
        let free = max(1, request.limit) - holders.count
        var ahead: [RunWriter.Member] = []
        for member in earlier {
            if try isDriven(member, request) { ahead.append(member) }
        }
        if free > ahead.count { return found(.holds, isWritten: false) }
        guard let first = free > 0 ? ahead.first : holders.first else { return found(.holds, isWritten: false) }
        let member = GroupMember(
            run: first.run, workflow: first.workflow, holds: free <= 0, isDriven: try isDriven(first, request))
        return found(.waits(behind: member), isWritten: true, before: holders + earlier)
    }

    private func isDriven(_ member: RunWriter.Member, _ request: GroupRequest) throws(StoreError) -> Bool {
        if member.owner == request.engine { return true }
        return try isAlive(member.owner)
    }
}

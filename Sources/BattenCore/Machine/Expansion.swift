/// What a stage with `for_each` or `matrix` is spread over, and how far that is.
///
/// Each item is an instance of the stage of its own: instances of items follow all planned stages in the state, those
/// of one stage side by side.
struct Expansion: Sendable, Hashable {
    /// Place of the first item's instance.
    let first: Int
    /// The items, as they were committed.
    let items: [JSONValue]
    /// How many items have begun or were passed over; they do so in order.
    var next = 0
    /// Items that have begun and not ended.
    var active = 0
    /// Since when the next item is ready: the one before it began then.
    var nextSince: Timestamp
    /// Items that have not ended.
    var left: Int
    /// Items that completed.
    var completed = 0
    /// Items that failed or timed out.
    var failed = 0
    /// Place of the instance of the item that failed first.
    var firstFailure: Int?
    /// Whether an item may have changed the world.
    var effect = Effect.none
    /// What `stages.<id>.items` gives, once all items have ended.
    var views: JSONValue?

    init(first: Int, items: [JSONValue], at: Timestamp) {
        self.first = first
        self.items = items
        nextSince = at
        left = items.count
    }

    /// Places of the items' instances.
    var instances: Range<Int> { first..<first + items.count }

    /// Notes the effect of an item that completed.
    mutating func note(_ effect: Effect) {
        if effect != .none, self.effect != .unknown { self.effect = effect }
    }
}

extension RunState {
    /// The planned stage that an instance is, or is an item of.
    func planned(_ index: Int, _ plan: Plan) -> PlannedStage { plan.planned(stages[index].planned) }

    /// What the stage is spread over that an instance is an item of; nil for an instance that is no item.
    func expansion(around index: Int) -> Expansion? {
        stages[index].row.item == nil ? nil : expansions[stages[index].home]
    }

    /// The instance of a stage, or of one of its items; nil when there is none.
    func instance(of stage: Int, item: Int?) -> Int? {
        guard let item else { return stage }
        guard let expansion = expansions[stage], expansion.items.indices.contains(item) else { return nil }
        return expansion.first + item
    }

    /// Whether a stage that is spread over items could begin another one, were there a slot.
    func hasRoomForItems(_ parent: Int, _ plan: Plan) -> Bool {
        guard let expansion = expansions[parent], expansion.next < expansion.items.count,
            stages[parent].stopping == nil
        else { return false }
        guard let limit = planned(parent, plan).fanOut?.maxParallel else { return true }
        return expansion.active < max(1, limit)
    }

    /// Makes an instance of each item.
    mutating func expand(
        _ index: Int, over items: [JSONValue], _ at: Timestamp, _ changes: inout RunChanges
    ) {
        let first = stages.count
        expansions[index] = Expansion(first: first, items: items, at: at)
        if items.isEmpty {
            changes.decidable.append(index)
            return
        }
        stages.reserveCapacity(first + items.count)
        changes.grow(to: first + items.count)
        for item in items.indices {
            var row = StageRow(
                index: first + item, id: stages[index].row.id, uses: stages[index].row.uses,
                isFinally: stages[index].row.isFinally)
            row.item = item
            var instance = StageState(row: row, planned: stages[index].planned, dependenciesLeft: 0)
            instance.hookShift = stages[index].hookShift
            instance.unmet = stages[index].unmet
            instance.hasFailedAncestor = stages[index].hasFailedAncestor
            stages.append(instance)
            changes.touch(stage: first + item)
        }
        expanding.append(index)
    }

    /// Notes that an item has begun, or was passed over.
    mutating func noteBegin(ofItem index: Int, _ at: Timestamp) {
        guard let item = stages[index].row.item else { return }
        let parent = stages[index].home
        guard let next = expansions[parent]?.next, item >= next else { return }
        expansions[parent]?.next = item + 1
        expansions[parent]?.active += 1
        expansions[parent]?.nextSince = at
        passOverEnded(of: parent)
        if let expansion = expansions[parent], expansion.next == expansion.items.count {
            expanding.removeAll { $0 == parent }
        }
    }

    /// Notes that an item was taken over from another run, whatever came before it.
    mutating func noteKeep(ofItem index: Int) {
        let parent = stages[index].home
        expansions[parent]?.active += 1
    }

    /// Moves on to the next item that has not ended.
    mutating func passOverEnded(of parent: Int) {
        while let expansion = expansions[parent], expansion.next < expansion.items.count,
            stages[expansion.first + expansion.next].mode == .ended
        {
            expansions[parent]?.next += 1
        }
        if let expansion = expansions[parent], expansion.next == expansion.items.count {
            expanding.removeAll { $0 == parent }
        }
    }

    /// Notes that an item has ended; with the last one its stage can be decided.
    mutating func noteEnd(ofItem index: Int, _ status: StageStatus, _ changes: inout RunChanges) {
        let parent = stages[index].home
        guard var expansion = expansions.removeValue(forKey: parent) else { return }
        expansion.active -= 1
        expansion.left -= 1
        switch status {
        case .completed: expansion.completed += 1
        case .failed, .timedOut:
            expansion.failed += 1
            if expansion.firstFailure == nil { expansion.firstFailure = index }
        case .pending, .running, .waiting, .retrying, .cancelled, .skipped: break
        }
        if expansion.left == 0 { changes.decidable.append(parent) }
        expansions[parent] = expansion
    }

    /// The outputs of a stage whose items have ended: a list for each name, null for items that have none.
    func listOutputs(of index: Int, _ plan: Plan) -> JSONValue {
        guard let expansion = expansions[index] else { return .object([:]) }
        var lists: [String: [JSONValue]] = [:]
        var names: [String] = []
        func list(_ name: String) {
            if lists.updateValue(Array(repeating: .null, count: expansion.items.count), forKey: name) == nil {
                names.append(name)
            }
        }
        for name in planned(index, plan).outputNames where lists[name] == nil { list(name) }
        for (item, place) in expansion.instances.enumerated() {
            guard stages[place].row.status == .completed, let outputs = stages[place].row.outputs?.objectValue else {
                continue
            }
            for (name, value) in outputs {
                if lists[name] == nil { list(name) }
                lists[name]?[item] = value
            }
        }
        var outputs = JSONObject()
        for name in names { outputs[name] = .array(lists[name] ?? []) }
        return .object(outputs)
    }

    /// Gathers what the items of a stage that is being decided give.
    mutating func gatherItems(of index: Int, _ plan: Plan) {
        guard let expansion = expansions[index] else { return }
        stages[index].row.outputs = listOutputs(of: index, plan)
        expansions[index]?.views = .array(
            expansion.instances.map { place in
                let row = stages[place].row
                return [
                    "status": .string(row.status.rawValue),
                    "outputs": row.status == .completed ? row.outputs ?? .object([:]) : .object([:]),
                    "error": row.error?.json ?? .null,
                ]
            })
    }
}

extension PlannedStage {
    /// Names of outputs that are known before the stage has run: its contract's, or what its executor says.
    var outputNames: [String] {
        if !outputs.isEmpty { return outputs.map(\.definition.name) }
        switch kind {
        case .executor(let info): return info.output.declaredProperties.map(\.name)
        case .set: return Array(definition.with.keys)
        case .gate: return definition.with["form"]?["properties"]?.objectValue.map { Array($0.keys) } ?? []
        case .signal: return ["data", "sent_by", "sent_at"]
        case .workflow: return child?.outputs.map(\.definition.name) ?? []
        case .sleep, .unsupported: return []
        }
    }
}

import BattenCore

/// A run as a person following it sees it: the committed rows, and what came live since.
struct RunPicture: Sendable {
    /// One stage of it.
    struct Stage: Sendable {
        /// The committed row.
        var row: StageRow
        /// The last lines of its log, at most ``RunPicture/tailLength``.
        var tail: [LogLine] = []
        /// The end of what it streams, one line.
        var streamed = ""
        /// Progress from 0 to 1.
        var fraction: Double?
        /// What it is busy with.
        var note = ""
        /// How far its items are; nil for a stage that is one.
        var items: ItemCounts?
        /// Tokens used so far, and what they cost.
        var usage = UsageTotals()
    }

    /// Log lines kept of each stage.
    static let tailLength = 10

    /// Run id; empty until the run is accepted.
    private(set) var id = ""
    /// Workflow name.
    private(set) var workflow: String
    /// The run's row.
    private(set) var run: RunRow?
    /// The stages in file order, those of `finally` last.
    private(set) var stages: [Stage] = []
    /// The runs that it has started, and those that they have, while they have not completed.
    private(set) var children: [String: RunPicture] = [:]
    private var places: [String: Int] = [:]

    init(workflow: String) { self.workflow = workflow }

    /// Tokens of all stages and of the runs they have started, and what they cost.
    var usage: UsageTotals { stages.reduce(into: usageBelow) { $0.add($1.usage) } }
    /// The same of the runs that it has started, and those that they have.
    var usageBelow = UsageTotals()

    /// Stages that are decided.
    var decided: Int { stages.count { $0.row.status.isTerminal } }

    /// Finds a stage.
    func stage(_ id: String) -> Stage? { places[id].map { stages[$0] } }

    /// Takes in what happened.
    mutating func apply(_ event: FollowEvent) {
        switch event {
        case .committed(_, let run, let rows):
            if let run {
                self.run = run
                id = run.id
                workflow = run.workflow
            }
            for row in rows { apply(row) }
        case .takenUp(let picture): self = picture
        case .log(let line):
            change(line.stage) { stage in
                stage.tail.append(line)
                if stage.tail.count > Self.tailLength { stage.tail.removeFirst() }
            }
        case .progress(let stage, nil, let fraction, let note):
            change(stage) { stage in
                stage.fraction = fraction.map { $0.isFinite ? min(max($0, 0), 1) : 0 }
                stage.note = note
            }
        case .stream(let stage, nil, let text):
            change(stage) { stage in
                let joined = TextFit.clean(stage.streamed + text)
                stage.streamed = String(joined.suffix(400))
            }
        case .usage(let stage, let metric, _, let amount, let cost):
            change(stage) { $0.usage.add(metric: metric, amount: amount, cost: cost) }
        case .child(let run, let event):
            if case .usage(_, let metric, _, let amount, let cost) = event {
                usageBelow.add(metric: metric, amount: amount, cost: cost)
            }
            children[run, default: RunPicture(workflow: "")].apply(event)
            if children[run]?.run?.status == .completed { children[run] = nil }
        // What single items report is too much for the one line of their stage.
        case .progress, .stream, .resized: return
        }
    }

    /// Takes over what a stage has used, as the store knows it.
    mutating func book(_ usage: UsageTotals, of stage: String) {
        change(stage) { $0.usage = usage }
    }

    /// Takes in the picture of a run that it has started, and those below that one.
    mutating func apply(_ run: String, _ picture: RunPicture) {
        children.merge(picture.children) { own, _ in own }
        children[run] = picture
        children[run]?.children = [:]
    }

    /// The picture of the run that one of its stages has started, with those below that one.
    func child(of stage: Stage) -> RunPicture? {
        guard let run = stage.row.childRun(of: id), var child = children[run] else { return nil }
        child.children.merge(children) { own, _ in own }
        return child
    }

    private mutating func apply(_ row: StageRow) {
        if let item = row.item {
            change(row.id) { stage in
                var items = stage.items.take() ?? ItemCounts()
                items.set(row.status, of: item)
                stage.fraction = items.total > 0 ? Double(items.decided) / Double(items.total) : nil
                stage.items = items
            }
            return
        }
        if let place = places[row.id] {
            if row.attempts != stages[place].row.attempts {
                stages[place].fraction = nil
                stages[place].note = ""
                stages[place].streamed = ""
            }
            stages[place].row = row
            return
        }
        let place = stages.firstIndex { $0.row.index > row.index } ?? stages.count
        stages.insert(Stage(row: row), at: place)
        if place == stages.count - 1 {
            places[row.id] = place
        } else {
            for (place, stage) in stages.enumerated() { places[stage.row.id] = place }
        }
    }

    private mutating func change(_ id: String, _ body: (inout Stage) -> Void) {
        guard let place = places[id] else { return }
        body(&stages[place])
    }
}

public import BattenCore

/// An open gate as lists show it.
public struct OpenGate: Sendable, Hashable {
    /// Run id.
    public var run: String
    /// Workflow name.
    public var workflow: String
    /// The run's state.
    public var status: RunStatus
    /// Engine that owns the run, or owned it last.
    public var owner: String
    /// Stage id.
    public var stage: String
    /// Number of the item, from 0, when it is the gate of an item.
    public var item: Int?
    /// The gate as it stands.
    public var gate: GateRow
}

/// The columns of a gate.
enum GateColumns {
    static let list = """
        g.idx, g.prompt, g.approvers, g.required, g.form, g.approves_on_timeout, g.opened_at, g.expires_at, g.votes,
            g.decision, g.decided_by, g.decided_at
        """
    static let count: Int32 = 12

    /// Answers as data.
    static func json(_ votes: [GateRow.Vote]) -> JSONValue {
        .array(
            votes.map { vote in
                .object([
                    "control": .string(RunControl.answer(vote.answer).kind), "at": .int(vote.at.nanoseconds),
                    "answer": RunControl.answer(vote.answer).payload ?? .null,
                ])
            })
    }

    private static func votes(_ json: JSONValue?) -> [GateRow.Vote] {
        (json?.arrayValue ?? []).compactMap { entry in
            guard let kind = entry["control"]?.stringValue, let at = entry["at"]?.intValue,
                case .answer(let answer)? = RunControl(kind: kind, payload: entry["answer"])
            else { return nil }
            return GateRow.Vote(answer: answer, at: Timestamp(nanoseconds: at))
        }
    }

    static func read(_ row: Statement, _ unspill: Unspill) throws(StoreError) -> GateRow {
        let approvers = (try? JSONReader.parse(row.text(2)))?.arrayValue?.compactMap(\.stringValue) ?? []
        var gate = GateRow(
            stageIndex: Int(row.int(0)), prompt: row.text(1), approvers: approvers, required: Int(row.int(3)),
            form: try unspill.value(row, 4), approvesOnTimeout: row.int(5) != 0,
            openedAt: Timestamp(nanoseconds: row.int(6)), expiresAt: row.timestamp(7))
        gate.votes = votes(try unspill.value(row, 8))
        gate.decision = row.isNull(9) ? nil : GateDecision(rawValue: row.text(9))
        gate.decidedBy = row.isNull(10) ? nil : row.text(10)
        gate.decidedAt = row.timestamp(11)
        return gate
    }
}

extension StoreReader {
    /// Lists the gates that are open, over all runs, the oldest first.
    ///
    /// - Parameters:
    ///   - cursor: the `nextCursor` of the page before; nil for the first.
    ///   - limit: how many at most, 1 to 10,000.
    public func openGates(after cursor: String? = nil, limit: Int = 50) throws(StoreError) -> Page<OpenGate> {
        let limit = min(max(limit, 1), 10_000)
        let start = if let cursor { try Cursor(cursor, list: "g") } else { Cursor(.min, .min) }
        let found = try rows(
            ListQuery.openGates,
            { statement in
                statement.bind(1, start.first)
                statement.bind(2, start.second >> Self.stageBits)
                statement.bind(3, start.second & Self.stageMask)
                statement.bind(4, limit + 1)
            },
            { row throws(StoreError) in
                let place = GateColumns.count
                let gate = try GateColumns.read(row, unspill)
                let item = OpenGate(
                    run: row.text(place), workflow: row.text(place + 1),
                    status: RunStatus(rawValue: row.text(place + 2)) ?? .waiting, owner: row.text(place + 3),
                    stage: row.text(place + 4), item: row.optionalInt(place + 6).map { Int($0) }, gate: gate)
                return (item: item, key: row.int(place + 5) << Self.stageBits | Int64(gate.stageIndex))
            })
        let items = found.prefix(limit)
        let more = found.count > limit ? items.last : nil
        return Page(
            items: items.map(\.item),
            nextCursor: more.map { Cursor($0.item.gate.openedAt.nanoseconds, $0.key).text(list: "g") })
    }

    /// Places of stages take fewer bits than this.
    private static var stageBits: Int64 { 20 }
    private static var stageMask: Int64 { (1 << stageBits) - 1 }

    /// The gates that a run has opened, in the plan's order.
    public func gates(run: String) throws(StoreError) -> [GateRow] {
        try rows(ListQuery.gates, { $0.bind(1, run) }) { row throws(StoreError) in
            try GateColumns.read(row, unspill)
        }
    }

    /// The signals that a run was handed, in the order they came.
    public func signals(run: String) throws(StoreError) -> [SignalRow] {
        try rows(ListQuery.signals, { $0.bind(1, run) }) { row throws(StoreError) in
            var signal = SignalRow(
                seq: row.int(0),
                signal: RunSignal(name: row.text(1), data: try unspill.value(row, 2) ?? .null, by: row.text(3)),
                at: Timestamp(nanoseconds: row.int(4)))
            signal.takenBy = row.isNull(5) ? nil : Int(row.int(5))
            signal.takenAt = row.timestamp(6)
            return signal
        }
    }

    /// Answers to a run's gates that no engine has taken in yet, oldest first.
    public func pendingAnswers(run: String) throws(StoreError) -> [GateAnswer] {
        try rows(ListQuery.pendingAnswers, { $0.bind(1, run) }) { row in
            guard
                case .answer(let answer)? = RunControl(
                    kind: row.text(0), payload: try? JSONReader.parse(row.text(1)))
            else { return nil }
            return answer
        }.compactMap(\.self)
    }
}

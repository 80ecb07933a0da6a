public import BattenCore

/// A run with those who execute it.
public struct StoredRun: Sendable, Hashable {
    /// Its row.
    public var row: RunRow
    /// Engine that owns it, or owned it last.
    public var owner: String
    /// Epoch of that owner.
    public var epoch: Int64
}

/// What an abbreviated run id names.
public enum RunLookup: Sendable, Hashable {
    case found(StoredRun)
    /// Several runs begin like this; some of their ids.
    case ambiguous([String])
    case none
}

/// A control that was asked of a run, with what became of it.
public struct StoredControl: Sendable, Hashable {
    /// What became of a control.
    public enum State: Sendable, Hashable {
        case open, applied
        /// It was refused, and why.
        case refused(String)
    }
    /// What was asked, as the run's owner names it.
    public var control: String
    /// Who asked.
    public var source: String
    /// When.
    public var askedAt: Timestamp
    /// What became of it.
    public var state: State
}

extension StoreReader {
    /// Finds a run by the beginning of its id; `-` and `@last` name the run that was accepted last.
    public func run(_ name: String) throws(StoreError) -> RunLookup {
        if name == "-" || name == "@last" {
            let last = try rows(ListQuery.lastRun, { $0.bind(1, Int64.min) }) { $0.text(0) }
            guard let id = last.first else { return .none }
            return try storedRun(id).map { .found($0) } ?? .none
        }
        guard !name.isEmpty else { return .none }
        if let exact = try storedRun(name) { return .found(exact) }
        let ids = try rows(
            ListQuery.runsByPrefix,
            { statement in
                statement.bind(1, name)
                // Ids are ASCII: no id that begins like this sorts behind this text.
                statement.bind(2, name + "\u{7f}")
                statement.bind(3, 10)
            }, { $0.text(0) })
        guard let only = ids.first else { return .none }
        if ids.count > 1 { return .ambiguous(ids) }
        return try storedRun(only).map { .found($0) } ?? .none
    }

    private func storedRun(_ id: String) throws(StoreError) -> StoredRun? {
        try rows(ListQuery.run, { $0.bind(1, id) }) { statement throws(StoreError) in
            StoredRun(
                row: try RunColumns.read(statement, unspill), owner: statement.text(RunColumns.count),
                epoch: statement.int(RunColumns.count + 1))
        }.first
    }

    /// Canonical JSON text of the definition that a run is locked to; nil when there is no such run.
    public func definition(run: String) throws(StoreError) -> [UInt8]? {
        try rows(ListQuery.definition, { $0.bind(1, run) }) { statement throws(StoreError) in
            try unspill.bytes(statement, 0) ?? []
        }.first
    }

    /// The stages of a run, in the plan's order.
    public func stages(run: String) throws(StoreError) -> [StageRow] {
        try withTail { tail throws(StoreError) in
            if let images = try tail.images(run: run) { return images.stages }
            return try tail.stages(run)
        }
    }

    /// The attempts of a run, by stage and number.
    public func attempts(run: String) throws(StoreError) -> [AttemptRow] {
        try withTail { tail throws(StoreError) in
            guard let images = try tail.images(run: run) else { return try tail.attempts(run) }
            return images.attempts.sorted { ($0.stageIndex, $0.number) < ($1.stageIndex, $1.number) }
        }
    }

    private func withTail<Value: Sendable>(
        _ body: (RunTail) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try withConnection { connection throws(StoreError) in
            try connection.snapshot { () throws(StoreError) in
                try body(RunTail(connection: connection, unspill: unspill))
            }
        }
    }

    /// The journal of a run behind a position.
    ///
    /// - Parameters:
    ///   - seq: position after which to begin; 0 for the beginning.
    ///   - limit: how many records at most.
    public func events(run: String, after seq: Int64 = 0, limit: Int = 1_000) throws(StoreError) -> [JournalRecord] {
        try rows(
            ListQuery.events,
            { statement in
                statement.bind(1, run)
                statement.bind(2, seq)
                statement.bind(3, max(limit, 0))
            }, { row throws(StoreError) in try EventColumns.read(row, unspill) })
    }

    /// What a run used, in the order it was booked.
    public func usage(run: String) throws(StoreError) -> [UsageRow] {
        try rows(ListQuery.usage, { $0.bind(1, run) }) { row in
            UsageRow(
                stage: row.text(0), item: row.optionalInt(7).map { Int($0) }, attempt: Int(row.int(1)),
                plugin: row.text(2), metric: row.text(3), subject: row.text(4), amount: row.int(5),
                cost: row.isNull(8) ? nil : row.double(8), at: Timestamp(nanoseconds: row.int(6)))
        }
    }

    /// The timers that are armed for a run.
    public func timers(run: String) throws(StoreError) -> [TimerRow] {
        try rows(ListQuery.timers, { $0.bind(1, run) }) { row in
            TimerRow(key: row.text(0), at: Timestamp(nanoseconds: row.int(1)))
        }
    }

    /// The controls that were asked of a run, oldest first.
    public func controls(run: String) throws(StoreError) -> [StoredControl] {
        try rows(ListQuery.controls, { $0.bind(1, run) }) { row in
            StoredControl(
                control: row.text(0), source: row.text(1), askedAt: Timestamp(nanoseconds: row.int(2)),
                state: Self.controlState(row, 3))
        }
    }

    /// What became of a control.
    ///
    /// - Parameter control: the id that asking for it gave.
    /// - Returns: nil when there is no such control.
    public func controlState(_ control: Int64) throws(StoreError) -> StoredControl.State? {
        try rows(ListQuery.control, { $0.bind(1, control) }) { row in Self.controlState(row, 0) }.first
    }

    private static func controlState(_ row: Statement, _ column: Int32) -> StoredControl.State {
        switch row.int(column) {
        case 0: .open
        case 1: .applied
        default: .refused(row.text(column + 1))
        }
    }
}

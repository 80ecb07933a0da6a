internal import BattenCore

/// A commit with its values as rows hold them, made before the transaction so that the write lock is held briefly.
final class EncodedCommit: Sendable {
    let source: RunCommit
    let run: Run?
    let snapshot: StoredValue
    let records: [(text: [UInt8], spilled: [UInt8]?)]
    let stages: [(outputs: StoredValue, error: StoredValue)]
    let states: [StoredValue]
    let gates: [(form: StoredValue, votes: StoredValue)]
    let signals: [StoredValue]
    let cached: [StoredValue]
    let logs: [LogChunk]
    /// Whether the rows of stages and attempts can be put off; those of the stages are not encoded then.
    let followsRecords: Bool

    /// The values of a run's row.
    struct Run {
        let parameters: StoredValue
        let hostEnvironment: StoredValue
        let outputs: StoredValue
        let error: StoredValue
    }

    /// Encodes a commit; long values are on the disk when this returns.
    init(_ source: RunCommit, spill: inout Spill) throws(StoreError) {
        self.source = source
        var records: [(text: [UInt8], spilled: [UInt8]?)] = []
        records.reserveCapacity(source.records.count)
        for record in source.records { records.append(try spill.store(data: record.data)) }
        self.records = records
        // A value in a file is referred to from both; such rows are written at once.
        followsRecords = source.rowsFollowRecords && records.allSatisfy { $0.spilled == nil }
        stages = try (followsRecords ? [] : source.stages).map { stage throws(StoreError) in
            (try spill.store(stage.outputs), try spill.store(stage.error?.json))
        }
        if source.isPlain {
            (run, snapshot, states, gates, signals, cached, logs) = (nil, .absent, [], [], [], [], [])
            return
        }
        run = try source.runRow.map { row throws(StoreError) in
            Run(
                parameters: try spill.store(row.parameters), hostEnvironment: try spill.store(row.hostEnvironment),
                outputs: try spill.store(row.outputs), error: try spill.store(row.error?.json))
        }
        snapshot =
            try source.acceptance.map { acceptance throws(StoreError) in
                try spill.store(acceptance.snapshot)
            } ?? .absent
        states = try source.checkpoints.map { checkpoint throws(StoreError) in
            checkpoint.state.count > spill.limit
                ? .blob(try spill.write(checkpoint.state)) : .text(checkpoint.state)
        }
        gates = try source.gates.map { gate throws(StoreError) in
            (try spill.store(gate.form), try spill.store(GateColumns.json(gate.votes)))
        }
        signals = try source.signals.map { signal throws(StoreError) in try spill.store(signal.signal.data) }
        cached = try source.cached.map { result throws(StoreError) in try spill.store(result.result) }
        logs = source.logs.isEmpty ? [] : LogChunk.pack(source.logs)
    }

    /// The values of a stage's row whose journal records are short enough to be in rows themselves.
    static func values(of stage: StageRow) -> (outputs: StoredValue, error: StoredValue) {
        (
            stage.outputs.map { .text(JSONWriter.bytes($0)) } ?? .absent,
            stage.error.map { .text(JSONWriter.bytes($0.json)) } ?? .absent
        )
    }
}

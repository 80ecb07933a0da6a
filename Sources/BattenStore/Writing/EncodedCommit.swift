internal import BattenCore

/// A commit with its values as rows hold them, made before the transaction so that the write lock is held briefly.
struct EncodedCommit {
    let source: RunCommit
    private(set) var run: Run?
    private(set) var snapshot = StoredValue.absent
    private(set) var records: [(text: [UInt8], spilled: [UInt8]?)] = []
    private(set) var stages: [(outputs: StoredValue, error: StoredValue)] = []
    private(set) var states: [StoredValue] = []
    private(set) var gates: [(form: StoredValue, votes: StoredValue)] = []
    private(set) var signals: [StoredValue] = []
    private(set) var logs: [LogChunk] = []
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
        records.reserveCapacity(source.records.count)
        for record in source.records { records.append(try spill.store(data: record.data)) }
        // A value in a file is referred to from both; such rows are written at once.
        followsRecords = source.rowsFollowRecords && records.allSatisfy { $0.spilled == nil }
        if let row = source.runRow {
            run = Run(
                parameters: try spill.store(row.parameters), hostEnvironment: try spill.store(row.hostEnvironment),
                outputs: try spill.store(row.outputs), error: try spill.store(row.error?.json))
        }
        if let acceptance = source.acceptance { snapshot = try spill.store(acceptance.snapshot) }
        if !followsRecords {
            stages.reserveCapacity(source.stages.count)
            for stage in source.stages {
                stages.append((try spill.store(stage.outputs), try spill.store(stage.error?.json)))
            }
        }
        for checkpoint in source.checkpoints {
            states.append(
                checkpoint.state.count > spill.limit
                    ? .blob(try spill.write(checkpoint.state)) : .text(checkpoint.state))
        }
        for gate in source.gates {
            gates.append((try spill.store(gate.form), try spill.store(GateColumns.json(gate.votes))))
        }
        for signal in source.signals { signals.append(try spill.store(signal.signal.data)) }
        if !source.logs.isEmpty { logs = LogChunk.pack(source.logs) }
    }

    /// The values of a stage's row whose journal records are short enough to be in rows themselves.
    static func values(of stage: StageRow) -> (outputs: StoredValue, error: StoredValue) {
        (
            stage.outputs.map { .text(JSONWriter.bytes($0)) } ?? .absent,
            stage.error.map { .text(JSONWriter.bytes($0.json)) } ?? .absent
        )
    }
}

public import BattenCore

/// A position in the journal of a run that was given a name.
public struct NamedCheckpoint: Sendable, Hashable {
    /// Run id.
    public var run: String
    /// Its name, unique in the run.
    public var label: String
    /// The position, from 1.
    public var seq: Int64
    /// When it was named.
    public var createdAt: Timestamp
}

extension StoreReader {
    /// The named positions of a run, by position.
    public func checkpoints(run: String) throws(StoreError) -> [NamedCheckpoint] {
        try rows(CheckpointQuery.ofRun, { $0.bind(1, run) }, CheckpointQuery.read)
            .sorted { ($0.seq, $0.label) < ($1.seq, $1.label) }
    }

    /// The positions of all runs that have a name, at most ten.
    public func checkpoints(label: String) throws(StoreError) -> [NamedCheckpoint] {
        try rows(CheckpointQuery.ofLabel, { $0.bind(1, label) }, CheckpointQuery.read)
    }

    /// The last position in the journal of a run; 0 when there is no such run.
    public func lastPosition(run: String) throws(StoreError) -> Int64 {
        try rows(CheckpointQuery.last, { $0.bind(1, run) }, { $0.int(0) }).first ?? 0
    }

    /// The journal positions at which stages of a run were completed, or kept from another run, in order; those of single
    /// items are left out.
    public func completions(run: String) throws(StoreError) -> [(seq: Int64, at: Timestamp, stage: String)] {
        try rows(CheckpointQuery.completions, { $0.bind(1, run) }) { row in
            (row.int(0), Timestamp(nanoseconds: row.int(1)), row.text(2))
        }
    }
}

/// The queries of checkpoints.
enum CheckpointQuery {
    static let ofRun = """
        SELECT r.id, c.label, c.seq, c.created_at FROM runs r JOIN checkpoints c ON c.run_key = r.key WHERE r.id = ?1
        """
    static let ofLabel = """
        SELECT r.id, c.label, c.seq, c.created_at FROM checkpoints c JOIN runs r ON r.key = c.run_key
        WHERE c.label = ?1 ORDER BY c.run_key LIMIT 10
        """
    static let last = """
        SELECT e.seq FROM runs r JOIN events e ON \(EventKey.isOf("r.key", in: "e.key")) WHERE r.id = ?1
        ORDER BY e.key DESC LIMIT 1
        """
    static let completions = """
        SELECT e.seq, e.at, e.stage FROM runs r JOIN events e ON \(EventKey.isOf("r.key", in: "e.key"))
        WHERE r.id = ?1 AND e.item IS NULL AND e.type IN ('stage_completed', 'stage_kept')
        ORDER BY e.key
        """

    /// All of them, each served by an index: a test reads their plans.
    static let all = [ofRun, ofLabel, last, completions]

    static func read(_ row: Statement) -> NamedCheckpoint {
        NamedCheckpoint(
            run: row.text(0), label: row.text(1), seq: row.int(2), createdAt: Timestamp(nanoseconds: row.int(3)))
    }
}

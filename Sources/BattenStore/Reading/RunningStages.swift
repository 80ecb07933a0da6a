public import BattenCore

/// A stage that runs now.
public struct RunningStage: Sendable, Hashable {
    /// Run id.
    public var run: String
    /// Workflow name.
    public var workflow: String
    /// Engine that owns the run, or owned it last.
    public var owner: String
    /// Stage id.
    public var stage: String
    /// Plugin that it uses.
    public var plugin: String
    /// Since when.
    public var since: Timestamp
}

extension StoreReader {
    /// Stages that run now, over all runs; those of an engine that died among them.
    ///
    /// - Parameter limit: how many at most.
    public func runningStages(limit: Int = 10_000) throws(StoreError) -> [RunningStage] {
        try rows(ListQuery.runningStages, { $0.bind(1, limit) }) { row in
            RunningStage(
                run: row.text(0), workflow: row.text(1), owner: row.text(2), stage: row.text(3),
                plugin: String(row.text(4).prefix { $0 != "." }),
                since: row.timestamp(5) ?? Timestamp(nanoseconds: 0))
        }
    }
}

public import BattenCore

/// Watches an engine.
///
/// It is called on the engine's thread, one call at a time: an observer returns at once.
public protocol EngineObserver: AnyObject, Sendable {
    /// What has been committed of one run, after the commit and in its order.
    ///
    /// - Parameters:
    ///   - run: run id.
    ///   - records: new journal records.
    ///   - row: the run's row when it changed.
    ///   - stages: rows of stages that changed.
    func committed(run: String, records: [JournalRecord], row: RunRow?, stages: [StageRow])

    /// What a running attempt reports; shown as it comes, stored soon after or not at all.
    func live(run: String, _ report: LiveReport)

    /// The store has failed: the engine drives nothing any more.
    func failed(_ error: EngineError)

    /// Another engine has taken a run over; this one has let go of it.
    func released(run: String)
}

extension EngineObserver {
    /// Says nothing: who waits for a run is told anyway.
    public func failed(_ error: EngineError) {}

    /// Says nothing: who waits for the run is told anyway.
    public func released(run: String) {}
}

/// What a running attempt reports.
public enum LiveReport: Sendable {
    /// A log line, secrets masked.
    case log(LogLine)
    /// Progress: a fraction from 0 to 1 when known, and a note for people.
    case progress(stage: String, item: Int?, fraction: Double?, note: String)
    /// Partial output, secrets masked.
    case stream(stage: String, item: Int?, text: String)
    /// Usage, and what it cost in US dollars where that is known.
    case usage(stage: String, metric: String, subject: String, amount: Int64, cost: Double?)
}

/// Where a run stands when there is nothing left to wait for.
public enum RunEnding: Sendable, Hashable {
    /// It has ended.
    case ended(RunStatus)
    /// It waits for somebody: by stage id, what for.
    case awaiting([AwaitedStage])
    /// Another engine has taken it over.
    case takenOver
}

/// One stage that waits for somebody.
public struct AwaitedStage: Sendable, Hashable {
    /// Stage id; nil for the run itself.
    public let stage: String?
    /// What it waits for.
    public let reason: WaitReason

    /// Creates an entry.
    public init(stage: String?, reason: WaitReason) {
        self.stage = stage
        self.reason = reason
    }
}

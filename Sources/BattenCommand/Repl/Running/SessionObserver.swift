import BattenCore
import BattenEngine
import BattenSystem

/// Watches the runs of a session: keeps their newest rows, and tells what they report.
final class SessionObserver: EngineObserver {
    /// A run as far as it has come.
    struct Seen: Sendable {
        var run: RunRow?
        var stages: [String: StageRow] = [:]
    }

    /// Something to show while runs go on.
    enum News: Sendable {
        /// What a stage reports.
        case live(run: String, LiveReport)
        /// A run has ended, or waits.
        case moved(run: String)
        /// A stage is tried again.
        case retrying(run: String, StageRow)
    }

    private let seen = Monitor<[String: Seen]>([:])
    private let tell: @Sendable (News) -> Void

    /// - Parameter tell: called on the engine's thread; returns at once.
    init(tell: @escaping @Sendable (News) -> Void) { self.tell = tell }

    /// The rows of a run; nil when nothing of it was committed here.
    func rows(of run: String) -> Seen? { seen.withLock { $0[run] } }

    /// Forgets a run.
    func forget(_ run: String) { seen.withLock { $0[run] = nil } }

    func committed(run: String, records: [JournalRecord], row: RunRow?, stages: [StageRow]) {
        let isChild = seen.withLock { seen in
            var entry = seen[run] ?? Seen()
            if let row { entry.run = row }
            // The rows of items would only be in the way, and those of children grow without bound.
            guard entry.run?.parent == nil else {
                seen[run] = nil
                return true
            }
            for stage in stages where stage.item == nil { entry.stages[stage.id] = stage }
            seen[run] = entry
            return false
        }
        if isChild { return }
        for stage in stages where stage.status == .retrying { tell(.retrying(run: run, stage)) }
        if let row, row.status.isTerminal || row.status == .waiting || row.status == .paused {
            tell(.moved(run: run))
        }
    }

    func live(run: String, _ report: LiveReport) { tell(.live(run: run, report)) }
}

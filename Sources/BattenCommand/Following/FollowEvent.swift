import BattenCore

/// Something that happened to a run that is followed.
enum FollowEvent: Sendable {
    /// Facts that are on disk: journal records, and the rows that changed with them.
    case committed(records: [JournalRecord], run: RunRow?, stages: [StageRow])
    /// How far a run was when it was taken up; comes first and only once.
    case takenUp(RunPicture)
    /// A log line as it came.
    case log(LogLine)
    /// Progress as it came: a fraction from 0 to 1 when known, and a note.
    case progress(stage: String, item: Int?, fraction: Double?, note: String)
    /// Partial output as it came.
    case stream(stage: String, item: Int?, text: String)
    /// Usage as it came.
    case usage(stage: String, metric: String, subject: String, amount: Int64, cost: Double?)
    /// Something that happened to a run that the followed one has started, or one of those.
    indirect case child(run: String, FollowEvent)
    /// The terminal has another size.
    case resized

    /// The run's row, where it comes with one.
    var row: RunRow? {
        switch self {
        case .committed(_, let row, _): row
        case .takenUp(let picture): picture.run
        case .log, .progress, .stream, .usage, .child, .resized: nil
        }
    }

    /// Whether it may be left out where a reader is too slow: what is on disk may not.
    var isLive: Bool {
        switch self {
        case .committed, .takenUp, .resized: false
        case .child(_, let event): event.isLive
        case .log, .progress, .stream, .usage: true
        }
    }
}

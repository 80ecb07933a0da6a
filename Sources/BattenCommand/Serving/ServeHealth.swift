import BattenCore
import BattenStore

/// What a serving engine says of itself.
struct ServeHealth: Sendable, Hashable {
    /// Engine id.
    var engine: String
    var pid: Int32
    var version: String
    /// When it started.
    var since: Timestamp
    /// Whether it is about to end.
    var isStopping: Bool
    /// Runs that it drives, and how many of them wait for somebody.
    var runs: Int
    var waiting: Int
    /// Schedules that are in force.
    var schedules: Int
    /// When the next of them is due.
    var nextFire: Timestamp?
    /// When it last wrote what a run has done.
    var lastCommit: Timestamp?

    var json: JSONValue {
        .object([
            "engine": .string(engine), "pid": .int(Int64(pid)), "version": .string(version),
            "since": .string(since.rfc3339), "state": isStopping ? "stopping" : "serving", "runs": .int(Int64(runs)),
            "waiting": .int(Int64(waiting)), "schedules": .int(Int64(schedules)),
            "next_fire": nextFire.map { .string($0.rfc3339) } ?? .null,
            "last_commit": lastCommit.map { .string($0.rfc3339) } ?? .null,
        ])
    }

    /// The same in a line, for a service manager.
    var status: String {
        let runs = runs == 1 ? "1 run" : "\(runs) runs"
        let next = nextFire.map { ", next due \($0.rfc3339(fractionDigits: 0))" } ?? ""
        return
            "\(isStopping ? "stopping with" : "carries") \(runs), \(schedules) \(schedules == 1 ? "schedule" : "schedules")\(next)"
    }
}

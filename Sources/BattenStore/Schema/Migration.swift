/// One step between two versions of the schema.
struct Migration: Sendable {
    /// Version that the file has after going up, one more than before.
    let version: Int
    /// What the step is about, for people.
    let title: String
    /// SQL that goes up.
    let up: String
    /// SQL that goes back down.
    let down: String
    /// Tables that going down removes with all their rows.
    let tables: [String]

    /// All steps, in order, versions from 1 without gaps.
    static let all: [Migration] = [
        .runs, .coordination, .views, .trailing, .history, .gates, .groups, .slots, .items, .origins, .journal, .cache,
        .children, .ledger, .schedules, .triggers, .quotas, .turns, .quotaTurns,
    ]

    /// The version that this program works with.
    static let latest = all.count

    /// `Batn`: marks the file as a store of Batten's.
    static let applicationID: Int64 = 0x4261_746e
}

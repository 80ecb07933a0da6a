/// The store as a scheduler needs it.
///
/// Several schedulers may work on one store: each due time is a row, and the first that writes it has decided.
public protocol ScheduleStore: AnyObject, Sendable {
    /// Schedules that are not paused and have something to decide at an instant, the longest due first.
    func dueSchedules(at: Timestamp, limit: Int) throws(StoreError) -> [Schedule]

    /// When the next schedule has something to decide; nil when none ever has.
    func nextScheduleDue() throws(StoreError) -> Timestamp?

    /// How many runs of each schedule have not ended, by its name; without an entry there are none.
    func activeScheduledRuns() throws(StoreError) -> [String: Int]

    /// Runs of a schedule that have not ended.
    func activeRuns(ofSchedule name: String) throws(StoreError) -> [String]

    /// Due times that wait for earlier runs to end, in order.
    func queuedFires(limit: Int) throws(StoreError) -> [ScheduleFire]

    /// Whether so many of a schedule's last runs have ended in failure, one after the other.
    func hasFailed(schedule name: String, times: Int) throws(StoreError) -> Bool

    /// Moves schedules on and writes down what became of due times that started no run.
    ///
    /// A schedule that another scheduler has moved on or that was paused or changed meanwhile stays as it is.
    func settle(_ changes: [ScheduleChange]) throws(StoreError)

    /// Pauses a schedule.
    func pauseSchedule(_ name: String, why: String, at: Timestamp) throws(StoreError)
}

/// What a scheduler has decided about a schedule.
public struct ScheduleChange: Sendable, Hashable {
    /// The schedule as it was read.
    public var schedule: Schedule
    /// Up to where due times are dealt with now.
    public var position: Timestamp
    /// When there is something to decide again; nil is never.
    public var nextAt: Timestamp?
    /// Due times that started no run.
    public var fires: [ScheduleFire]
    /// Queued due times that start no run any more.
    public var dropsQueue: Bool

    /// Creates a change.
    public init(
        schedule: Schedule, position: Timestamp, nextAt: Timestamp?, fires: [ScheduleFire] = [],
        dropsQueue: Bool = false
    ) {
        self.schedule = schedule
        self.position = position
        self.nextAt = nextAt
        self.fires = fires
        self.dropsQueue = dropsQueue
    }
}

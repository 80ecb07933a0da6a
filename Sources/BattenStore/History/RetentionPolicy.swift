/// How much history a store keeps; runs that have not ended are never touched.
public struct RetentionPolicy: Sendable, Hashable {
    /// How long a run is kept after its end; nil keeps it for ever.
    public var age: Duration?
    /// How many runs of one workflow are kept, the last accepted ones; nil is any number.
    public var runsPerWorkflow: Int?

    /// Creates a policy; the standard one keeps 30 days and 10,000 runs of each workflow.
    public init(age: Duration? = .seconds(30 * 86_400), runsPerWorkflow: Int? = 10_000) {
        self.age = age
        self.runsPerWorkflow = runsPerWorkflow
    }

    /// A run that was accepted under an idempotency key is kept at least this long, so that the key still finds it.
    static let keyAge = Duration.seconds(30 * 86_400)
    /// Usage of removed runs is kept report by report for this long, longer than any month; then it is summed up by day.
    static let usageAge = Duration.seconds(32 * 86_400)
    /// What became of due times of schedules is kept for this long.
    static let fireAge = Duration.seconds(32 * 86_400)
    /// How long to remember engines when runs are kept for ever.
    static let engineAge = Duration.seconds(30 * 86_400)
}

/// How much one step of the upkeep may do while others wait for it.
public struct UpkeepLimit: Sendable, Hashable {
    /// Rows changed in one transaction, about.
    public var rows: Int
    /// Time after which a step begins nothing new.
    public var time: Duration

    /// Creates a limit.
    public init(rows: Int = 1_000, time: Duration = .milliseconds(5)) {
        self.rows = max(rows, 1)
        self.time = time
    }
}

/// What an upkeep has removed so far.
public struct RemovedHistory: Sendable, Hashable {
    /// Runs.
    public var runs = 0
    /// Records of engines that are gone.
    public var engines = 0
    /// Definitions that no run and no workflow uses.
    public var definitions = 0
    /// Reports of usage that were summed up by day.
    public var usageReports = 0
    /// Due times of schedules that nobody asks for any more.
    public var fires = 0
    /// Files of long values.
    public var files = 0
    /// Bytes of these.
    public var fileBytes: Int64 = 0
    /// Pages that were given back to the file system.
    public var pages: Int64 = 0

    /// Creates an empty count.
    public init() {}
}

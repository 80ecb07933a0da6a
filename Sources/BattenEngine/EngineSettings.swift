public import BattenCore

/// What an engine is told when it is made.
public struct EngineSettings: Sendable {
    /// Id of this engine among those that work on the same store.
    public var engineID: String
    /// Attempts at once, over all runs, of executors that hold a thread.
    public var blockingLimit: Int
    /// Attempts at once, over all runs, of executors that hold none.
    public var asynchronousLimit: Int
    /// How long a cancelled call may take to end.
    public var grace: Duration
    /// What an executor's instance is opened with, by plugin id and by where the run comes from.
    ///
    /// It is asked once for a run and an executor; what it throws is the end of the attempt.
    public var callConfiguration:
        @Sendable (_ plugin: String, _ source: RunSource) throws(EngineError) -> CallConfiguration
    /// Finds the value of a secret at dispatch; nil when this engine has none of that name.
    public var secrets: @Sendable (String) -> String?
    /// Keys under which secrets in outputs are sealed.
    public var outputKeys: any OutputKeys
    /// Values to mask in what every run shows and keeps, besides the secrets it declares: those of the host itself.
    public var hostSecrets: [String]
    /// Attempts at once of one plugin, over all runs; such a plugin does not count against the other two limits.
    public var pluginLimits: [String: Int]
    /// Limits over all engines of the store.
    public var sharedLimits: SharedLimits
    /// How long a shared slot counts without being renewed; nil where the store sees whether engines live.
    public var leaseTerm: Duration?
    /// Runs at once in a concurrency group, by its name; 1 where none is given.
    public var groupLimits: [String: Int]
    /// What models cost.
    public var prices: any PriceList
    /// The rules of a time zone, for quotas that go by its calendar; nil when it is not known here.
    public var zones: @Sendable (String) -> TimeZoneRules?
    /// How far stored log lines may lag behind shown ones.
    public var logLag: Duration

    /// Creates settings with the defaults of the product.
    ///
    /// - Parameters:
    ///   - engineID: id of this engine among those that work on the same store.
    ///   - processors: processors of this machine; the default limits follow from it.
    public init(engineID: String, processors: Int) {
        self.engineID = engineID
        self.blockingLimit = 4 * max(1, processors)
        self.asynchronousLimit = 10_000
        self.grace = .seconds(5)
        self.callConfiguration = { (_, _) throws(EngineError) in CallConfiguration() }
        self.secrets = { _ in nil }
        self.outputKeys = NoOutputKeys()
        self.hostSecrets = []
        self.pluginLimits = ["shell": 2 * max(1, processors)]
        self.sharedLimits = SharedLimits()
        self.leaseTerm = nil
        self.groupLimits = [:]
        self.prices = NoPrices()
        self.zones = { $0 == "UTC" ? .utc : nil }
        self.logLag = .milliseconds(200)
    }
}

public import BattenCore

/// What an executor's instance is opened with for the calls of a run.
public struct CallConfiguration: Sendable, Hashable {
    /// The configuration, an object.
    public var value: JSONValue
    /// Values in it that are masked in whatever the run shows and keeps.
    public var secrets: [String]
    /// What tells the settings of the plugin apart from others of it, the values of keys left out: a result that was kept
    /// under other settings is not used again.
    public var identity: JSONValue

    /// Creates a configuration.
    public init(_ value: JSONValue = .object([:]), secrets: [String] = [], identity: JSONValue = .null) {
        self.value = value
        self.secrets = secrets
        self.identity = identity
    }
}

/// Where a run comes from.
public struct RunSource: Sendable, Hashable {
    /// What started it, for example `cli`.
    public var trigger: String
    /// Folder in which it was asked for, absolute.
    public var directory: String
    /// Folder of the workflow's file, absolute; nil when there is none.
    public var workflowFolder: String?

    /// Creates a source.
    public init(trigger: String, directory: String, workflowFolder: String? = nil) {
        self.trigger = trigger
        self.directory = directory
        self.workflowFolder = workflowFolder
    }
}

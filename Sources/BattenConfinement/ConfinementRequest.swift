public import BattenCore

/// What a worker process is to be held to before it loads a plugin.
public struct ConfinementRequest: Sendable {
    /// The plugin file that will be loaded.
    public var plugin: String
    /// What the plugin may reach: the union of its executors' declared capabilities, with absolute paths, as data.
    ///
    /// The members are `paths`, `secrets`, `process` and `network`; an empty object grants nothing.
    public var capabilities: JSONValue
    /// Limits on what the process may use, the control groups it joins and what the kernel must be able to enforce, as
    /// `WorkerConfinement.settings` writes them; an empty object leaves the defaults.
    public var limits: JSONValue

    /// Creates a request.
    public init(plugin: String, capabilities: JSONValue = [:], limits: JSONValue = [:]) {
        self.plugin = plugin
        self.capabilities = capabilities
        self.limits = limits
    }
}

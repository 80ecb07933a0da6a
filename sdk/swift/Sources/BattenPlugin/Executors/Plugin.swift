/// A plugin: what it is, and what lives as long as it does.
///
/// One line exports it, in a target whose product is named `batten-plugin-<id>`:
///
///     @c(batten_plugin_entry_v1)
///     public func entry(_ hello: UnsafePointer<batten_hello>?) -> UnsafePointer<batten_plugin>? { Hello.entry(hello) }
public protocol Plugin: Sendable {
    /// What the plugin is and offers. Pure: it is asked before the plugin starts.
    static var description: PluginDescription { get }

    /// Begins the plugin's life, once a process.
    ///
    /// - Throws: any error refuses the plugin; its text is shown to people.
    init(start: PluginStart) throws

    /// Ends the plugin's life: every thread it made has ended when this returns.
    ///
    /// - Parameter deadline: when it must have returned.
    func stop(deadline: MonotonicTime)
}

extension Plugin {
    /// Has nothing to end.
    public func stop(deadline: MonotonicTime) {}
}

/// What a plugin starts with.
public struct PluginStart: Sendable {
    /// The plugin's configuration; fits the plugin's configuration schema.
    public let config: JSON
    /// The host, for log lines of the plugin itself.
    public let host: Host

    /// Reads the configuration as a type of the plugin's own.
    ///
    /// - Throws: ``Failure`` that names the member which does not fit.
    public func config<Config: Decodable>(as type: Config.Type) throws -> Config {
        do {
            return try (config.isNull ? [:] : config).decode(type)
        } catch {
            throw Failure.fromDecoding(error)
        }
    }
}

/// What a plugin is and offers.
public struct PluginDescription: Sendable {
    let id: String
    let version: String
    let title: String
    let summary: String
    let configSchema: Schema?
    let manifest: JSONObject
    let executors: [ExecutorDescription]

    /// Describes a plugin.
    ///
    /// - Parameters:
    ///   - id: lower case letters, digits and `_`, beginning with a letter; the file is `libbatten-plugin-<id>.so`.
    ///   - version: semantic version.
    ///   - title: a few words.
    ///   - summary: some sentences.
    ///   - configSchema: what the plugin's configuration looks like; nil accepts anything.
    ///   - manifest: whatever else describes it (licence, authors, home page).
    ///   - executors: what it offers, from 1 to 32.
    public init(
        id: String, version: String, title: String = "", summary: String = "", configSchema: Schema? = nil,
        manifest: JSONObject = [:], executors: [ExecutorDescription]
    ) {
        self.id = id
        self.version = version
        self.title = title
        self.summary = summary
        self.configSchema = configSchema
        self.manifest = manifest
        self.executors = executors
    }
}

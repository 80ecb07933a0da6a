import BattenFiles
import BattenPlugin
public import CBattenABI

/// The plugin `sql`: queries SQLite files below declared folders.
struct SQLPlugin: Plugin {
    static let description = PluginDescription(
        id: "sql", version: "1.0.0", title: "SQL",
        summary: "Queries and changes SQLite files with bound parameters, in one transaction a call.",
        configSchema: .object(RootSettings.properties, "Settings of all SQL stages."),
        manifest: ["licence": "Apache-2.0"], executors: [.blocking(QueryExecutor.self)])

    private let settings: RootSettings

    init(start: PluginStart) throws {
        settings = try start.config(as: RootSettings.self)
    }

    /// The folders of one call.
    ///
    /// - Parameter config: the instance's own settings, which go before the plugin's.
    func roots(_ config: RootSettings, _ context: Context) throws(Failure) -> Roots {
        let hasOwn = config.roots != nil || config.readOnlyRoots != nil
        return try Roots(hasOwn ? config : settings, workingDirectory: context.workingDirectory)
    }
}

/// The plugin's one exported function.
@c(batten_plugin_entry_v1)
public func entry(_ hello: UnsafePointer<batten_hello>?) -> UnsafePointer<batten_plugin>? {
    SQLPlugin.entry(hello)
}

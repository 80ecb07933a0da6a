import BattenFiles
import BattenPlugin
public import CBattenABI

/// The plugin `file`: reads, writes, copies and awaits files below declared folders.
struct FilePlugin: Plugin {
    static let description = PluginDescription(
        id: "file", version: "1.0.0", title: "Files",
        summary: "Reads, writes, copies and awaits files. No path leads out of the folders that the settings name.",
        configSchema: .object(RootSettings.properties, "Settings of all file stages."),
        manifest: ["licence": "Apache-2.0"],
        executors: [
            .blocking(ReadExecutor.self), .blocking(WriteExecutor.self), .blocking(AppendExecutor.self),
            .blocking(CopyExecutor.self), .loop(WatchExecutor.self),
        ])

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
    FilePlugin.entry(hello)
}

import BattenPlugin
import BattenTransfer
public import CBattenABI

/// Transfers over HTTP: requests whose response becomes outputs, downloads to files and uploads of files.
struct HTTPPlugin: Plugin {
    static let description = PluginDescription(
        id: "http", version: "1.0.0", title: "HTTP",
        summary: "Requests, downloads and uploads over HTTP/1.1 and HTTP/2. Transfers in flight hold no thread.",
        configSchema: .object(NetworkSettings.properties, "Settings of all HTTP stages."),
        manifest: ["license": "Apache-2.0"],
        executors: [.loop(RequestExecutor.self), .loop(DownloadExecutor.self), .loop(UploadExecutor.self)])

    let network: NetworkSettings
    let services = TransferServices()

    init(start: PluginStart) throws {
        network = try NetworkSettings(config: start.config)
    }

    func stop(deadline: MonotonicTime) {
        services.shutdown()
    }
}

/// The plugin's one exported function.
@c(batten_plugin_entry_v1)
public func entry(_ hello: UnsafePointer<batten_hello>?) -> UnsafePointer<batten_plugin>? {
    HTTPPlugin.entry(hello)
}

import BattenPlugin
import BattenTransfer
public import CBattenABI

/// Messages to people and programs: webhooks, Slack, mail, the desktop.
struct NotifyPlugin: Plugin {
    static let description = PluginDescription(
        id: "notify", version: "1.0.0", title: "Notifications",
        summary: "Tells people and programs: signed webhooks, Slack, mail, the desktop.",
        configSchema: .object(NetworkSettings.properties, "Settings of all notifications."),
        manifest: ["license": "Apache-2.0"],
        executors: [
            .loop(WebhookExecutor.self), .loop(SlackExecutor.self), .loop(EmailExecutor.self),
            .blocking(DesktopExecutor.self),
        ])

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
    NotifyPlugin.entry(hello)
}

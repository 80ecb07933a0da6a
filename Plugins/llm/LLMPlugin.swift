import BattenPlugin
import BattenTransfer
public import CBattenABI

/// Language models behind the OpenAI chat completions API and the Anthropic Messages API.
struct LLMPlugin: Plugin {
    static let description = PluginDescription(
        id: "llm", version: "1.0.0", title: "Language models",
        summary: "Asks language models: OpenAI, Anthropic, and whatever speaks one of their APIs at another address.",
        configSchema: ChatSchemas.config, manifest: ["license": "Apache-2.0"],
        executors: [.loop(ChatExecutor.self), .loop(EmbedExecutor.self)])

    let config: JSON
    let services = TransferServices()
    let limiter = RateLimiter()

    init(start: PluginStart) throws {
        config = start.config
        _ = try LLMSettings(config: config)
    }

    func stop(deadline: MonotonicTime) {
        services.shutdown()
    }
}

/// The plugin's one exported function.
@c(batten_plugin_entry_v1)
public func entry(_ hello: UnsafePointer<batten_hello>?) -> UnsafePointer<batten_plugin>? {
    LLMPlugin.entry(hello)
}

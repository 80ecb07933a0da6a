import BattenPlugin
import BattenTransfer

/// Asks a language model.
final class ChatExecutor: LoopExecutor {
    typealias Owner = LLMPlugin
    typealias Output = JSON
    typealias Input = ChatInput

    static let type = "llm.chat"
    static let title = "Chat with a language model"
    static let summary = """
        Sends a prompt or a conversation to a model and gives its answer. The text is shown while it comes. Tokens are \
        reported as the provider counts them.
        """
    static let configSchema: Schema? = ChatSchemas.config
    static let inputSchema = ChatSchemas.input
    static let outputSchema = ChatSchemas.output
    // A repetition costs tokens, but changes nothing.
    static let traits: ExecutorTraits = [.cancellable, .idempotent]
    static let capabilities = Capabilities(network: .any)
    /// The most output tokens where the stage does not say.
    static let defaultOutputTokens: Int64 = 4096

    private let settings: LLMSettings
    private let slot: ClientSlot
    private var jobs: [UInt64: ChatJob] = [:]

    init(config: JSON, plugin: LLMPlugin) throws {
        settings = try LLMSettings(config: PluginSettings.merged(plugin.config, config))
        slot = ClientSlot(policy: settings.network.policy, services: plugin.services)
    }

    func begin(_ input: ChatInput, call: Call<JSON>) throws {
        let name = input.model.isEmpty ? settings.defaultModel ?? "" : input.model
        guard !name.isEmpty else {
            throw Failure.badInput(
                field: "model", "is missing: write it here, in the agent, or as plugins.llm.default_model")
        }
        let (provider, model) = try settings.find(name)
        if let keyName = provider.keyName, provider.key == nil {
            throw Failure(
                .auth, code: "llm.key",
                "provider '\(provider.name)' needs the secret \(keyName), which has no value; set it as "
                    + "BATTEN_SECRET_\(keyName)", effect: .none)
        }
        let api: any ChatAPI = provider.api == .openai ? OpenAIChat() : AnthropicChat()
        var request: TransferRequest
        do throws(TransferFailure) {
            request = TransferRequest(url: try URLAddress(api.url(provider)))
        } catch {
            throw Failure.badInput(field: "providers.\(provider.name).base_url", error.message)
        }
        request.method = "POST"
        request.maxRedirects = 0
        request.maxResponseBytes = 64 << 20
        request.proxy = settings.network.proxy
        request.connectTimeout = input.connectTimeout ?? 30_000_000_000
        request.idleTimeout = input.idleTimeout ?? 0
        request.headers = HeaderList(
            api.headers(provider) + [
                ("Content-Type", "application/json"),
                ("Accept", input.streams ? "text/event-stream, application/json" : "application/json"),
            ])
        for field in provider.headers.fields { request.headers.set(field.name, field.value) }
        request.body = .bytes(try api.body(input, model: model, provider: provider).bytes)
        let job = ChatJob(
            call: call, input: input, name: name, provider: provider, api: api, request: request,
            client: try slot.client(for: call.context))
        jobs[call.token] = job
        job.ended = { [weak self] in self?.jobs[call.token] = nil }
        job.start()
    }

    func cancel(_ call: Call<JSON>, reason: StopReason) {
        jobs[call.token]?.cancel(reason)
    }

    func close() {
        slot.close()
    }
}

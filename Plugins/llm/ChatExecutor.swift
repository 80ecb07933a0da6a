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
    static let capabilities = Capabilities(readPaths: ["."], network: .any)
    /// The most output tokens where the stage does not say.
    static let defaultOutputTokens: Int64 = 4096
    /// The most rounds of tools where the stage does not say.
    static let defaultToolRounds: Int64 = 8

    private let settings: LLMSettings
    private let services: TransferServices
    private let limiter: RateLimiter
    private let slot: ClientSlot
    private var jobs: [UInt64: ChatJob] = [:]

    init(config: JSON, plugin: LLMPlugin) throws {
        settings = try LLMSettings(config: PluginSettings.merged(plugin.config, config))
        services = plugin.services
        limiter = plugin.limiter
        slot = ClientSlot(policy: settings.network.policy, services: plugin.services)
    }

    func begin(_ input: ChatInput, call: Call<JSON>) throws {
        guard let loop = call.context.loop else { throw ProviderError.noLoop }
        var candidates: [ChatJob.Candidate] = []
        for name in [try settings.name(of: input.model)] + input.fallback {
            let (provider, model) = try settings.find(name)
            candidates.append(ChatJob.Candidate(name: name, provider: provider, model: model))
        }
        if let schema = input.responseSchema {
            // A schema that is none is refused before anything is asked.
            _ = try call.context.check(.null, against: schema, field: "response_schema")
        }
        let job = ChatJob(
            call: call, input: input, candidates: candidates, settings: settings, limiter: limiter,
            client: try slot.client(for: call.context), loop: loop, pool: services.pool)
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

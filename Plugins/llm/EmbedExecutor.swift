import BattenPlugin
import BattenTransfer

/// Gives texts as vectors of numbers.
final class EmbedExecutor: LoopExecutor {
    typealias Owner = LLMPlugin
    typealias Output = JSON
    typealias Input = EmbedInput

    static let type = "llm.embed"
    static let title = "Embed texts"
    static let summary = """
        Gives each text as a vector of numbers, by a model of the OpenAI embeddings API. Long lists go out in several \
        requests, one after the other.
        """
    static let configSchema: Schema? = ChatSchemas.config
    static let inputSchema = EmbedInput.schema
    static let outputSchema = EmbedInput.outputSchema
    static let traits: ExecutorTraits = [.cancellable, .idempotent]
    static let capabilities = Capabilities(network: .any)

    private let settings: LLMSettings
    private let limiter: RateLimiter
    private let slot: ClientSlot
    private var jobs: [UInt64: EmbedJob] = [:]

    init(config: JSON, plugin: LLMPlugin) throws {
        settings = try LLMSettings(config: PluginSettings.merged(plugin.config, config))
        limiter = plugin.limiter
        slot = ClientSlot(policy: settings.network.policy, services: plugin.services)
    }

    func begin(_ input: EmbedInput, call: Call<JSON>) throws {
        guard let loop = call.context.loop else { throw ProviderError.noLoop }
        let (provider, model) = try settings.find(try settings.name(of: input.model))
        guard provider.api == .openai else {
            throw Failure.badInput(
                field: "model", "is of provider '\(provider.name)', whose API (anthropic) has no embeddings")
        }
        let request = try settings.request(
            to: provider, url: provider.baseURL.withoutTrailingSlashes + "/embeddings",
            headers: OpenAIChat().headers(provider))
        let job = EmbedJob(
            call: call, input: input, provider: provider, model: model, request: request, limiter: limiter,
            client: try slot.client(for: call.context), loop: loop)
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

/// The fields of `llm.embed`.
struct EmbedInput: Decodable {
    var model: String
    var texts: [String]
    /// Whether one text was given, not a list.
    var isOne: Bool
    var dimensions: Int64?
    var batch: Int
    var connectTimeout: Int64?

    init(from decoder: any Decoder) throws {
        let fields = try decoder.singleValueContainer().decode(JSON.self).object ?? [:]
        let read = FieldReader(fields: fields)
        model = try read.text("model") ?? ""
        texts = try read.texts("input")
        isOne = fields["input"]?.string != nil
        guard !texts.isEmpty else { throw Failure.badInput(field: "input", "is missing: a text, or a list of texts") }
        dimensions = try read.integer("dimensions", atLeast: 1)
        batch = Int(clamping: min(try read.integer("batch_size", atLeast: 1) ?? 256, 2048))
        connectTimeout = try Durations.read(fields["timeouts"]?["connect"], "timeouts.connect")
    }

    static let schema = Schema.object(
        [
            .optional(
                "model",
                .string(
                    "provider/model; default: the configuration's default_model.",
                    examples: ["openai/text-embedding-3-small"]
                ).titled("Model")),
            .required("input", .anyOf([.string(), .list(of: .string())], "The text, or the texts.").titled("Input")),
            .optional(
                "dimensions",
                .integer("The length of the vectors, where the model lets one choose.", minimum: 1)
                    .titled("Dimensions")),
            .optional(
                "batch_size",
                .integer("Texts in one request.", minimum: 1, maximum: 2048, default: 256).titled("Batch size")),
            .optional(
                "timeouts",
                .object([.optional("connect", .string("Until the connection stands.", default: "30s"))])
                    .titled("Time limits")),
        ], "Texts to embed.", examples: [["model": "openai/text-embedding-3-small", "input": ["red", "green"]]]
    ).titled("Embed").with(
        "x-batten-usage",
        [
            "requests": 1, "subject": ["input": ["model"], "config": "default_model"],
            "input_tokens": ["bytes": ["input"], "plus": 16],
        ])

    static let outputSchema = Schema.object([
        .required("embeddings", .list(of: .list(of: .number()), "A vector for each text, in order.").titled("Vectors")),
        .required(
            "embedding",
            .anything("The vector, if one text was given and not a list; else null.").titled("Vector")),
        .required("dimensions", .integer("The length of the vectors.").titled("Dimensions")),
        .required(
            "usage",
            .object([
                .required("input_tokens", .integer(minimum: 0)), .required("estimated", .boolean()),
            ]).titled("Usage")),
        .required("model", .string("provider/model as asked for.").titled("Model")),
        .required(
            "served_model",
            Schema.string("What the provider calls the model.").nullable().titled("Served model").volatile()),
    ]).titled("Embeddings")
}

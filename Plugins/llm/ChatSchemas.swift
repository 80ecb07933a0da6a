import BattenPlugin
import BattenTransfer

/// What the configuration, inputs and outputs look like.
enum ChatSchemas {
    static let config = Schema.object(
        [
            .optional(
                "providers",
                .map(
                    of: .object([
                        .optional("api", .choice("Which API it speaks.", of: ["openai", "anthropic"])),
                        .optional("base_url", .string("Where the API is.", examples: ["http://127.0.0.1:8080/v1"])),
                        .optional(
                            "key", .string("The name of the secret that holds the key; without one none is sent.")),
                        .optional("headers", .map(of: .string(), "Further headers.")),
                        .optional(
                            "max_tokens_field",
                            .choice(
                                "What the API calls the most output tokens.",
                                of: ["max_tokens", "max_completion_tokens"])),
                        .optional(
                            "structured_output",
                            .choice(
                                "What it understands of response_schema: the schema, that it is JSON, or words alone.",
                                of: LLMSettings.StructuredOutput.allCases.map(\.rawValue), default: "json_schema")),
                        .optional(
                            "requests_per_minute", .integer("Requests in any minute, of this process.", minimum: 1)),
                        .optional(
                            "tokens_per_minute",
                            .integer("Tokens in any minute, input and output, of this process.", minimum: 1)),
                        .optional(
                            "image_tokens",
                            .integer(
                                "The most tokens that an image counts as; default: the most of the API's usual rules.",
                                minimum: 1, maximum: 1_000_000)),
                        .optional("proxy", .string("The proxy to this provider.")),
                    ]), "Providers by name, over the built-in openai and anthropic.",
                    examples: [["local": ["api": "openai", "base_url": "http://127.0.0.1:8080/v1"]]])),
            .optional("default_model", .string("The model of stages that name none.", examples: ["local/qwen"])),
            .optional("redact", redact),
            .optional("secrets", .map(of: .string(), "Values of the secrets that keys name, put in by the host.")),
        ] + NetworkSettings.properties, "Settings of language models.")

    private static let redact = Schema.list(
        of: .choice(of: ["prompts", "answers"]),
        "What is kept out of sight: prompts leaves the conversation out of the outputs, answers neither shows nor logs "
            + "the text while it comes.")

    static let input = Schema.object(
        [
            .optional(
                "model",
                .string("provider/model; default: the configuration's default_model.", examples: ["openai/gpt-4o-mini"])
                    .titled("Model")),
            .optional(
                "prompt",
                .string("What to ask; after messages, if there are any.", examples: ["Say it in one line."])
                    .titled("Prompt")),
            .optional("system", .string("Who the model is and what it shall heed.").titled("System")),
            .optional(
                "messages",
                .list(
                    of: .object(
                        [
                            .required(
                                "role", .choice("Who says it.", of: ChatMessage.roles)),
                            .optional(
                                "content",
                                .anything(
                                    "A text, or a list of {type: text, text: …}, {type: image, url: …} and "
                                        + "{type: image, file: …}.")),
                        ], open: true), "A conversation so far."
                ).titled("Messages")),
            .optional(
                "agent",
                .anything(
                    "The role that answers: an agent's fields (model, system, temperature …), which the stage's own go "
                        + "before; or a name, for a role without a declaration."
                ).titled("Agent")),
            .optional(
                "stream", .boolean("Whether the text is shown while it comes.", default: true).titled("Streaming")),
            .optional(
                "temperature",
                .number("Randomness; the Anthropic API takes up to 1.", minimum: 0, maximum: 2)
                    .titled("Temperature")),
            .optional("top_p", .number("Share of likely tokens considered.", minimum: 0, maximum: 1).titled("Top p")),
            .optional("seed", .integer("For answers that repeat; not with the Anthropic API.").titled("Seed")),
            .optional(
                "stop",
                .anyOf([.string(), .list(of: .string())], "Where the answer ends.").titled("Stop")),
            .optional(
                "max_output_tokens",
                .integer(
                    "The most tokens of the answer.", minimum: 1, default: .integer(ChatExecutor.defaultOutputTokens)
                )
                .titled("Output limit")),
            .optional(
                "reasoning_effort",
                .choice(
                    "How much the model thinks first; with the Anthropic API low, medium and high are 1,024, 4,096 and "
                        + "16,384 tokens.", of: ["none", "minimal", "low", "medium", "high"]
                ).titled("Reasoning")),
            .optional(
                "timeouts",
                .object(
                    [
                        .optional("connect", .string("Until the connection stands.", default: "30s")),
                        .optional("idle", .string("Without a byte, in whole seconds.")),
                    ], "Lengths of time such as 30s."
                ).titled("Time limits")),
            .optional(
                "images",
                .anyOf(
                    [.string(), .list(of: .anything())],
                    "Shown with the prompt: addresses (https, http, data) or paths of PNG, JPEG, GIF or WebP files."
                ).titled("Images")),
            .optional(
                "context",
                .list(
                    of: .object([
                        .required("name", .string("Its name.")),
                        .optional(
                            "text",
                            .anything("A text, or a list of pieces: texts, or {text, confidence} with 0 to 1.")),
                        .optional("file", .string("The path of a text file of up to 1 MiB.")),
                        .optional(
                            "max_tokens", .integer("What may be used of it, a token for four bytes.", minimum: 1)),
                        .optional("min_confidence", .number("Pieces with less are left out.", minimum: 0)),
                    ]), "Named texts and files, given to the model behind the system text in this order."
                ).titled("Context")),
            .optional(
                "response_schema",
                .anything(
                    "A JSON Schema that the answer must fit; json is then its value. An answer that does not fit is "
                        + "asked for once more."
                ).titled("Schema of the answer")),
            .optional(
                "fallback",
                .anyOf(
                    [.string(), .list(of: .string())],
                    "Models, as provider/model, that are asked in this order when the one before has failed."
                ).titled("Fallback")),
            .optional(
                "tools",
                .list(
                    of: .anything(),
                    "What the model may call: names of executors, {uses, name, description, with, env, timeout}, or "
                        + "{name, description, parameters} for calls that the outputs hand on.",
                    examples: [["http.request"]]
                ).titled("Tools")),
            .optional(
                "tool_choice",
                .anything("auto, none, required or {name: …}; after the first round auto.").titled("Tool choice")),
            .optional(
                "max_tool_rounds",
                .integer(
                    "How often the model may have tools called before it has to answer.", minimum: 1, maximum: 1000,
                    default: .integer(ChatExecutor.defaultToolRounds)
                ).titled("Tool rounds")),
            .optional(
                "transcript",
                .list(of: .anything(), "A conversation to go on with, in place of system, messages and prompt.")
                    .titled("Transcript")),
            .optional("redact", redact.titled("Redaction")),
        ], "A question to a model.",
        examples: [
            ["model": "openai/gpt-4o-mini", "prompt": "Name a colour."],
            ["agent": "editor", "prompt": "Shorten this: ${{ stages.draft.outputs.text }}"],
        ]
    ).titled("Chat").with("x-batten-usage", usage)

    /// The most that a request uses, by its input: a token is at least a byte of what is sent.
    ///
    /// A repair and a fallback are requests of their own; they, and files and images, are held before they go out.
    private static let usage: JSON = [
        "requests": 1, "subject": ["input": ["model", "agent.model"], "config": "default_model"],
        "input_tokens": [
            "bytes": [
                "system", "messages", "prompt", "transcript", "agent", "context", "tools", "response_schema", "images",
            ], "plus": .integer(ChatInput.overhead),
        ],
        "output_tokens": [
            "input": ["max_output_tokens", "agent.max_output_tokens"],
            "default": .integer(ChatExecutor.defaultOutputTokens),
        ],
    ]

    private static let count = Schema.integer(minimum: 0)

    static let output = Schema.object([
        .required("text", .string("The answer.").titled("Text")),
        .required(
            "json",
            .anything("The answer's value if it is a JSON object or list, also in a code fence; else null.")
                .titled("JSON")),
        .required("messages", .list(of: .anything(), "The conversation with the answer.").titled("Messages")),
        .required(
            "tool_calls",
            .list(of: .anything(), "What the model wants called: {id, name, arguments}.").titled("Tool calls")),
        .required(
            "finish_reason",
            .string(
                "Why it ended.", examples: ["stop", "length", "content_filter", "tool_calls"]
            ).titled("Finish reason")),
        .required("refusal", Schema.string("The model's refusal, if it gave one.").nullable().titled("Refusal")),
        .required(
            "usage",
            .object(
                [
                    .required("input_tokens", count.with("description", "All of the input, cached included.")),
                    .required(
                        "cached_input_tokens", count.with("description", "What of it came from the provider's cache.")),
                    .required("output_tokens", count.with("description", "All of the output, reasoning included.")),
                    .required("reasoning_tokens", count.with("description", "What of it was reasoning.")),
                    .required(
                        "cache_write_input_tokens",
                        count.with("description", "What of the input was put into the provider's cache.")),
                    .required("total_tokens", count.with("description", "Input and output.")),
                    .required("estimated", .boolean("Whether these are guesses: the provider gave no numbers.")),
                ], "Tokens as the provider counted them."
            ).titled("Usage")),
        .required("model", .string("provider/model that answered.").titled("Model")),
        .required(
            "failed_models",
            .list(of: .anything(), "Models that were asked before and failed: {model, code, message}.")
                .titled("Failed models")),
        .required(
            "repaired", .boolean("Whether the answer was asked for again because it did not fit.").titled("Repaired")),
        .required(
            "served_model",
            Schema.string("What the provider calls the model that answered.").nullable()
                .titled("Served model").volatile()),
        .required(
            "cost_usd",
            Schema.number("What the call has cost, by the host's prices; null where one is not known.").nullable()
                .titled("Cost").volatile().with("x-batten-fill", "cost_usd")),
    ]).titled("Answer")
}

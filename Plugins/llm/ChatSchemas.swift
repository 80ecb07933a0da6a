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
                        .optional("requests_per_minute", .integer("Needs quotas, which this version does not have.")),
                        .optional("tokens_per_minute", .integer("Needs quotas, which this version does not have.")),
                    ]), "Providers by name, over the built-in openai and anthropic.",
                    examples: [["local": ["api": "openai", "base_url": "http://127.0.0.1:8080/v1"]]])),
            .optional("default_model", .string("The model of stages that name none.", examples: ["local/qwen"])),
            .optional("secrets", .map(of: .string(), "Values of the secrets that keys name, put in by the host.")),
        ] + NetworkSettings.properties, "Settings of language models.")

    private static func later(_ why: String) -> Schema {
        Schema(["not": [:], "description": .string(why)])
    }

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
                                "role", .choice("Who says it.", of: ["system", "developer", "user", "assistant"])),
                            .required("content", .anything("A text, or a list of {type: text, text: …}.")),
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
            .optional("tools", later("Models cannot call executors yet.")),
            .optional("tool_choice", later("Models cannot call executors yet.")),
            .optional("images", later("Images cannot be sent yet.")),
            .optional("response_schema", later("Structured output is not checked yet.")),
            .optional("fallback", later("There is no fallback list of models yet.")),
            .optional("cache", later("Responses are not cached yet.")),
        ], "A question to a model.",
        examples: [
            ["model": "openai/gpt-4o-mini", "prompt": "Name a colour."],
            ["agent": "editor", "prompt": "Shorten this: ${{ stages.draft.outputs.text }}"],
        ]
    ).titled("Chat")

    private static let count = Schema.integer(minimum: 0)

    static let output = Schema.object([
        .required("text", .string("The answer.").titled("Text")),
        .required(
            "json",
            .anything("The answer's value if it is a JSON object or list, also in a code fence; else null.")
                .titled("JSON")),
        .required("messages", .list(of: .anything(), "The conversation with the answer.").titled("Messages")),
        .required("tool_calls", .list(of: .anything(), "As the provider gave them.").titled("Tool calls")),
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
        .required("model", .string("provider/model as asked for.").titled("Model")),
        .required(
            "served_model",
            Schema.string("What the provider calls the model that answered.").nullable()
                .titled("Served model").volatile()),
        .required(
            "cost_usd",
            Schema.number("The price; null, because this version has no price list.").nullable()
                .titled("Cost")),
    ]).titled("Answer")
}

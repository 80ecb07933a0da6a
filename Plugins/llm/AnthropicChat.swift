import BattenPlugin

/// The Anthropic Messages API.
struct AnthropicChat: ChatAPI {
    /// Tokens of thinking for each reasoning effort.
    private static let thinking: [String: Int64] = ["low": 1024, "medium": 4096, "high": 16384]
    /// The tool in whose arguments the model puts an answer that has a schema.
    private static let answerTool = "answer"

    func url(_ provider: LLMSettings.Provider) -> String {
        let base = provider.baseURL.withoutTrailingSlashes
        return base.hasSuffix("/v1") ? "\(base)/messages" : "\(base)/v1/messages"
    }

    func headers(_ provider: LLMSettings.Provider) -> [(String, String)] {
        (provider.key.map { [("x-api-key", $0)] } ?? []) + [("anthropic-version", "2023-06-01")]
    }

    /// Whether the answer's schema is sent as the one tool that the model has to use.
    ///
    /// A model that thinks, or that has other tools, cannot be made to use one; it is told in words.
    private func answersByTool(_ input: ChatInput) -> Bool {
        input.responseSchema?["type"]?.string == "object" && input.tools.isEmpty
            && input.reasoningEffort.flatMap { Self.thinking[$0] } == nil
    }

    func body(_ input: ChatInput, model: String, provider: LLMSettings.Provider) throws(Failure) -> JSON {
        let limit = input.maxOutputTokens
        var body: JSONObject = [
            "model": .string(model), "max_tokens": .integer(limit), "messages": .array(Self.messages(input)),
        ]
        var system = input.conversation.filter(\.isSystem).map(\.text)
        if let temperature = input.temperature {
            guard temperature <= 1 else {
                throw .badInput(field: "temperature", "is \(temperature); the Anthropic API takes 0 to 1")
            }
            body["temperature"] = .number(temperature)
        }
        if let topP = input.topP { body["top_p"] = .number(topP) }
        if input.seed != nil {
            throw .badInput(field: "seed", "the Anthropic API has no seed; leave it out")
        }
        if !input.stop.isEmpty { body["stop_sequences"] = .array(input.stop.map(JSON.string)) }
        if let effort = input.reasoningEffort, let budget = Self.thinking[effort] {
            guard limit > 1024 else {
                throw .badInput(
                    field: "max_output_tokens", "is \(limit); with reasoning_effort it must be more than 1024")
            }
            body["thinking"] = ["type": "enabled", "budget_tokens": .integer(min(budget, limit - 1))]
        }
        if !input.tools.isEmpty {
            body["tools"] = .array(input.tools.map(\.anthropic))
            if input.toolChoice != .auto { body["tool_choice"] = input.toolChoice.anthropic }
        }
        if let schema = input.responseSchema {
            if answersByTool(input) {
                let tool = ChatTool(name: Self.answerTool, description: "Takes the answer.", parameters: schema)
                body["tools"] = [tool.anthropic]
                body["tool_choice"] = ChatTool.Choice.one(Self.answerTool).anthropic
            } else {
                system.append(SchemaWords.instruction(schema))
            }
        }
        if !system.isEmpty { body["system"] = .string(system.joined(separator: "\n\n")) }
        if input.streams { body["stream"] = true }
        return .object(body)
    }

    /// The conversation as this API has it: the answers of tools are the user's, all of one round in one message.
    private static func messages(_ input: ChatInput) -> [JSON] {
        var messages: [JSON] = []
        var results: [JSON] = []
        func endRound() {
            if !results.isEmpty { messages.append(["role": "user", "content": .array(results)]) }
            results = []
        }
        for message in input.conversation where !message.isSystem {
            if let id = message.toolCallID {
                results.append(
                    ["type": "tool_result", "tool_use_id": .string(id), "content": .string(message.text)])
                continue
            }
            endRound()
            if message.images.isEmpty, message.toolCalls.isEmpty, message.thinking.isEmpty {
                messages.append(["role": .string(message.role), "content": .string(message.text)])
                continue
            }
            var content = message.thinking
            for part in message.parts {
                switch part {
                case .text(""): break
                case .text(let text): content.append(["type": "text", "text": .string(text)])
                case .image(let image): content.append(image.anthropic)
                }
            }
            for call in message.toolCalls {
                let value = call.value
                content.append(
                    [
                        "type": "tool_use", "id": .string(call.id), "name": .string(call.name),
                        "input": value.object == nil ? ["arguments": value] : value,
                    ])
            }
            messages.append(["role": .string(message.role), "content": .array(content)])
        }
        endRound()
        return messages
    }

    func take(event: String, data: JSON, into answer: inout ChatAnswer) -> ChatStep {
        switch data["type"]?.string ?? event {
        case "message_start":
            answer.servedModel = data["message"]?["model"]?.string
            readUsage(data["message"]?["usage"], into: &answer)
        case "content_block_start":
            let block = data["content_block"] ?? .null
            Self.begin(block, &answer)
            if let text = block["text"]?.string, !text.isEmpty {
                answer.text += text
                return .text(text)
            }
        case "content_block_delta": return Self.take(delta: data["delta"] ?? .null, &answer)
        case "message_delta":
            if let reason = data["delta"]?["stop_reason"]?.string { answer.finishReason = Self.reason(reason) }
            readUsage(data["usage"], into: &answer)
        case "message_stop":
            Self.unwrapAnswer(&answer)
            return .done
        case "error": return .failed(ProviderError.failure(data["error"] ?? .null, status: nil))
        default: break
        }
        return .quiet
    }

    private static func begin(_ block: JSON, _ answer: inout ChatAnswer) {
        switch block["type"]?.string {
        case "tool_use"?:
            let input = block["input"]?.object
            answer.toolCalls.append(
                ChatMessage.ToolCall(
                    id: block["id"]?.string ?? "call_\(answer.toolCalls.count)", name: block["name"]?.string ?? "",
                    arguments: input?.isEmpty == false ? (block["input"] ?? [:]).text : ""))
        case "thinking"?, "redacted_thinking"?: answer.thinking.append(block)
        default: break
        }
    }

    private static func take(delta: JSON, _ answer: inout ChatAnswer) -> ChatStep {
        if let text = delta["text"]?.string, !text.isEmpty {
            answer.text += text
            return .text(text)
        }
        if let more = delta["partial_json"]?.string, !answer.toolCalls.isEmpty {
            answer.toolCalls[answer.toolCalls.count - 1].arguments += more
        }
        for field in ["thinking", "signature"] {
            guard let more = delta[field]?.string, var block = answer.thinking.last?.object else { continue }
            block[field] = .string((block[field]?.string ?? "") + more)
            answer.thinking[answer.thinking.count - 1] = .object(block)
        }
        return .quiet
    }

    func take(whole: JSON, into answer: inout ChatAnswer) throws(Failure) {
        if whole["type"]?.string == "error" { throw ProviderError.failure(whole["error"] ?? .null, status: nil) }
        guard let content = whole["content"]?.array else {
            throw ProviderError.notTheAPI("the response has no content")
        }
        answer.servedModel = whole["model"]?.string
        for block in content {
            Self.begin(block, &answer)
            if block["type"]?.string == "text" { answer.text += block["text"]?.string ?? "" }
        }
        answer.finishReason = whole["stop_reason"]?.string.map(Self.reason)
        readUsage(whole["usage"], into: &answer)
        Self.unwrapAnswer(&answer)
    }

    /// What the model put into the tool for answers is its text.
    private static func unwrapAnswer(_ answer: inout ChatAnswer) {
        guard answer.toolCalls.count == 1, let call = answer.toolCalls.first, call.name == answerTool,
            answer.hasAnswerTool
        else { return }
        answer.text = call.arguments
        answer.toolCalls = []
        if answer.finishReason == "tool_calls" { answer.finishReason = "stop" }
    }

    func prepare(_ answer: inout ChatAnswer, for input: ChatInput) {
        answer.hasAnswerTool = input.responseSchema != nil && answersByTool(input)
    }

    /// The names of the chat completions API for the same reasons.
    private static func reason(_ text: String) -> String {
        switch text {
        case "end_turn", "stop_sequence": "stop"
        case "max_tokens": "length"
        case "tool_use": "tool_calls"
        case "refusal": "content_filter"
        default: text
        }
    }

    /// Adds the counts of one report: later ones repeat or complete earlier ones.
    ///
    /// The API counts what was read from and written to its cache apart; here it is part of the input.
    private func readUsage(_ usage: JSON?, into answer: inout ChatAnswer) {
        guard let usage else { return }
        var sum = answer.usage ?? ChatAnswer.Usage(input: 0, cachedInput: 0, output: 0, reasoning: 0)
        if let fresh = usage["input_tokens"]?.count {
            let cached = usage["cache_read_input_tokens"]?.count ?? 0
            let written = usage["cache_creation_input_tokens"]?.count ?? 0
            sum.input = fresh + cached + written
            sum.cachedInput = cached
            sum.writtenInput = written
        }
        if let output = usage["output_tokens"]?.count { sum.output = output }
        answer.usage = sum
    }
}

extension ChatMessage {
    /// Whether it tells the model who it is.
    var isSystem: Bool { role == "system" || role == "developer" }
}

/// What a model is told of a schema where the API has no field for it.
enum SchemaWords {
    static func instruction(_ schema: JSON) -> String {
        "Answer with JSON alone, without a word before or behind it, that fits this JSON Schema: \(schema.text)"
    }

    /// What a model is told whose answer does not fit.
    static func repair(_ problems: String) -> String {
        "That answer does not fit the JSON Schema: \(problems). Give the whole answer again, corrected, as JSON alone."
    }
}

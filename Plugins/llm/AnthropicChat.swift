import BattenPlugin

/// The Anthropic Messages API.
struct AnthropicChat: ChatAPI {
    /// Tokens of thinking for each reasoning effort.
    private static let thinking: [String: Int64] = ["low": 1024, "medium": 4096, "high": 16384]

    func url(_ provider: LLMSettings.Provider) -> String {
        let base = provider.baseURL.withoutTrailingSlashes
        return base.hasSuffix("/v1") ? "\(base)/messages" : "\(base)/v1/messages"
    }

    func headers(_ provider: LLMSettings.Provider) -> [(String, String)] {
        (provider.key.map { [("x-api-key", $0)] } ?? []) + [("anthropic-version", "2023-06-01")]
    }

    func body(_ input: ChatInput, model: String, provider: LLMSettings.Provider) throws(Failure) -> JSON {
        let limit = input.maxOutputTokens ?? ChatExecutor.defaultOutputTokens
        var body: JSONObject = [
            "model": .string(model), "max_tokens": .integer(limit),
            "messages": .array(input.conversation.map(\.json)),
        ]
        let system = input.systemTexts
        if !system.isEmpty { body["system"] = .string(system.joined(separator: "\n\n")) }
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
        if input.streams { body["stream"] = true }
        return .object(body)
    }

    func take(event: String, data: JSON, into answer: inout ChatAnswer) -> ChatStep {
        switch data["type"]?.string ?? event {
        case "message_start":
            answer.servedModel = data["message"]?["model"]?.string
            readUsage(data["message"]?["usage"], into: &answer)
        case "content_block_start":
            let block = data["content_block"] ?? .null
            if block["type"]?.string == "tool_use" { answer.toolCalls.append(block) }
            if let text = block["text"]?.string, !text.isEmpty {
                answer.text += text
                return .text(text)
            }
        case "content_block_delta":
            if let text = data["delta"]?["text"]?.string, !text.isEmpty {
                answer.text += text
                return .text(text)
            }
            if let more = data["delta"]?["partial_json"]?.string, var call = answer.toolCalls.last?.object {
                call["input"] = .string((call["input"]?.string ?? "") + more)
                answer.toolCalls[answer.toolCalls.count - 1] = .object(call)
            }
        case "message_delta":
            if let reason = data["delta"]?["stop_reason"]?.string { answer.finishReason = Self.reason(reason) }
            readUsage(data["usage"], into: &answer)
        case "message_stop":
            answer.toolCalls = answer.toolCalls.map(Self.parsed)
            return .done
        case "error": return .failed(ProviderError.failure(data["error"] ?? .null, status: nil))
        default: break
        }
        return .quiet
    }

    func take(whole: JSON, into answer: inout ChatAnswer) throws(Failure) {
        if whole["type"]?.string == "error" { throw ProviderError.failure(whole["error"] ?? .null, status: nil) }
        guard let content = whole["content"]?.array else {
            throw ProviderError.notTheAPI("the response has no content")
        }
        answer.servedModel = whole["model"]?.string
        answer.text = content.compactMap { $0["type"]?.string == "text" ? $0["text"]?.string : nil }.joined()
        answer.toolCalls = content.filter { $0["type"]?.string == "tool_use" }
        answer.finishReason = whole["stop_reason"]?.string.map(Self.reason)
        readUsage(whole["usage"], into: &answer)
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

    /// A tool call whose input came in pieces of text, with the input as a value.
    private static func parsed(_ call: JSON) -> JSON {
        guard var members = call.object, let text = members["input"]?.string else { return call }
        members["input"] = (try? JSON(parsing: text.isEmpty ? "{}" : text)) ?? .string(text)
        return .object(members)
    }

    /// Adds the counts of one report: later ones repeat or complete earlier ones.
    ///
    /// The API counts what was read from and written to its cache apart; here it is part of the input.
    private func readUsage(_ usage: JSON?, into answer: inout ChatAnswer) {
        guard let usage else { return }
        var sum = answer.usage ?? ChatAnswer.Usage(input: 0, cachedInput: 0, output: 0, reasoning: 0)
        if let fresh = usage["input_tokens"]?.integer {
            let cached = usage["cache_read_input_tokens"]?.integer ?? 0
            let written = usage["cache_creation_input_tokens"]?.integer ?? 0
            sum.input = fresh + cached + written
            sum.cachedInput = cached
            sum.writtenInput = written
        }
        if let output = usage["output_tokens"]?.integer { sum.output = output }
        answer.usage = sum
    }
}

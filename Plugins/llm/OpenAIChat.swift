import BattenPlugin

/// The OpenAI chat completions API.
struct OpenAIChat: ChatAPI {
    func url(_ provider: LLMSettings.Provider) -> String {
        provider.baseURL.withoutTrailingSlashes + "/chat/completions"
    }

    func headers(_ provider: LLMSettings.Provider) -> [(String, String)] {
        provider.key.map { [("Authorization", "Bearer \($0)")] } ?? []
    }

    func body(_ input: ChatInput, model: String, provider: LLMSettings.Provider) throws(Failure) -> JSON {
        var conversation = input.conversation
        if let schema = input.responseSchema, provider.structuredOutput != .schema {
            conversation.insert(ChatMessage(role: "system", text: SchemaWords.instruction(schema)), at: 0)
        }
        var body: JSONObject = ["model": .string(model), "messages": .array(conversation.map(\.request))]
        body[provider.limitField] = .integer(input.maxOutputTokens)
        if let temperature = input.temperature { body["temperature"] = .number(temperature) }
        if let topP = input.topP { body["top_p"] = .number(topP) }
        if let seed = input.seed { body["seed"] = .integer(seed) }
        if !input.stop.isEmpty { body["stop"] = .array(input.stop.map(JSON.string)) }
        if let effort = input.reasoningEffort { body["reasoning_effort"] = .string(effort) }
        if !input.tools.isEmpty {
            body["tools"] = .array(input.tools.map(\.openAI))
            if input.toolChoice != .auto { body["tool_choice"] = input.toolChoice.openAI }
        }
        switch provider.structuredOutput {
        case .schema:
            guard let schema = input.responseSchema else { break }
            body["response_format"] = ["type": "json_schema", "json_schema": ["name": "answer", "schema": schema]]
        case .object:
            if input.responseSchema != nil { body["response_format"] = ["type": "json_object"] }
        case .prompt: break
        }
        if input.streams {
            body["stream"] = true
            body["stream_options"] = ["include_usage": true]
        }
        return .object(body)
    }

    func take(event: String, data: JSON, into answer: inout ChatAnswer) -> ChatStep {
        if let error = data["error"], !error.isNull { return .failed(ProviderError.failure(error, status: nil)) }
        if let model = data["model"]?.string { answer.servedModel = model }
        readUsage(data["usage"], into: &answer)
        guard let choice = data["choices"]?.array?.first else { return .quiet }
        if let reason = choice["finish_reason"]?.string { answer.finishReason = reason }
        let delta = choice["delta"] ?? .null
        if let refusal = delta["refusal"]?.string { answer.refusal += refusal }
        for call in delta["tool_calls"]?.array ?? [] { Self.merge(call, into: &answer.toolCalls) }
        guard let text = delta["content"]?.string, !text.isEmpty else { return .quiet }
        answer.text += text
        return .text(text)
    }

    func take(whole: JSON, into answer: inout ChatAnswer) throws(Failure) {
        if let error = whole["error"], !error.isNull { throw ProviderError.failure(error, status: nil) }
        guard let choice = whole["choices"]?.array?.first, let message = choice["message"]?.object else {
            throw ProviderError.notTheAPI("the response has no choices[0].message")
        }
        answer.servedModel = whole["model"]?.string
        answer.text = message["content"]?.string ?? ""
        answer.refusal = message["refusal"]?.string ?? ""
        for (index, call) in (message["tool_calls"]?.array ?? []).enumerated() {
            var piece = call.object ?? [:]
            piece["index"] = .integer(Int64(index))
            Self.merge(.object(piece), into: &answer.toolCalls)
        }
        answer.finishReason = choice["finish_reason"]?.string
        readUsage(whole["usage"], into: &answer)
    }

    private func readUsage(_ usage: JSON?, into answer: inout ChatAnswer) {
        guard let usage, let input = usage["prompt_tokens"]?.count, let output = usage["completion_tokens"]?.count
        else { return }
        answer.usage = ChatAnswer.Usage(
            input: input, cachedInput: usage["prompt_tokens_details"]?["cached_tokens"]?.count ?? 0, output: output,
            reasoning: usage["completion_tokens_details"]?["reasoning_tokens"]?.count ?? 0)
    }

    /// Puts a piece of a tool call to those before it: the first has id and name, the others go on with arguments.
    private static func merge(_ piece: JSON, into calls: inout [ChatMessage.ToolCall]) {
        let index = Int(clamping: piece["index"]?.integer ?? Int64(calls.count))
        guard index >= 0, index <= calls.count, index < 1024 else { return }
        if index == calls.count { calls.append(ChatMessage.ToolCall(id: "call_\(index)", name: "", arguments: "")) }
        if let id = piece["id"]?.string, !id.isEmpty { calls[index].id = id }
        if let name = piece["function"]?["name"]?.string, !name.isEmpty { calls[index].name = name }
        switch piece["function"]?["arguments"] {
        case .string(let more)?: calls[index].arguments += more
        case .object(let whole)?: calls[index].arguments = JSON.object(whole).text
        default: break
        }
    }
}

extension JSON {
    /// A number of tokens as a provider tells it; nil for what cannot be one.
    var count: Int64? { integer.flatMap { (0...1 << 50).contains($0) ? $0 : nil } }
}

extension String {
    /// The text without slashes at its end.
    var withoutTrailingSlashes: String {
        var text = self[...]
        while text.last == "/" { text.removeLast() }
        return String(text)
    }
}

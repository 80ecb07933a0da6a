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
        var messages: [JSON] = input.system.map { [["role": "system", "content": .string($0)]] } ?? []
        messages += input.messages.map(\.json)
        var body: JSONObject = ["model": .string(model), "messages": .array(messages)]
        body[provider.limitField] = .integer(input.maxOutputTokens ?? ChatExecutor.defaultOutputTokens)
        if let temperature = input.temperature { body["temperature"] = .number(temperature) }
        if let topP = input.topP { body["top_p"] = .number(topP) }
        if let seed = input.seed { body["seed"] = .integer(seed) }
        if !input.stop.isEmpty { body["stop"] = .array(input.stop.map(JSON.string)) }
        if let effort = input.reasoningEffort { body["reasoning_effort"] = .string(effort) }
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
        answer.toolCalls = message["tool_calls"]?.array ?? []
        answer.finishReason = choice["finish_reason"]?.string
        readUsage(whole["usage"], into: &answer)
    }

    private func readUsage(_ usage: JSON?, into answer: inout ChatAnswer) {
        guard let usage, let input = usage["prompt_tokens"]?.integer, let output = usage["completion_tokens"]?.integer
        else { return }
        answer.usage = ChatAnswer.Usage(
            input: input, cachedInput: usage["prompt_tokens_details"]?["cached_tokens"]?.integer ?? 0, output: output,
            reasoning: usage["completion_tokens_details"]?["reasoning_tokens"]?.integer ?? 0)
    }

    /// Puts a piece of a tool call to those before it: the first has id and name, the others go on with arguments.
    private static func merge(_ piece: JSON, into calls: inout [JSON]) {
        let index = Int(clamping: piece["index"]?.integer ?? Int64(calls.count))
        guard index >= 0, index <= calls.count, index < 1024 else { return }
        if index == calls.count { calls.append(["type": "function", "function": ["name": "", "arguments": ""]]) }
        var call = calls[index].object ?? [:]
        if let id = piece["id"]?.string { call["id"] = .string(id) }
        var function = call["function"]?.object ?? [:]
        if let name = piece["function"]?["name"]?.string, !name.isEmpty { function["name"] = .string(name) }
        if let more = piece["function"]?["arguments"]?.string {
            function["arguments"] = .string((function["arguments"]?.string ?? "") + more)
        }
        call["function"] = .object(function)
        calls[index] = .object(call)
    }
}

extension String {
    /// The text without slashes at its end.
    var withoutTrailingSlashes: String {
        var text = self[...]
        while text.last == "/" { text.removeLast() }
        return String(text)
    }
}

import BattenPlugin

/// What a model answered, gathered from a whole response or from the events of a stream.
struct ChatAnswer {
    var text = ""
    var toolCalls: [ChatMessage.ToolCall] = []
    /// What the model thought, as its provider wants it back.
    var thinking: [JSON] = []
    /// Whether the answer comes as the arguments of a tool.
    var hasAnswerTool = false
    var finishReason: String?
    var usage: Usage?
    /// The name the provider gave the model.
    var servedModel: String?
    /// The refusal that some models give in place of a text.
    var refusal = ""

    /// Tokens as the provider counted them.
    struct Usage {
        /// All of the input, what came from a cache included.
        var input: Int64
        /// What of the input came from a cache.
        var cachedInput: Int64
        /// What of the input was put into a cache, where the provider says so.
        var writtenInput: Int64 = 0
        /// All of the output, reasoning included.
        var output: Int64
        /// What of the output was reasoning.
        var reasoning: Int64
        /// Whether these are guesses, because the provider gave no numbers.
        var isEstimated = false

        /// What two exchanges consumed together.
        static func + (left: Usage, right: Usage) -> Usage {
            Usage(
                input: left.input + right.input, cachedInput: left.cachedInput + right.cachedInput,
                writtenInput: left.writtenInput + right.writtenInput, output: left.output + right.output,
                reasoning: left.reasoning + right.reasoning, isEstimated: left.isEstimated || right.isEstimated)
        }

        var json: JSON {
            [
                "input_tokens": .integer(input), "cached_input_tokens": .integer(cachedInput),
                "output_tokens": .integer(output), "reasoning_tokens": .integer(reasoning),
                "cache_write_input_tokens": .integer(writtenInput), "total_tokens": .integer(input + output),
                "estimated": .bool(isEstimated),
            ]
        }
    }

    /// The text's value if it is a JSON object or list, also inside a code fence; else null.
    var json: JSON {
        guard let value, value.object != nil || value.array != nil else { return .null }
        return value
    }

    /// The text's value if it is JSON, also inside a code fence.
    var value: JSON? {
        var text = text[...]
        func trim() {
            while text.first?.isWhitespace == true { text.removeFirst() }
            while text.last?.isWhitespace == true { text.removeLast() }
        }
        trim()
        if text.hasPrefix("```"), text.hasSuffix("```"), text.count > 6, let line = text.firstIndex(where: \.isNewline)
        {
            text = text[line...].dropLast(3)
            trim()
        }
        return try? JSON(parsing: String(text))
    }
}

/// What one piece of a provider's answer does to the whole.
enum ChatStep {
    /// Text to show.
    case text(String)
    /// Nothing to show.
    case quiet
    /// The answer is complete.
    case done
    /// The provider said that it failed.
    case failed(Failure)
}

/// The two APIs: what is sent, and what comes back.
protocol ChatAPI {
    /// Where to send, under the provider's base URL.
    func url(_ provider: LLMSettings.Provider) -> String
    /// Headers that carry the key and the version.
    func headers(_ provider: LLMSettings.Provider) -> [(String, String)]
    /// The body.
    func body(_ input: ChatInput, model: String, provider: LLMSettings.Provider) throws(Failure) -> JSON
    /// Notes in an empty answer what its pieces will mean.
    func prepare(_ answer: inout ChatAnswer, for input: ChatInput)
    /// Takes an event of the stream.
    func take(event: String, data: JSON, into answer: inout ChatAnswer) -> ChatStep
    /// Takes a whole response.
    func take(whole: JSON, into answer: inout ChatAnswer) throws(Failure)
}

extension ChatAPI {
    /// Nothing is to be noted.
    func prepare(_ answer: inout ChatAnswer, for input: ChatInput) {}
}

import BattenPlugin

/// What a model answered, gathered from a whole response or from the events of a stream.
struct ChatAnswer {
    var text = ""
    var toolCalls: [JSON] = []
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

        var json: JSON {
            [
                "input_tokens": .integer(input), "cached_input_tokens": .integer(cachedInput),
                "output_tokens": .integer(output), "reasoning_tokens": .integer(reasoning),
                "cache_write_input_tokens": .integer(writtenInput), "total_tokens": .integer(input + output),
                "estimated": .bool(isEstimated),
            ]
        }
    }

    /// The text's value if it is a JSON object or list, also inside a code fence.
    var json: JSON {
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
        guard text.first == "{" || text.first == "[" else { return .null }
        return (try? JSON(parsing: String(text))) ?? .null
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
    /// Takes an event of the stream.
    func take(event: String, data: JSON, into answer: inout ChatAnswer) -> ChatStep
    /// Takes a whole response.
    func take(whole: JSON, into answer: inout ChatAnswer) throws(Failure)
}

import BattenPlugin

/// The fields of `llm.chat`, read and completed from the agent.
struct ChatInput: Decodable {
    /// The model asked for; empty for the configuration's.
    var model: String
    /// Models that are asked, in this order, when the one before has failed.
    var fallback: [String]
    /// Who the model is, kept apart from the conversation.
    var system: String?
    var messages: [ChatMessage]
    var streams = true
    var temperature: Double?
    var topP: Double?
    var seed: Int64?
    var stop: [String]
    var maxOutputTokens: Int64
    var reasoningEffort: String?
    /// What the answer must look like, as JSON.
    var responseSchema: JSON?
    /// Named texts and files that the model is given with the system text.
    var context: [ContextEntry]
    var tools: [ChatTool]
    /// Whether the model has had tools called as often as it may.
    var isLastRound = false
    var toolChoice: ChatTool.Choice
    var redaction: Redaction
    var connectTimeout: Int64?
    var idleTimeout: Int64?

    private static let efforts = ["none", "minimal", "low", "medium", "high"]
    private static let agentFields: Set<String> = [
        "model", "system", "temperature", "top_p", "seed", "stop", "max_output_tokens", "reasoning_effort", "stream",
        "fallback", "response_schema", "tools", "tool_choice", "max_tool_rounds", "redact", "timeouts",
    ]

    init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(JSON.self))
    }

    /// Reads the fields as they stand.
    init(_ json: JSON) throws(Failure) {
        let (fields, roleName) = try Self.withAgent(json.object ?? [:])
        let read = FieldReader(fields: fields)
        model = try read.text("model") ?? ""
        fallback = try read.texts("fallback")
        system = try read.text("system") ?? roleName.map { "You are \($0)." }
        temperature = try read.number("temperature", 0...2)
        topP = try read.number("top_p", 0...1)
        seed = try read.integer("seed")
        maxOutputTokens = try read.integer("max_output_tokens", atLeast: 1) ?? ChatExecutor.defaultOutputTokens
        reasoningEffort = try read.text("reasoning_effort")
        if let effort = reasoningEffort, !Self.efforts.contains(effort) {
            throw Failure.badInput(
                field: "reasoning_effort", "is '\(effort)'; must be one of \(Self.efforts.joined(separator: ", "))")
        }
        stop = try read.texts("stop")
        streams = try read.bool("stream") ?? true
        if let schema = fields["response_schema"], !schema.isNull {
            guard schema.object != nil else {
                throw Failure.badInput(field: "response_schema", "must be a JSON Schema, an object; is \(schema.kind)")
            }
            responseSchema = schema
        }
        context = fields["transcript"]?.isNull == false ? [] : try ContextEntry.list(fields["context"])
        tools = try ChatTool.list(fields["tools"])
        toolChoice = try ChatTool.Choice(fields["tool_choice"], tools: tools)
        redaction = try Redaction(fields["redact"])
        connectTimeout = try Durations.read(fields["timeouts"]?["connect"], "timeouts.connect")
        idleTimeout = try Durations.read(fields["timeouts"]?["idle"], "timeouts.idle")
        if let transcript = fields["transcript"], !transcript.isNull {
            messages = try Self.messages(transcript, "transcript")
            system = nil
            let rounds = messages.count { !$0.toolCalls.isEmpty }
            let limit = try read.integer("max_tool_rounds", atLeast: 1) ?? ChatExecutor.defaultToolRounds
            // Told so, the model answers with what it has.
            isLastRound = rounds >= limit
            if isLastRound { toolChoice = .none } else if toolChoice != .none { toolChoice = .auto }
        } else {
            messages = try Self.messages(fields["messages"], "messages")
            let images = try Self.images(fields["images"])
            let prompt = try read.text("prompt")
            if prompt != nil || !images.isEmpty {
                var message = ChatMessage(role: "user", text: prompt ?? "")
                if prompt == nil { message.parts = [] }
                message.parts += images.map { .image($0) }
                messages.append(message)
            }
        }
        guard messages.contains(where: { $0.role != "system" && $0.role != "developer" }) else {
            throw Failure.badInput(field: "prompt", "is missing: give prompt, or messages with one of a user")
        }
    }

    /// The stage's fields over those of its agent, and the name of an agent that nothing is known of.
    private static func withAgent(_ given: JSONObject) throws(Failure) -> (JSONObject, role: String?) {
        var fields = given
        switch fields["agent"] {
        case .object(let agent)?:
            for member in agent where fields[member.name] == Optional<JSON>.none {
                guard agentFields.contains(member.name) else {
                    throw .badInput(
                        field: "agent.\(member.name)",
                        "is not a field of an agent; these are \(agentFields.sorted().joined(separator: ", "))")
                }
                fields[member.name] = member.value
            }
            return (fields, nil)
        case .string(let name)?: return (fields, name)
        default: return (fields, nil)
        }
    }

    private static func messages(_ json: JSON?, _ field: String) throws(Failure) -> [ChatMessage] {
        guard let json, !json.isNull else { return [] }
        guard let list = json.array else { throw .badInput(field: field, "must be a list, is \(json.kind)") }
        var messages: [ChatMessage] = []
        for (index, one) in list.enumerated() { messages.append(try ChatMessage(one, field: "\(field)[\(index)]")) }
        return messages
    }

    private static func images(_ json: JSON?) throws(Failure) -> [ChatImage] {
        guard let json, !json.isNull else { return [] }
        var images: [ChatImage] = []
        for (index, one) in (json.array ?? [json]).enumerated() {
            images.append(try ChatImage(listed: one, field: "images[\(index)]"))
        }
        return images
    }

    /// The whole conversation, the system text first.
    var conversation: [ChatMessage] {
        (system.map { [ChatMessage(role: "system", text: $0)] } ?? []) + messages
    }

    /// Whether more may go in than the bytes of the input itself, by which its bound is declared.
    var exceedsDeclared: Bool {
        messages.contains { !$0.images.isEmpty } || context.contains { $0.file != nil }
    }

    /// A bound of the tokens that go in: one for each byte of what is sent, and of an image what the provider counts.
    func boundOfInput(_ api: any ChatAPI, model: String, provider: LLMSettings.Provider) throws(Failure) -> Int64 {
        var words = self
        var images: Int64 = 0
        for index in words.messages.indices {
            for place in words.messages[index].parts.indices {
                guard case .image(let image) = words.messages[index].parts[place] else { continue }
                images += provider.tokens(of: image)
                words.messages[index].parts[place] = .text("")
            }
        }
        let body = try api.body(words, model: model, provider: provider)
        return Int64(body.bytes.count) + images + Self.overhead
    }

    /// Tokens that a provider may put in of its own.
    static let overhead: Int64 = 64

    /// A guess at the tokens of the input: a token is about four bytes.
    var estimatedTokens: Int64 {
        Estimate.tokens(bytes: conversation.reduce(0) { $0 + $1.bytes }) + Int64(messages.count) * 4
    }
}

/// What of a call is kept out of sight.
struct Redaction {
    /// Whether the conversation is left out of the outputs.
    var prompts = false
    /// Whether the answer is neither shown while it comes nor kept in the log.
    var answers = false

    /// Neither.
    init() {}

    /// Reads the field or setting `redact`.
    init(_ json: JSON?) throws(Failure) {
        for one in json?.array ?? [] {
            switch one.string {
            case "prompts"?: prompts = true
            case "answers"?: answers = true
            default: throw .badInput(field: "redact", "must be a list of prompts and answers; holds \(one.text)")
            }
        }
        if let json, json.array == nil, !json.isNull {
            throw .badInput(field: "redact", "must be a list of prompts and answers, is \(json.kind)")
        }
    }

    /// What either asks for.
    func union(_ other: Redaction) -> Redaction {
        var both = self
        both.prompts = prompts || other.prompts
        both.answers = answers || other.answers
        return both
    }
}

/// Guesses where a provider gives no numbers.
enum Estimate {
    static func tokens(bytes: Int) -> Int64 { Int64((bytes + 3) / 4) }
}

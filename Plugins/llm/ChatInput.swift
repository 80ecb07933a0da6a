import BattenPlugin

/// The fields of `llm.chat`, read and completed from the agent and the configuration.
struct ChatInput: Decodable {
    /// One message of the conversation.
    struct Message {
        var role: String
        var text: String

        var json: JSON { ["role": .string(role), "content": .string(text)] }
    }

    var model: String
    /// Who the model is, kept apart from the conversation.
    var system: String?
    var messages: [Message]
    var streams = true
    var temperature: Double?
    var topP: Double?
    var seed: Int64?
    var stop: [String]
    var maxOutputTokens: Int64?
    var reasoningEffort: String?
    var connectTimeout: Int64?
    var idleTimeout: Int64?

    /// Fields that come with later versions; using one is an error, because it would change what is asked.
    static let later: [(name: String, why: String)] = [
        ("tools", "models cannot call executors yet"), ("tool_choice", "models cannot call executors yet"),
        ("images", "images cannot be sent yet"), ("response_schema", "structured output is not checked yet"),
        ("fallback", "there is no fallback list of models yet"), ("cache", "responses are not cached yet"),
    ]
    private static let efforts = ["none", "minimal", "low", "medium", "high"]

    /// Reads the fields as they stand; ``complete(with:)`` fills in the configuration's.
    init(from decoder: any Decoder) throws {
        let json = try decoder.singleValueContainer().decode(JSON.self)
        var fields = json.object ?? [:]
        for (name, why) in Self.later where fields[name]?.isNull == false {
            throw Failure.badInput(field: name, "\(why); leave it out")
        }
        var roleName: String?
        switch fields["agent"] {
        case .object(let agent)?:
            for member in agent where fields[member.name] == Optional<JSON>.none {
                guard Self.agentFields.contains(member.name) else {
                    throw Failure.badInput(
                        field: "agent.\(member.name)",
                        "is not a field of an agent; these are \(Self.agentFields.sorted().joined(separator: ", "))")
                }
                fields[member.name] = member.value
            }
        case .string(let name)?: roleName = name
        default: break
        }
        func text(_ name: String) throws(Failure) -> String? {
            guard let value = fields[name], !value.isNull else { return nil }
            guard let text = value.string else { throw .badInput(field: name, "must be a text, is \(value.kind)") }
            return text
        }
        func number(_ name: String, _ range: ClosedRange<Double>) throws(Failure) -> Double? {
            guard let value = fields[name], !value.isNull else { return nil }
            guard let number = value.number, range.contains(number) else {
                throw .badInput(
                    field: name, "must be a number from \(range.lowerBound) to \(range.upperBound), is \(value.text)")
            }
            return number
        }
        model = try text("model") ?? ""
        system = try text("system") ?? roleName.map { "You are \($0)." }
        temperature = try number("temperature", 0...2)
        topP = try number("top_p", 0...1)
        if let value = fields["seed"], !value.isNull {
            guard let number = value.integer else { throw Failure.badInput(field: "seed", "must be an integer") }
            seed = number
        }
        if let value = fields["max_output_tokens"], !value.isNull {
            guard let number = value.integer, number > 0 else {
                throw Failure.badInput(field: "max_output_tokens", "must be a positive integer, is \(value.text)")
            }
            maxOutputTokens = number
        }
        reasoningEffort = try text("reasoning_effort")
        if let effort = reasoningEffort, !Self.efforts.contains(effort) {
            throw Failure.badInput(
                field: "reasoning_effort", "is '\(effort)'; must be one of \(Self.efforts.joined(separator: ", "))")
        }
        stop = try Self.stops(fields["stop"])
        if let value = fields["stream"], !value.isNull {
            guard let bool = value.bool else { throw Failure.badInput(field: "stream", "must be true or false") }
            streams = bool
        }
        messages = try Self.messages(fields["messages"])
        if let prompt = try text("prompt") { messages.append(Message(role: "user", text: prompt)) }
        guard messages.contains(where: { $0.role != "system" && $0.role != "developer" }) else {
            throw Failure.badInput(field: "prompt", "is missing: give prompt, or messages with one of a user")
        }
        connectTimeout = try Durations.read(fields["timeouts"]?["connect"], "timeouts.connect")
        idleTimeout = try Durations.read(fields["timeouts"]?["idle"], "timeouts.idle")
    }

    private static let agentFields: Set<String> = [
        "model", "system", "temperature", "top_p", "seed", "stop", "max_output_tokens", "reasoning_effort", "stream",
    ]

    private static func stops(_ json: JSON?) throws(Failure) -> [String] {
        guard let json, !json.isNull else { return [] }
        let texts = (json.array ?? [json]).compactMap(\.string)
        guard texts.count == (json.array?.count ?? 1), texts.allSatisfy({ !$0.isEmpty }) else {
            throw .badInput(field: "stop", "must be a text or a list of texts, none empty")
        }
        return texts
    }

    private static func messages(_ json: JSON?) throws(Failure) -> [Message] {
        guard let json, !json.isNull else { return [] }
        guard let list = json.array else { throw .badInput(field: "messages", "must be a list, is \(json.kind)") }
        var messages: [Message] = []
        for (index, one) in list.enumerated() {
            let field = "messages[\(index)]"
            guard let role = one["role"]?.string, ["system", "developer", "user", "assistant"].contains(role) else {
                throw .badInput(
                    field: "\(field).role",
                    one["role"]?.string == "tool"
                        ? "is 'tool'; models cannot call executors yet" : "must be system, user or assistant")
            }
            if let calls = one["tool_calls"]?.array, !calls.isEmpty {
                throw .badInput(field: "\(field).tool_calls", "models cannot call executors yet; leave it out")
            }
            messages.append(Message(role: role, text: try content(one["content"] ?? .null, "\(field).content")))
        }
        return messages
    }

    private static func content(_ json: JSON, _ field: String) throws(Failure) -> String {
        switch json {
        case .string(let text): return text
        case .array(let parts):
            var text = ""
            for (index, part) in parts.enumerated() {
                guard part["type"]?.string == "text", let piece = part["text"]?.string else {
                    throw .badInput(
                        field: "\(field)[\(index)]", "must be {type: text, text: …}; images cannot be sent yet")
                }
                text += piece
            }
            return text
        default: throw .badInput(field: field, "must be a text or a list of text parts, is \(json.kind)")
        }
    }

    /// The system text and those among the messages, in order.
    var systemTexts: [String] {
        [system].compactMap { $0 } + messages.filter { $0.role == "system" || $0.role == "developer" }.map(\.text)
    }

    /// The messages that are no system text.
    var conversation: [Message] {
        messages.filter { $0.role != "system" && $0.role != "developer" }
    }

    /// A guess at the tokens of the input: a token is about four bytes.
    var estimatedTokens: Int64 {
        let bytes = messages.reduce(system?.utf8.count ?? 0) { $0 + $1.text.utf8.count }
        return Estimate.tokens(bytes: bytes) + Int64(messages.count) * 4
    }
}

/// Guesses where a provider gives no numbers.
enum Estimate {
    static func tokens(bytes: Int) -> Int64 { Int64((bytes + 3) / 4) }
}

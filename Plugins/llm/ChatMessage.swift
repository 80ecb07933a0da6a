import BattenPlugin

/// One message of a conversation, in the form of the chat completions API.
struct ChatMessage {
    /// A piece of what is said.
    enum Part {
        case text(String)
        case image(ChatImage)
    }

    /// A tool that the model wants called.
    struct ToolCall {
        var id: String
        var name: String
        /// The arguments as the model wrote them: JSON text, or what it took for it.
        var arguments: String

        /// The arguments as a value; the text itself if it is no JSON.
        var value: JSON { arguments.isEmpty ? [:] : (try? JSON(parsing: arguments)) ?? .string(arguments) }

        /// As an output of the stage.
        var output: JSON { ["id": .string(id), "name": .string(name), "arguments": value] }

        /// As the chat completions API has it.
        var json: JSON {
            [
                "id": .string(id), "type": "function",
                "function": ["name": .string(name), "arguments": .string(arguments.isEmpty ? "{}" : arguments)],
            ]
        }
    }

    static let roles = ["system", "developer", "user", "assistant", "tool"]

    var role: String
    var parts: [Part]
    var toolCalls: [ToolCall] = []
    /// Of a tool's answer: which call it answers.
    var toolCallID: String?
    /// What the model thought, sealed by its provider, which wants it back with the answers of tools.
    var thinking: [JSON] = []

    /// A message of one text.
    init(role: String, text: String) {
        self.role = role
        parts = [.text(text)]
    }

    /// Reads a message.
    init(_ json: JSON, field: String) throws(Failure) {
        guard let role = json["role"]?.string, Self.roles.contains(role) else {
            throw .badInput(field: "\(field).role", "must be one of \(Self.roles.joined(separator: ", "))")
        }
        self.role = role
        parts = []
        toolCallID = json["tool_call_id"]?.string
        thinking = json["thinking"]?.array ?? []
        for (index, call) in (json["tool_calls"]?.array ?? []).enumerated() {
            let place = "\(field).tool_calls[\(index)]"
            guard role == "assistant" else { throw .badInput(field: place, "belongs to a message of the assistant") }
            guard let id = call["id"]?.string, let name = call["function"]?["name"]?.string ?? call["name"]?.string
            else { throw .badInput(field: place, "must have an id and a name") }
            let arguments = call["function"]?["arguments"] ?? call["arguments"] ?? [:]
            toolCalls.append(ToolCall(id: id, name: name, arguments: arguments.string ?? arguments.text))
        }
        if role == "tool", toolCallID == nil {
            throw .badInput(field: "\(field).tool_call_id", "is missing: it names the call that this answers")
        }
        switch json["content"] ?? .null {
        case .string(let text): parts = [.text(text)]
        case .array(let list):
            for (index, part) in list.enumerated() { parts.append(try Self.part(part, "\(field).content[\(index)]")) }
        case .null where !toolCalls.isEmpty: break
        case let other:
            throw .badInput(field: "\(field).content", "must be a text or a list of parts, is \(other.kind)")
        }
        if role != "user", parts.contains(where: { if case .image = $0 { true } else { false } }) {
            throw .badInput(field: "\(field).content", "holds an image; only a user's message can")
        }
    }

    private static func part(_ json: JSON, _ field: String) throws(Failure) -> Part {
        switch json["type"]?.string {
        case "text"?:
            guard let text = json["text"]?.string else { throw .badInput(field: "\(field).text", "must be a text") }
            return .text(text)
        case "image"?, "image_url"?: return .image(try ChatImage(json, field: field))
        default:
            throw .badInput(
                field: field, "must be {type: text, text: …}, {type: image, url: …} or {type: image, file: …}")
        }
    }

    /// All texts of the message.
    var text: String {
        parts.reduce(into: "") { whole, part in if case .text(let text) = part { whole += text } }
    }

    /// The images of the message.
    var images: [ChatImage] { parts.compactMap { if case .image(let image) = $0 { image } else { nil } } }

    /// As an output of the stage, which a later stage can take as it is: images by their names, not their bytes.
    var output: JSON { json { $0.output } }

    /// As the chat completions API has it.
    var request: JSON {
        var message = json { $0.openAI }.object ?? [:]
        message["thinking"] = nil
        return .object(message)
    }

    private func json(_ image: (ChatImage) -> JSON) -> JSON {
        var message: JSONObject = ["role": .string(role)]
        if images.isEmpty {
            message["content"] = parts.isEmpty || (text.isEmpty && !toolCalls.isEmpty) ? .null : .string(text)
        } else {
            message["content"] = .array(
                parts.map { part in
                    switch part {
                    case .text(let text): ["type": "text", "text": .string(text)]
                    case .image(let one): image(one)
                    }
                })
        }
        if !thinking.isEmpty { message["thinking"] = .array(thinking) }
        if !toolCalls.isEmpty { message["tool_calls"] = .array(toolCalls.map(\.json)) }
        if let toolCallID { message["tool_call_id"] = .string(toolCallID) }
        return .object(message)
    }

    /// Bytes that the message has on the wire, more or less; what images cost is the provider's own rule.
    var bytes: Int {
        text.utf8.count + 8 + toolCalls.reduce(0) { $0 + $1.name.utf8.count + $1.arguments.utf8.count + 16 }
            + images.count * ChatImage.estimatedBytes
    }
}

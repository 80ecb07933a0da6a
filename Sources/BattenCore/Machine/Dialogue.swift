/// What an attempt that ended well leaves to be done by further attempts of its stage.
///
/// A model that wants tools called, and a summary of the outputs, are carried out as attempts of the same stage, one
/// after the other: each is recorded when it begins and when it ends, with usage of its own, and whoever takes the run
/// up goes on with the one that was under way.
enum StageStep: Sendable, Hashable {
    /// The model wants tools called: the messages that the conversation has grown by, its own the last.
    case calls(messages: [JSONValue])
    /// A tool has answered, or what became of it instead; the message tells the model.
    case result(message: JSONValue, failure: StageFailure?)
    /// The stage has its outputs, and they are to be summarised.
    case handoff(outputs: JSONValue, cachedFrom: String?)
    /// The summary; null when none could be made.
    case summary(JSONValue, failure: StageFailure?)

    /// How the attempt failed, which is no failure of the stage.
    var failure: StageFailure? {
        switch self {
        case .calls, .handoff: nil
        case .result(_, let failure), .summary(_, let failure): failure
        }
    }
}

/// A conversation with a model that has tools called.
struct Dialogue: Sendable, Hashable {
    /// A call that the model wants made.
    struct ToolCall: Sendable, Hashable {
        var id: String
        var name: String
        var arguments: JSONValue
    }

    /// The conversation so far.
    var messages: [JSONValue] = []
    /// Calls that have no answer yet, in the order of the model.
    var pending: [ToolCall] = []

    /// How often the model had tools called.
    var rounds: Int { messages.count { $0["tool_calls"]?.arrayValue?.isEmpty == false } }

    /// The calls that a message asks for.
    static func calls(of message: JSONValue) -> [ToolCall] {
        (message["tool_calls"]?.arrayValue ?? []).map { call in
            let arguments = call["function"]?["arguments"] ?? call["arguments"] ?? .null
            return ToolCall(
                id: call["id"]?.stringValue ?? "",
                name: call["function"]?["name"]?.stringValue ?? call["name"]?.stringValue ?? "",
                arguments: arguments.stringValue.flatMap { try? JSONReader.parse($0) } ?? arguments)
        }
    }
}

/// The outputs of a stage while they are summarised.
struct HandingOff: Sendable, Hashable {
    var outputs: JSONValue
    var effect: Effect
    var cachedFrom: String?
}

extension StageStep {
    /// The step as data of the journal.
    var data: JSONObject {
        var data: JSONObject
        switch self {
        case .calls(let messages): data = ["step": .string("calls"), "messages": .array(messages)]
        case .result(let message, _): data = ["step": .string("result"), "message": message]
        case .handoff(let outputs, let cachedFrom):
            data = ["step": .string("handoff"), "outputs": outputs]
            if let cachedFrom { data["cached_from"] = .string(cachedFrom) }
        case .summary(let summary, _): data = ["step": .string("summary"), "summary": summary]
        }
        if let failure { data["error"] = failure.error.json }
        return data
    }

    /// Reads what ``data`` has written; nil for anything else.
    init?(data: JSONValue) {
        var failure: StageFailure?
        if let json = data["error"] {
            guard let error = StageError(json: json),
                let effect = data["effect"]?.stringValue.flatMap(Effect.init(rawValue:))
            else { return nil }
            failure = StageFailure(error, effect: effect)
        }
        switch data["step"]?.stringValue {
        case "calls"?:
            guard let messages = data["messages"]?.arrayValue else { return nil }
            self = .calls(messages: messages)
        case "result"?:
            guard let message = data["message"] else { return nil }
            self = .result(message: message, failure: failure)
        case "handoff"?:
            guard let outputs = data["outputs"] else { return nil }
            self = .handoff(outputs: outputs, cachedFrom: data["cached_from"]?.stringValue)
        case "summary"?:
            guard let summary = data["summary"] else { return nil }
            self = .summary(summary, failure: failure)
        default: return nil
        }
    }
}

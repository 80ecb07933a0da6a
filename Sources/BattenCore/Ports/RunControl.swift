/// What a person or program asks of a run.
public enum RunControl: Sendable, Hashable {
    /// Ask running executors to stop, run `finally`, end cancelled.
    case cancel
    /// Kill at once, `finally` included.
    case cancelNow
    /// Let running stages finish and start nothing.
    case pause
    /// Go on after a pause.
    case resume
    /// Answer a gate.
    case answer(GateAnswer)
    /// Hand a signal in.
    case signal(RunSignal)

    /// The word under which it is stored and shown.
    public var kind: String {
        switch self {
        case .cancel: "cancel"
        case .cancelNow: "cancel_now"
        case .pause: "pause"
        case .resume: "resume"
        case .answer(let answer): answer.approves ? "approve" : "reject"
        case .signal: "signal"
        }
    }

    /// What belongs to it besides the word, as data; nil for controls that are a word alone.
    public var payload: JSONValue? {
        switch self {
        case .cancel, .cancelNow, .pause, .resume: nil
        case .answer(let answer): answer.json
        case .signal(let signal): signal.json
        }
    }

    /// Reads a control back; nil for a word or data that this version does not know.
    public init?(kind: String, payload: JSONValue?) {
        switch kind {
        case "cancel": self = .cancel
        case "cancel_now": self = .cancelNow
        case "pause": self = .pause
        case "resume": self = .resume
        case "approve", "reject":
            guard let payload, let answer = GateAnswer(json: payload), answer.approves == (kind == "approve") else {
                return nil
            }
            self = .answer(answer)
        case "signal":
            guard let payload, let signal = RunSignal(json: payload) else { return nil }
            self = .signal(signal)
        default: return nil
        }
    }
}

/// What a person says to a gate.
public struct GateAnswer: Sendable, Hashable {
    /// Stage id of the gate.
    public var stage: String
    /// Number of the item, from 0, when the gate is that of an item.
    public var item: Int?
    /// Whether it is an approval; else it is a rejection.
    public var approves: Bool
    /// Who answers.
    public var by: String
    /// Values for the gate's form; an object.
    public var form: JSONObject
    /// Why, for people; empty when none was given.
    public var reason: String

    /// Creates an answer.
    public init(
        stage: String, item: Int? = nil, approves: Bool, by: String, form: JSONObject = [:], reason: String = ""
    ) {
        self.stage = stage
        self.item = item
        self.approves = approves
        self.by = by
        self.form = form
        self.reason = reason
    }

    var json: JSONValue {
        var object: JSONObject = ["stage": .string(stage)]
        if let item { object["item"] = .int(Int64(item)) }
        object["decision"] = .string(approves ? "approve" : "reject")
        object["by"] = .string(by)
        object["form"] = .object(form)
        object["reason"] = .string(reason)
        return .object(object)
    }

    /// The gate as people call it.
    public var gate: String { "gate '\(stage)\(item.map { "[\($0)]" } ?? "")'" }

    init?(json: JSONValue) {
        guard let stage = json["stage"]?.stringValue, let decision = json["decision"]?.stringValue,
            decision == "approve" || decision == "reject", let by = json["by"]?.stringValue,
            let form = json["form"]?.objectValue
        else { return nil }
        self.init(
            stage: stage, item: json["item"]?.intValue.map { Int(clamping: $0) }, approves: decision == "approve",
            by: by, form: form,
            reason: json["reason"]?.stringValue ?? "")
    }
}

/// Something that is handed to a run from outside, under a name.
public struct RunSignal: Sendable, Hashable {
    /// Which stages it is for.
    public var name: String
    /// What it carries.
    public var data: JSONValue
    /// Who sent it.
    public var by: String

    /// Creates a signal.
    public init(name: String, data: JSONValue, by: String) {
        self.name = name
        self.data = data
        self.by = by
    }

    var json: JSONValue { .object(["name": .string(name), "data": data, "by": .string(by)]) }

    init?(json: JSONValue) {
        guard let name = json["name"]?.stringValue, let data = json["data"], let by = json["by"]?.stringValue else {
            return nil
        }
        self.init(name: name, data: data, by: by)
    }
}

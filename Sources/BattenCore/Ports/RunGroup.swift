/// A run that asks for its place in its concurrency group.
public struct GroupRequest: Sendable, Hashable {
    /// Run id.
    public var run: String
    /// Epoch of the engine that asks; another one is refused.
    public var epoch: Int64
    /// Id of the engine that asks.
    public var engine: String
    /// Runs that may hold the group at once, at least 1.
    public var limit: Int
    /// Whether the runs before this one are asked to cancel when it has to wait.
    public var cancelsEarlier: Bool
    /// When.
    public var at: Timestamp

    /// Creates a request.
    public init(run: String, epoch: Int64, engine: String, limit: Int = 1, cancelsEarlier: Bool, at: Timestamp) {
        self.run = run
        self.epoch = epoch
        self.engine = engine
        self.limit = limit
        self.cancelsEarlier = cancelsEarlier
        self.at = at
    }
}

/// Where a run stands in its concurrency group.
public enum GroupPlace: Sendable, Hashable {
    /// It holds the group until it ends.
    case holds
    /// It stands in the line; the run that it waits for first.
    case waits(behind: GroupMember)
}

/// A run of a concurrency group that another one waits for.
public struct GroupMember: Sendable, Hashable {
    /// Run id.
    public var run: String
    /// Workflow name.
    public var workflow: String
    /// Whether it holds the group; else it came earlier and waits too.
    public var holds: Bool
    /// Whether an engine drives it.
    public var isDriven: Bool

    /// Creates a member.
    public init(run: String, workflow: String, holds: Bool, isDriven: Bool) {
        self.run = run
        self.workflow = workflow
        self.holds = holds
        self.isDriven = isDriven
    }

    /// What a run behind it waits for, for people.
    ///
    /// - Parameter group: the group's name.
    func detail(group: String) -> String {
        let what = holds ? "holds the group '\(group)'" : "came first in the group '\(group)'"
        let gone = isDriven ? "" : "; no process drives it: batten resume \(run)"
        return "waits for run \(run) of \(workflow), which \(what)\(gone)"
    }

    var data: JSONObject {
        [
            "on": .string("group"), "behind": .string(run), "workflow": .string(workflow), "holds": .bool(holds),
            "is_driven": .bool(isDriven),
        ]
    }

    init?(json: JSONValue) {
        guard let run = json["behind"]?.stringValue, let workflow = json["workflow"]?.stringValue,
            let holds = json["holds"]?.boolValue, let isDriven = json["is_driven"]?.boolValue
        else { return nil }
        self.init(run: run, workflow: workflow, holds: holds, isDriven: isDriven)
    }
}

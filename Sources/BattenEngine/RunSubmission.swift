public import BattenCore

/// A run that somebody asks for.
public struct RunSubmission: Sendable {
    /// The checked workflow.
    public var plan: Plan
    /// Parameters after defaults, checked.
    public var parameters: JSONObject
    /// What starts it, for example `cli` or `exec`.
    public var trigger: String
    /// Key under which the same request gives the same run.
    public var idempotencyKey: String?
    /// Values of the host variables that the workflow names, read now.
    public var hostEnvironment: JSONObject
    /// Folder that the executors' relative paths start from, absolute.
    public var directory: String
    /// Folder of the workflow's file, absolute, whose project the run belongs to; nil when there is none.
    public var workflowFolder: String?
    /// Folder of the run's own, absolute; `{run}` in it stands for the run id.
    public var workdir: String
    /// The run that it continues with what that has committed; nil for a run of its own.
    public var origin: ForkOrigin?
    /// The due time of a schedule that starts it.
    public var fire: ScheduleFire?
    /// What starts it by itself; nil for a run that somebody asks for.
    public var event: JSONObject?
    /// Stages that are taken from that run, those that others depend on first.
    public var kept: [KeptStage]
    /// Bound on what the run may use, besides the workflow's own; nil is none.
    public var budget: BudgetDefinition?

    /// Creates a submission.
    public init(
        plan: Plan, parameters: JSONObject = [:], trigger: String = "cli", idempotencyKey: String? = nil,
        hostEnvironment: JSONObject = [:], directory: String, workflowFolder: String? = nil, workdir: String,
        origin: ForkOrigin? = nil,
        kept: [KeptStage] = [], fire: ScheduleFire? = nil, event: JSONObject? = nil
    ) {
        self.plan = plan
        self.parameters = parameters
        self.trigger = trigger
        self.idempotencyKey = idempotencyKey
        self.hostEnvironment = hostEnvironment
        self.directory = directory
        self.workflowFolder = workflowFolder
        self.workdir = workdir
        self.origin = origin
        self.kept = kept
        self.fire = fire
        self.event = event
    }
}

extension RunSubmission {
    /// Refuses a plan that this version cannot run.
    func requireRunnable() throws(EngineError) {
        guard let feature = plan.unsupported.first else { return }
        let place = feature.stage.map { "stage '\($0)' uses" } ?? "the workflow uses"
        throw EngineError(
            .unsupported, "\(place) '\(feature.feature)', which this version checks but cannot run",
            help: "remove it, or run the workflow with a version that supports it; nothing was started")
    }

    /// What the run's machine is told first.
    func request(run: String, seed: UInt64) -> RunRequest {
        var request = RunRequest(
            run: run, trigger: trigger, parameters: .object(parameters), hostEnvironment: .object(hostEnvironment),
            seed: seed, workdir: Self.folder(workdir, of: run), directory: directory,
            idempotencyKey: idempotencyKey, origin: origin, kept: kept)
        request.workflowFolder = workflowFolder == directory ? nil : workflowFolder
        request.event = event
        request.budget = budget
        return request
    }

    /// A folder's path with a run's id in place of each `{run}`.
    private static func folder(_ pattern: String, of run: String) -> String {
        let mark = "{run}".utf8
        var rest = pattern.utf8[...]
        var path = ""
        while let place = rest.firstIndex(of: UInt8(ascii: "{")) {
            path += Substring(rest[..<place])
            rest = rest[place...]
            let isMark = rest.starts(with: mark)
            path += isMark ? run : "{"
            rest = rest.dropFirst(isMark ? mark.count : 1)
        }
        return path + Substring(rest)
    }
}

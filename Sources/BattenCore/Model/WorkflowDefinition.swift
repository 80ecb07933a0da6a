/// A workflow as its author means it: the canonical form that both syntaxes are read into and written from.
///
/// Strings that may hold `${{ … }}` are kept as written; ``Plan`` holds them compiled. Fields that were not written
/// are nil here, so that writing the definition out again gives what was read; the defaults are applied by the plan.
public struct WorkflowDefinition: Sendable, Hashable {
    /// Name, `[a-z0-9][a-z0-9_-]{0,63}`.
    public var name: String
    /// Version text, `1.0.0` when not written.
    public var version: String
    /// What the workflow is for, in the author's words.
    public var description: String?
    /// Free labels, in source order.
    public var tags: [String]
    /// Typed parameters, in source order.
    public var parameters: [ParameterDefinition]
    /// Environment given to every stage, in source order.
    public var env: [EnvironmentEntry]
    /// Names of secrets the workflow may read.
    public var secrets: [String]
    /// Named roles for stages that talk to a language model.
    public var agents: [AgentDefinition]
    /// Bound on tokens and money of one run.
    public var budget: BudgetDefinition?
    /// Stages at once in one run; nil means the engine's limit.
    public var maxParallel: Int?
    /// Bound on the whole run.
    public var timeout: Duration?
    /// Group in which runs exclude one another.
    public var concurrency: ConcurrencyDefinition?
    /// Values that stages inherit where they do not write their own.
    public var defaults: StageDefaults
    /// What the run gives to whoever started it, in source order.
    public var outputs: [OutputDefinition]
    /// When runs start by themselves; each entry as written.
    public var schedule: [JSONObject]
    /// What else starts runs by itself; each entry as written.
    public var triggers: [JSONObject]
    /// Texts and files given to stages that talk to a language model; as written.
    public var context: JSONValue?
    /// The stages, in source order.
    public var stages: [StageDefinition]
    /// Stages run at the end of every run, in source order.
    public var finally: [StageDefinition]
    /// Stages run when something happens to the run, by hook name, in source order.
    public var hooks: [HookDefinition]

    /// Creates a definition with everything but the name empty.
    ///
    /// - Parameters:
    ///   - name: the workflow's name.
    ///   - stages: its stages.
    public init(name: String, stages: [StageDefinition] = []) {
        self.name = name
        self.version = "1.0.0"
        self.description = nil
        self.tags = []
        self.parameters = []
        self.env = []
        self.secrets = []
        self.agents = []
        self.budget = nil
        self.maxParallel = nil
        self.timeout = nil
        self.concurrency = nil
        self.defaults = StageDefaults()
        self.outputs = []
        self.schedule = []
        self.triggers = []
        self.context = nil
        self.stages = stages
        self.finally = []
        self.hooks = []
    }
}

/// Values that stages inherit where they do not write their own.
public struct StageDefaults: Sendable, Hashable {
    /// Bound on one attempt.
    public var timeout: Duration?
    /// Retry fields, merged field by field under the stage's own.
    public var retry: RetryDefinition?
    /// What a stage's final failure does to the run.
    public var onFailure: OnFailure?
    /// Environment below the stage's own.
    public var env: [EnvironmentEntry]

    /// Creates defaults that say nothing.
    public init() {
        self.timeout = nil
        self.retry = nil
        self.onFailure = nil
        self.env = []
    }

    /// Whether nothing was written.
    public var isEmpty: Bool { timeout == nil && retry == nil && onFailure == nil && env.isEmpty }
}

/// A named role for stages that talk to a language model.
public struct AgentDefinition: Sendable, Hashable {
    /// Name by which a stage's `agent` field refers to it.
    public var name: String
    /// Fields as written: `model`, `system`, `temperature` and whatever else the executor takes.
    public var fields: JSONObject

    /// Creates a role.
    public init(name: String, fields: JSONObject) {
        self.name = name
        self.fields = fields
    }
}

/// A bound on what one run or stage may use.
public struct BudgetDefinition: Sendable, Hashable {
    /// Tokens, input and output together.
    public var tokens: Int64?
    /// Money in US dollars.
    public var costUSD: Double?

    /// Creates a bound.
    public init(tokens: Int64? = nil, costUSD: Double? = nil) {
        self.tokens = tokens
        self.costUSD = costUSD
    }

    /// The bound as data.
    var json: JSONValue {
        var members = JSONObject()
        if let tokens { members["tokens"] = .int(tokens) }
        if let costUSD { members["cost_usd"] = .double(costUSD) }
        return .object(members)
    }

    init(json: JSONValue) {
        self.init(tokens: json["tokens"]?.intValue, costUSD: json["cost_usd"]?.doubleValue)
    }

    /// The rules that hold it.
    ///
    /// - Parameters:
    ///   - name: whose it is, as `budget of stage 'write'`.
    ///   - stage: the stage that it is of; nil is the whole run.
    public func rules(name: String, stage: String?) -> [QuotaRule] {
        func rule(_ metric: String, _ limit: Int64) -> QuotaRule {
            QuotaRule(name: name, metric: metric, limit: limit, window: .run, onExceed: .fail, stage: stage)
        }
        var rules: [QuotaRule] = []
        if let tokens { rules.append(rule(QuotaMetric.tokens, tokens)) }
        if let costUSD { rules.append(rule(QuotaMetric.cost, NanoDollars.rounded(costUSD))) }
        return rules
    }
}

/// A group in which runs exclude one another.
public struct ConcurrencyDefinition: Sendable, Hashable {
    /// What happens to a run whose group is taken.
    public enum OnConflict: String, Sendable, Hashable, CaseIterable {
        case queue, skip, fail
        case cancelRunning = "cancel_running"
    }
    /// Group name; may hold expressions.
    public var group: String
    /// Policy; `queue` when not written.
    public var onConflict: OnConflict

    /// Creates a group rule.
    public init(group: String, onConflict: OnConflict = .queue) {
        self.group = group
        self.onConflict = onConflict
    }
}

/// Stages run when something happens to the run.
public struct HookDefinition: Sendable, Hashable {
    /// `on_start`, `on_success`, `on_failure`, `on_waiting` or `on_recovery`.
    public var event: String
    /// The stages, in source order.
    public var stages: [StageDefinition]

    /// Creates a hook.
    public init(event: String, stages: [StageDefinition]) {
        self.event = event
        self.stages = stages
    }
}

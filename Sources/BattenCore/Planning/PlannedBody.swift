/// An executor that a model may have called.
public struct PlannedTool: Sendable {
    /// The name under which the model knows it.
    public let name: String
    /// What carries a call out; its input holds what the model cannot choose.
    public let body: PlannedBody
}

/// A named text or file for stages that talk to a model.
public struct PlannedContext: Sendable {
    /// Its name.
    public let name: String
    /// The text, which may also be a list of pieces; nil for a file.
    public let text: TemplateValue?
}

/// A compiled `cache` rule.
public struct PlannedCache: Sendable {
    /// The author's part of the key.
    public let key: Template
    /// How long a result is good for; nil as long as its run is kept.
    public let ttl: Duration?

    /// Creates a rule.
    public init(key: Template, ttl: Duration?) {
        self.key = key
        self.ttl = ttl
    }
}

/// A compiled `fallback` or `compensate` body.
public struct PlannedBody: Sendable {
    /// What carries it out.
    public let kind: StageKind
    /// Which slots its attempts use.
    public let pool: StagePool
    /// Executor as written.
    public let uses: String
    /// The executor's input.
    public let with: TemplateValue
    /// Environment, the workflow's included.
    public let env: [PlannedEnvironmentEntry]
    /// Bound on one attempt.
    public let timeout: Duration
    /// Retry rule.
    public let retry: RetryPolicy
    /// The plan of the workflow that it runs as a child; nil for every other kind.
    public let child: Plan?

    /// Creates a body.
    public init(
        kind: StageKind, uses: String, with: TemplateValue, env: [PlannedEnvironmentEntry], timeout: Duration,
        retry: RetryPolicy, child: Plan? = nil
    ) {
        self.kind = kind
        self.pool = StagePool(kind)
        self.uses = uses
        self.with = with
        self.env = env
        self.timeout = timeout
        self.retry = retry
        self.child = child
    }
}

/// One environment variable, compiled.
public struct PlannedEnvironmentEntry: Sendable {
    /// Where the value comes from.
    public enum Source: Sendable {
        /// A template rendered at dispatch.
        case template(Template)
        /// A variable of the host as it was recorded when the run was accepted.
        case fromHost(name: String, default: String?)
    }
    /// Variable name.
    public let name: String
    /// Where the value comes from.
    public let source: Source

    /// Creates an entry.
    public init(name: String, source: Source) {
        self.name = name
        self.source = source
    }
}

/// One typed input, compiled.
public struct PlannedInput: Sendable {
    /// The contract.
    public let definition: InputDefinition
    /// The value; nil when none is written.
    public let value: TemplateValue?

    /// Creates an input.
    public init(definition: InputDefinition, value: TemplateValue?) {
        self.definition = definition
        self.value = value
    }
}

/// One typed output, compiled.
public struct PlannedOutput: Sendable {
    /// The contract.
    public let definition: OutputDefinition
    /// The value; nil takes the field of the same name from the result.
    public let value: TemplateValue?

    /// Creates an output.
    public init(definition: OutputDefinition, value: TemplateValue?) {
        self.definition = definition
        self.value = value
    }
}

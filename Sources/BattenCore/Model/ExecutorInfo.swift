/// What an executor says of itself, as the planner and the static checks need it; shared by all stages that use it.
public final class ExecutorInfo: Sendable {
    /// The keyword of a member of an output that the host fills; its only value is `cost_usd`.
    public static let fillKeyword = "x-batten-fill"

    /// Type name, `<plugin>.<executor>`.
    public let type: String
    /// Version of the plugin that offers it.
    public let pluginVersion: String
    /// One line on what it does.
    public let summary: String
    /// JSON Schema of `with`.
    public let input: JSONSchema
    /// JSON Schema of the outputs.
    public let output: JSONSchema
    /// The input schema as data, for people and completions.
    public let inputSchema: JSONValue
    /// The output schema as data.
    public let outputSchema: JSONValue
    /// What a call uses at most, where the executor declares it.
    public let usageBound: UsageBound?
    /// Whether doing it twice is the same as doing it once.
    public let isIdempotent: Bool
    /// Whether it has no effect at all.
    public let isPure: Bool
    /// Whether it listens to a cancel.
    public let isCancellable: Bool
    /// Whether it completes without holding a thread.
    public let isAsynchronous: Bool
    /// Whether its calls are carried out in worker processes.
    public let isIsolated: Bool
    /// Whether it cannot be carried out in a worker process.
    public let isHostProcessOnly: Bool
    /// Member of the output into which the host puts what the call has cost; nil where none is declared.
    public let costMember: String?
    /// Declared capabilities, as data (`network`, `paths`, `processes`, `secrets`).
    public let capabilities: JSONValue

    /// Names of the secrets that it asks for while it works.
    public var declaredSecrets: Set<String> {
        Set((capabilities["secrets"]?.arrayValue ?? []).compactMap(\.stringValue))
    }

    /// Creates a description.
    public init(
        type: String, pluginVersion: String, summary: String, input: JSONSchema, output: JSONSchema,
        inputSchema: JSONValue, outputSchema: JSONValue, isIdempotent: Bool, isPure: Bool, isCancellable: Bool,
        isAsynchronous: Bool, capabilities: JSONValue, isIsolated: Bool = false, isHostProcessOnly: Bool = false
    ) {
        self.type = type
        self.pluginVersion = pluginVersion
        self.summary = summary
        self.input = input
        self.output = output
        self.inputSchema = inputSchema
        self.outputSchema = outputSchema
        self.usageBound = UsageBound(schema: inputSchema)
        self.costMember =
            outputSchema["properties"]?.objectValue?
            .first { $0.value[Self.fillKeyword] == .string(QuotaMetric.cost) }?.key
        self.isIdempotent = isIdempotent
        self.isPure = isPure
        self.isCancellable = isCancellable
        self.isAsynchronous = isAsynchronous
        self.capabilities = capabilities
        self.isIsolated = isIsolated
        self.isHostProcessOnly = isHostProcessOnly
    }
}

/// Answers which executors exist, for static checks and planning.
public protocol ExecutorCatalog: Sendable {
    /// Finds an executor by type name.
    ///
    /// - Parameter type: `<plugin>.<executor>`.
    /// - Returns: the description, or why there is none.
    func executor(_ type: String) -> ExecutorLookup

    /// Type names that can be suggested for a misspelt one, sorted; asking may load every plugin found.
    func knownTypes() -> [String]
}

/// The answer of an executor catalog.
public enum ExecutorLookup: Sendable {
    /// It exists.
    case found(ExecutorInfo)
    /// No plugin of that name was found in the named folders.
    case unknownPlugin(id: String, searched: [String])
    /// The plugin exists and does not offer it; what it offers instead, sorted.
    case unknownExecutor(plugin: String, offers: [String])
    /// The plugin was found and refused.
    case refused(code: String, message: String, help: String)
}

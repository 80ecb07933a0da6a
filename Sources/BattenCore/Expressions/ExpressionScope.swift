/// What an expression can name.
public enum ExpressionNamespace: String, Sendable, Hashable, CaseIterable {
    /// The run's parameters.
    case parameters
    /// The stage's own inputs.
    case inputs
    /// Earlier stages by id: `outputs`, `status`, `error`.
    case stages
    /// Environment variables.
    case env
    /// Secrets by name.
    case secrets
    /// The run: `id`, `attempt`, `started_at`, `trigger`, `workdir`, `scheduled_for`, `event`.
    case run
    /// The workflow: `name`, `version`.
    case workflow
    /// Named texts given to language models.
    case context
    /// The current element of `for_each`.
    case item
    /// The current element's index.
    case index
    /// The current cell of `matrix`.
    case matrix
    /// The executor's result, inside a stage's own `outputs`.
    case result
}

/// The functions that ask how other stages ended.
public enum StatusFunction: String, Sendable, Hashable, CaseIterable {
    /// Whether every direct dependency completed.
    case success
    /// Whether some ancestor failed.
    case failure
    /// Whether a cancel was asked for.
    case cancelled
    /// True in any case.
    case always
}

/// The answer of a scope.
public enum ScopeLookup: Sendable {
    /// This is the value.
    case value(JSONValue)
    /// The namespace is defined here and does not hold the key.
    case missing
    /// The namespace is not defined where the expression stands.
    case unavailable
}

/// Gives expressions the values of what they name.
public protocol ExpressionScope {
    /// The whole value of a namespace.
    func lookup(_ namespace: ExpressionNamespace) -> ScopeLookup

    /// One member of a namespace, so that the whole need not be built.
    func lookup(_ namespace: ExpressionNamespace, member key: String) -> ScopeLookup

    /// How other stages ended; nil where status functions mean nothing.
    func status(_ function: StatusFunction) -> Bool?

    /// The run's recorded time; nil where there is no run.
    var now: Timestamp? { get }

    /// What becomes of a value that was read and holds a sealed secret.
    ///
    /// - Parameters:
    ///   - value: the value as it is kept.
    ///   - isWhole: whether it is passed on as it is, with nothing computed from it.
    /// - Returns: what is read instead; `unavailable` where such a value may not be read.
    func sealed(_ value: JSONValue, isWhole: Bool) -> ScopeLookup
}

extension ExpressionScope {
    /// Takes the member out of the whole namespace.
    public func lookup(_ namespace: ExpressionNamespace, member key: String) -> ScopeLookup {
        guard case .value(let whole) = lookup(namespace) else { return .unavailable }
        return whole[key].map { .value($0) } ?? .missing
    }

    /// Status functions mean nothing unless the scope says otherwise.
    public func status(_ function: StatusFunction) -> Bool? { nil }

    /// There is no run unless the scope says otherwise.
    public var now: Timestamp? { nil }

    /// Sealed values are not read unless the scope says otherwise.
    public func sealed(_ value: JSONValue, isWhole: Bool) -> ScopeLookup { .unavailable }
}

/// A scope that holds its namespaces as values.
public struct ExpressionBindings: ExpressionScope, Sendable {
    /// Values by namespace; those not here are unavailable.
    public var namespaces: [ExpressionNamespace: JSONValue]
    /// Answers of the status functions; those not here are unavailable.
    public var statuses: [StatusFunction: Bool]
    /// The run's recorded time.
    public var now: Timestamp?

    /// Makes a scope.
    public init(
        _ namespaces: [ExpressionNamespace: JSONValue] = [:], statuses: [StatusFunction: Bool] = [:],
        now: Timestamp? = nil
    ) {
        self.namespaces = namespaces
        self.statuses = statuses
        self.now = now
    }

    /// The whole value of a namespace.
    public func lookup(_ namespace: ExpressionNamespace) -> ScopeLookup {
        namespaces[namespace].map { .value($0) } ?? .unavailable
    }

    /// How other stages ended.
    public func status(_ function: StatusFunction) -> Bool? { statuses[function] }
}

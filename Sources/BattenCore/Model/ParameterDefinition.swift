/// The JSON types a declared value can have.
public enum ValueType: String, Sendable, Hashable, CaseIterable {
    case string, integer, number, boolean, array, object

    /// Whether a value is of this type; an integer is also a number.
    public func accepts(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.string, .string), (.integer, .int), (.number, .int), (.number, .double), (.boolean, .bool),
            (.array, .array), (.object, .object):
            true
        case (.integer, .double(let number)): number == number.rounded() && abs(number) < 9.2e18
        default: false
        }
    }
}

/// One typed parameter of a workflow.
public struct ParameterDefinition: Sendable, Hashable {
    /// Name, `[A-Za-z_][A-Za-z0-9_-]*`.
    public var name: String
    /// Declared type.
    public var type: ValueType
    /// Value when none is given; nil makes the parameter required.
    public var defaultValue: JSONValue?
    /// What the parameter is for.
    public var description: String?
    /// Further JSON Schema keywords as written (`minimum`, `pattern`, `enum` …), in source order.
    public var constraints: JSONObject

    /// Creates a parameter.
    public init(
        name: String, type: ValueType, defaultValue: JSONValue? = nil, description: String? = nil,
        constraints: JSONObject = [:]
    ) {
        self.name = name
        self.type = type
        self.defaultValue = defaultValue
        self.description = description
        self.constraints = constraints
    }
}

/// One environment variable of a workflow or stage.
public struct EnvironmentEntry: Sendable, Hashable {
    /// Where the value comes from.
    public enum Source: Sendable, Hashable {
        /// Text that may hold expressions.
        case text(String)
        /// A variable of the host, read once when the run is accepted, with what to use when it is not set.
        case fromHost(name: String, default: String?)
    }
    /// Variable name.
    public var name: String
    /// Where the value comes from.
    public var source: Source

    /// Creates an entry.
    public init(name: String, source: Source) {
        self.name = name
        self.source = source
    }
}

/// One typed input of a stage: a contract checked before its first attempt.
public struct InputDefinition: Sendable, Hashable {
    /// Name, read as `inputs.<name>` in the stage's own expressions.
    public var name: String
    /// Declared type.
    public var type: ValueType?
    /// Whether null or a missing value is refused.
    public var required: Bool
    /// The value; its strings may hold expressions.
    public var value: JSONValue?

    /// Creates an input.
    public init(name: String, type: ValueType? = nil, required: Bool = true, value: JSONValue? = nil) {
        self.name = name
        self.type = type
        self.required = required
        self.value = value
    }
}

/// One typed output of a stage or workflow: a contract checked when the stage has finished.
public struct OutputDefinition: Sendable, Hashable {
    /// Name, read as `stages.<id>.outputs.<name>` by others.
    public var name: String
    /// Declared type; workflow outputs may leave it out.
    public var type: ValueType?
    /// The value, whose strings may hold expressions; nil takes the field of the same name from the result.
    public var value: JSONValue?
    /// What the output is.
    public var description: String?

    /// Creates an output.
    public init(name: String, type: ValueType? = nil, value: JSONValue? = nil, description: String? = nil) {
        self.name = name
        self.type = type
        self.value = value
        self.description = description
    }
}

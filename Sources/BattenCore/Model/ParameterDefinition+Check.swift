extension ParameterDefinition {
    /// The declaration as a JSON Schema.
    public var schema: JSONValue {
        var schema: JSONObject = ["type": .string(type.rawValue)]
        for (keyword, argument) in constraints { schema[keyword] = argument }
        return .object(schema)
    }

    /// What keeps a value from fitting, one sentence each; empty when it fits.
    public func problems(of value: JSONValue) -> [String] {
        guard !constraints.isEmpty else { return [] }
        do throws(SchemaError) {
            return try JSONSchema.compile(schema).validate(value).map(\.description)
        } catch {
            return ["its declaration is no JSON Schema: \(error.description)"]
        }
    }

    /// Why a value cannot be this parameter's; nil when it can.
    public func refusal(of value: JSONValue) -> String? {
        guard type.accepts(value) else {
            return "parameter '\(name)' is declared as \(type.rawValue) and is \(value.described)"
        }
        return problems(of: value).first.map { "parameter '\(name)' does not fit: \($0)" }
    }
}

extension WorkflowDefinition {
    /// The parameters of a run: what was given, held against the declarations, with the defaults of the others.
    ///
    /// - Parameter given: values by name.
    /// - Returns: all parameters in their order, or the first thing that does not fit, for people.
    public func complete(parameters given: JSONObject) -> Result<JSONObject, ParameterMismatch> {
        for name in given.keys where !parameters.contains(where: { $0.name == name }) {
            return .failure(ParameterMismatch("workflow '\(self.name)' has no parameter '\(name)'", parameter: name))
        }
        var all = JSONObject()
        for parameter in parameters {
            guard let value = given[parameter.name] ?? parameter.defaultValue else {
                return .failure(
                    ParameterMismatch(
                        "workflow '\(name)' needs the parameter '\(parameter.name)'", parameter: parameter.name))
            }
            if let refusal = parameter.refusal(of: value) {
                return .failure(ParameterMismatch("\(refusal) (workflow '\(name)')", parameter: parameter.name))
            }
            all[parameter.name] = value
        }
        return .success(all)
    }
}

/// Why values cannot be the parameters of a workflow.
public struct ParameterMismatch: Error, Sendable, Hashable {
    /// What does not fit, for people.
    public let message: String
    /// The parameter that it is about.
    public let parameter: String

    init(_ message: String, parameter: String) {
        self.message = message
        self.parameter = parameter
    }
}

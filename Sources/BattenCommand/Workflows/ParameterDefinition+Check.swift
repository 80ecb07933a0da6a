import BattenCore

extension ParameterDefinition {
    /// The declaration as a JSON Schema.
    var schema: JSONValue {
        var schema: JSONObject = ["type": .string(type.rawValue)]
        for (keyword, argument) in constraints { schema[keyword] = argument }
        return .object(schema)
    }

    /// What keeps a value from fitting, one sentence each; empty when it fits.
    func problems(of value: JSONValue) -> [String] {
        guard !constraints.isEmpty else { return [] }
        do throws(SchemaError) {
            return try JSONSchema.compile(schema).validate(value).map(\.description)
        } catch {
            return ["its declaration is no JSON Schema: \(error.description)"]
        }
    }
}

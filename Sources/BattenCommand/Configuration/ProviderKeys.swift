import BattenCore

/// The keys of model providers: configuration names secrets, and the plugin gets their values.
enum ProviderKeys {
    /// Secrets that providers without a `key` of their own use.
    private static let builtIn = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY"]

    /// Values of the secrets that a plugin configuration names, by name; those without a value are left out.
    static func values(
        of configuration: JSONValue?, secret: (String) -> String?
    ) -> [String: String] {
        let providers = configuration?.objectValue?["providers"]?.objectValue ?? [:]
        let named = providers.compactMap { $0.value.objectValue?["key"]?.stringValue }
        var values: [String: String] = [:]
        for name in builtIn + named {
            guard let value = secret(name), !value.isEmpty else { continue }
            values[name] = value
        }
        return values
    }

    /// Finds secrets in an environment alone.
    static func finder(in environment: [String: String]) -> (String) -> String? {
        { environment[HostEnvironment.secretPrefix + $0] }
    }

    /// The configuration as the plugin gets it: with the values, and with the default model of the settings.
    ///
    /// - Returns: nil when there is nothing to say.
    static func configuration(
        _ written: JSONValue?, defaultModel: String?, secret: (String) -> String?
    ) -> JSONValue? {
        guard var object = (written ?? .object([:])).objectValue else { return written }
        let values = values(of: written, secret: secret)
        if !values.isEmpty {
            object["secrets"] = .object(JSONObject(values.keys.sorted().map { ($0, .string(values[$0] ?? "")) }))
        }
        if object["default_model"] == nil, let defaultModel { object["default_model"] = .string(defaultModel) }
        return object.isEmpty && written == nil ? nil : .object(object)
    }
}

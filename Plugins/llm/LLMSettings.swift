import BattenPlugin
import BattenTransfer

/// Where models are found: the plugin's configuration.
struct LLMSettings {
    /// Which API a provider speaks.
    enum API: String {
        case openai
        case anthropic
    }

    /// One provider.
    struct Provider {
        var name: String
        var api: API
        var baseURL: String
        /// The secret's name; nil sends no credential.
        var keyName: String?
        var key: String?
        var headers: HeaderList
        /// What the field for the most output tokens is called.
        var limitField: String
    }

    let providers: [String: Provider]
    let defaultModel: String?
    let network: NetworkSettings

    /// Reads the configuration.
    ///
    /// - Throws: ``Failure`` of class bad input that names the member at fault.
    init(config: JSON) throws(Failure) {
        network = try NetworkSettings(config: config)
        defaultModel = config["default_model"]?.string
        let secrets = config["secrets"]?.object ?? [:]
        var providers: [String: Provider] = [
            "openai": Provider(
                name: "openai", api: .openai, baseURL: "https://api.openai.com/v1", keyName: "OPENAI_API_KEY",
                headers: HeaderList(), limitField: "max_completion_tokens"),
            "anthropic": Provider(
                name: "anthropic", api: .anthropic, baseURL: "https://api.anthropic.com", keyName: "ANTHROPIC_API_KEY",
                headers: HeaderList(), limitField: "max_tokens"),
        ]
        for member in config["providers"]?.object ?? [:] {
            providers[member.name] = try Self.provider(member.name, member.value, builtIn: providers[member.name])
        }
        for (name, provider) in providers {
            guard let keyName = provider.keyName, let key = secrets[keyName]?.string, !key.isEmpty else { continue }
            guard HeaderList.isValue(key) else {
                throw .badInput(
                    field: "secrets.\(keyName)", "holds a line break, which no key has; set it again without")
            }
            providers[name]?.key = key
        }
        self.providers = providers
    }

    private static func provider(_ name: String, _ json: JSON, builtIn: Provider?) throws(Failure) -> Provider {
        let field = "providers.\(name)"
        for limit in ["requests_per_minute", "tokens_per_minute"] where json[limit]?.isNull == false {
            throw .badInput(field: "\(field).\(limit)", "needs quotas, which this version does not have; leave it out")
        }
        guard let text = json["api"]?.string ?? builtIn?.api.rawValue, let api = API(rawValue: text) else {
            throw .badInput(field: "\(field).api", "must be openai or anthropic")
        }
        guard let baseURL = json["base_url"]?.string ?? builtIn?.baseURL else {
            throw .badInput(
                field: "\(field).base_url", "is missing; write where the API is, such as http://127.0.0.1:8080/v1")
        }
        do throws(TransferFailure) {
            _ = try URLAddress(baseURL)
        } catch {
            throw .badInput(field: "\(field).base_url", error.message)
        }
        var headers = HeaderList()
        for member in json["headers"]?.object ?? [:] {
            guard HeaderList.isName(member.name), let value = member.value.string, HeaderList.isValue(value) else {
                throw .badInput(
                    field: "\(field).headers.\(member.name)", "is not a header: a name, and a text in one line")
            }
            headers.add(member.name, value)
        }
        let limitField = json["max_tokens_field"]?.string ?? builtIn?.limitField ?? "max_tokens"
        return Provider(
            name: name, api: api, baseURL: baseURL, keyName: json["key"]?.string ?? builtIn?.keyName, headers: headers,
            limitField: limitField)
    }

    /// Finds the provider of `provider/model`, and the model's own name.
    func find(_ model: String) throws(Failure) -> (provider: Provider, model: String) {
        let parts = model.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[1].isEmpty else {
            throw .badInput(
                field: "model",
                "is '\(model)'; write provider/model, such as openai/gpt-4o-mini. Providers are "
                    + providers.keys.sorted().joined(separator: ", "))
        }
        guard let provider = providers[parts[0]] else {
            throw .badInput(
                field: "model",
                "names the provider '\(parts[0])', which is not configured; providers are "
                    + "\(providers.keys.sorted().joined(separator: ", ")), and plugins.llm.providers adds others")
        }
        return (provider, parts[1])
    }
}

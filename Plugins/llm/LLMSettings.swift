import BattenPlugin
import BattenTransfer

/// Where models are found: the plugin's configuration.
struct LLMSettings {
    /// Which API a provider speaks.
    enum API: String {
        case openai
        case anthropic
    }

    /// How a provider of the chat completions API is told what an answer must look like.
    enum StructuredOutput: String, CaseIterable {
        /// By the schema itself.
        case schema = "json_schema"
        /// That it is JSON, and in words.
        case object = "json_object"
        /// In words alone.
        case prompt
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
        /// How it is told what an answer must look like.
        var structuredOutput = StructuredOutput.schema
        /// What it may be asked in a minute.
        var limits = RateLimiter.Limits()
        /// The proxy to it; nil is the one of all.
        var proxy: String?
        /// What an image counts as at most; nil is the most of the API's usual rules.
        var imageTokens: Int64?

        /// The most tokens that an image counts as.
        func tokens(of image: ChatImage) -> Int64 {
            if let imageTokens { return imageTokens }
            switch api {
            case .openai:
                return image.detail == "low" ? ChatImage.mostTokensOpenAI.low : ChatImage.mostTokensOpenAI.high
            case .anthropic: return ChatImage.mostTokensAnthropic
            }
        }
    }

    let providers: [String: Provider]
    let defaultModel: String?
    let network: NetworkSettings
    let redaction: Redaction

    /// Reads the configuration.
    ///
    /// - Throws: ``Failure`` of class bad input that names the member at fault.
    init(config: JSON) throws(Failure) {
        network = try NetworkSettings(config: config)
        defaultModel = config["default_model"]?.string
        redaction = try Redaction(config["redact"])
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
        var provider = Provider(
            name: name, api: api, baseURL: baseURL, keyName: json["key"]?.string ?? builtIn?.keyName, headers: headers,
            limitField: limitField, proxy: json["proxy"]?.string)
        if let text = json["structured_output"]?.string {
            guard let way = StructuredOutput(rawValue: text) else {
                let ways = StructuredOutput.allCases.map(\.rawValue).joined(separator: ", ")
                throw .badInput(field: "\(field).structured_output", "is '\(text)'; must be one of \(ways)")
            }
            provider.structuredOutput = way
        }
        provider.imageTokens = try limit(json, "image_tokens", field, largest: 1_000_000)
        provider.limits.requests = try limit(json, "requests_per_minute", field)
        provider.limits.tokens = try limit(json, "tokens_per_minute", field)
        return provider
    }

    private static func limit(
        _ json: JSON, _ name: String, _ field: String, largest: Int64 = 1_000_000_000_000
    ) throws(Failure) -> Int64? {
        guard let value = json[name], !value.isNull else { return nil }
        guard let limit = value.integer, (1...largest).contains(limit) else {
            throw .badInput(field: "\(field).\(name)", "is \(value.text); must be a whole number from 1 to \(largest)")
        }
        return limit
    }

    /// The model that is asked: the stage's, else the configuration's.
    func name(of model: String) throws(Failure) -> String {
        let name = model.isEmpty ? defaultModel ?? "" : model
        guard !name.isEmpty else {
            throw .badInput(
                field: "model", "is missing: write it here, in the agent, or as plugins.llm.default_model")
        }
        return name
    }

    /// A request to a provider's API, without its body.
    ///
    /// - Throws: ``Failure`` if the provider's secret has no value.
    func request(to provider: Provider, url: String, headers: [(String, String)]) throws(Failure) -> TransferRequest {
        if let keyName = provider.keyName, provider.key == nil {
            throw Failure(
                .auth, code: "llm.key",
                "provider '\(provider.name)' needs the secret \(keyName), which has no value; set it as "
                    + "BATTEN_SECRET_\(keyName)", effect: .none)
        }
        var request: TransferRequest
        do throws(TransferFailure) {
            request = TransferRequest(url: try URLAddress(url))
        } catch {
            throw .badInput(field: "providers.\(provider.name).base_url", error.message)
        }
        request.method = "POST"
        request.maxRedirects = 0
        request.maxResponseBytes = 64 << 20
        request.proxy = provider.proxy ?? network.proxy
        request.headers = HeaderList(headers + [("Content-Type", "application/json")])
        for field in provider.headers.fields { request.headers.set(field.name, field.value) }
        return request
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

import BattenPlugin
import BattenTransfer

/// One call of `llm.embed`.
final class EmbedJob {
    private let call: Call<JSON>
    private let input: EmbedInput
    private let provider: LLMSettings.Provider
    private let model: String
    private var request: TransferRequest
    private let limiter: RateLimiter
    private let client: TransferClient
    private let loop: Loop

    private var vectors: [JSON] = []
    private var tokens: Int64 = 0
    private var isEstimated = false
    private var servedModel: String?
    private var current: ProviderCall?
    /// What is held for a request after the first.
    private var lease: Lease?
    private var stopReason: StopReason?
    var ended: () -> Void = {}

    init(
        call: Call<JSON>, input: EmbedInput, provider: LLMSettings.Provider, model: String, request: TransferRequest,
        limiter: RateLimiter, client: TransferClient, loop: Loop
    ) {
        self.call = call
        self.input = input
        self.provider = provider
        self.model = model
        self.request = request
        self.limiter = limiter
        self.client = client
        self.loop = loop
    }

    private var name: String { "\(provider.name)/\(model)" }

    func start() {
        request.connectTimeout = input.connectTimeout ?? 30_000_000_000
        ask()
    }

    func cancel(_ reason: StopReason) {
        stopReason = reason
        if current?.cancel() ?? true { fail(.stopped(reason, effect: .none)) }
    }

    /// Asks for the next texts, once the request is held: the first one, and the tokens of all, are declared.
    private func askNext() {
        call.context.hold("requests", of: name, 1) { [self] answer in
            switch answer {
            case .success(let held) where call.isOver: held.settle(0)
            case .success(let held):
                lease = held
                ask()
            case .failure(let failure): fail(failure)
            }
        }
    }

    private func ask() {
        let batch = Array(input.texts[vectors.count..<min(vectors.count + input.batch, input.texts.count)])
        var body: JSONObject = [
            "model": .string(model), "input": .array(batch.map(JSON.string)), "encoding_format": "float",
        ]
        if let dimensions = input.dimensions { body["dimensions"] = .integer(dimensions) }
        request.body = .bytes(JSON.object(body).bytes)
        let estimate = Estimate.tokens(bytes: batch.reduce(0) { $0 + $1.utf8.count }) + Int64(batch.count)
        let one = ProviderCall(
            context: call.context, limiter: limiter, provider: provider, model: model, client: client, loop: loop)
        current = one
        do throws(Failure) {
            try one.start(request, tokens: estimate) { [self] result in
                current = nil
                finish(result, one, batch: batch.count, estimate: estimate)
            }
        } catch {
            fail(error)
        }
    }

    private func finish(
        _ result: Result<TransferResponse, TransferFailure>, _ one: ProviderCall, batch: Int, estimate: Int64
    ) {
        switch result {
        case .failure(let transferFailure):
            one.settle(tokens: transferFailure.sent ? 0 : nil)
            giveBack(requests: 0)
            var failure = transferFailure.failure(method: "POST")
            failure.effect = .none
            if transferFailure.kind == .cancelled, let stopReason { failure = .stopped(stopReason, effect: .none) }
            fail(failure)
        case .success(let response) where !(200..<300).contains(response.head.status):
            one.settle(tokens: 0)
            giveBack(requests: 0)
            fail(ProviderError.refusal(response, model: name))
        case .success(let response):
            let json = (try? JSON(parsing: response.body)) ?? .null
            let counted = json["usage"]?["prompt_tokens"]?.count
            let used = counted ?? estimate
            one.settle(tokens: used)
            call.context.usage("requests", of: name, 1)
            call.context.usage("input_tokens", of: name, used)
            giveBack(requests: 1)
            tokens += used
            if counted == nil { isEstimated = true }
            servedModel = json["model"]?.string
            take(json["data"]?.array ?? [], batch)
        }
    }

    private func giveBack(requests: Int64) {
        lease?.settle(requests)
        lease = nil
    }

    private func take(_ data: [JSON], _ batch: Int) {
        var found = [JSON?](repeating: nil, count: batch)
        for (place, one) in data.enumerated() {
            let index = Int(clamping: one["index"]?.integer ?? Int64(place))
            guard found.indices.contains(index), let vector = one["embedding"]?.array, !vector.isEmpty,
                vector.allSatisfy({ $0.number != nil })
            else { continue }
            found[index] = .array(vector)
        }
        let all = found.compactMap { $0 }
        guard all.count == batch else {
            fail(ProviderError.notTheAPI("the response has \(all.count) vectors for \(batch) texts"))
            return
        }
        vectors += all
        guard vectors.count == input.texts.count else {
            call.context.progress(Double(vectors.count) / Double(input.texts.count), "\(vectors.count) texts")
            askNext()
            return
        }
        ended()
        call.complete([
            "embeddings": .array(vectors), "embedding": input.isOne ? vectors[0] : .null,
            "dimensions": .integer(Int64(vectors[0].array?.count ?? 0)),
            "usage": ["input_tokens": .integer(tokens), "estimated": .bool(isEstimated)], "model": .string(name),
            "served_model": servedModel.map(JSON.string) ?? .null,
        ])
    }

    private func fail(_ failure: Failure) {
        guard !call.isOver else { return }
        var failure = failure
        if failure.class != .cancelled, failure.class != .deadline { failure.message = "\(name): \(failure.message)" }
        if let key = provider.key { failure.message = failure.message.hiding(key) }
        ended()
        call.fail(failure)
    }
}

import BattenPlugin
import BattenTransfer

/// One call of `llm.chat`: exchanges with models, until one of them has given an answer that fits.
final class ChatJob {
    /// A model that can be asked.
    struct Candidate {
        var name: String
        var provider: LLMSettings.Provider
        var model: String

        var api: any ChatAPI { provider.api == .openai ? OpenAIChat() : AnthropicChat() }
    }

    /// An answer that is asked for beside what was declared may have at least so many tokens.
    private static let leastOutput: Int64 = 256
    /// The code of the failure to hold something.
    private static let refused = "quota.refused"

    let call: Call<JSON>
    private var input: ChatInput
    private let candidates: [Candidate]
    private let settings: LLMSettings
    private let limiter: RateLimiter
    private let client: TransferClient
    private let loop: Loop
    private let pool: WorkerPool

    private var place = 0
    private var exchange: ChatExchange?
    /// Whether what is asked next goes beyond what the call has declared.
    private var isBeyondDeclared = false
    /// What is held for the request that is out.
    private var lease: Lease?
    /// The most tokens of the answer that is asked for.
    private var outputLimit: Int64
    /// Tokens that the last answer had.
    private var lastOutput: Int64 = 0
    private var usage: ChatAnswer.Usage?
    private var isRepaired = false
    /// The models that failed, with what they failed of.
    private var failures: [(model: String, failure: Failure)] = []
    private var stopReason: StopReason?
    /// Text that the reader did not take yet.
    private var unshown = ""
    private var waitsForReader = false
    private var result: Result<JSON, Failure>?
    var ended: () -> Void = {}

    init(
        call: Call<JSON>, input: ChatInput, candidates: [Candidate], settings: LLMSettings, limiter: RateLimiter,
        client: TransferClient, loop: Loop, pool: WorkerPool
    ) {
        self.call = call
        self.input = input
        self.input.redaction = input.redaction.union(settings.redaction)
        outputLimit = input.maxOutputTokens
        self.candidates = candidates
        self.settings = settings
        self.limiter = limiter
        self.client = client
        self.loop = loop
        self.pool = pool
    }

    private var candidate: Candidate { candidates[place] }

    func start() {
        InputFiles.load(input, context: call.context, loop: loop, pool: pool) { [self] result in
            guard self.result == nil else { return }
            switch result {
            case .success(let loaded):
                isBeyondDeclared = input.exceedsDeclared
                input = loaded
                ask()
            case .failure(let failure): end(.failure(failure))
            }
        }
    }

    func cancel(_ reason: StopReason) {
        stopReason = reason
        if result != nil {
            // The answer is there, only the reader has not taken all of it.
            unshown = ""
            settle()
        } else if exchange?.cancel() ?? true {
            end(.failure(.stopped(reason, effect: .none)))
        }
    }

    // MARK: Exchanges

    /// Asks the model, once all that the request may use is held.
    private func ask() {
        outputLimit = input.maxOutputTokens
        guard isBeyondDeclared else {
            isBeyondDeclared = true
            return send(input)
        }
        let name = candidate.name
        do throws(Failure) {
            var bound = RequestBound(
                subject: name,
                inputTokens: try input.boundOfInput(
                    candidate.api, model: candidate.model, provider: candidate.provider),
                outputTokens: input.maxOutputTokens)
            bound.leastOutputTokens = min(input.maxOutputTokens, max(Self.leastOutput, lastOutput))
            bound.followsDeclared = true
            call.context.hold(bound) { [self] answer in
                switch answer {
                case .success(let held):
                    guard result == nil else { return held.lease.settle(0) }
                    lease = held.lease
                    outputLimit = held.outputTokens
                    if outputLimit < input.maxOutputTokens {
                        call.context.log(
                            .info, "\(name) is asked for at most \(outputLimit) tokens: no more is left to it")
                    }
                    var input = input
                    input.maxOutputTokens = outputLimit
                    send(input)
                case .failure(var failure):
                    guard result == nil else { return }
                    if failure.class == .quota { failure.message = "\(name) cannot be asked: \(failure.message)" }
                    fail(failure)
                }
            }
        } catch {
            fail(error)
        }
    }

    private func send(_ input: ChatInput) {
        let candidate = candidate
        do throws(Failure) {
            var request = try settings.request(
                to: candidate.provider, url: candidate.api.url(candidate.provider),
                headers: candidate.api.headers(candidate.provider) + [
                    ("Accept", input.streams ? "text/event-stream, application/json" : "application/json")
                ])
            request.connectTimeout = input.connectTimeout ?? 30_000_000_000
            request.idleTimeout = input.idleTimeout ?? 0
            request.body = .bytes(
                try candidate.api.body(input, model: candidate.model, provider: candidate.provider).bytes)
            let exchange = ChatExchange(
                context: call.context, input: input, candidate: candidate,
                provider: ProviderCall(
                    context: call.context, limiter: limiter, provider: candidate.provider, model: candidate.model,
                    client: client, loop: loop))
            exchange.shows = { [unowned self] text in take(text) }
            exchange.ended = { [self] result, usage in
                self.exchange = nil
                if let usage { self.usage = self.usage.map { $0 + usage } ?? usage }
                lastOutput = usage?.output ?? 0
                giveBack(requests: usage == nil ? 0 : 1)
                switch result {
                case .success(let answer): finish(answer)
                case .failure(let failure): fail(failure)
                }
            }
            self.exchange = exchange
            try exchange.start(request)
        } catch {
            exchange = nil
            giveBack(requests: 0)
            fail(error)
        }
    }

    /// Gives back what is held and was not used.
    private func giveBack(requests: Int64) {
        lease?.settle(requests)
        lease = nil
    }

    private func finish(_ answer: ChatAnswer) {
        if input.isLastRound, !answer.toolCalls.isEmpty {
            return end(
                .failure(
                    Failure(
                        .failed, code: "llm.tool_rounds",
                        "\(candidate.name) asks for tools again after all its rounds (max_tool_rounds)", effect: .none))
            )
        }
        guard let schema = input.responseSchema, answer.toolCalls.isEmpty else {
            return end(.success(output(answer)))
        }
        if !answer.refusal.isEmpty || answer.finishReason == "content_filter" {
            return end(
                .failure(
                    Failure(
                        .failed, code: "llm.refused",
                        "\(candidate.name) did not answer: \(answer.refusal.isEmpty ? "its filter stopped it" : answer.refusal)",
                        effect: .none)))
        }
        let problems = self.problems(answer, schema)
        if problems.isEmpty { return end(.success(output(answer))) }
        let isCut = answer.finishReason == "length"
        guard isRepaired || isCut else {
            isRepaired = true
            call.context.log(.warning, "the answer does not fit response_schema and is asked for again: \(problems)")
            input.messages.append(ChatMessage(role: "assistant", text: answer.text.isEmpty ? "(nothing)" : answer.text))
            input.messages.append(ChatMessage(role: "user", text: SchemaWords.repair(problems)))
            return ask()
        }
        let cut =
            outputLimit < input.maxOutputTokens
            ? "it was cut at \(outputLimit) tokens, and no more was left to it"
            : "it was cut at max_output_tokens (\(outputLimit)); raise it"
        let advice = isCut ? cut : "also when it was asked again"
        end(
            .failure(
                Failure(
                    .failed, code: "llm.schema",
                    "the answer of \(candidate.name) does not fit response_schema, \(advice): \(problems)",
                    effect: .none,
                    details: input.redaction.answers ? [:] : ["answer": .string(String(answer.text.prefix(4096)))])))
    }

    /// What of an answer does not fit a schema, in one line; empty if it fits.
    private func problems(_ answer: ChatAnswer, _ schema: JSON) -> String {
        guard let value = answer.value else { return "it is not JSON" }
        do throws(Failure) {
            let problems = try call.context.check(value, against: schema, field: "response_schema")
            return problems.prefix(8).map(\.text).joined(separator: "; ")
        } catch {
            return error.message
        }
    }

    /// Asks the next model, if there is one that may be asked.
    private func fail(_ failure: Failure) {
        failures.append((candidate.name, failure))
        switch failure.class {
        case .cancelled, .deadline, .bug: return end(.failure(failure))
        default: break
        }
        guard stopReason == nil, place + 1 < candidates.count else { return end(.failure(wholeFailure())) }
        place += 1
        call.context.log(.warning, "\(failure.message); \(candidate.name) is asked")
        ask()
    }

    /// What is told when no model has answered: of all failures the one of a quota, which no repetition changes, else the
    /// first that may pass, else the last.
    private func wholeFailure() -> Failure {
        guard failures.count > 1, let last = failures.last else {
            return failures.last?.failure ?? Failure(.bug, code: "llm.none", "no model was asked", effect: .none)
        }
        let refused = failures.first { $0.failure.code == Self.refused }
        let passing = failures.first { [.retry, .rateLimited, .overloaded].contains($0.failure.class) }
        var failure = (refused ?? passing ?? last).failure
        failure.message = "no model answered: " + failures.map(\.failure.message).joined(separator: "; ")
        failure.details["tried"] = tried
        return failure
    }

    private var tried: JSON {
        .array(
            failures.map { one in
                [
                    "model": .string(one.model), "code": .string(one.failure.code),
                    "message": .string(one.failure.message),
                ]
            })
    }

    // MARK: The text

    /// Takes text of the answer; false if the transfer is to wait for the reader.
    private func take(_ text: String) -> Bool {
        if !input.redaction.answers { unshown += text }
        show()
        return !waitsForReader
    }

    /// Offers what is unshown to the reader, and holds the transfer while it does not take it.
    private func show() {
        guard !unshown.isEmpty, !waitsForReader else { return }
        if call.context.stream(unshown) {
            unshown = ""
            return
        }
        waitsForReader = call.context.whenStreamReady { [self] in
            waitsForReader = false
            show()
            guard !waitsForReader else { return }
            exchange?.resume()
            settle()
        }
        // A host that will never call takes the text from the output alone.
        if !waitsForReader { unshown = "" }
    }

    // MARK: The end

    private func output(_ answer: ChatAnswer) -> JSON {
        let name = candidate.name
        let usage = usage ?? ChatAnswer.Usage(input: 0, cachedInput: 0, output: 0, reasoning: 0, isEstimated: true)
        var last = ChatMessage(role: "assistant", text: answer.text)
        last.toolCalls = answer.toolCalls
        last.thinking = answer.toolCalls.isEmpty ? [] : answer.thinking
        let messages = input.redaction.prompts ? [] : (input.conversation + [last]).map(\.output)
        return [
            "text": .string(answer.text), "json": answer.json, "messages": .array(messages),
            "tool_calls": .array(answer.toolCalls.map(\.output)),
            "finish_reason": .string(answer.finishReason ?? "stop"),
            "refusal": answer.refusal.isEmpty ? .null : .string(answer.refusal), "usage": usage.json,
            "model": .string(name), "served_model": answer.servedModel.map(JSON.string) ?? .null,
            "failed_models": tried, "repaired": .bool(isRepaired), "cost_usd": .null,
        ]
    }

    private func end(_ result: Result<JSON, Failure>) {
        var result = result
        if case .failure(var failure) = result {
            unshown = ""
            for key in candidates.compactMap(\.provider.key) { failure.message = failure.message.hiding(key) }
            if let stopReason, failure.class == .cancelled { failure = .stopped(stopReason, effect: .none) }
            result = .failure(failure)
        }
        self.result = result
        settle()
    }

    /// Ends the call once its result is there and the reader has all of the text.
    private func settle() {
        guard let result, unshown.isEmpty, !call.isOver else { return }
        ended()
        switch result {
        case .success(let output): call.complete(output)
        case .failure(let failure): call.fail(failure)
        }
    }
}

extension String {
    /// The text with every occurrence of a credential hidden.
    func hiding(_ credential: String) -> String {
        let needle = Array(credential.utf8)
        guard needle.count >= 4 else { return self }
        let bytes = Array(utf8)
        var shown: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: needle) {
                shown += "***".utf8
                index += needle.count
            } else {
                shown.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: shown, as: UTF8.self)
    }
}

import BattenPlugin
import BattenTransfer

/// One call of `llm.chat`.
final class ChatJob {
    private let call: Call<JSON>
    private let input: ChatInput
    private let name: String
    private let provider: LLMSettings.Provider
    private let api: any ChatAPI
    private var request: TransferRequest
    private let client: TransferClient

    private var transfer: Transfer?
    private var stopReason: StopReason?
    private var answer = ChatAnswer()
    private var parser = EventStreamParser()
    /// A response that turns out to be no event stream.
    private var whole: [UInt8] = []
    private var isDone = false
    private var failure: Failure?
    /// Text that the reader did not take yet.
    private var unshown = ""
    private var waitsForReader = false
    private var result: Result<JSON, Failure>?
    private var hasStarted = false
    var ended: () -> Void = {}

    init(
        call: Call<JSON>, input: ChatInput, name: String, provider: LLMSettings.Provider, api: any ChatAPI,
        request: TransferRequest, client: TransferClient
    ) {
        self.call = call
        self.input = input
        self.name = name
        self.provider = provider
        self.api = api
        self.request = request
        self.client = client
    }

    func start() {
        if input.streams {
            request.receive = { [unowned self] head, chunk in receive(head, chunk) }
        }
        transfer = client.start(request) { [self] result in
            transfer = nil
            finish(result)
        }
    }

    func cancel(_ reason: StopReason) {
        stopReason = reason
        if let transfer {
            transfer.cancel()
        } else {
            // The answer is there, only the reader has not taken all of it.
            unshown = ""
            settle()
        }
    }

    // MARK: The stream

    private func receive(_ head: TransferHead, _ chunk: UnsafeRawBufferPointer) -> ChunkVerdict {
        if waitsForReader { return .pause }
        guard head.headers["Content-Type"]?.lowercased().contains("text/event-stream") == true else {
            whole.append(contentsOf: chunk)
            return .taken
        }
        hasStarted = true
        do throws(TransferFailure) {
            try parser.take(chunk) { take($0) }
        } catch {
            return .fail(error)
        }
        show()
        if let failure {
            // The reason is kept; the transfer only has to end.
            return .fail(TransferFailure(.rejected, code: failure.code, message: failure.message))
        }
        return .taken
    }

    private func take(_ event: ServerEvent) {
        guard !isDone, failure == nil else { return }
        if event.data == "[DONE]" {
            isDone = true
            return
        }
        guard let data = try? JSON(parsing: event.data) else {
            failure = ProviderError.notTheAPI("an event of the stream is not JSON")
            failure?.code = "llm.stream.malformed"
            return
        }
        switch api.take(event: event.name, data: data, into: &answer) {
        case .text(let text): unshown += text
        case .quiet: break
        case .done: isDone = true
        case .failed(let reason): failure = reason
        }
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
            transfer?.resume()
            settle()
        }
        // A host that will never call takes the text from the output alone.
        if !waitsForReader { unshown = "" }
    }

    // MARK: The end

    private func finish(_ result: Result<TransferResponse, TransferFailure>) {
        switch result {
        case .success(let response):
            if (200..<300).contains(response.head.status) {
                finishAnswer(response)
            } else {
                fail(refusal(response))
            }
        case .failure(let transferFailure):
            if let failure {
                fail(failure)
                return
            }
            var outcome = transferFailure.failure(method: "POST")
            // Asking again costs tokens but changes nothing in the world.
            outcome.effect = .none
            if transferFailure.kind == .cancelled, let stopReason { outcome = .stopped(stopReason, effect: .none) }
            if transferFailure.kind == .interrupted, hasStarted {
                outcome.code = "llm.stream.cut"
                outcome.message = "the answer was cut off after \(answer.text.utf8.count) bytes: \(outcome.message)"
            }
            fail(outcome)
        }
    }

    private func finishAnswer(_ response: TransferResponse) {
        do throws(Failure) {
            if !hasStarted {
                let bytes = input.streams ? whole : response.body
                guard let json = try? JSON(parsing: bytes) else {
                    throw ProviderError.notTheAPI("the response is neither JSON nor an event stream")
                }
                try api.take(whole: json, into: &answer)
                unshown = input.streams ? answer.text : ""
            } else {
                // Some servers leave out the last blank line.
                parser.end { take($0) }
                if let failure { throw failure }
                guard isDone || answer.finishReason != nil else {
                    throw Failure(
                        .retry, code: "llm.stream.cut",
                        "the stream ended before the answer was complete, after \(answer.text.utf8.count) bytes",
                        effect: .none)
                }
            }
            show()
            result = .success(output(reportUsage()))
            settle()
        } catch {
            fail(error)
        }
    }

    private func refusal(_ response: TransferResponse) -> Failure {
        let body = (try? JSON(parsing: response.body)) ?? .null
        var failure = ProviderError.failure(body["error"] ?? body, status: response.head.status)
        let meaning = StatusMeaning.failure(response.head, method: "POST", message: failure.message)
        failure.message = meaning.message
        failure.retryAfter = meaning.retryAfter
        var details: JSONObject = ["status": .integer(Int64(response.head.status)), "model": .string(name)]
        let rate = ProviderError.rate(response.head.headers)
        if !rate.isEmpty { details["rate"] = .object(rate) }
        if failure.class == .rateLimited, failure.retryAfter == nil {
            failure.retryAfter = ProviderError.wait(response.head.headers)
        }
        failure.details = details
        return failure
    }

    /// Reports what the call consumed, as the provider counted it or as a guess.
    ///
    /// - Parameter isComplete: false if the answer was cut off, so that the provider's count may lag behind it.
    private func reportUsage(isComplete: Bool = true) -> ChatAnswer.Usage {
        var usage: ChatAnswer.Usage
        if let counted = answer.usage {
            usage = counted
            let seen = Estimate.tokens(bytes: answer.text.utf8.count)
            if !isComplete, seen > usage.output {
                usage.output = seen
                usage.isEstimated = true
            }
        } else {
            usage = ChatAnswer.Usage(
                input: input.estimatedTokens, cachedInput: 0,
                output: Estimate.tokens(bytes: answer.text.utf8.count), reasoning: 0, isEstimated: true)
            call.context.log(
                .warning,
                "\(name) reported no usage; about \(usage.input) input and \(usage.output) output tokens "
                    + "are booked as an estimate")
        }
        for (meter, amount) in [
            ("requests", 1), ("input_tokens", usage.input), ("cached_input_tokens", usage.cachedInput),
            ("cache_write_input_tokens", usage.writtenInput), ("output_tokens", usage.output),
            ("reasoning_tokens", usage.reasoning),
        ] where amount > 0 {
            call.context.usage(meter, of: name, amount)
        }
        return usage
    }

    private func output(_ usage: ChatAnswer.Usage) -> JSON {
        var messages: [JSON] = input.system.map { [["role": "system", "content": .string($0)]] } ?? []
        messages += input.messages.map(\.json)
        var message: JSONObject = ["role": "assistant", "content": .string(answer.text)]
        if !answer.toolCalls.isEmpty { message["tool_calls"] = .array(answer.toolCalls) }
        messages.append(.object(message))
        return [
            "text": .string(answer.text), "json": answer.json, "messages": .array(messages),
            "tool_calls": .array(answer.toolCalls), "finish_reason": .string(answer.finishReason ?? "stop"),
            "refusal": answer.refusal.isEmpty ? .null : .string(answer.refusal), "usage": usage.json,
            "model": .string(name), "served_model": answer.servedModel.map(JSON.string) ?? .null, "cost_usd": .null,
        ]
    }

    private func fail(_ failure: Failure) {
        // What the model already said has been paid for.
        if hasStarted { _ = reportUsage(isComplete: false) }
        var failure = failure
        if failure.code != "call.cancelled", failure.code != "call.deadline" {
            failure.message = "\(name): \(failure.message)"
        }
        if let key = provider.key { failure.message = failure.message.hiding(key) }
        unshown = ""
        result = .failure(failure)
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
    fileprivate func hiding(_ credential: String) -> String {
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

import BattenPlugin
import BattenTransfer

/// One request for an answer, and the answer; what it consumed is reported once, whatever its end.
final class ChatExchange {
    private let context: Context
    private let input: ChatInput
    private let candidate: ChatJob.Candidate
    private let api: any ChatAPI
    private let provider: ProviderCall

    private var answer = ChatAnswer()
    private var parser = EventStreamParser()
    /// A response that turns out to be no event stream.
    private var whole: [UInt8] = []
    private var isDone = false
    private var failure: Failure?
    private var hasStarted = false
    private var holds = false
    /// Takes text; false holds the transfer until ``resume()``.
    var shows: (String) -> Bool = { _ in true }
    /// Called once; the usage is nil if nothing was consumed.
    var ended: (Result<ChatAnswer, Failure>, ChatAnswer.Usage?) -> Void = { _, _ in }

    init(context: Context, input: ChatInput, candidate: ChatJob.Candidate, provider: ProviderCall) {
        self.context = context
        self.input = input
        self.candidate = candidate
        self.api = candidate.api
        self.provider = provider
        api.prepare(&answer, for: input)
    }

    func start(_ request: TransferRequest) throws(Failure) {
        var request = request
        if input.streams {
            request.receive = { [unowned self] head, chunk in receive(head, chunk) }
        }
        let bound = input.estimatedTokens + input.maxOutputTokens
        try provider.start(request, tokens: bound) { [self] result in finish(result) }
    }

    func resume() {
        holds = false
        provider.resume()
    }

    /// Ends the exchange; true if it never went out, and ``ended`` is not called.
    func cancel() -> Bool { provider.cancel() }

    // MARK: The stream

    private func receive(_ head: TransferHead, _ chunk: UnsafeRawBufferPointer) -> ChunkVerdict {
        if holds { return .pause }
        guard head.headers["Content-Type"]?.lowercased().contains("text/event-stream") == true else {
            whole.append(contentsOf: chunk)
            return .taken
        }
        hasStarted = true
        var text = ""
        do throws(TransferFailure) {
            try parser.take(chunk) { take($0, &text) }
        } catch {
            return .fail(error)
        }
        if !text.isEmpty { holds = !shows(text) }
        if let failure {
            // The reason is kept; the transfer only has to end.
            return .fail(TransferFailure(.rejected, code: failure.code, message: failure.message))
        }
        return .taken
    }

    private func take(_ event: ServerEvent, _ shown: inout String) {
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
        case .text(let text): shown += text
        case .quiet: break
        case .done: isDone = true
        case .failed(let reason): failure = reason
        }
    }

    // MARK: The end

    private func finish(_ result: Result<TransferResponse, TransferFailure>) {
        switch result {
        case .success(let response):
            if (200..<300).contains(response.head.status) {
                finishAnswer(response)
            } else {
                provider.settle(tokens: 0)
                end(ProviderError.refusal(response, model: candidate.name), nil)
            }
        case .failure(let transferFailure):
            var outcome = transferFailure.failure(method: "POST")
            // Asking again costs tokens but changes nothing in the world.
            outcome.effect = .none
            if let failure {
                outcome = failure
            } else if transferFailure.kind == .interrupted, hasStarted {
                outcome.code = "llm.stream.cut"
                outcome.message = "the answer was cut off after \(answer.text.utf8.count) bytes: \(outcome.message)"
            }
            // What the model already said has been paid for.
            if hasStarted {
                end(outcome, reportUsage(isComplete: false))
            } else {
                provider.settle(tokens: transferFailure.sent ? 0 : nil)
                end(outcome, nil)
            }
        }
    }

    private func finishAnswer(_ response: TransferResponse) {
        do throws(Failure) {
            if !hasStarted {
                let bytes = input.streams ? whole : response.body
                guard let json = try? JSON(parsing: bytes) else {
                    provider.settle(tokens: 0)
                    throw ProviderError.notTheAPI("the response is neither JSON nor an event stream")
                }
                try api.take(whole: json, into: &answer)
                if input.streams { _ = shows(answer.text) }
            } else {
                // Some servers leave out the last blank line.
                var text = ""
                parser.end { take($0, &text) }
                if !text.isEmpty { _ = shows(text) }
                if let failure { throw failure }
                guard isDone || answer.finishReason != nil else {
                    throw Failure(
                        .retry, code: "llm.stream.cut",
                        "the stream ended before the answer was complete, after \(answer.text.utf8.count) bytes",
                        effect: .none)
                }
                if answer.hasAnswerTool { _ = shows(answer.text) }
            }
            let usage = reportUsage()
            ended(.success(answer), usage)
        } catch {
            end(error, hasStarted ? reportUsage(isComplete: false) : nil)
        }
    }

    /// Reports what the call consumed, as the provider counted it or as a guess.
    ///
    /// - Parameter isComplete: false if the answer was cut off, so that the provider's count may lag behind it.
    private func reportUsage(isComplete: Bool = true) -> ChatAnswer.Usage {
        var usage: ChatAnswer.Usage
        let said = answer.text.utf8.count + answer.toolCalls.reduce(0) { $0 + $1.arguments.utf8.count }
        if let counted = answer.usage {
            usage = counted
            let seen = Estimate.tokens(bytes: said)
            if !isComplete, seen > usage.output {
                usage.output = seen
                usage.isEstimated = true
            }
        } else {
            usage = ChatAnswer.Usage(
                input: input.estimatedTokens, cachedInput: 0, output: Estimate.tokens(bytes: said), reasoning: 0,
                isEstimated: true)
            context.log(
                .warning,
                "\(candidate.name) reported no usage; about \(usage.input) input and \(usage.output) output tokens "
                    + "are booked as an estimate")
        }
        usage.report(to: context, of: candidate.name)
        provider.settle(tokens: usage.input + usage.output)
        return usage
    }

    private func end(_ failure: Failure, _ usage: ChatAnswer.Usage?) {
        var failure = failure
        failure.message = "\(candidate.name): \(failure.message)"
        ended(.failure(failure), usage)
    }
}

extension ChatAnswer.Usage {
    /// Tells the host.
    func report(to context: Context, of model: String) {
        for (meter, amount) in [
            ("requests", 1), ("input_tokens", input), ("cached_input_tokens", cachedInput),
            ("cache_write_input_tokens", writtenInput), ("output_tokens", output), ("reasoning_tokens", reasoning),
        ] where amount > 0 {
            context.usage(meter, of: model, amount)
        }
    }
}

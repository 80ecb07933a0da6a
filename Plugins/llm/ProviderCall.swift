import BattenPlugin
import BattenTransfer

/// One request to a provider, when its limits let it go out; all of it on the loop's thread.
final class ProviderCall {
    private let context: Context
    private let limiter: RateLimiter
    private let provider: LLMSettings.Provider
    private let model: String
    private let client: TransferClient
    private let loop: Loop
    private var turn: UInt64 = 0
    private var transfer: Transfer?
    private var timer: LoopTimer?
    private var pending: (request: TransferRequest, done: (Result<TransferResponse, TransferFailure>) -> Void)?
    private var isOut = false

    /// A call waits this long for its provider inside the process; longer waits are the engine's, which keeps them.
    static let longestWait: Int64 = 60_000_000_000

    init(
        context: Context, limiter: RateLimiter, provider: LLMSettings.Provider, model: String, client: TransferClient,
        loop: Loop
    ) {
        self.context = context
        self.limiter = limiter
        self.provider = provider
        self.model = model
        self.client = client
        self.loop = loop
    }

    private var lane: String { "\(provider.name) \(provider.baseURL) \(provider.keyName ?? "")" }

    /// Sends a request when it may go out.
    ///
    /// - Parameters:
    ///   - tokens: bound of what it will use.
    ///   - done: called once, later, on the loop's thread; not after ``cancel()`` returned true.
    /// - Throws: ``Failure``: what can never fit, or a wait that is too long to be waited for here.
    func start(
        _ request: TransferRequest, tokens: Int64, done: @escaping (Result<TransferResponse, TransferFailure>) -> Void
    ) throws(Failure) {
        if let limit = provider.limits.tokens, tokens > limit {
            throw Failure(
                .quota, code: "llm.tokens_per_minute",
                "the call may use \(tokens) tokens (its input, and max_output_tokens), and provider '\(provider.name)' "
                    + "has \(limit) a minute; lower max_output_tokens, shorten the input, or raise the limit",
                effect: .none)
        }
        let closed = limiter.closedTime(lane, model: model)
        if closed > Self.longestWait {
            throw Failure(
                .rateLimited, code: "llm.rate_limited",
                "provider '\(provider.name)' has said that nothing is left for the time being", effect: .none,
                retryAfter: .nanoseconds(closed))
        }
        pending = (request, done)
        let link = Link(self)
        turn = limiter.enter(lane, model: model, limits: provider.limits, tokens: tokens) { [loop] signal in
            loop.post { link.call?.take(signal) }
        }
    }

    private func take(_ signal: RateLimiter.Signal) {
        switch signal {
        case .lookAgain(let at):
            guard pending != nil else { return limiter.lookAgain(lane) }
            if timer == nil { context.log(.debug, "waits for the limits of provider '\(provider.name)'") }
            timer?.cancel()
            timer = try? loop.timer(at: MonotonicTime(nanoseconds: at)) { [limiter, lane] in limiter.lookAgain(lane) }
            context.progress(nil, "waits for the limits of provider '\(provider.name)'")
        case .go:
            guard let (request, done) = pending else {
                limiter.settle(turn, in: lane, tokens: nil)
                return
            }
            pending = nil
            isOut = true
            timer?.cancel()
            transfer = client.start(request) { [self] result in
                transfer = nil
                if case .success(let response) = result { note(response.head) }
                done(result)
            }
        }
    }

    /// Lets those that come later wait where the provider has said that nothing is left.
    private func note(_ head: TransferHead) {
        var delay = ProviderError.wait(head.headers)
        if [429, 529].contains(head.status) {
            let asked = StatusMeaning.failure(head, method: "POST", message: "").retryAfter?.nanosecondCount
            delay = [delay, asked].compactMap { $0 }.max()
        }
        if let delay, delay > 0 { limiter.close(lane, model: model, for: delay) }
    }

    /// Goes on with a transfer that was held.
    func resume() { transfer?.resume() }

    /// Books what was used, so that the rest is there for others; nil if the request never was answered.
    func settle(tokens: Int64?) {
        guard isOut else { return }
        limiter.settle(turn, in: lane, tokens: tokens)
    }

    /// Ends the call.
    ///
    /// - Returns: true if it had not gone out, and will not; otherwise its end still comes.
    func cancel() -> Bool {
        if let transfer {
            transfer.cancel()
            return false
        }
        guard pending != nil else { return true }
        pending = nil
        timer?.cancel()
        limiter.leave(turn, in: lane)
        return true
    }
}

/// A call as other threads know it.
private final class Link: @unchecked Sendable {
    // SAFETY: only the loop's thread, to which the reference is posted, follows it.
    let call: ProviderCall?

    init(_ call: ProviderCall) {
        self.call = call
    }
}

extension Duration {
    /// The duration in nanoseconds, at most a week.
    var nanosecondCount: Int64 {
        self > .seconds(604_800)
            ? 604_800_000_000_000 : components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}

import BattenPlugin
import BattenTransfer

/// Sends the requests of one call, one after the other, each with the token that its authentication asks for.
///
/// Belongs to the loop's thread. A token that a server refuses is asked for anew, once a call: the server may have
/// withdrawn it before its time.
final class AuthorizedTransfer {
    private let oauth: OAuthFields?
    private let client: TransferClient
    private let tokens: TokenCache
    private let isOver: () -> Bool
    private var transfer: Transfer?
    private var stopReason: StopReason?
    private var hasRenewed = false
    /// Called when a request is not sent: there is no token, or the call was asked to end.
    var refused: (Failure) -> Void = { _ in }

    /// - Parameter isOver: whether the call has ended, so that a token comes too late.
    init(_ fields: RequestFields, client: TransferClient, tokens: TokenCache, isOver: @escaping () -> Bool) {
        oauth = fields.auth?.oauth2
        self.client = client
        self.tokens = tokens
        self.isOver = isOver
    }

    /// Sends a request.
    func send(
        _ request: TransferRequest, _ done: @escaping (Result<TransferResponse, TransferFailure>) -> Void
    ) {
        guard let oauth else { return start(request, done) }
        tokens.token(for: oauth, like: request, client: client) { [weak self] answer in
            guard let self, !isOver() else { return }
            switch answer {
            case .failure(let failure): refused(failure)
            case .success(let token):
                var authorized = request
                authorized.authentication = .bearer(token)
                start(authorized) { [self] result in
                    guard case .success(let response) = result, response.head.status == 401, !hasRenewed else {
                        return done(result)
                    }
                    hasRenewed = true
                    tokens.drop(token, of: oauth)
                    send(request, done)
                }
            }
        }
    }

    private func start(
        _ request: TransferRequest, _ done: @escaping (Result<TransferResponse, TransferFailure>) -> Void
    ) {
        transfer = client.start(request) { [self] result in
            transfer = nil
            done(result)
        }
    }

    /// Has the call end, at once when nothing is under way.
    func cancel(_ reason: StopReason) {
        stopReason = reason
        if let transfer {
            transfer.cancel()
        } else {
            refused(.stopped(reason, effect: .none))
        }
    }

    /// What a transfer that failed means for the call.
    func outcome(
        of failure: TransferFailure, method: String, details: JSONObject = [:]
    ) -> Failure {
        let outcome = failure.failure(method: method, details: details)
        if failure.kind == .cancelled, let stopReason { return .stopped(stopReason, effect: outcome.effect) }
        return outcome
    }
}

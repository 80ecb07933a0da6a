import BattenPlugin
import BattenTransfer

/// The OAuth 2 access tokens of one executor instance, fetched once for all calls that need the same one.
///
/// Belongs to the instance's loop thread.
final class TokenCache {
    typealias Answer = Result<String, Failure>

    private enum Entry {
        case fetching(waiting: [(Answer) -> Void])
        case token(String, expires: Int64)
    }

    private var entries: [OAuthFields: Entry] = [:]

    /// Gives a token that is still good, now or after it was fetched.
    func token(
        for fields: OAuthFields, like request: TransferRequest, client: TransferClient,
        done: @escaping (Answer) -> Void
    ) {
        switch entries[fields] {
        case .token(let token, let expires) where expires > TransferClient.now:
            done(.success(token))
        case .fetching(let waiting):
            entries[fields] = .fetching(waiting: waiting + [done])
        default:
            entries[fields] = .fetching(waiting: [done])
            fetch(fields, like: request, client)
        }
    }

    /// Forgets a token that a server did not accept.
    func drop(_ token: String, of fields: OAuthFields) {
        if case .token(token, _) = entries[fields] { entries[fields] = nil }
    }

    private func fetch(_ fields: OAuthFields, like request: TransferRequest, _ client: TransferClient) {
        let asking: TransferRequest
        do throws(Failure) {
            asking = try tokenRequest(fields, like: request)
        } catch {
            settle(fields, .failure(error), expires: 0)
            return
        }
        client.start(asking) { [self] result in
            switch result {
            case .failure(let failure):
                var failed = failure.failure(method: "GET")
                failed.message = "auth.oauth2: no token: \(failed.message)"
                settle(fields, .failure(failed), expires: 0)
            case .success(let response):
                read(fields, response)
            }
        }
    }

    private func tokenRequest(_ fields: OAuthFields, like request: TransferRequest) throws(Failure) -> TransferRequest {
        var asking: TransferRequest
        do throws(TransferFailure) {
            asking = TransferRequest(url: try URLAddress(fields.tokenUrl))
        } catch {
            throw .badInput(field: "auth.oauth2.token_url", error.message)
        }
        asking.method = "POST"
        asking.security = request.security
        asking.proxy = request.proxy
        asking.connectTimeout = request.connectTimeout
        asking.totalTimeout = 60_000_000_000
        asking.maxRedirects = 0
        asking.maxResponseBytes = 1 << 20
        guard fields.refreshToken == nil else {
            // A server may replace it with each use, and whatever a call remembers is gone with its process.
            throw .badInput(
                field: "auth.oauth2.refresh_token",
                "is not taken, because a token that the server puts in its place would be lost: "
                    + "batten secret login NAME keeps both, and auth: {bearer: \"${{ secrets.NAME }}\"} uses them")
        }
        var form = [("grant_type", "client_credentials")]
        if let scope = fields.scope { form.append(("scope", scope)) }
        if let audience = fields.audience { form.append(("audience", audience)) }
        switch fields.credentialsIn {
        case nil, "header":
            if let secret = fields.clientSecret {
                asking.authentication = .basic(
                    user: PercentEncoding.encode(fields.clientId), password: PercentEncoding.encode(secret))
            } else {
                form.append(("client_id", fields.clientId))
            }
        case "body":
            form.append(("client_id", fields.clientId))
            if let secret = fields.clientSecret { form.append(("client_secret", secret)) }
        case .some(let other):
            throw .badInput(field: "auth.oauth2.credentials_in", "is '\(other)'; must be header or body")
        }
        asking.headers.add("Content-Type", "application/x-www-form-urlencoded")
        asking.headers.add("Accept", "application/json")
        asking.body = .bytes(Array(RequestBody.formText(form).utf8))
        return asking
    }

    private func read(_ fields: OAuthFields, _ response: TransferResponse) {
        let json = (try? JSON(parsing: response.body)) ?? .null
        guard (200..<300).contains(response.head.status), let token = json["access_token"]?.string, !token.isEmpty,
            HeaderList.isValue(token)
        else {
            // The server's own words are safe here: `error` and `error_description` hold no credential.
            let words = [json["error"]?.string, json["error_description"]?.string].compactMap { $0 }
            var failure = StatusMeaning.failure(
                response.head, method: "POST", message: words.joined(separator: ": "))
            failure.message = "auth.oauth2: no token: \(failure.message)"
            failure.effect = .none
            if failure.class == .permanent || response.head.status < 400 {
                failure.class = .auth
            }
            settle(fields, .failure(failure), expires: 0)
            return
        }
        let seconds = min(max(json["expires_in"]?.number ?? 300, 0), 86400)
        // A token is not used in its last moments, so that it does not end on the way.
        let margin = min(30, seconds / 10)
        settle(
            fields, .success(token), expires: TransferClient.now + Int64((seconds - margin) * 1_000_000_000))
    }

    private func settle(_ fields: OAuthFields, _ answer: Answer, expires: Int64) {
        var waiting: [(Answer) -> Void] = []
        if case .fetching(let list) = entries[fields] { waiting = list }
        if case .success(let token) = answer {
            entries[fields] = .token(token, expires: expires)
        } else {
            entries[fields] = nil
        }
        for done in waiting { done(answer) }
    }
}

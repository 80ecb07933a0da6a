import BattenPlugin
import BattenTransfer

/// What providers say when they refuse.
enum ProviderError {
    /// The failure for an error that a provider described, with its HTTP status or from inside a stream.
    static func failure(_ error: JSON, status: Int?) -> Failure {
        let reason = error["message"]?.string ?? error.string ?? "no reason given"
        let words = String(reason.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(500))
        let kind = [error["type"]?.string, error["code"]?.string].compactMap { $0 }.joined(separator: " ").lowercased()
        let kindOfCall: Failure.Class =
            if kind.contains("insufficient_quota") || kind.contains("billing") {
                // Trying again does not fill an account.
                .quota
            } else if let status {
                StatusMeaning.classify(status)
            } else if kind.contains("overloaded") {
                .overloaded
            } else if kind.contains("rate_limit") {
                .rateLimited
            } else if kind.contains("authentication") || kind.contains("permission") || kind.contains("api_key") {
                .auth
            } else if kind.contains("invalid_request") || kind.contains("not_found") {
                .permanent
            } else {
                .retry
            }
        let code = status.map { "http.status.\($0)" } ?? "llm.provider_error"
        return Failure(kindOfCall, code: code, words, effect: .none)
    }

    /// The failure for a response that is not the API's.
    static func notTheAPI(_ why: String) -> Failure {
        Failure(
            .permanent, code: "llm.protocol",
            "\(why); check that the provider's base_url and api are right", effect: .none)
    }

    /// The failure on a host without event loops.
    static var noLoop: Failure {
        Failure(
            .failed, code: "host.loop", "the host offers no event loop (batten.loop/1), which transfers need",
            effect: .none)
    }

    /// The failure for a response that says no.
    static func refusal(_ response: TransferResponse, model: String) -> Failure {
        let body = (try? JSON(parsing: response.body)) ?? .null
        var failure = ProviderError.failure(body["error"] ?? body, status: response.head.status)
        let meaning = StatusMeaning.failure(response.head, method: "POST", message: failure.message)
        failure.message = meaning.message
        failure.retryAfter = meaning.retryAfter
        var details: JSONObject = ["status": .integer(Int64(response.head.status)), "model": .string(model)]
        let rate = ProviderError.rate(response.head.headers)
        if !rate.isEmpty { details["rate"] = .object(rate) }
        if failure.class == .rateLimited, failure.retryAfter == nil {
            failure.retryAfter = ProviderError.wait(response.head.headers).map { .nanoseconds($0) }
        }
        failure.details = details
        return failure
    }

    /// What rate headers say, by name without prefix; empty if there are none.
    static func rate(_ headers: HeaderList) -> JSONObject {
        var members: JSONObject = [:]
        for field in headers.fields {
            let name = field.name.lowercased()
            for prefix in ["x-ratelimit-", "anthropic-ratelimit-"] where name.hasPrefix(prefix) {
                members[String(name.dropFirst(prefix.count)).replacing("-", with: "_")] = .string(field.value)
            }
        }
        return members
    }

    /// How long the rate headers ask to wait, in nanoseconds: until what is used up is filled again.
    static func wait(_ headers: HeaderList) -> Int64? {
        var longest: Int64?
        for unit in ["requests", "tokens", "input-tokens", "output-tokens"] {
            for (remaining, reset) in [
                ("x-ratelimit-remaining-\(unit)", "x-ratelimit-reset-\(unit)"),
                ("anthropic-ratelimit-\(unit)-remaining", "anthropic-ratelimit-\(unit)-reset"),
            ] {
                guard let left = headers[remaining].flatMap(Double.init), left <= 0,
                    let delay = headers[reset].flatMap({ RateReset.delay($0) })
                else { continue }
                longest = max(longest ?? 0, delay)
            }
        }
        return longest
    }
}

extension String {
    fileprivate func replacing(_ old: Character, with new: Character) -> String {
        String(map { $0 == old ? new : $0 })
    }
}

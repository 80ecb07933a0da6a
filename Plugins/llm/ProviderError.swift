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

    /// How long the rate headers ask to wait, where `Retry-After` says nothing: until what is used up is filled again.
    static func wait(_ headers: HeaderList) -> Duration? {
        var longest: Int64?
        for unit in ["requests", "tokens"] where headers["x-ratelimit-remaining-\(unit)"] == "0" {
            guard let reset = headers["x-ratelimit-reset-\(unit)"].flatMap(DurationText.parse) else { continue }
            longest = max(longest ?? 0, reset)
        }
        return longest.map { .nanoseconds(min($0, 604_800_000_000_000)) }
    }
}

extension String {
    fileprivate func replacing(_ old: Character, with new: Character) -> String {
        String(map { $0 == old ? new : $0 })
    }
}

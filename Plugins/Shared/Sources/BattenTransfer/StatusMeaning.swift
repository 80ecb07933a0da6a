public import BattenPlugin
import CCurl

/// What an HTTP status that means failure asks of the caller.
public enum StatusMeaning {
    /// The failure of a call whose response has a status of 400 or more, or one that was not expected.
    ///
    /// - Parameters:
    ///   - method: decides whether the server may have acted.
    ///   - message: what to tell people, without the status.
    ///   - output: what the call gives for diagnosis.
    public static func failure(
        _ head: TransferHead, method: String, message: String, output: JSON? = nil, now: Int64? = nil
    ) -> Failure {
        let status = head.status
        let wait =
            [429, 503, 529].contains(status) || status == 413
            ? retryAfter(head.headers, now: now ?? batten_wall_seconds()) : nil
        // Below 500, and with 429, the server says that it did not do what was asked.
        let effect: Failure.Effect = HTTPMethod.isSafe(method) || (400..<500).contains(status) ? .none : .unknown
        return Failure(
            classify(status), code: "http.status.\(status)",
            "\(method) \(Redaction.url(head.url)) answered \(describe(status))\(message.isEmpty ? "" : ": \(message)")",
            effect: effect, retryAfter: wait.map { .nanoseconds($0) }, details: ["status": .integer(Int64(status))],
            output: output)
    }

    /// The class of a status.
    public static func classify(_ status: Int) -> Failure.Class {
        switch status {
        case 401, 403, 407: .auth
        case 408, 425: .retry
        case 429: .rateLimited
        case 503, 529: .overloaded
        case 500...: .retry
        default: .permanent
        }
    }

    /// How long a response asks to wait, in nanoseconds: `Retry-After`, or `retry-after-ms` of some model providers.
    public static func retryAfter(_ headers: HeaderList, now: Int64) -> Int64? {
        if let text = headers["retry-after-ms"], let milliseconds = Double(text), milliseconds >= 0,
            milliseconds < 604_800_000
        {
            return Int64(milliseconds * 1_000_000)
        }
        return headers["Retry-After"].flatMap { RetryAfter.parse($0, now: now) }
    }

    /// The status with its usual words.
    public static func describe(_ status: Int) -> String {
        guard let phrase = phrases[status] else { return "\(status)" }
        return "\(status) \(phrase)"
    }

    private static let phrases: [Int: String] = [
        200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content",
        301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified", 307: "Temporary Redirect",
        308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden",
        404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required",
        408: "Request Timeout", 409: "Conflict", 410: "Gone", 412: "Precondition Failed", 413: "Content Too Large",
        415: "Unsupported Media Type", 416: "Range Not Satisfiable", 418: "I'm a Teapot", 422: "Unprocessable Content",
        425: "Too Early", 429: "Too Many Requests", 500: "Internal Server Error", 501: "Not Implemented",
        502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout", 529: "Overloaded",
    ]
}

import BattenCore
import BattenPluginHost
import BattenSystem

/// Asks authorization servers, by the http plugin.
struct TokenEndpoint: Sendable {
    let host: PluginHost
    let folder: String

    /// An answer of the server.
    struct Answer {
        var status: Int64
        var json: JSONValue

        /// What the server says is wrong, such as `invalid_grant`; nil when it gave what was asked for.
        var error: String? {
            if (200..<300).contains(status), json["error"] == nil { return nil }
            return json["error"]?.stringValue ?? "status \(status)"
        }

        /// The error with the server's own words.
        var words: String {
            [error, json["error_description"]?.stringValue].compactMap { $0 }.joined(separator: ": ")
        }
    }

    /// Sends a form and waits for the answer.
    ///
    /// - Parameters:
    ///   - client: whose credentials go with it: the id, and the secret if the client has one.
    ///   - inBody: whether they stand in the form.
    /// - Throws: `CommandFailure` when there was no answer.
    func post(
        _ url: String, _ form: [(String, String)], client: (id: String, secret: String?), inBody: Bool
    ) throws(CommandFailure) -> Answer {
        var fields = JSONObject()
        for (name, value) in form { fields[name] = .string(value) }
        var input: JSONObject = [
            "method": "POST", "url": .string(url), "headers": ["Accept": "application/json"],
            "expect": ["status": ["200-599"]], "max_redirects": 0, "idempotency_key": false,
            "timeouts": ["total": "60s"], "max_response_bytes": .int(1 << 20),
        ]
        if let secret = client.secret, !inBody {
            input["auth"] = [
                "basic": [
                    "username": .string(PercentEncoding.encode(client.id)),
                    "password": .string(PercentEncoding.encode(secret)),
                ]
            ]
        } else {
            fields["client_id"] = .string(client.id)
            if let secret = client.secret { fields["client_secret"] = .string(secret) }
        }
        input["form"] = .object(fields)
        let sink = QuietSink()
        let call = ExecutorCall(
            tag: 1, executor: "http.request", config: host.settings.configurations["http"] ?? .object([:]),
            run: "login", stage: "login", idempotencyKey: "login-\(MonotonicClock.now())",
            deadline: MonotonicClock.adding(.seconds(70), to: MonotonicClock.now()), input: .object(input),
            workingDirectory: folder)
        _ = host.start(call, sink: sink)
        let outcome = sink.outcome()
        guard outcome.outcomeClass == .ok, let status = outcome.output["status"]?.intValue else {
            throw CommandFailure(
                "no_answer", "the authorization server gave no answer: \(outcome.message)",
                help: "check its address and the network", exit: .runFailed)
        }
        return Answer(status: status, json: outcome.output["json"] ?? .null)
    }
}

/// Keeps a call's outcome, and nothing of what it tells.
private final class QuietSink: CallSink {
    private let end = Monitor<StageOutcome?>(nil)

    func outcome() -> StageOutcome {
        end.wait { $0 } ?? StageOutcome(.cancelled, effect: .unknown, code: "cancelled", message: "")
    }

    func log(tag: UInt64, stream: String, text: String) {}
    func progress(tag: UInt64, fraction: Double?, note: String) {}
    func stream(tag: UInt64, text: String) -> Bool { true }
    func usage(tag: UInt64, metric: String, subject: String, amount: Int64) {}
    func checkpoint(tag: UInt64, state: [UInt8]) {}
    func finished(tag: UInt64, outcome: StageOutcome) { end.signal(all: true) { $0 = outcome } }
}

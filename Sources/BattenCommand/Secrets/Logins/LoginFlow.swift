import BattenCore
import BattenSystem

/// The ways to a first token.
struct LoginFlow {
    let grant: OAuthGrant
    /// The client's own secret.
    let secret: String?
    let endpoint: TokenEndpoint
    let console: Console
    /// Until when a person may take, in nanoseconds of the monotonic clock.
    let deadline: Int64

    private func post(_ url: String, _ form: [(String, String)]) throws(CommandFailure) -> TokenEndpoint.Answer {
        try endpoint.post(url, form, client: (grant.clientID, secret), inBody: grant.credentialsInBody)
    }

    private var scope: [(String, String)] { grant.scope.map { [("scope", $0)] } ?? [] }

    private static func refused(_ answer: TokenEndpoint.Answer) -> CommandFailure {
        CommandFailure(
            "login_refused", "the authorization server says no: \(answer.words)",
            help: "check the client's id and what it may ask for", exit: .runFailed)
    }

    private static func late() -> CommandFailure {
        CommandFailure("login_timeout", "nobody has logged in in time", help: "try again", exit: .timedOut)
    }

    /// Asks with the client's own credentials.
    func byCredentials() throws(CommandFailure) -> JSONValue {
        let answer = try post(grant.tokenURL, [("grant_type", "client_credentials")] + scope)
        guard answer.error == nil else { throw Self.refused(answer) }
        return answer.json
    }

    /// Shows a code, and asks until somebody has typed it in.
    func byDevice(at url: String) throws(CommandFailure) -> JSONValue {
        let begun = try post(url, scope)
        guard begun.error == nil, let code = begun.json["device_code"]?.stringValue,
            let shown = begun.json["user_code"]?.stringValue, let place = begun.json["verification_uri"]?.stringValue
        else { throw Self.refused(begun) }
        console.alert("open \(TextFit.clean(place)) and type in the code \(TextFit.clean(shown))")
        if let whole = begun.json["verification_uri_complete"]?.stringValue {
            console.alert("or open \(TextFit.clean(whole))")
        }
        let lives = begun.json["expires_in"]?.doubleValue ?? 600
        let end = min(
            deadline,
            MonotonicClock.adding(.milliseconds(Int64(min(max(lives, 0), 86_400) * 1000)), to: MonotonicClock.now()))
        var interval = Duration.milliseconds(
            Int64(min(max(begun.json["interval"]?.doubleValue ?? 5, 0.05), 300) * 1000))
        let pause = Monitor(())
        while true {
            let next = MonotonicClock.adding(interval, to: MonotonicClock.now())
            guard next < end else { throw Self.late() }
            let never: Bool? = pause.wait(until: next) { _ in nil }
            _ = never
            let answer = try post(
                grant.tokenURL,
                [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", code)])
            switch answer.error {
            case nil: return answer.json
            case "authorization_pending"?: continue
            case "slow_down"?: interval += .seconds(5)
            case "expired_token"?: throw Self.late()
            default: throw Self.refused(answer)
            }
        }
    }

    /// Sends a browser to the server, and waits for it to come back.
    func byBrowser(at url: String, port: UInt16) throws(CommandFailure) -> JSONValue {
        let listener: LoopbackPort
        do throws(SystemError) {
            listener = try LoopbackPort(port: port)
        } catch {
            throw .usage("no_port", error.description, help: "choose another one with --port")
        }
        let state = Self.random()
        let verifier = Self.random()
        let redirect = "http://127.0.0.1:\(listener.port)/callback"
        let challenge = Self.urlSafe(Hex.decode(SHA256.hex(verifier)) ?? [])
        let query =
            [
                ("response_type", "code"), ("client_id", grant.clientID), ("redirect_uri", redirect),
                ("state", state), ("code_challenge", challenge), ("code_challenge_method", "S256"),
            ] + scope
        let text = query.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
        console.alert("open this address in a browser on this machine:\n\(url)\(url.contains("?") ? "&" : "?")\(text)")
        console.flush()
        let code = try wait(listener, state)
        let answer = try post(
            grant.tokenURL,
            [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect),
                ("code_verifier", verifier),
            ])
        guard answer.error == nil else { throw Self.refused(answer) }
        return answer.json
    }

    /// The code that the browser brings; what does not come from this login is turned away.
    private func wait(_ listener: LoopbackPort, _ state: String) throws(CommandFailure) -> String {
        var found: Result<String, CommandFailure>?
        while found == nil {
            let isInTime = listener.serveOne(until: deadline) { head in
                let line = String(decoding: head.prefix { $0 != 13 }, as: UTF8.self)
                let parts = line.split(separator: " ")
                let target = parts.count > 1 ? String(parts[1]) : ""
                guard parts.first == "GET", target.hasPrefix("/callback?") else {
                    return Self.page("404 Not Found", "Nothing is here.")
                }
                var fields: [String: String] = [:]
                for pair in target.dropFirst("/callback?".count).split(separator: "&") {
                    let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    guard halves.count == 2, let value = PercentEncoding.decode(form: String(halves[1])) else {
                        continue
                    }
                    fields[String(halves[0])] = value
                }
                guard fields["state"] == state else {
                    return Self.page("400 Bad Request", "This is not the login that Batten waits for.")
                }
                guard let code = fields["code"], !code.isEmpty else {
                    let why = [fields["error"], fields["error_description"]].compactMap { $0 }.joined(separator: ": ")
                    found = .failure(
                        CommandFailure(
                            "login_refused", "the authorization server says no: \(TextFit.clean(why))",
                            help: "try again", exit: .runFailed))
                    return Self.page("200 OK", "The login was refused. You can close this page.")
                }
                found = .success(code)
                return Self.page("200 OK", "Batten has what it needs. You can close this page.")
            }
            guard isInTime else { throw Self.late() }
        }
        switch found {
        case .success(let code)?: return code
        case .failure(let failure)?: throw failure
        case nil: throw Self.late()
        }
    }

    private static func page(_ status: String, _ text: String) -> [UInt8] {
        let body = "<!doctype html><meta charset=utf-8><title>Batten</title><p>\(text)</p>\n"
        return Array(
            ("HTTP/1.1 \(status)\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: \(body.utf8.count)\r\n"
                + "Connection: close\r\nCache-Control: no-store\r\n\r\n\(body)").utf8)
    }

    private static func random() -> String { urlSafe(Entropy.bytes(32)) }

    private static func urlSafe(_ bytes: [UInt8]) -> String {
        String(Base64.encode(bytes).compactMap { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 == "=" ? nil : $0 })
    }
}

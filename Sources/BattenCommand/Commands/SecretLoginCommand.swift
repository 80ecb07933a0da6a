import BattenCore
import BattenSystem

/// `batten secret login`: a secret that an authorization server grants and that renews itself.
enum SecretLoginCommand {
    static let description = CommandDescription(
        "secret login", .operating, "get a token from an authorization server, and keep it fresh",
        details: [
            """
            The secret's value is the access token of OAuth 2: ${{ secrets.NAME }} in a workflow. It is kept, encrypted, with \
            the refresh token that renews it; engines whose runs use it renew it a minute before it ends, one process at a \
            time, and keep a refresh token that the server replaces beside the old one until it has been used.
            """,
            """
            --device-code shows a code to type in at another device (RFC 8628). --auth-code waits on a port of 127.0.0.1 for \
            the browser that was sent to the address it prints (RFC 8252, with PKCE). --client-credentials asks with the \
            client's own secret, which is a secret kept before.
            """,
        ],
        arguments: [ArgumentDescription("NAME", .required, "name of the secret")],
        options: [
            .flag("device-code", "log in at another device"),
            .flag("auth-code", "log in with a browser on this machine"),
            .flag("client-credentials", "no person: the client's own credentials"),
            .value("token-url", "URL", .text, "where tokens come from"),
            .value("device-url", "URL", .text, "where codes for devices come from"),
            .value("authorize-url", "URL", .text, "where the browser is sent"),
            .value("client-id", "ID", .text, "the client's id"),
            .value("client-secret", "NAME", .text, "the secret that holds the client's own secret"),
            .value("credentials-in", "PLACE", .choice(["header", "body"]), standard: "header", "where they are sent"),
            .value("scope", "TEXT", .text, "what is asked for"),
            .value(
                "port", "PORT", .integer(0...65_535), standard: "a free one",
                "port of the address that --auth-code waits at"),
            .value("timeout", "DURATION", .duration, standard: "5m", "how long a person may take"),
        ],
        examples: [
            CommandExample(
                "batten secret login CRM --device-code --token-url https://id.example.org/token --device-url "
                    + "https://id.example.org/device --client-id batten", "asks for a code to be typed in elsewhere")
        ],
        exits: [.runFailed, .timedOut, .store],
        body: { context, invocation throws(CommandFailure) in
            let name = try SecretCommands.checked(invocation.argument("NAME") ?? "")
            let ways = ["device-code", "auth-code", "client-credentials"].filter { invocation.has($0) }
            guard ways.count == 1, let way = ways.first else {
                throw .usage(
                    "bad_login", "exactly one of --device-code, --auth-code and --client-credentials says how",
                    help: "batten secret login --help")
            }
            func needed(_ option: String) throws(CommandFailure) -> String {
                guard let value = invocation.value(option), !value.isEmpty else {
                    throw .usage("bad_login", "--\(way) needs --\(option)", help: "the server's documentation tells it")
                }
                return value
            }
            var grant = OAuthGrant(
                tokenURL: try needed("token-url"), clientID: try needed("client-id"), accessToken: "")
            grant.clientSecret = invocation.value("client-secret")
            grant.credentialsInBody = invocation.value("credentials-in") == "body"
            grant.scope = invocation.value("scope")
            if way == "client-credentials" { _ = try needed("client-secret") }
            let vault = try context.secretVault()
            let secret = try grant.clientSecret.map { wanted throws(CommandFailure) in
                guard let value = vault.value(wanted) else {
                    throw .usage(
                        "missing_secret", "the secret \(wanted) is missing", help: "batten secret set \(wanted)")
                }
                return value
            }
            let logins = try context.logins(context.openStore())
            let flow = LoginFlow(
                grant: grant, secret: secret, endpoint: logins.endpoint, console: context.console,
                deadline: MonotonicClock.adding(
                    invocation.duration("timeout") ?? .seconds(300), to: MonotonicClock.now()))
            let answer: JSONValue
            switch way {
            case "device-code": answer = try flow.byDevice(at: needed("device-url"))
            case "auth-code":
                answer = try flow.byBrowser(
                    at: needed("authorize-url"), port: UInt16(clamping: invocation.integer("port") ?? 0))
            default: answer = try flow.byCredentials()
            }
            let now = Timestamp(nanoseconds: WallClock.now())
            try grant.take(answer, at: now)
            try logins.keep(grant, name, at: now)
            if context.invocation.format.isData {
                context.console.data(
                    .object([
                        "secret": .string(name), "expires_at": grant.expiresAt.map { .string($0.rfc3339) } ?? .null,
                        "renews": .bool(grant.refreshToken != nil || way == "client-credentials"),
                    ]), context.invocation.format)
            } else {
                context.console.line("\(name) is kept")
                if grant.refreshToken == nil, way != "client-credentials", grant.expiresAt != nil {
                    context.console.note(
                        "the server gave no refresh token: it ends by itself; ask for the scope that gives one")
                }
            }
            if vault.isFromEnvironment(name) {
                context.console.note("\(HostEnvironment.secretPrefix)\(name) is set here and comes before it")
            }
            return .done
        })
}

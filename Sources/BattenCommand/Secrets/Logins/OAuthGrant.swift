import BattenCore

/// What an authorization server has granted: the value of a secret that renews itself.
///
/// It is sealed like any value. Runs see the access token alone; the refresh token never leaves the vault.
struct OAuthGrant: Sendable, Hashable {
    /// Where tokens come from.
    var tokenURL: String
    /// As whom they are asked for.
    var clientID: String
    /// The secret that holds the client's own secret; nil for a client that has none.
    var clientSecret: String?
    /// Whether the client's credentials stand in the form instead of the header.
    var credentialsInBody = false
    /// What is asked for.
    var scope: String?
    /// What is sent to an API.
    var accessToken: String
    /// Until when; nil when the server has not said.
    var expiresAt: Timestamp?
    /// How long it was good for when it came, in seconds.
    var lifetime: Int64?
    /// What the next access token is asked with; nil where the client's own credentials do that.
    var refreshToken: String?
    /// The refresh token before it, kept until its successor has been used.
    var previousRefreshToken: String?

    /// A value with this member is a grant.
    private static let mark = "batten_login"

    /// Reads a grant; nil for any other value.
    init?(_ value: String) {
        guard value.hasPrefix("{\"\(Self.mark)\":"), let json = try? JSONReader.parse(value),
            let tokenURL = json["token_url"]?.stringValue, let clientID = json["client_id"]?.stringValue,
            let accessToken = json["access_token"]?.stringValue
        else { return nil }
        self.init(tokenURL: tokenURL, clientID: clientID, accessToken: accessToken)
        clientSecret = json["client_secret_name"]?.stringValue
        credentialsInBody = json["credentials_in"]?.stringValue == "body"
        scope = json["scope"]?.stringValue
        expiresAt = json["expires_at"]?.stringValue.flatMap { Timestamp(rfc3339: $0) }
        lifetime = json["lifetime"]?.intValue
        refreshToken = json["refresh_token"]?.stringValue
        previousRefreshToken = json["previous_refresh_token"]?.stringValue
    }

    init(tokenURL: String, clientID: String, accessToken: String) {
        self.tokenURL = tokenURL
        self.clientID = clientID
        self.accessToken = accessToken
    }

    /// The grant as the value of a secret.
    var value: String {
        var members: JSONObject = [
            Self.mark: .int(1), "token_url": .string(tokenURL), "client_id": .string(clientID),
            "access_token": .string(accessToken),
        ]
        if let clientSecret { members["client_secret_name"] = .string(clientSecret) }
        if credentialsInBody { members["credentials_in"] = "body" }
        if let scope { members["scope"] = .string(scope) }
        if let expiresAt { members["expires_at"] = .string(expiresAt.rfc3339) }
        if let lifetime { members["lifetime"] = .int(lifetime) }
        if let refreshToken { members["refresh_token"] = .string(refreshToken) }
        if let previousRefreshToken { members["previous_refresh_token"] = .string(previousRefreshToken) }
        return JSONWriter.string(.object(members))
    }

    /// Takes what a token request was answered with.
    ///
    /// - Throws: `CommandFailure` when it holds no token.
    mutating func take(_ answer: JSONValue, at now: Timestamp) throws(CommandFailure) {
        guard let token = answer["access_token"]?.stringValue, !token.isEmpty else {
            throw CommandFailure(
                "no_token", "the server's answer holds no access token", help: "check the token URL", exit: .runFailed)
        }
        accessToken = token
        lifetime = answer["expires_in"]?.doubleValue.map { Int64(min(max($0, 0), 31_536_000)) }
        expiresAt = lifetime.map { now + .seconds($0) }
        if let scope = answer["scope"]?.stringValue, !scope.isEmpty { self.scope = scope }
        if let next = answer["refresh_token"]?.stringValue, next != refreshToken {
            previousRefreshToken = refreshToken
            refreshToken = next
        }
    }

    /// When it should be renewed: a minute before it ends, or after three quarters of a short life; nil when it is not
    /// known to end.
    var renewAt: Timestamp? { expiresAt.map { $0 + .milliseconds(-min(60_000, (lifetime ?? 0) * 250)) } }

    /// Whether it can be used at an instant.
    func isGood(at now: Timestamp) -> Bool { expiresAt.map { now < $0 } ?? true }
}

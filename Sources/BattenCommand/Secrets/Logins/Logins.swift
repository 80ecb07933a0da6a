import BattenCore
import BattenStore
import BattenSystem

/// The secrets that renew themselves.
///
/// A renewal holds a lock over all processes, looks at the stored grant once more, asks the server, and stores the whole
/// grant anew in one transaction: the new refresh token beside the one it came from. Only a later renewal, which has
/// used the new one, drops the old one. A process that dies after the server has answered and before that is stored has
/// lost the new token; the old one is there and is tried again. A server that took it for stolen asks for a new login.
struct Logins: Sendable {
    let store: SQLiteStore
    let vault: SecretVault
    let ring: SecretKeyRing
    let endpoint: TokenEndpoint

    /// Renews a grant that ends soon.
    ///
    /// - Returns: the grant as it is then; nil when the secret is no login.
    /// - Throws: `CommandFailure` that says why the server gave no token.
    @discardableResult
    func renew(_ name: String, now: () -> Timestamp) throws(CommandFailure) -> OAuthGrant? {
        guard let known = vault.grant(name) else { return nil }
        guard Self.isDue(known, now()) else { return known }
        return try ring.withLoginLock { () throws(CommandFailure) -> OAuthGrant? in
            // Another process may have been faster.
            guard var grant = vault.grant(name), Self.isDue(grant, now()) else { return vault.grant(name) }
            let answer = try ask(grant, name)
            if answer.usedPrevious { grant.refreshToken = grant.previousRefreshToken }
            try grant.take(answer.json, at: now())
            try keep(grant, name, at: now())
            return grant
        }
    }

    /// Stores a grant, sealed.
    func keep(_ grant: OAuthGrant, _ name: String, at now: Timestamp) throws(CommandFailure) {
        try ring.withLock { () throws(CommandFailure) in
            let key = try ring.sealing()
            let nonce = Entropy.bytes(SecretKey.nonceLength)
            let secret = StoredSecret(
                name: name, nonce: nonce, ciphertext: key.seal(Array(grant.value.utf8), name: name, nonce: nonce),
                keyID: key.id, isShort: false, createdAt: now, updatedAt: now)
            try orFailure { () throws(StoreError) in try store.keep(secret) }
        }
    }

    private static func isDue(_ grant: OAuthGrant, _ now: Timestamp) -> Bool {
        grant.renewAt.map { $0 <= now } ?? false
    }

    private func ask(_ grant: OAuthGrant, _ name: String) throws(CommandFailure) -> (
        json: JSONValue, usedPrevious: Bool
    ) {
        var secret: String?
        if let wanted = grant.clientSecret {
            guard let value = vault.value(wanted) else {
                throw .usage(
                    "missing_secret", "the login \(name) needs the secret \(wanted), which is missing",
                    help: "batten secret set \(wanted)")
            }
            secret = value
        }
        func request(_ refresh: String?) throws(CommandFailure) -> TokenEndpoint.Answer {
            var form = [("grant_type", refresh == nil ? "client_credentials" : "refresh_token")]
            if let refresh { form.append(("refresh_token", refresh)) }
            if let scope = grant.scope { form.append(("scope", scope)) }
            return try endpoint.post(
                grant.tokenURL, form, client: (grant.clientID, secret), inBody: grant.credentialsInBody)
        }
        var answer = try request(grant.refreshToken)
        var usedPrevious = false
        if answer.error == "invalid_grant", let previous = grant.previousRefreshToken {
            answer = try request(previous)
            usedPrevious = true
        }
        guard answer.error == nil else {
            throw CommandFailure(
                "login_refused", "the login \(name) was not renewed: \(answer.words)",
                help: answer.error == "invalid_grant"
                    ? "log in again: batten secret login \(name) …" : "try again later",
                exit: .runFailed)
        }
        return (answer.json, usedPrevious)
    }
}

extension CommandContext {
    /// The secrets that renew themselves, on the store of this context.
    func logins(_ store: SQLiteStore) throws(CommandFailure) -> Logins {
        Logins(
            store: store, vault: try secretVault(), ring: secretKeys(),
            endpoint: TokenEndpoint(host: try host(), folder: directory))
    }

    /// Refuses a workflow whose secrets are not there, and renews those that are logins and end soon.
    func requireSecrets(of definition: WorkflowDefinition) throws(CommandFailure) {
        try HostEnvironment.requireSecrets(of: definition, in: secretVault())
        try renewLogins(HostEnvironment.secrets(of: definition))
    }

    /// Renews those of some secrets that are logins and end soon.
    ///
    /// - Throws: `CommandFailure` when one has ended and cannot be renewed.
    func renewLogins(_ names: [String]) throws(CommandFailure) {
        let vault = try secretVault()
        let clock = { Timestamp(nanoseconds: WallClock.now()) }
        let due = names.filter { name in vault.grant(name)?.renewAt.map { $0 <= clock() } ?? false }
        guard !due.isEmpty else { return }
        let logins = try logins(openStore())
        for name in due {
            do throws(CommandFailure) {
                try logins.renew(name, now: clock)
            } catch {
                // One that is still good for a while does.
                if vault.grant(name)?.isGood(at: clock()) != true { throw error }
            }
        }
    }
}

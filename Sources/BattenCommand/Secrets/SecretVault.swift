import BattenCore
import BattenStore
import Synchronization

/// Where the values of secrets come from: the environment first, then the store.
final class SecretVault: Sendable {
    /// Why a stored secret cannot be read.
    enum Trouble: Sendable, Hashable {
        /// Neither the environment nor the store has it.
        case missing
        /// The key file cannot be used.
        case keyUnusable(CommandFailure)
        /// The key that sealed it is not here.
        case keyMissing(id: String)
        /// Its row was changed, or belongs to another name.
        case damaged
    }

    private let environment: [String: String]
    private let folder: StateFolder
    private let ring: SecretKeyRing
    private let opened = Mutex(Opened())

    /// What was read from the store, and when.
    private struct Opened {
        var reader: StoreReader?
        var version: Int64 = -1
        var values: [String: Result<String, Failure>] = [:]
    }

    private struct Failure: Error {
        let trouble: Trouble
    }

    /// A vault over a store that may not exist yet.
    init(environment: [String: String], folder: StateFolder, ring: SecretKeyRing) {
        self.environment = environment
        self.folder = folder
        self.ring = ring
    }

    /// The value of a secret as it is now; nil when it cannot be had.
    ///
    /// It may be called from any thread.
    func value(_ name: String) -> String? {
        switch look(name) {
        case .success(let value): OAuthGrant(value)?.accessToken ?? value
        case .failure: nil
        }
    }

    /// What an authorization server has granted; nil for a secret that is no login.
    func grant(_ name: String) -> OAuthGrant? {
        guard !isFromEnvironment(name), case .success(let value) = look(name) else { return nil }
        return OAuthGrant(value)
    }

    /// Whether a secret's value comes from a variable.
    func isFromEnvironment(_ name: String) -> Bool {
        !(environment[HostEnvironment.secretPrefix + name] ?? "").isEmpty
    }

    /// The names of kept secrets that begin in some way.
    func names(from prefix: String) -> [String] {
        opened.withLock { opened in
            if opened.reader == nil { opened.reader = try? StoreReader(folder) }
            return (try? opened.reader?.secrets())?.map(\.name).filter { $0.hasPrefix(prefix) } ?? []
        }
    }

    /// Why a secret cannot be had; nil when it can.
    func trouble(_ name: String) -> Trouble? {
        switch look(name) {
        case .success: nil
        case .failure(let failure): failure.trouble
        }
    }

    private func look(_ name: String) -> Result<String, Failure> {
        if let value = environment[HostEnvironment.secretPrefix + name], !value.isEmpty { return .success(value) }
        return opened.withLock { opened in
            if opened.reader == nil { opened.reader = try? StoreReader(folder) }
            guard let reader = opened.reader, let version = try? reader.dataVersion() else {
                return .failure(Failure(trouble: .missing))
            }
            if version != opened.version {
                opened.values = [:]
                opened.version = version
            }
            if let known = opened.values[name] { return known }
            let value = open(name, reader)
            opened.values[name] = value
            return value
        }
    }

    private func open(_ name: String, _ reader: StoreReader) -> Result<String, Failure> {
        guard let stored = try? reader.secret(name) else { return .failure(Failure(trouble: .missing)) }
        let keys: [SecretKey]
        do throws(CommandFailure) {
            keys = try ring.load()
        } catch {
            return .failure(Failure(trouble: .keyUnusable(error)))
        }
        guard let key = keys.first(where: { $0.id == stored.keyID }) else {
            return .failure(Failure(trouble: .keyMissing(id: stored.keyID)))
        }
        guard let bytes = key.open(stored.ciphertext, name: name, nonce: stored.nonce) else {
            return .failure(Failure(trouble: .damaged))
        }
        return .success(String(decoding: bytes, as: UTF8.self))
    }
}

extension CommandContext {
    /// The keys of the user's secrets.
    func secretKeys() -> SecretKeyRing {
        let loader = SettingsLoader(environment: environment, directory: directory, invocation: invocation)
        return SecretKeyRing(
            environment: environment,
            configurationFolder: loader.standardFolder("XDG_CONFIG_HOME", below: ".config") + "/batten")
    }

    /// The user's secrets.
    func secretVault() throws(CommandFailure) -> SecretVault {
        SecretVault(environment: environment, folder: try stateFolder(), ring: secretKeys())
    }
}

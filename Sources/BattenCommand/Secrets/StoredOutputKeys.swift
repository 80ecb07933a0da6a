import BattenCore
import BattenStore
import BattenSystem
import Synchronization

/// Keys that seal secrets in kept values: random ones, kept among the secrets and sealed like them.
///
/// So `batten secret rotate-key` seals them anew and leaves the values alone. Two engines may each make one; every seal
/// names its own. A key is on disk before the first value is sealed under it, so that a kill loses none.
final class StoredOutputKeys: OutputKeys {
    /// What their names begin with, which no secret's can.
    static let prefix = "outputs/"

    private let vault: SecretVault
    private let ring: SecretKeyRing
    private let tell: @Sendable (String) -> Void
    private let state = Mutex(State())

    private struct State {
        var store: SQLiteStore?
        var known: [String: SecretKey] = [:]
        var sealing: SecretKey?
        var hasTold = false
    }

    /// - Parameter tell: is told once why nothing can be sealed.
    init(vault: SecretVault, ring: SecretKeyRing, tell: @escaping @Sendable (String) -> Void) {
        self.vault = vault
        self.ring = ring
        self.tell = tell
    }

    /// Whether a kept secret is such a key.
    static func isOne(_ name: String) -> Bool { name.hasPrefix(prefix) }

    /// Gives it the store that new keys are written to.
    func use(_ store: SQLiteStore) { state.withLock { $0.store = store } }

    func key(_ id: String) -> SecretKey? {
        if let known = state.withLock({ $0.known[id] }) { return known }
        guard let key = read(Self.prefix + id), key.id == id else { return nil }
        state.withLock { $0.known[id] = key }
        return key
    }

    func sealing() -> SecretKey? {
        state.withLock { state in
            if let key = state.sealing { return key }
            let kept = vault.names(from: Self.prefix).lazy.compactMap { self.read($0) }.first
            guard let key = kept ?? made(state.store, &state) else { return nil }
            state.sealing = key
            state.known[key.id] = key
            return key
        }
    }

    private func read(_ name: String) -> SecretKey? {
        vault.value(name).flatMap { Hex.decode($0) }.flatMap { SecretKey($0) }
    }

    /// A new key that is on disk.
    private func made(_ store: SQLiteStore?, _ state: inout State) -> SecretKey? {
        guard let store else { return nil }
        let key = SecretKeyRing.fresh()
        let name = Self.prefix + key.id
        let now = Timestamp(nanoseconds: WallClock.now())
        do throws(CommandFailure) {
            try ring.withLock { () throws(CommandFailure) in
                let above = try ring.sealing()
                let nonce = Entropy.bytes(SecretKey.nonceLength)
                let sealed = above.seal(Array(Hex.encode(key.bytes).utf8), name: name, nonce: nonce)
                let row = StoredSecret(
                    name: name, nonce: nonce, ciphertext: sealed, keyID: above.id, isShort: false, createdAt: now,
                    updatedAt: now)
                try orFailure { () throws(StoreError) in try store.keep(row) }
            }
            return key
        } catch {
            if !state.hasTold {
                tell("an output holds a secret and cannot be sealed, so it is kept masked: \(error.message)")
            }
            state.hasTold = true
            return nil
        }
    }
}

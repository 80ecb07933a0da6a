import CBattenPure

/// A key that secrets are kept under: AES-256 in Galois/Counter Mode (NIST SP 800-38D).
public struct SecretKey: Sendable, Hashable {
    /// Bytes of a key.
    public static let length = 32
    /// Bytes of a nonce.
    public static let nonceLength = 12
    private static let tagLength = 16

    /// The key itself.
    public let bytes: [UInt8]
    /// Names the key without telling it: 16 hexadecimal digits of a digest.
    public let id: String

    /// Makes a key.
    ///
    /// - Parameter bytes: 32 random bytes.
    /// - Returns: nil for any other length.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
        id = String(SHA256.hex(Array("batten.secret-key/1:".utf8) + bytes).prefix(16))
    }

    /// Encrypts a value.
    ///
    /// - Parameters:
    ///   - value: what is hidden.
    ///   - name: is bound to the result, which opens under this name only.
    ///   - nonce: 12 bytes that were never used with this key.
    /// - Returns: ciphertext and tag.
    public func seal(_ value: [UInt8], name: String, nonce: [UInt8]) -> [UInt8] {
        precondition(nonce.count == Self.nonceLength, "a nonce of AES-GCM has 12 bytes")
        var sealed = [UInt8](repeating: 0, count: value.count + Self.tagLength)
        let bound = Self.bound(to: name)
        let done = batten_aes256gcm_seal(bytes, nonce, bound, bound.count, value, value.count, &sealed)
        precondition(done == 1, "libcrypto has no AES-256-GCM")
        return sealed
    }

    /// Decrypts a value.
    ///
    /// - Returns: nil when it was not sealed with this key, name and nonce, or was changed since.
    public func open(_ sealed: [UInt8], name: String, nonce: [UInt8]) -> [UInt8]? {
        guard sealed.count >= Self.tagLength, nonce.count == Self.nonceLength else { return nil }
        var value = [UInt8](repeating: 0, count: sealed.count - Self.tagLength)
        let bound = Self.bound(to: name)
        // The library writes nothing for an empty value, but wants a place to write it to.
        var place = value.isEmpty ? [0] : value
        guard batten_aes256gcm_open(bytes, nonce, bound, bound.count, sealed, sealed.count, &place) == 1 else {
            return nil
        }
        value = value.isEmpty ? [] : place
        return value
    }

    private static func bound(to name: String) -> [UInt8] { Array("batten.secret/1:\(name)".utf8) }
}

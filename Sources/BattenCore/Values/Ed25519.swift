import CBattenPure

/// Signatures with ed25519.
public enum Ed25519 {
    /// What checking a signature found.
    public enum Verdict: Sendable, Hashable {
        case valid
        case invalid
        /// The key is no ed25519 public key in PEM.
        case badKey
    }

    /// Length of a signature in bytes.
    public static let signatureLength = 64

    /// Checks a signature.
    ///
    /// - Parameters:
    ///   - signature: 64 bytes; any other length is invalid.
    ///   - bytes: what was signed.
    ///   - key: public key in PEM, as `openssl pkey -pubout` writes it.
    public static func verify(_ signature: [UInt8], of bytes: [UInt8], key: [UInt8]) -> Verdict {
        guard signature.count == signatureLength else { return .invalid }
        let answer = key.withUnsafeBytes { key in
            bytes.withUnsafeBytes { bytes in
                batten_ed25519_verify(
                    key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count, bytes.baseAddress, bytes.count,
                    signature)
            }
        }
        switch answer {
        case 1: return .valid
        case 0: return .invalid
        default: return .badKey
        }
    }
}

import CCrypto

/// SHA-256 of bytes that come in pieces.
public final class SHA256Digest {
    private let context: OpaquePointer?

    /// Begins an empty computation.
    public init() {
        context = batten_sha256_new()
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Adds bytes.
    public func update(_ bytes: UnsafeRawBufferPointer) {
        guard let context, let base = bytes.baseAddress else { return }
        _ = EVP_DigestUpdate(context, base, bytes.count)
    }

    /// Ends the computation: 32 bytes, or none when libcrypto had no memory.
    public func finish() -> [UInt8] {
        guard let context else { return [] }
        var digest = [UInt8](repeating: 0, count: 32)
        let code = digest.withUnsafeMutableBufferPointer { EVP_DigestFinal_ex(context, $0.baseAddress, nil) }
        return code == 1 ? digest : []
    }

    /// The SHA-256 of bytes at hand.
    public static func of(_ bytes: [UInt8]) -> [UInt8] {
        let digest = SHA256Digest()
        bytes.withUnsafeBytes { digest.update($0) }
        return digest.finish()
    }
}

/// Keyed hashes, random bytes and their text.
public enum Cryptography {
    /// HMAC-SHA256 of a message: 32 bytes, or none when libcrypto refused.
    public static func hmacSHA256(key: [UInt8], message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let done = digest.withUnsafeMutableBufferPointer { out in
            key.withUnsafeBytes { key in
                message.withUnsafeBufferPointer { message in
                    batten_hmac_sha256(
                        key.baseAddress, Int32(clamping: key.count), message.baseAddress, message.count,
                        out.baseAddress)
                }
            }
        }
        return done == 1 ? digest : []
    }

    /// Bytes nobody can guess; nil when the system has none to give.
    public static func randomBytes(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let code = bytes.withUnsafeMutableBufferPointer { RAND_bytes($0.baseAddress, Int32(clamping: count)) }
        return code == 1 ? bytes : nil
    }

    /// Two lower case digits for each byte.
    public static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

import CBattenPure

/// The SHA-256 digest of bytes.
public enum SHA256 {
    /// The 32 bytes of the digest.
    public static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let done = batten_sha256(bytes.baseAddress, bytes.count, &digest)
        precondition(done != 0, "libcrypto has no SHA-256")
        return digest
    }

    /// The digest of bytes as 64 lower-case hexadecimal digits.
    public static func hex(_ bytes: [UInt8]) -> String {
        Hex.encode(bytes.withUnsafeBytes { digest($0) })
    }

    /// The digest of a text's UTF-8 bytes as 64 lower-case hexadecimal digits.
    public static func hex(_ text: String) -> String {
        hex(Array(text.utf8))
    }
}

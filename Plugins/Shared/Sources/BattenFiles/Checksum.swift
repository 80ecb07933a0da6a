import CFiles

/// SHA-256 of bytes that come in pieces.
public final class Checksum {
    private var context: UnsafeMutableRawPointer?

    /// Begins an empty computation.
    public init() {
        context = cfiles_digest()
    }

    deinit {
        var ignored = [UInt8](repeating: 0, count: 32)
        if context != nil { _ = cfiles_digest_end(context, &ignored) }
    }

    /// Adds bytes.
    public func add(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        cfiles_digest_add(context, base, bytes.count)
    }

    /// Ends the computation: 64 hexadecimal digits; empty if libcrypto had no memory.
    public func finish() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        let isDone = context != nil && cfiles_digest_end(context, &digest) == 1
        context = nil
        guard isDone else { return "" }
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The SHA-256 of bytes at hand.
    public static func of(_ bytes: [UInt8]) -> String {
        let checksum = Checksum()
        bytes.withUnsafeBytes { checksum.add($0) }
        return checksum.finish()
    }
}

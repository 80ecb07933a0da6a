internal import Glibc

/// Random bits from the kernel: getentropy(3).
public enum Entropy {
    /// 64 random bits.
    public static func bits() -> UInt64 {
        var value: UInt64 = 0
        // It fails only for lengths over 256 bytes or while a signal interrupts the wait for the pool at boot.
        while unsafe getentropy(&value, MemoryLayout<UInt64>.size) != 0 {}
        return value
    }

    /// Random bytes.
    ///
    /// - Parameter count: how many.
    public static func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 7)
        while bytes.count < count {
            let word = bits()
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return Array(bytes.prefix(count))
    }

    /// A random name: characters of lower-case base32 (RFC 4648), 5 bits each.
    ///
    /// - Parameter length: characters.
    public static func name(length: Int) -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(length)
        var pool: UInt64 = 0
        var left = 0
        while text.count < length {
            if left == 0 {
                pool = bits()
                left = 12
            }
            text.append(alphabet[Int(pool & 31)])
            pool >>= 5
            left -= 1
        }
        return String(decoding: text, as: UTF8.self)
    }
}

import CCurl

/// An IPv4 or IPv6 address.
///
/// An IPv4 address that is written inside an IPv6 one counts as IPv4.
public struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes.
    let bytes: [UInt8]

    /// Reads `192.0.2.7`, `2001:db8::1` or `[2001:db8::1]`; a zone after `%` is left out.
    public init?(_ text: String) {
        var text = Substring(text)
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        let bare = String(text.prefix { $0 != "%" })
        var four = [UInt8](repeating: 0, count: 4)
        var sixteen = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, bare, &four) == 1 {
            bytes = four
        } else if inet_pton(AF_INET6, bare, &sixteen) == 1 {
            bytes = Self.embedded(sixteen)
        } else {
            return nil
        }
    }

    /// Takes the address out of a socket address; nil for other families than IPv4 and IPv6.
    init?(socketAddress: UnsafePointer<sockaddr>, length: Int) {
        switch Int32(socketAddress.pointee.sa_family) {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            let address = UnsafeRawPointer(socketAddress).loadUnaligned(as: sockaddr_in.self).sin_addr
            bytes = withUnsafeBytes(of: address) { Array($0) }
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            let address = UnsafeRawPointer(socketAddress).loadUnaligned(as: sockaddr_in6.self).sin6_addr
            bytes = Self.embedded(withUnsafeBytes(of: address) { Array($0) })
        default:
            return nil
        }
    }

    /// The IPv4 address inside a mapped (`::ffff:0:0/96`) or translated (`64:ff9b::/96`) one, otherwise the same.
    private static func embedded(_ sixteen: [UInt8]) -> [UInt8] {
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]
        let translated: [UInt8] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]
        let prefix = Array(sixteen.prefix(12))
        return prefix == mapped || prefix == translated ? Array(sixteen.suffix(4)) : sixteen
    }

    /// The usual text.
    public var description: String {
        var text = [CChar](repeating: 0, count: 64)
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &text, 64) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A range of addresses: `10.0.0.0/8`, `fe80::/10`, or one address.
public struct NetworkRange: Sendable, Hashable {
    let address: NetworkAddress
    let bits: Int

    /// Reads a range; nil if the text is none.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = NetworkAddress(String(first)) else { return nil }
        let width = address.bytes.count * 8
        self.address = address
        if parts.count == 1 {
            bits = width
        } else {
            guard let bits = Int(parts[1]), (0...width).contains(bits) else { return nil }
            self.bits = bits
        }
    }

    /// Tells whether an address lies in the range.
    public func contains(_ other: NetworkAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        let whole = bits / 8
        guard other.bytes.prefix(whole) == address.bytes.prefix(whole) else { return false }
        let rest = bits % 8
        guard rest > 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xff00 >> rest)
        return other.bytes[whole] & mask == address.bytes[whole] & mask
    }
}

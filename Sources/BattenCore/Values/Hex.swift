/// Hexadecimal text of bytes.
public enum Hex {
    static let digits: [UInt8] = Array("0123456789abcdef".utf8)

    /// The bytes as lower-case hexadecimal digits, two a byte.
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.underestimatedCount)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

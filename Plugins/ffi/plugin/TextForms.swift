internal import BattenPlugin
internal import BattenSignature

extension TextForm {
    /// Writes bytes; what is not UTF-8 in text is replaced.
    func write(_ bytes: [UInt8]) -> String {
        switch self {
        case .text:
            return String(decoding: bytes, as: UTF8.self)
        case .hex:
            let digits = Array("0123456789abcdef".utf8)
            var text: [UInt8] = []
            text.reserveCapacity(2 * bytes.count)
            for byte in bytes {
                text.append(digits[Int(byte >> 4)])
                text.append(digits[Int(byte & 15)])
            }
            return String(decoding: text, as: UTF8.self)
        case .base64:
            return Base64.encode(bytes)
        }
    }

    /// Reads bytes; nil if the text is not of this form.
    func read(_ text: String) -> [UInt8]? {
        switch self {
        case .text:
            return Array(text.utf8)
        case .hex:
            let digits = text.utf8.compactMap(Self.hexValue)
            guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
            return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        case .base64:
            return Base64.decode(text)
        }
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// Base 64 as RFC 4648 has it: how bytes are written in JSON.
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The bytes in the standard alphabet with padding, in one line.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var group: UInt32 = 0
        var held = 0
        func close() {
            group <<= UInt32(8 * (3 - held))
            for place in 0..<4 {
                let digit = Int(group >> UInt32(18 - 6 * place) & 63)
                text.append(place <= held ? alphabet[digit] : UInt8(ascii: "="))
            }
            (group, held) = (0, 0)
        }
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            held += 1
            if held == 3 { close() }
        }
        if held > 0 { close() }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes that a text stands for, in the standard or the URL-safe alphabet.
    ///
    /// Blanks and line breaks are passed over, and the padding may be left out.
    ///
    /// - Returns: nil when a character does not belong there, padding is wrong or not at the end, a byte is cut off, or
    ///   bits that stand for nothing are not zero.
    public static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 4 * 3 + 2)
        var group: UInt32 = 0
        var bits: UInt32 = 0
        var (digits, padding) = (0, 0)
        for character in text.utf8 {
            switch character {
            case 9, 10, 13, 32: continue
            case UInt8(ascii: "="): padding += 1
            default:
                guard padding == 0, let value = value(character) else { return nil }
                digits += 1
                group = group << 6 | value
                bits += 6
                guard bits >= 8 else { continue }
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: group >> bits))
                group &= 1 << bits - 1
            }
        }
        guard digits % 4 != 1, group == 0, padding == 0 || (padding < 3 && (digits + padding) % 4 == 0) else {
            return nil
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit) + 4
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}

/// The words and signs of a signature.
struct SignatureToken: Hashable {
    enum Kind: Hashable {
        case word(String)
        case number(Int)
        case sign(Character)
        case dots
        case end
    }

    let kind: Kind
    let offset: Int
    /// Where it ends, in bytes from the start.
    let end: Int

    /// The token in quotes, for messages.
    var text: String { kind == .end ? "the end" : "'\(bare)'" }

    /// The token as a person wrote it.
    var bare: String {
        switch kind {
        case .word(let word): word
        case .number(let number): String(number)
        case .sign(let sign): String(sign)
        case .dots: "..."
        case .end: ""
        }
    }

    /// The longest signature, in bytes.
    static let longestText = 16384

    /// Splits a signature; the last token is the end.
    static func read(_ text: String) throws(SignatureError) -> [SignatureToken] {
        let bytes = Array(text.utf8)
        guard bytes.count <= longestText else {
            throw SignatureError(message: "is longer than \(longestText) bytes", offset: longestText)
        }
        var tokens: [SignatureToken] = []
        var at = 0
        while at < bytes.count {
            let start = at
            let byte = bytes[at]
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D:
                at += 1
                continue
            case UInt8(ascii: "."):
                guard bytes[at...].starts(with: [byte, byte, byte]) else {
                    throw SignatureError(
                        message: "a single '.' has no meaning; variable arguments begin with ...", offset: at)
                }
                at += 3
                tokens.append(SignatureToken(kind: .dots, offset: start, end: at))
            case _ where isLetter(byte):
                while at < bytes.count, isLetter(bytes[at]) || isDigit(bytes[at]) { at += 1 }
                let word = String(decoding: bytes[start..<at], as: UTF8.self)
                tokens.append(SignatureToken(kind: .word(word), offset: start, end: at))
            case _ where isDigit(byte):
                while at < bytes.count, isDigit(bytes[at]) { at += 1 }
                let digits = String(decoding: bytes[start..<at], as: UTF8.self)
                guard let number = Int(digits), at == bytes.count || !isLetter(bytes[at]) else {
                    throw SignatureError(message: "'\(digits)' is no length: write decimal digits", offset: start)
                }
                tokens.append(SignatureToken(kind: .number(number), offset: start, end: at))
            case _ where "(){}[],;*".utf8.contains(byte):
                at += 1
                let sign = Character(Unicode.Scalar(byte))
                tokens.append(SignatureToken(kind: .sign(sign), offset: start, end: at))
            default:
                let sign = String(decoding: bytes[start...], as: UTF8.self).first.map(String.init) ?? ""
                throw SignatureError(message: "'\(sign)' has no meaning in a signature", offset: start)
            }
        }
        tokens.append(SignatureToken(kind: .end, offset: bytes.count, end: bytes.count))
        return tokens
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}

/// Cuts the text of an expression into words, one at a time.
struct ExpressionLexer {
    /// Bytes that one expression may have.
    static let greatestLength = 64 * 1_024

    let bytes: [UInt8]
    private let start: Int
    private(set) var place: Int

    /// Starts at a place of a text; ranges count from the text's beginning.
    init(_ bytes: [UInt8], from start: Int = 0) {
        self.bytes = bytes
        self.start = start
        place = start
    }

    /// The next word.
    mutating func next() throws(ExpressionError) -> ExpressionToken {
        while let byte = peek(), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { place += 1 }
        guard place - start <= Self.greatestLength else {
            throw ExpressionError(
                code: .limit, message: "the expression is longer than 64 KiB", range: start..<place,
                help: "split it over several stages' outputs")
        }
        guard let byte = peek() else { return ExpressionToken(kind: .end, range: place..<place) }
        if byte.isNameStart { return name(withDashes: false) }
        if byte.isDigit { return try number() }
        if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") { return try string(quote: byte) }
        return try symbol()
    }

    /// The name behind a dot, which may hold dashes; nil when something else stands there.
    mutating func memberName() -> ExpressionToken? {
        guard let byte = peek(), byte.isNameStart else { return nil }
        return name(withDashes: true)
    }

    private func peek(_ distance: Int = 0) -> UInt8? {
        place + distance < bytes.count ? bytes[place + distance] : nil
    }

    private mutating func name(withDashes: Bool) -> ExpressionToken {
        let begin = place
        while let byte = peek(), byte.isNameByte || (withDashes && byte == UInt8(ascii: "-")) { place += 1 }
        return ExpressionToken(
            kind: .name(String(decoding: bytes[begin..<place], as: UTF8.self)), range: begin..<place)
    }

    private mutating func symbol() throws(ExpressionError) -> ExpressionToken {
        let begin = place
        if let first = peek(), var symbol = ExpressionSymbol.beginning(with: first, peek(1)) {
            // In `c ?.5` nothing can follow but a mistake; the number is reported better than the dot.
            if symbol == .safeDot, let after = peek(2), after.isDigit { symbol = .question }
            place += symbol.length
            return ExpressionToken(kind: .symbol(symbol), range: begin..<place)
        }
        let scalar = String(decoding: bytes[place...].prefix(4), as: UTF8.self).unicodeScalars.first ?? "\u{FFFD}"
        let range = begin..<min(bytes.count, begin + String(scalar).utf8.count)
        switch scalar {
        case "=":
            throw ExpressionError(
                code: .syntax, message: "'=' is no operator", range: range, help: "write '==' to compare")
        case "&": throw ExpressionError(code: .syntax, message: "'&' is no operator", range: range, help: "write '&&'")
        case "|": throw ExpressionError(code: .syntax, message: "'|' is no operator", range: range, help: "write '||'")
        case "`", "\u{2018}", "\u{2019}", "\u{201C}", "\u{201D}":
            throw ExpressionError(
                code: .syntax, message: "\(scalar) does not quote a string", range: range,
                help: "write 'text' or \"text\"")
        default:
            let shown =
                scalar.properties.isWhitespace || scalar.value < 0x20 || scalar.value == 0x7F
                ? "the character U+" + String(scalar.value, radix: 16, uppercase: true) : "'\(scalar)'"
            throw ExpressionError(code: .syntax, message: "\(shown) has no meaning here", range: range)
        }
    }

    private mutating func number() throws(ExpressionError) -> ExpressionToken {
        let begin = place
        var isInteger = true
        skipDigits()
        if peek() == UInt8(ascii: "."), let digit = peek(1), digit.isDigit {
            isInteger = false
            place += 1
            skipDigits()
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            let sign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-") ? 1 : 0
            if let digit = peek(1 + sign), digit.isDigit {
                isInteger = false
                place += 1 + sign
                skipDigits()
            }
        }
        let range = begin..<place
        if let byte = peek(), byte.isNameByte {
            throw ExpressionError(
                code: .syntax, message: "a number runs into a name", range: begin..<place + 1,
                help: "put an operator or a space between them")
        }
        if bytes[begin] == UInt8(ascii: "0"), place > begin + 1, bytes[begin + 1].isDigit {
            throw ExpressionError(
                code: .syntax, message: "a number does not begin with 0", range: range, help: "leave the zeros out")
        }
        let text = String(decoding: bytes[range], as: UTF8.self)
        if isInteger {
            if let value = Int64(text) { return ExpressionToken(kind: .integer(value), range: range) }
            if text == "9223372036854775808" { return ExpressionToken(kind: .integerBeyondMax, range: range) }
            throw ExpressionError(
                code: .overflow, message: "the integer does not fit 64 bits", range: range,
                help: "write it with '.0' to have a floating-point number")
        }
        guard let value = Double(text), value.isFinite else {
            throw ExpressionError(code: .overflow, message: "the number is too large", range: range)
        }
        return ExpressionToken(kind: .double(value), range: range)
    }

    private mutating func skipDigits() {
        while let byte = peek(), byte.isDigit { place += 1 }
    }

    private mutating func string(quote: UInt8) throws(ExpressionError) -> ExpressionToken {
        let begin = place
        place += 1
        var text: [UInt8] = []
        while let byte = peek(), byte != quote {
            place += 1
            if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
        }
        guard peek() == quote else {
            throw ExpressionError(
                code: .syntax, message: "the string is not closed", range: begin..<bytes.count,
                help: "end it with \(Unicode.Scalar(quote))")
        }
        place += 1
        return ExpressionToken(kind: .string(String(decoding: text, as: UTF8.self)), range: begin..<place)
    }

    private mutating func escape(into text: inout [UInt8]) throws(ExpressionError) {
        let begin = place - 1
        guard let byte = peek() else { return }
        place += 1
        switch byte {
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "u"):
            guard let scalar = unicodeEscape() else {
                throw ExpressionError(
                    code: .syntax, message: "'\\u' needs the four hexadecimal digits of a character",
                    range: begin..<place, help: "characters beyond U+FFFF are written as a surrogate pair, as in JSON")
            }
            text.append(contentsOf: String(scalar).utf8)
        default:
            // The whole of a character of several bytes belongs to the range.
            while let next = peek(), next & 0xC0 == 0x80 { place += 1 }
            throw ExpressionError(
                code: .syntax,
                message: "'\(String(decoding: bytes[begin..<place], as: UTF8.self))' is no escape in a string",
                range: begin..<place, help: "write '\\\\' for a backslash")
        }
    }

    /// Reads the digits behind `\u`, and a second escape when they are half of a pair.
    private mutating func unicodeEscape() -> Unicode.Scalar? {
        guard let first = hexDigits() else { return nil }
        guard (0xD800...0xDBFF).contains(first) else { return Unicode.Scalar(first) }
        guard peek() == UInt8(ascii: "\\"), peek(1) == UInt8(ascii: "u") else { return nil }
        place += 2
        guard let second = hexDigits(), (0xDC00...0xDFFF).contains(second) else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private mutating func hexDigits() -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            value = value << 4 | UInt32(digit)
            place += 1
        }
        return value
    }
}

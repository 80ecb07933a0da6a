import BattenCore

/// Resolves YAML scalars by the core schema of YAML 1.2.
enum YAMLScalar {
    /// What a plain scalar means.
    enum Meaning {
        case value(JSONValue)
        /// `.inf` or `.nan`, which JSON cannot hold.
        case notFinite
    }

    /// Resolves a scalar that was written without quotes and without a tag.
    static func resolve(_ text: String) -> Meaning {
        switch text {
        case "", "~", "null", "Null", "NULL": return .value(.null)
        case "true", "True", "TRUE": return .value(.bool(true))
        case "false", "False", "FALSE": return .value(.bool(false))
        default: break
        }
        guard let first = text.utf8.first, first < 0x3A, first >= 0x2B else { return .value(.string(text)) }
        guard let last = text.utf8.last, canEndNumber(last) else { return .value(.string(text)) }
        return number(text) ?? .value(.string(text))
    }

    /// Whether some number ends with a byte: a digit of any radix, a point, or the end of `.inf` or `.nan`.
    private static func canEndNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "n"), UInt8(ascii: "N"): true
        default: isDigit(byte, radix: 16)
        }
    }

    /// The number a text stands for, nil when it is none.
    static func number(_ text: String) -> Meaning? {
        var digits = Substring(text)
        if let radix = digits.hasPrefix("0x") ? 16 : digits.hasPrefix("0o") ? 8 : nil {
            digits = digits.dropFirst(2)
            guard !digits.isEmpty, digits.utf8.allSatisfy({ isDigit($0, radix: radix) }) else { return nil }
            if let value = Int64(digits, radix: radix) { return .value(.int(value)) }
            return .value(.double(digits.utf8.reduce(0) { $0 * Double(radix) + Double(digit($1)) }))
        }
        if digits.first == "-" || digits.first == "+" { digits = digits.dropFirst() }
        switch digits {
        case ".inf", ".Inf", ".INF": return .notFinite
        case ".nan", ".NaN", ".NAN": return text.utf8.first == UInt8(ascii: ".") ? .notFinite : nil
        default: break
        }
        if !digits.isEmpty, digits.utf8.allSatisfy({ isDigit($0, radix: 10) }) {
            if let value = Int64(text) { return .value(.int(value)) }
            return Double(text).flatMap { $0.isFinite ? .value(.double($0)) : .notFinite }
        }
        guard isFloat(digits) else { return nil }
        // Swift's reader wants digits on both sides of the point.
        guard let value = Double(padded(text)) else { return nil }
        return value.isFinite ? .value(.double(value)) : .notFinite
    }

    /// Whether a text is `digits [. digits] [exponent]` or `. digits [exponent]`.
    private static func isFloat(_ text: Substring) -> Bool {
        var rest = text.utf8[...]
        let whole = take(&rest)
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = take(&rest)
        }
        guard whole > 0 || fraction > 0 else { return false }
        if let letter = rest.first, letter | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard take(&rest) > 0 else { return false }
        }
        return rest.isEmpty
    }

    private static func take(_ rest: inout Substring.UTF8View) -> Int {
        var count = 0
        while let byte = rest.first, isDigit(byte, radix: 10) {
            rest = rest.dropFirst()
            count += 1
        }
        return count
    }

    private static func padded(_ text: String) -> String {
        var out = ""
        var previous: Character = "+"
        for character in text {
            if character == ".", !previous.isNumber { out.append("0") }
            if previous == ".", !character.isNumber { out.append("0") }
            out.append(character)
            previous = character
        }
        if previous == "." { out.append("0") }
        return out
    }

    private static func isDigit(_ byte: UInt8, radix: Int) -> Bool { digit(byte) < radix }

    private static func digit(_ byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte) - 0x57
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte) - 0x37
        default: 99
        }
    }
}

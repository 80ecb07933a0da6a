/// The ways in which a secret's text turns up in other texts.
///
/// Forms have no line ends: whoever looks for them passes over those of the text, so that a form is found however it is
/// broken into lines.
enum SecretForms {
    /// Forms shorter than this are left out, the value itself excepted: they would mask what is no secret.
    static let leastLength = 4

    /// Lines of a secret of several lines that are shorter than this say too little to be masked alone.
    static let leastLineLength = 8

    /// The value and its base64, URL, JSON and hexadecimal forms, each once.
    ///
    /// White space at both ends, such as the last line's end, may be missing where the value turns up. The lines of a
    /// value of several lines are forms of their own, because logs come in lines.
    static func all(of secret: String) -> Set<[UInt8]> {
        var forms: Set<[UInt8]> = []
        for value in Set([secret, secret.trimmed]) where !value.isEmpty {
            let bytes = Array(value.utf8)
            let derived = base64(bytes) + percentEncoded(bytes) + json(value) + hexadecimal(bytes)
            forms.formUnion(derived.filter { $0.count >= leastLength } + [bytes])
            let lines = value.pieces(between: "\n").map(\.trimmed)
            if lines.count > 1 {
                forms.insert(Array(lines.joined().utf8))
                forms.formUnion(lines.map { Array($0.utf8) }.filter { $0.count >= leastLineLength })
            }
        }
        return Set(forms.lazy.map { form in form.filter { !$0.isLineEnd } })
    }

    /// Base64 of the value inside longer data, at each of the three places it can begin at in a group, without the
    /// digits that depend on its neighbours; and as the end of the data, with them and the padding.
    private static func base64(_ bytes: [UInt8]) -> [[UInt8]] {
        var forms: [[UInt8]] = []
        for shift in 0..<3 {
            let digits = Array(Base64.encode([UInt8](repeating: 0, count: shift) + bytes).utf8)
            // Digits that hold bits of what stands before the value: 8 bits take 2, 16 bits take 3.
            let before = shift == 0 ? 0 : shift + 1
            let inside = (shift + bytes.count) * 8 / 6
            let unpadded = digits.filter { $0 != UInt8(ascii: "=") }
            for end in [inside, unpadded.count, digits.count] where end > before {
                forms.append(Array(digits[before..<end]))
            }
        }
        let urlSafe = forms.map { form in
            form.map { digit in
                switch digit {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                default: digit
                }
            }
        }
        return forms + urlSafe
    }

    /// The value in a URL: strict, as browsers write components, as forms write spaces; digits in both cases.
    private static func percentEncoded(_ bytes: [UInt8]) -> [[UInt8]] {
        var forms: [[UInt8]] = []
        for kept in ["-._~", "-._~!*'()", "-._~!*'()/:@&=+$,;?#", "-._*"] {
            for digits in ["0123456789ABCDEF", "0123456789abcdef"].map({ Array($0.utf8) }) {
                for spaceAsPlus in [false, true] {
                    var form: [UInt8] = []
                    for byte in bytes {
                        if byte.isNameStart || byte.isDigit || kept.utf8.contains(byte) {
                            form.append(byte)
                        } else if spaceAsPlus && byte == UInt8(ascii: " ") {
                            form.append(UInt8(ascii: "+"))
                        } else {
                            form += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                        }
                    }
                    forms.append(form)
                }
            }
        }
        return forms
    }

    /// The value inside a JSON string: as it is, with `/` escaped, and with everything beyond ASCII as `\uXXXX`.
    private static func json(_ secret: String) -> [[UInt8]] {
        var plain: [UInt8] = []
        JSONWriter.append(string: secret, to: &plain)
        plain = Array(plain.dropFirst().dropLast())
        var forms = [plain]
        for digits in ["0123456789ABCDEF", "0123456789abcdef"].map({ Array($0.utf8) }) {
            var ascii: [UInt8] = []
            for scalar in String(decoding: plain, as: UTF8.self).unicodeScalars {
                if scalar.isASCII {
                    ascii.append(UInt8(ascii: scalar))
                } else {
                    for unit in String(scalar).utf16 {
                        ascii += Array("\\u".utf8)
                        for shift: UInt16 in [12, 8, 4, 0] { ascii.append(digits[Int(unit >> shift & 15)]) }
                    }
                }
            }
            forms.append(ascii)
        }
        let slash = UInt8(ascii: "/")
        return forms + forms.map { form in form.flatMap { $0 == slash ? [UInt8(ascii: "\\"), slash] : [$0] } }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> [[UInt8]] {
        let lower = Hex.encode(bytes)
        return [Array(lower.utf8), Array(lower.uppercased().utf8)]
    }
}

extension UInt8 {
    /// Whether it is one of the two bytes that end lines.
    var isLineEnd: Bool { self == 0x0A || self == 0x0D }
}

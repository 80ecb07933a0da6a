/// Host names outside ASCII.
///
/// libcurl leaves them to a library that depends on the process's locale, so they are turned into ASCII here.
enum DomainName {
    /// The name with each label in its ASCII form (RFC 3492); nil if a label has none or grows too long.
    static func ascii(_ name: String) -> String? {
        if name.utf8.allSatisfy({ $0 < 0x80 }) { return name }
        // The ideographic full stops count as dots too.
        let dots: Set<Unicode.Scalar> = [".", "\u{3002}", "\u{FF0E}", "\u{FF61}"]
        var labels: [String] = []
        for label in name.unicodeScalars.split(omittingEmptySubsequences: false, whereSeparator: { dots.contains($0) })
        {
            let lower = String(String.UnicodeScalarView(label)).lowercased()
            if lower.utf8.allSatisfy({ $0 < 0x80 }) {
                labels.append(lower)
                continue
            }
            guard let encoded = punycode(Array(lower.unicodeScalars)), encoded.utf8.count <= 59 else { return nil }
            labels.append("xn--\(encoded)")
        }
        return labels.joined(separator: ".")
    }

    /// Punycode of a label; nil on overflow.
    private static func punycode(_ label: [Unicode.Scalar]) -> String? {
        guard label.count <= 255 else { return nil }
        var output = label.filter(\.isASCII).map { UInt8(truncatingIfNeeded: $0.value) }
        let basic = output.count
        if basic > 0 { output.append(UInt8(ascii: "-")) }
        var next = 128
        var delta = 0
        var bias = 72
        var handled = basic
        while handled < label.count {
            guard let least = label.lazy.map({ Int($0.value) }).filter({ $0 >= next }).min() else { return nil }
            // At most 255 labels' scalars times 0x10FFFF: far below overflow.
            delta += (least - next) * (handled + 1)
            next = least
            for scalar in label {
                let value = Int(scalar.value)
                if value < next { delta += 1 }
                guard value == next else { continue }
                var rest = delta
                var base = 36
                while true {
                    let threshold = min(max(base - bias, 1), 26)
                    if rest < threshold { break }
                    output.append(digit(threshold + (rest - threshold) % (36 - threshold)))
                    rest = (rest - threshold) / (36 - threshold)
                    base += 36
                }
                output.append(digit(rest))
                bias = adapted(delta, count: handled + 1, isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            next += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func digit(_ value: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: value < 26 ? value + 97 : value + 22)
    }

    private static func adapted(_ delta: Int, count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / count
        var bias = 0
        while delta > 455 {
            delta /= 35
            bias += 36
        }
        return bias + 36 * delta / (delta + 38)
    }
}

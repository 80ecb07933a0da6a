import BattenCore

/// Writes data as YAML: block style, strings quoted where another reading is possible.
enum YAMLText {
    /// The value as a YAML document, ending with a line feed.
    static func render(_ value: JSONValue) -> String {
        var text = ""
        write(value, indent: 0, afterKey: false, to: &text)
        return text.hasSuffix("\n") ? text : text + "\n"
    }

    private static func write(_ value: JSONValue, indent: Int, afterKey: Bool, to text: inout String) {
        switch value {
        case .object(let object) where !object.isEmpty:
            if afterKey { text += "\n" }
            var isFirst = !afterKey
            for (key, value) in object {
                // The first key of a list's element stands behind the dash.
                text += (isFirst ? "" : String(repeating: " ", count: indent)) + scalar(key) + ":"
                isFirst = false
                member(value, indent: indent, to: &text)
            }
        case .array(let elements) where !elements.isEmpty:
            if afterKey { text += "\n" }
            var isFirst = !afterKey
            for element in elements {
                text += (isFirst ? "" : String(repeating: " ", count: indent)) + "- "
                isFirst = false
                write(element, indent: indent + 2, afterKey: false, to: &text)
                if !text.hasSuffix("\n") { text += "\n" }
            }
        case .object: text += "{}"
        case .array: text += "[]"
        case .string(let string): text += scalar(string)
        case .null, .bool, .int, .double: text += JSONWriter.string(value)
        }
    }

    private static func member(_ value: JSONValue, indent: Int, to text: inout String) {
        switch value {
        case .object(let object) where !object.isEmpty:
            write(value, indent: indent + 2, afterKey: true, to: &text)
        case .array(let elements) where !elements.isEmpty:
            write(value, indent: indent + 2, afterKey: true, to: &text)
        case .string(let string) where isBlock(string):
            text += " |-\n"
            let pad = String(repeating: " ", count: indent + 2)
            for line in string.split(separator: "\n", omittingEmptySubsequences: false) {
                text += line.isEmpty ? "\n" : "\(pad)\(line)\n"
            }
        default:
            text += " "
            write(value, indent: indent, afterKey: false, to: &text)
            text += "\n"
        }
    }

    /// Whether a string reads best as a literal block, and comes back from it unchanged.
    private static func isBlock(_ string: String) -> Bool {
        guard string.contains("\n"), !string.hasSuffix("\n"), let first = string.first, first != " ", first != "\n"
        else {
            return false
        }
        return string.unicodeScalars.allSatisfy {
            $0 == "\n" || ($0.value >= 0x20 && !(0x7F...0x9F).contains($0.value))
        }
            && !string.contains("\u{2028}") && !string.contains("\u{2029}") && !string.contains("\u{FEFF}")
    }

    /// A string plain where it can only be read as itself, otherwise in double quotes.
    private static func scalar(_ string: String) -> String {
        isPlain(string) ? string : JSONWriter.string(.string(string))
    }

    private static func isPlain(_ string: String) -> Bool {
        guard let first = string.utf8.first, let last = string.utf8.last else { return false }
        let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20)
        guard isLetter || first == UInt8(ascii: "/") || first == UInt8(ascii: "_"), last != UInt8(ascii: " ") else {
            return false
        }
        let words: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        guard !words.contains(string.lowercased()) else { return false }
        var before: UInt8 = 0
        for byte in string.utf8 {
            let isSafe =
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || " _-./@+()=,".utf8.contains(byte)
            guard isSafe || (byte == UInt8(ascii: ":") && before != 0) || byte >= 0x80 else { return false }
            // `: ` and a final colon would begin a mapping.
            if before == UInt8(ascii: ":"), byte == UInt8(ascii: " ") { return false }
            before = byte
        }
        guard last != UInt8(ascii: ":") else { return false }
        return string.unicodeScalars.allSatisfy { $0.value < 0x80 || ($0.value > 0x9F && $0.value < 0x2028) }
    }
}

public import BattenCore

/// Writes JSON values as YAML that reads back as the same value.
public enum YAMLWriter {
    private static let flowWidth = 80

    /// The value as YAML in block style, ending with a line feed.
    public static func string(_ value: JSONValue) -> String {
        var out = ""
        switch value {
        case .object(let object) where !object.isEmpty: write(object, 0, &out, isInList: false)
        case .array(let elements) where !elements.isEmpty: write(elements, 0, &out)
        default: out = scalar(value, indent: 0) + "\n"
        }
        return out
    }

    private static func write(_ object: JSONObject, _ indent: Int, _ out: inout String, isInList: Bool) {
        var isFirst = isInList
        for (key, value) in object {
            if !isFirst { out += pad(indent) }
            isFirst = false
            out += text(key, isKey: true) + ":"
            writeBelow(value, indent, &out)
        }
    }

    private static func write(_ elements: [JSONValue], _ indent: Int, _ out: inout String) {
        for element in elements {
            out += pad(indent) + "-"
            switch element {
            case .object(let object) where !object.isEmpty && flow(element) == nil:
                out += " "
                write(object, indent + 2, &out, isInList: true)
            default: writeBelow(element, indent, &out)
            }
        }
    }

    /// Writes a value behind `key:` or `-`.
    private static func writeBelow(_ value: JSONValue, _ indent: Int, _ out: inout String) {
        switch value {
        case .object(let object) where !object.isEmpty:
            if let line = flow(value) {
                out += " \(line)\n"
            } else {
                out += "\n"
                write(object, indent + 2, &out, isInList: false)
            }
        case .array(let elements) where !elements.isEmpty:
            if let line = flow(value) {
                out += " \(line)\n"
            } else {
                out += "\n"
                write(elements, indent + 2, &out)
            }
        case .string(let content):
            if let block = literal(content, indent + 2) { out += " \(block)" } else { out += " \(text(content))\n" }
        default: out += " \(scalar(value, indent: indent))\n"
        }
    }

    /// A small value without inner mappings on one line; nil when it needs several.
    private static func flow(_ value: JSONValue) -> String? {
        switch value {
        case .array(let elements):
            guard elements.count <= 12, elements.allSatisfy({ !$0.isContainer }) else { return nil }
            let line = "[" + elements.map { flowScalar($0) }.joined(separator: ", ") + "]"
            return line.utf8.count <= flowWidth && !line.utf8.contains(0x0A) ? line : nil
        case .object(let object):
            guard object.count <= 4, object.values.allSatisfy({ !$0.isContainer }) else { return nil }
            let line = "{" + object.map { flowText($0.key) + ": " + flowScalar($0.value) }.joined(separator: ", ") + "}"
            return line.utf8.count <= flowWidth - 20 ? line : nil
        default: return nil
        }
    }

    private static func flowScalar(_ value: JSONValue) -> String {
        if case .string(let content) = value { return flowText(content) }
        return scalar(value, indent: 0)
    }

    /// A text inside brackets, where commas and braces would end it.
    private static func flowText(_ content: String) -> String {
        let isPlain = isPlain(content) && !content.utf8.contains { ",[]{}:?$".utf8.contains($0) }
        return isPlain ? content : quoted(content)
    }

    private static func scalar(_ value: JSONValue, indent: Int) -> String {
        switch value {
        case .string(let content): return text(content)
        case .array: return "[]"
        case .object: return "{}"
        default: return JSONWriter.string(value)
        }
    }

    private static func pad(_ indent: Int) -> String { String(repeating: " ", count: indent) }

    // MARK: Texts

    /// A text on one line: plain where YAML reads it back as the same text, else in double quotes.
    static func text(_ content: String, isKey: Bool = false) -> String {
        isPlain(content) && !(isKey && (content == "<<" || content.utf8.count > 128)) ? content : quoted(content)
    }

    private static func isPlain(_ content: String) -> Bool {
        guard let first = content.utf8.first, let last = content.utf8.last, first != 0x20, last != 0x20 else {
            return false
        }
        guard !"-?:,[]{}#&*!|>'\"%@`=~".utf8.contains(first), last != UInt8(ascii: ":") else { return false }
        guard content.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            guard content.unicodeScalars.allSatisfy(isPlainScalar) else { return false }
            return isPlainWords(content)
        }
        return isPlainWords(content)
    }

    private static func isPlainWords(_ content: String) -> Bool {
        guard case .value(.string) = YAMLScalar.resolve(content), YAMLScalar.number(content) == nil else {
            return false
        }
        var previous: UInt8 = 0
        for byte in content.utf8 {
            if previous == UInt8(ascii: ":"), byte == 0x20 { return false }
            if previous == 0x20, byte == UInt8(ascii: "#") { return false }
            previous = byte
        }
        if content.utf8.contains(UInt8(ascii: "$")), content.contains("${{") { return false }
        // Words of YAML 1.1 are quoted for readers that still know them.
        let old = ["yes", "no", "on", "off", "y", "n", "true", "false", "null", "..."]
        return !old.contains(content.lowercased()) && !content.hasPrefix("...") && !content.hasPrefix("---")
    }

    private static func isPlainScalar(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        if value < 0x7F { return value >= 0x20 }
        return value >= 0xA0 && value != 0x2028 && value != 0x2029 && value != 0xFEFF
            && !scalar.properties.isNoncharacterCodePoint && !DisplayWidth.isUnsafe(scalar)
    }

    /// A text in double quotes, with escapes for all that is not plainly visible.
    private static func quoted(_ content: String) -> String {
        var out = "\""
        for scalar in content.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            default:
                if isPlainScalar(scalar) {
                    out.unicodeScalars.append(scalar)
                } else {
                    let hex = String(scalar.value, radix: 16, uppercase: true)
                    let digits = scalar.value > 0xFFFF ? 8 : 4
                    out += (digits == 8 ? "\\U" : "\\u") + String(repeating: "0", count: digits - hex.count) + hex
                }
            }
        }
        return out + "\""
    }

    /// A text of several lines as a literal block with its header, nil where a block would not read back the same.
    private static func literal(_ content: String, _ indent: Int) -> String? {
        guard content.utf8.contains(0x0A), content.utf8.count > 1 else { return nil }
        let keeps = content.hasSuffix("\n")
        let body = keeps ? String(content.dropLast()) : content
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, let last = lines.last, !first.isEmpty, !last.isEmpty, first.first != " ",
            first.first != "\t"
        else { return nil }
        for line in lines {
            guard line.unicodeScalars.allSatisfy({ isPlainScalar($0) || $0 == "\t" }) else { return nil }
            guard line.isEmpty || !line.allSatisfy({ $0 == " " || $0 == "\t" }) else { return nil }
        }
        let shown = lines.map { $0.isEmpty ? "" : pad(indent) + $0 }.joined(separator: "\n")
        return "|\(keeps ? "" : "-")\n\(shown)\n"
    }
}

extension JSONValue {
    /// Whether the value is a list or an object that is not empty.
    fileprivate var isContainer: Bool {
        switch self {
        case .array(let elements): !elements.isEmpty
        case .object(let object): !object.isEmpty
        default: false
        }
    }
}

/// Writes JSON as UTF-8.
///
/// A double is written with the fewest digits that read back as the same double, and with `.0` when it has no fraction,
/// so that it stays a double. JSON has no NaN or infinity: they are written as `null`.
public enum JSONWriter {
    /// How JSON is laid out.
    public enum Style: Sendable, Hashable {
        /// No spaces.
        case compact
        /// One member or element a line, indented by two spaces.
        case pretty
        /// No spaces and keys sorted by their bytes: equal objects give equal text.
        case sorted
    }

    /// The value as text.
    public static func string(_ value: JSONValue, style: Style = .compact) -> String {
        String(decoding: bytes(value, style: style), as: UTF8.self)
    }

    /// The value as UTF-8 bytes.
    public static func bytes(_ value: JSONValue, style: Style = .compact) -> [UInt8] {
        var output: [UInt8] = []
        // Most values are short; growing step by step costs more than the room.
        output.reserveCapacity(96)
        append(value, to: &output, style: style)
        return output
    }

    /// Appends the value as UTF-8 bytes.
    public static func append(_ value: JSONValue, to output: inout [UInt8], style: Style = .compact) {
        append(value, to: &output, style: style, indent: 0)
    }

    /// Appends a text as a JSON string, quotes included.
    public static func append(string text: String, to output: inout [UInt8]) {
        var text = text
        output.append(UInt8(ascii: "\""))
        text.withUTF8 { bytes in
            var start = 0
            for place in bytes.indices where needsEscape(bytes[place]) {
                output.append(contentsOf: bytes[start..<place])
                appendEscape(bytes[place], to: &output)
                start = place + 1
            }
            if start == 0 { output.append(contentsOf: bytes) } else { output.append(contentsOf: bytes[start...]) }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// The text of a number as JSON has it.
    static func text(_ number: Double) -> String {
        number.isFinite ? number.description : "null"
    }

    private static func append(_ value: JSONValue, to output: inout [UInt8], style: Style, indent: Int) {
        switch value {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: value ? "true".utf8 : "false".utf8)
        case .int(let value): output.append(contentsOf: value.description.utf8)
        case .double(let value): output.append(contentsOf: text(value).utf8)
        case .string(let value): append(string: value, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            var first = true
            // Elements are read where they are: taking each out costs more than writing it.
            for place in elements.indices {
                separate(&first, &output, style, indent + 1)
                append(elements[place], to: &output, style: style, indent: indent + 1)
            }
            close("]", first, &output, style, indent)
        case .object(let object):
            output.append(UInt8(ascii: "{"))
            var first = true
            let members =
                style == .sorted
                ? object.members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } : object.members
            for place in members.indices {
                separate(&first, &output, style, indent + 1)
                append(string: members[place].key, to: &output)
                output.append(UInt8(ascii: ":"))
                if style == .pretty { output.append(UInt8(ascii: " ")) }
                append(members[place].value, to: &output, style: style, indent: indent + 1)
            }
            close("}", first, &output, style, indent)
        }
    }

    private static func separate(_ first: inout Bool, _ output: inout [UInt8], _ style: Style, _ indent: Int) {
        if !first { output.append(UInt8(ascii: ",")) }
        first = false
        if style == .pretty { newLine(&output, indent) }
    }

    private static func close(
        _ bracket: Unicode.Scalar, _ empty: Bool, _ output: inout [UInt8], _ style: Style, _ indent: Int
    ) {
        if style == .pretty && !empty { newLine(&output, indent) }
        output.append(UInt8(ascii: bracket))
    }

    private static func newLine(_ output: inout [UInt8], _ indent: Int) {
        output.append(UInt8(ascii: "\n"))
        output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * indent))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func appendEscape(_ byte: UInt8, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: output.append(UInt8(ascii: "b"))
        case 0x09: output.append(UInt8(ascii: "t"))
        case 0x0A: output.append(UInt8(ascii: "n"))
        case 0x0C: output.append(UInt8(ascii: "f"))
        case 0x0D: output.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
        default:
            output.append(contentsOf: "u00".utf8)
            output.append(Hex.digits[Int(byte >> 4)])
            output.append(Hex.digits[Int(byte & 15)])
        }
    }
}

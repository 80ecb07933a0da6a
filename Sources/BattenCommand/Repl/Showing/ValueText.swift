import BattenCore

/// A value for people: texts as they are, lists of objects as tables, everything else as indented JSON.
struct ValueText {
    /// How wide it may be, and whether it has colours.
    let profile: TextProfile
    /// Lines after which it is cut; nil shows all.
    let lineLimit: Int?

    /// Bytes of one text that are shown where lines are limited.
    private static let greatestText = 16 << 10
    private static let greatestTable = 8

    /// The lines of a value, and whether something was left out.
    func lines(_ value: JSONValue) -> (lines: [String], isCut: Bool) {
        var writer = Writer(profile: profile, limit: lineLimit.map { ($0, Self.greatestText) })
        switch value {
        case .string(let text):
            let isLong = lineLimit != nil && text.utf8.count > Self.greatestText
            let shown = isLong ? String(text.prefix(Self.greatestText)) : text
            let lines = shown.split(separator: "\n", omittingEmptySubsequences: false).map { TextFit.clean(String($0)) }
            let limit = lineLimit ?? lines.count
            return (Array(lines.prefix(limit)), isLong || lines.count > limit)
        case .array(let elements):
            if let table = table(elements) { return table }
            writer.write(value, indent: 0)
        default: writer.write(value, indent: 0)
        }
        return (writer.finished(), writer.isCut)
    }

    /// A value in one line of some columns.
    static func brief(_ value: JSONValue, columns: Int) -> String {
        var writer = BriefWriter(room: max(8, columns) * 4)
        writer.write(value)
        return TextFit.cut(TextFit.clean(writer.text), to: max(8, columns))
    }

    /// The type of a value for people, with its size.
    static func type(_ value: JSONValue) -> String {
        switch value {
        case .string(let text):
            let bytes = text.utf8.count
            return bytes > 64 ? "string (\(ByteSize.format(Int64(bytes))))" : "string"
        case .array(let elements): return elements.isEmpty ? "array (empty)" : "array (\(elements.count))"
        case .object(let object):
            return "object {\(object.keys.prefix(12).joined(separator: ", "))\(object.count > 12 ? ", …" : "")}"
        default: return value.typeName
        }
    }

    private func table(_ elements: [JSONValue]) -> (lines: [String], isCut: Bool)? {
        guard elements.count > 1 else { return nil }
        var keys: [String] = []
        let limit = lineLimit.map { max(1, $0 - 1) } ?? elements.count
        for element in elements.prefix(limit) {
            guard let object = element.objectValue, !object.isEmpty else { return nil }
            for key in object.keys where !keys.contains(key) { keys.append(key) }
            guard keys.count <= Self.greatestTable else { return nil }
        }
        guard elements.allSatisfy({ $0.objectValue != nil }) else { return nil }
        var table = TextTable(keys.map { .flexible(TextFit.clean($0)) })
        for element in elements.prefix(limit) {
            table.add(
                keys.map { key in
                    guard let cell = element[key] else { return "" }
                    return cell.stringValue.map { TextFit.clean(String($0.prefix(400))) }
                        ?? Self.brief(cell, columns: 60)
                })
        }
        let lines = table.render(profile).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return (lines.map(String.init), elements.count > limit)
    }

    /// Writes indented JSON, coloured, up to a number of lines.
    private struct Writer {
        let profile: TextProfile
        let limit: (lines: Int, text: Int)?
        private var lines: [String] = []
        private var line = ""
        private(set) var isCut = false

        init(profile: TextProfile, limit: (lines: Int, text: Int)?) {
            self.profile = profile
            self.limit = limit
        }

        mutating func finished() -> [String] {
            if !line.isEmpty, !isFull { lines.append(line) }
            line = ""
            return lines
        }

        private var isFull: Bool { limit.map { lines.count >= $0.lines } ?? false }

        private mutating func newLine(_ indent: Int) {
            if isFull {
                isCut = true
            } else {
                lines.append(line)
            }
            line = String(repeating: "  ", count: indent)
        }

        mutating func write(_ value: JSONValue, indent: Int) {
            guard !isCut else { return }
            switch value {
            case .array(let elements) where !elements.isEmpty:
                // A short list of plain values stays in its line.
                if elements.count <= 16, elements.allSatisfy({ $0.arrayValue == nil && $0.objectValue == nil }),
                    case let text = ValueText.brief(value, columns: 200), text.count + line.count < profile.width
                {
                    line += text
                    return
                }
                line += "["
                for (place, element) in elements.enumerated() {
                    newLine(indent + 1)
                    guard !isCut else { return }
                    write(element, indent: indent + 1)
                    if place < elements.count - 1 { line += "," }
                }
                newLine(indent)
                line += "]"
            case .object(let object) where !object.isEmpty:
                line += "{"
                for (place, member) in object.enumerated() {
                    newLine(indent + 1)
                    guard !isCut else { return }
                    line += profile.paint(scalar(.string(member.key)), .cyan) + ": "
                    write(member.value, indent: indent + 1)
                    if place < object.count - 1 { line += "," }
                }
                newLine(indent)
                line += "}"
            case .string: line += profile.paint(scalar(value), .green)
            default: line += profile.paint(scalar(value), .yellow)
            }
        }

        private mutating func scalar(_ value: JSONValue) -> String {
            if let text = value.stringValue, let limit, text.utf8.count > limit.text {
                isCut = true
                return TextFit.clean(JSONWriter.string(.string(String(text.prefix(limit.text))))) + "…"
            }
            return TextFit.clean(JSONWriter.string(value))
        }
    }

    /// Writes compact JSON up to a number of characters.
    private struct BriefWriter {
        var room: Int
        var text = ""

        mutating func write(_ value: JSONValue) {
            guard text.utf8.count < room else { return }
            switch value {
            case .string(let string): text += JSONWriter.string(.string(String(string.prefix(room))))
            case .array(let elements):
                text += "["
                for (place, element) in elements.enumerated() where text.utf8.count < room {
                    if place > 0 { text += "," }
                    write(element)
                }
                text += "]"
            case .object(let object):
                text += "{"
                var isFirst = true
                for (key, member) in object where text.utf8.count < room {
                    if !isFirst { text += "," }
                    isFirst = false
                    text += JSONWriter.string(.string(key)) + ":"
                    write(member)
                }
                text += "}"
            default: text += JSONWriter.string(value)
            }
        }
    }
}

/// The two syntaxes of authored files.
public enum SourceFormat: Sendable, Hashable {
    case yaml
    case json

    /// The format a file name says, nil when its ending says nothing.
    public init?(path: String) {
        let name = path.lowercased()
        if name.hasSuffix(".json") {
            self = .json
        } else if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
            self = .yaml
        } else {
            return nil
        }
    }

    /// The format of some content: JSON when the first thing in it is an opening brace or bracket that JSON goes on
    /// from, else YAML.
    static func told(by bytes: [UInt8]) -> SourceFormat {
        var rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
        rest = rest.drop(while: isBlank)
        guard let first = rest.first, first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return .yaml }
        let second = rest.dropFirst().drop(while: isBlank).first
        let json: [UInt8] = Array("\"}{[]-0123456789".utf8)
        return second.map(json.contains) ?? true ? .json : .yaml
    }
}

/// Reads one authored file into nodes, whatever its syntax.
enum DocumentReader {
    /// Reads a file.
    ///
    /// - Returns: its root, nil when it cannot be read; why is among the problems.
    static func read(_ source: SourceText, limits: ReadLimits, _ problems: inout DiagnosticList) -> SourceNode? {
        let format = SourceFormat(path: source.path) ?? .told(by: source.bytes)
        guard checkBytes(source, format, limits, &problems) else { return nil }
        let before = problems.hasErrors
        let root: SourceNode?
        switch format {
        case .yaml: root = YAMLFrontEnd.read(source, limits: limits, &problems)
        case .json: root = JSONFrontEnd.read(source, limits: limits, &problems)
        }
        if root == nil, problems.hasErrors == before {
            problems.add(.emptyFile, "there is nothing in this file", at: 0..<0)
        }
        return root
    }

    /// Refuses what no syntax can hold.
    private static func checkBytes(
        _ source: SourceText, _ format: SourceFormat, _ limits: ReadLimits, _ problems: inout DiagnosticList
    ) -> Bool {
        let bytes = source.bytes
        guard bytes.count <= limits.bytes else {
            problems.add(
                .fileTooLarge, "this file has \(bytes.count) bytes; at most \(limits.bytes) are read", at: 0..<0,
                help: "move large data into files that stages read")
            return false
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            problems.add(
                .notUTF8, "this file is written in UTF-16", at: 0..<0, help: "save the file as UTF-8")
            return false
        }
        guard let fault = firstFault(bytes, format) else { return true }
        let range = fault.offset..<min(fault.offset + 1, bytes.count)
        if fault.isText {
            problems.add(
                .controlCharacter, "this file holds the byte 0x\(hex(bytes[fault.offset])), which is not text",
                at: range,
                help: "a workflow is a text file; check that this is the right one")
        } else {
            problems.add(
                .notUTF8, "this file is not UTF-8: the byte 0x\(hex(bytes[fault.offset])) cannot stand here", at: range,
                help: "save the file as UTF-8")
        }
        return false
    }

    private static func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16, uppercase: true)
        return text.count < 2 ? "0" + text : text
    }

    /// The first byte that is not UTF-8 or a control character that the syntax cannot hold; JSON tells its own.
    private static func firstFault(_ bytes: [UInt8], _ format: SourceFormat) -> (offset: Int, isText: Bool)? {
        var place = 0
        while place < bytes.count {
            let byte = bytes[place]
            if byte < 0x80 {
                let isControl = byte >= 0x20 ? byte == 0x7F : byte != 0x0A && byte != 0x0D && byte != 0x09
                if isControl, format == .yaml || byte == 0 { return (place, true) }
                place += 1
                continue
            }
            let length = byte < 0xC2 ? 0 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : byte < 0xF5 ? 4 : 0
            guard length > 0, place + length <= bytes.count else { return (place, false) }
            for next in 1..<length where bytes[place + next] & 0xC0 != 0x80 { return (place, false) }
            let second = bytes[place + 1]
            switch byte {
            case 0xE0 where second < 0xA0, 0xED where second > 0x9F, 0xF0 where second < 0x90, 0xF4 where second > 0x8F:
                return (place, false)
            default: place += length
            }
        }
        return nil
    }
}

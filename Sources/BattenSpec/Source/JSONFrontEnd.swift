import BattenCore

/// Reads JSON into the same nodes as YAML.
enum JSONFrontEnd {
    /// Reads the one value of a text that is known to be UTF-8 without NUL.
    ///
    /// - Returns: its root, nil when it cannot be read; why is among the problems.
    static func read(_ source: SourceText, limits: ReadLimits, _ problems: inout DiagnosticList) -> SourceNode? {
        do {
            let limits = JSONLimits(depth: limits.depth, bytes: limits.bytes, duplicateKeys: .refuse)
            return node(try JSONReader.parseNode(source.bytes, limits: limits))
        } catch {
            tell(error, source, limits, &problems)
            return nil
        }
    }

    /// Copies a node; as deep as the reader let it be.
    private static func node(_ json: JSONNode) -> SourceNode {
        switch json.content {
        case .scalar(let value):
            let style: SourceNode.Style = value.stringValue == nil ? .plain : .doubleQuoted
            return SourceNode(.scalar(value, style), range: json.range)
        case .array(let elements):
            return SourceNode(.sequence(elements.map(node)), range: json.range)
        case .object(let members):
            return SourceNode(
                .mapping(members.map { SourceNode.Member(key: $0.key, keyRange: $0.keyRange, value: node($0.value)) }),
                range: json.range)
        }
    }

    private static func tell(
        _ error: JSONError, _ source: SourceText, _ limits: ReadLimits, _ problems: inout DiagnosticList
    ) {
        var place = min(max(error.offset, 0), source.bytes.count)
        let atEnd = !source.bytes[place...].contains { $0 > 0x20 }
        if atEnd, let last = source.bytes.lastIndex(where: { $0 > 0x20 }) { place = last }
        while place > 0, place < source.bytes.count, source.bytes[place] & 0xC0 == 0x80 { place -= 1 }
        let range = place..<min(place + 1, source.bytes.count)
        switch error.code {
        case .depth:
            problems.add(
                .tooDeep, "values are nested deeper than \(limits.depth) levels", at: range,
                help: "put deep data into a file of its own that a stage reads")
        case .duplicateKey:
            problems.add(
                .duplicateKey, error.message, at: keyRange(from: place, source), help: "keep one of them")
        case .encoding:
            problems.add(.notUTF8, error.message, at: range, help: "save the file as UTF-8")
        case .size:
            problems.add(.fileTooLarge, error.message, at: 0..<0, help: "move large data into files that stages read")
        case .syntax, .memory:
            problems.add(
                .jsonSyntax,
                atEnd ? "this file ends too early: \(error.message)" : "this is not valid JSON: \(error.message)",
                at: range, help: atEnd ? "the file may be cut off; close what is open" : nil)
        }
    }

    private static func keyRange(from place: Int, _ source: SourceText) -> Range<Int> {
        guard place < source.bytes.count, source.bytes[place] == UInt8(ascii: "\"") else {
            return place..<min(place + 1, source.bytes.count)
        }
        var end = place + 1
        while end < source.bytes.count, source.bytes[end] != UInt8(ascii: "\"") {
            end += source.bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        return place..<min(end + 1, source.bytes.count)
    }
}

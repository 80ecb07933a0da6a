import BattenPlugin

/// A Mustache template, taken apart.
struct Template {
    indirect enum Node {
        case text([UInt8])
        case value(Name, isEscaped: Bool)
        case section(Name, isInverted: Bool, [Node])
        case partial(String, indent: [UInt8], line: Int)
    }

    /// A name as it stands in a tag.
    struct Name {
        var text: String
        /// The parts of a dotted name; empty for `.`, the value itself.
        var path: [String]
        var line: Int
    }

    let nodes: [Node]

    /// How many sections may stand inside one another.
    static let deepest = 100

    /// Reads a template.
    ///
    /// - Parameter field: where it was given, for messages.
    /// - Throws: ``Failure`` for bad input with the line of the fault.
    init(_ source: [UInt8], field: String) throws(Failure) {
        var reader = TemplateReader(source: source, field: field)
        nodes = try reader.read()
    }
}

/// Reads a template.
private struct TemplateReader {
    let source: [UInt8]
    let field: String
    private var at = 0
    private var line = 1
    private var opening = Array("{{".utf8)
    private var closing = Array("}}".utf8)
    /// The sections that are open, with what stands before them on their level.
    private var open: [(name: Template.Name, isInverted: Bool, before: [Template.Node])] = []
    private var nodes: [Template.Node] = []
    /// The text since the last tag.
    private var text: [UInt8] = []

    init(source: [UInt8], field: String) {
        self.source = source
        self.field = field
    }

    private static let newline = UInt8(ascii: "\n")

    mutating func read() throws(Failure) -> [Template.Node] {
        while at < source.count {
            if source[at...].starts(with: opening) {
                try readTag()
            } else {
                if source[at] == Self.newline { line += 1 }
                text.append(source[at])
                at += 1
            }
        }
        endText()
        if let unclosed = open.last {
            throw fault("'\(unclosed.name.text)' is opened and not closed", unclosed.name.line)
        }
        return nodes
    }

    private func fault(_ message: String, _ line: Int) -> Failure {
        .badInput(field: field, "line \(line): \(message)")
    }

    private mutating func endText() {
        if !text.isEmpty { nodes.append(.text(text)) }
        text = []
    }

    private mutating func readTag() throws(Failure) {
        let start = at
        let startLine = line
        var from = at + opening.count
        let kind = from < source.count ? source[from] : 0
        let isTriple = kind == UInt8(ascii: "{")
        var closing = closing
        if isTriple { closing = [UInt8(ascii: "}")] + closing }
        if kind == UInt8(ascii: "=") { closing = [UInt8(ascii: "=")] + closing }
        let hasSigil = "#^/>&!={".utf8.contains(kind)
        if hasSigil { from += 1 }
        guard let end = position(of: closing, from: from) else {
            throw fault("the tag has no '\(String(decoding: closing, as: UTF8.self))'", startLine)
        }
        let content = String(decoding: source[from..<end], as: UTF8.self)
        let after = end + closing.count
        line += source[start..<after].count { $0 == Self.newline }
        at = after
        if hasSigil, kind != UInt8(ascii: "&"), !isTriple, let (indent, next) = standingAlone(start, after) {
            text.removeLast(min(indent.count, text.count))
            if next > after { line += 1 }
            at = next
            try take(kind, content, indent, startLine)
        } else {
            try take(hasSigil ? kind : 0, content, [], startLine)
        }
    }

    private func position(of mark: [UInt8], from: Int) -> Int? {
        guard let first = mark.first, from <= source.count - mark.count else { return nil }
        return (from...(source.count - mark.count)).first { source[$0] == first && source[$0...].starts(with: mark) }
    }

    /// What stands before a tag that is alone on its line, and where the next line begins.
    private func standingAlone(_ start: Int, _ end: Int) -> (indent: [UInt8], next: Int)? {
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
        var first = start
        while first > 0, isBlank(source[first - 1]) { first -= 1 }
        guard first == 0 || source[first - 1] == Self.newline else { return nil }
        var next = end
        while next < source.count, isBlank(source[next]) { next += 1 }
        if next < source.count, source[next] == 13 { next += 1 }
        if next < source.count {
            guard source[next] == Self.newline else { return nil }
            next += 1
        }
        return (Array(source[first..<start]), next)
    }

    private mutating func take(_ kind: UInt8, _ content: String, _ indent: [UInt8], _ line: Int) throws(Failure) {
        endText()
        switch kind {
        case UInt8(ascii: "!"): break
        case UInt8(ascii: "="):
            let marks = content.split { $0 == " " || $0 == "\t" || $0 == "\n" }
            guard marks.count == 2, !content.contains("=") else {
                throw fault("'{{=…=}}' must hold two delimiters with a blank between, such as {{=<% %>=}}", line)
            }
            opening = Array(marks[0].utf8)
            closing = Array(marks[1].utf8)
        case UInt8(ascii: "#"), UInt8(ascii: "^"):
            guard open.count < Template.deepest else {
                throw fault("more than \(Template.deepest) sections inside one another", line)
            }
            open.append((try name(content, line), kind == UInt8(ascii: "^"), nodes))
            nodes = []
        case UInt8(ascii: "/"):
            let closed = try name(content, line)
            guard let section = open.popLast() else { throw fault("'\(closed.text)' is closed and not open", line) }
            guard section.name.text == closed.text else {
                throw fault(
                    "'\(closed.text)' is closed, open is '\(section.name.text)' of line \(section.name.line)", line)
            }
            nodes = section.before + [.section(section.name, isInverted: section.isInverted, nodes)]
        case UInt8(ascii: ">"): nodes.append(.partial(try name(content, line).text, indent: indent, line: line))
        case UInt8(ascii: "&"), UInt8(ascii: "{"): nodes.append(.value(try name(content, line), isEscaped: false))
        default: nodes.append(.value(try name(content, line), isEscaped: true))
        }
    }

    private func name(_ content: String, _ line: Int) throws(Failure) -> Template.Name {
        var text = content[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        if text == "." { return Template.Name(text: ".", path: [], line: line) }
        let path = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard !path.contains("") else { throw fault("'\(text)' is no name", line) }
        return Template.Name(text: String(text), path: path, line: line)
    }
}

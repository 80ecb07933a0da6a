/// Draws diagnostics for people, with the line of the file and a caret under the place.
public struct DiagnosticRenderer: Sendable {
    /// Columns to draw in; lines are cut around the place.
    public var width: Int
    /// Whether to use terminal colours.
    public var color: Bool

    private static let tabWidth = 4
    private static let shownLines = 3

    /// Creates a renderer; widths under 20 count as 20.
    public init(width: Int = 100, color: Bool = false) {
        self.width = Swift.max(20, width)
        self.color = color
    }

    /// Draws all diagnostics of a file, an empty line between them, ending with a line feed.
    public func render(_ diagnostics: [Diagnostic], source: SourceText) -> String {
        diagnostics.map { render($0, source: source) }.joined(separator: "\n")
    }

    /// Draws one diagnostic, ending with a line feed.
    public func render(_ diagnostic: Diagnostic, source: SourceText) -> String {
        let lines = shownLineNumbers(diagnostic, source)
        let gutter = String(lines.last ?? 1).count
        let pad = String(repeating: " ", count: gutter)
        let tone = diagnostic.severity == .error ? "31" : "33"
        var out = paint("\(diagnostic.severity.rawValue)[\(diagnostic.code.rawValue)]", "1;\(tone)")
        out += paint(": " + clean(diagnostic.message), "1") + "\n"
        let place = "\(diagnostic.start.line):\(diagnostic.start.column)"
        out += "\(pad)\(paint("┌─", "34")) \(clean(diagnostic.file)):\(place)\n"
        var previous: Int?
        for line in lines {
            if let previous, line > previous + 1 { out += "\(pad)\(paint("┆", "34"))\n" }
            previous = line
            let number = String(line)
            let drawn = draw(line, diagnostic, source, room: width - gutter - 2)
            let numberPad = String(repeating: " ", count: gutter - number.count)
            out += "\(numberPad)\(paint("\(number)│", "34"))\(drawn.text.isEmpty ? "" : " ")\(drawn.text)\n"
            guard drawn.caretWidth > 0 else { continue }
            var caret = String(repeating: "^", count: drawn.caretWidth)
            if line == lines.last, !diagnostic.label.isEmpty { caret += " " + clean(diagnostic.label) }
            let space = String(repeating: " ", count: drawn.caretStart + 1)
            out += "\(pad)\(paint("│", "34"))\(space)\(paint(caret, "1;\(tone)"))\n"
        }
        if let help = diagnostic.help {
            let parts = help.split(separator: "\n", omittingEmptySubsequences: false).map { clean(String($0)) }
            out += "\(pad)\(paint("=", "34")) help: \(parts.joined(separator: "\n\(pad)        "))\n"
        }
        return out
    }

    /// The lines to draw: all of a short range, the first and the last of a long one.
    private func shownLineNumbers(_ diagnostic: Diagnostic, _ source: SourceText) -> [Int] {
        let first = Swift.min(Swift.max(1, diagnostic.start.line), source.lineCount)
        var last = Swift.min(Swift.max(first, diagnostic.end.line), source.lineCount)
        if last > first, diagnostic.end.line == last, diagnostic.end.column == 1 { last -= 1 }
        if last - first < Self.shownLines { return Array(first...last) }
        return [first, last]
    }

    private struct Drawn {
        var text = ""
        var caretStart = 0
        var caretWidth = 0
    }

    /// One line with tabs expanded and controls replaced, cut to the room around its caret.
    private func draw(_ line: Int, _ diagnostic: Diagnostic, _ source: SourceText, room: Int) -> Drawn {
        let isFirst = line == diagnostic.start.line
        let isLast = line == diagnostic.end.line
        var cells: [(text: String, width: Int)] = []
        var caretStart: Int?
        var caretEnd: Int?
        var column = 1
        var width = 0
        for scalar in source.text(source.lineRange(line)).unicodeScalars {
            if isFirst, column == diagnostic.start.column { caretStart = width }
            if isLast, column == diagnostic.end.column { caretEnd = width }
            let isBlank = scalar == " " || scalar == "\t"
            if !isFirst, caretStart == nil, !isBlank { caretStart = width }
            let cell = cell(scalar, at: width)
            cells.append(cell)
            width += cell.width
            column += 1
        }
        let start = Swift.min(caretStart ?? width, width)
        let end = Swift.max(caretEnd ?? width, start)
        return cut(cells, start, Swift.max(1, end - start), room)
    }

    private func cell(_ scalar: Unicode.Scalar, at width: Int) -> (text: String, width: Int) {
        if scalar == "\t" {
            let count = Self.tabWidth - width % Self.tabWidth
            return (String(repeating: " ", count: count), count)
        }
        if DisplayWidth.isUnsafe(scalar) { return ("\u{FFFD}", 1) }
        return (String(scalar), DisplayWidth.of(scalar))
    }

    private func cut(_ cells: [(text: String, width: Int)], _ start: Int, _ length: Int, _ room: Int) -> Drawn {
        let room = Swift.max(8, room)
        let total = cells.reduce(0) { $0 + $1.width }
        guard total > room else {
            return Drawn(text: cells.map(\.text).joined(), caretStart: start, caretWidth: length)
        }
        // The window shows what leads up to the caret, and the caret itself as far as it fits.
        let lead = Swift.min(start, Swift.max(room / 3, room - length - 4))
        let from = start + Swift.min(length, room) <= room - 1 ? 0 : Swift.max(0, start - lead)
        var drawn = Drawn()
        var place = 0
        var used = 0
        var isCut = false
        if from > 0 {
            drawn.text = "…"
            used = 1
        }
        var shift: Int?
        for cell in cells {
            defer { place += cell.width }
            guard place >= from else { continue }
            if shift == nil { shift = place - used }
            guard used + cell.width < room else {
                isCut = true
                break
            }
            drawn.text += cell.text
            used += cell.width
        }
        if isCut { drawn.text += "…" }
        drawn.caretStart = Swift.max(0, start - (shift ?? 0))
        drawn.caretWidth = Swift.max(1, Swift.min(length, used - drawn.caretStart))
        return drawn
    }

    /// Text without anything a terminal would act on.
    private func clean(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: DisplayWidth.isUnsafe) else { return text }
        var out = ""
        for scalar in text.unicodeScalars {
            out.unicodeScalars.append(DisplayWidth.isUnsafe(scalar) ? (scalar == "\n" ? " " : "\u{FFFD}") : scalar)
        }
        return out
    }

    private func paint(_ text: String, _ code: String) -> String {
        color ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

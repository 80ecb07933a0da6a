import BattenCore

extension SourceText {
    /// The place in the file of a byte range inside a scalar's text.
    ///
    /// Exact for plain and quoted scalars and literal blocks. In folded blocks and scalars over several lines an
    /// expression is found again by counting them; failing that, the scalar's own start is given.
    ///
    /// - Parameters:
    ///   - inner: bytes of the text.
    ///   - node: the scalar.
    func range(of inner: Range<Int>, in node: SourceNode) -> Range<Int> {
        guard case .scalar(.string(let text), let style) = node.content else { return node.range }
        guard let start = offset(inner.lowerBound, text, style, node.range) else { return firstBytes(of: node.range) }
        let last = inner.isEmpty ? nil : offset(inner.upperBound - 1, text, style, node.range)
        let end = Swift.max(start, last.map { $0 + 1 } ?? start)
        return start..<endOfScalar(end)
    }

    /// A range that begins with the given one and stays on its first line.
    func firstBytes(of range: Range<Int>) -> Range<Int> {
        let lineEnd = lineRange(lineIndex(of: range.lowerBound) + 1).upperBound
        return range.lowerBound..<Swift.max(range.lowerBound, Swift.min(range.upperBound, lineEnd))
    }

    private func endOfScalar(_ end: Int) -> Int {
        var end = end
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }

    private func offset(_ inner: Int, _ text: String, _ style: SourceNode.Style, _ range: Range<Int>) -> Int? {
        switch style {
        case .plain:
            if range.count == text.utf8.count { return range.lowerBound + inner }
        case .singleQuoted, .doubleQuoted:
            if range.count == text.utf8.count + 2 { return range.lowerBound + 1 + inner }
            if let found = offsetInQuotes(inner, range, double: style == .doubleQuoted) { return found }
        case .literal:
            if let found = offsetInLiteral(inner, text, range) { return found }
        case .folded: break
        case .derived, .broken: return nil
        }
        return offsetOfExpression(inner, text, range)
    }

    /// Walks a quoted scalar on one line, escape by escape.
    private func offsetInQuotes(_ inner: Int, _ range: Range<Int>, double: Bool) -> Int? {
        var place = range.lowerBound + 1
        var passed = 0
        while place < range.upperBound - 1 {
            if passed >= inner { return place }
            let byte = bytes[place]
            if byte == 0x0A || byte == 0x0D { return nil }
            if double, byte == UInt8(ascii: "\\") {
                guard let escape = escape(at: place, before: range.upperBound) else { return nil }
                place += escape.source
                passed += escape.text
            } else if !double, byte == UInt8(ascii: "'") {
                place += 2
                passed += 1
            } else {
                place += 1
                passed += 1
            }
        }
        return passed >= inner ? place : nil
    }

    /// How many bytes an escape takes in the file, and how many its character takes in the text.
    private func escape(at place: Int, before end: Int) -> (source: Int, text: Int)? {
        guard place + 1 < end else { return nil }
        let digits: Int
        switch bytes[place + 1] {
        case UInt8(ascii: "x"): digits = 2
        case UInt8(ascii: "u"): digits = 4
        case UInt8(ascii: "U"): digits = 8
        case UInt8(ascii: "N"), UInt8(ascii: "_"): return (2, 2)
        case UInt8(ascii: "L"), UInt8(ascii: "P"): return (2, 3)
        default: return (2, 1)
        }
        guard place + 2 + digits <= end, let code = UInt32(text(place + 2..<place + 2 + digits), radix: 16) else {
            return nil
        }
        // Two escaped halves of a surrogate pair stand for one character of four bytes.
        if (0xD800...0xDFFF).contains(code) { return (2 + digits, 2) }
        return (2 + digits, code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4)
    }

    /// Finds the line of a literal block: each line of the text ends a line of the file.
    private func offsetInLiteral(_ inner: Int, _ text: String, _ range: Range<Int>) -> Int? {
        var line = 0
        var lineStart = 0
        var lineEnd = 0
        var place = 0
        for byte in text.utf8 {
            if place < inner, byte == 0x0A {
                line += 1
                lineStart = place + 1
            }
            if place >= inner, byte == 0x0A { break }
            place += 1
        }
        lineEnd = place
        let source = lineRange(lineIndex(of: range.lowerBound) + 2 + line)
        guard source.count >= lineEnd - lineStart else { return nil }
        return source.upperBound - (lineEnd - lineStart) + (inner - lineStart)
    }

    /// Finds the expression around a place again by its number among the `${{` of the scalar.
    private func offsetOfExpression(_ inner: Int, _ text: String, _ range: Range<Int>) -> Int? {
        let utf8 = Array(text.utf8)
        let opening = Array("${{".utf8)
        var number = 0
        var start: Int?
        var place = 0
        while place + 3 <= utf8.count, place <= inner {
            if utf8[place] == opening[0], utf8[place + 1] == opening[1], utf8[place + 2] == opening[2] {
                number += 1
                start = place
                place += 3
            } else {
                place += 1
            }
        }
        guard let start else { return nil }
        place = range.lowerBound
        let end = Swift.min(range.upperBound, bytes.count)
        while place + 3 <= end {
            guard bytes[place] == opening[0], bytes[place + 1] == opening[1], bytes[place + 2] == opening[2] else {
                place += 1
                continue
            }
            number -= 1
            if number > 0 {
                place += 3
                continue
            }
            let wanted = place + inner - start
            guard wanted < end, bytes[place..<wanted].elementsEqual(utf8[start..<Swift.max(start, inner)]) else {
                return place
            }
            return wanted
        }
        return nil
    }
}

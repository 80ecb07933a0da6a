import BattenCore
import BattenSpec

/// Reads a statement: which kind it is, and where its parts stand.
struct LineParser {
    /// What the parser has to know of names.
    struct Knowledge {
        /// Whether a name stands for something in the session or in the expression language.
        var isName: (String) -> Bool
        /// Whether there is an executor of this name, or a plugin that could have it.
        var isExecutor: (String) -> Bool
    }

    private let line: LineSource
    private let bytes: [UInt8]
    private let knowledge: Knowledge

    private init(_ line: LineSource, _ bytes: [UInt8], _ knowledge: Knowledge) {
        self.line = line
        self.bytes = bytes
        self.knowledge = knowledge
    }

    /// Reads a statement.
    ///
    /// - Parameters:
    ///   - line: what was typed.
    ///   - shape: the shape of that.
    static func parse(
        _ line: LineSource, _ shape: LineShape, _ knowledge: Knowledge
    ) throws(LineFault) -> LineStatement {
        if let invalid = invalidByte(line.bytes) {
            throw line.fault(
                .notUTF8, "the line is not UTF-8", at: invalid..<invalid + 1,
                label: "byte 0x" + String(line.bytes[invalid], radix: 16, uppercase: true),
                help: "write bytes that are no text in base64, and read them with unbase64()")
        }
        if let opening = shape.opening { throw unclosed(opening, line) }
        return try LineParser(line, shape.cleaned, knowledge).statement()
    }

    private func statement() throws(LineFault) -> LineStatement {
        var range = bytes.trimmed(0..<bytes.count)
        guard !range.isEmpty else { return .nothing }
        if bytes[range.lowerBound] == UInt8(ascii: ":") { return command(range) }
        var inBackground = false
        let last = range.upperBound - 1
        if bytes[last] == UInt8(ascii: "&"), last > range.lowerBound, bytes[last - 1] <= 0x20 {
            inBackground = true
            range = bytes.trimmed(range.lowerBound..<last)
        }
        var scanner = LineScanner(bytes, range)
        if let name = scanner.name() {
            scanner.skipSpace()
            if scanner.equals() {
                let word = LineWord(text: bytes.text(name), range: name)
                try checkName(word)
                let rest = bytes.trimmed(scanner.place..<range.upperBound)
                guard !rest.isEmpty else {
                    throw line.fault(
                        .badLine, "'\(word.text) =' gives no value", at: scanner.place - 1..<scanner.place,
                        help: "write \(word.text) = plugin.executor key=value …, or \(word.text) = expression")
                }
                if let call = callee(rest) {
                    return .stage(try stage(name: word, uses: call, rest), inBackground: inBackground)
                }
                return .value(word, rest, inBackground: inBackground)
            }
        }
        if let call = callee(range) {
            return .stage(try stage(name: nil, uses: call, range), inBackground: inBackground)
        }
        guard !inBackground else {
            throw line.fault(
                .badLine, "only what has a name or calls an executor can run in the background",
                at: last..<last + 1, help: "write name = expression &, or leave out the '&'")
        }
        return .expression(range)
    }

    private func command(_ range: Range<Int>) -> LineStatement {
        var end = range.lowerBound + 1
        while end < range.upperBound, bytes[end] > 0x20 { end += 1 }
        let word = LineWord(text: bytes.text(range.lowerBound + 1..<end), range: range.lowerBound..<end)
        return .command(word, rest: bytes.text(bytes.trimmed(end..<range.upperBound)))
    }

    // MARK: Calls

    /// The executor that a text calls; nil when the text is an expression.
    private func callee(_ range: Range<Int>) -> LineWord? {
        var scanner = LineScanner(bytes, range)
        guard scanner.name(withDashes: true) != nil else { return nil }
        if scanner.peek() == UInt8(ascii: ".") {
            scanner.place += 1
            while let byte = scanner.peek(), byte.continuesName || byte == UInt8(ascii: "-") { scanner.place += 1 }
        }
        let word = LineWord(text: bytes.text(range.lowerBound..<scanner.place), range: range.lowerBound..<scanner.place)
        guard scanner.isAtEnd || scanner.peek().map({ $0 <= 0x20 }) == true else { return nil }
        scanner.skipSpace()
        if scanner.isAtEnd {
            let first = word.text.split(separator: ".", maxSplits: 1).first.map(String.init) ?? ""
            return !knowledge.isName(first) && knowledge.isExecutor(word.text) ? word : nil
        }
        if scanner.peek() == UInt8(ascii: "@") { scanner.place += 1 }
        guard scanner.name(withDashes: true) != nil, scanner.equals() else { return nil }
        return word
    }

    private func stage(name: LineWord?, uses: LineWord, _ range: Range<Int>) throws(LineFault) -> StageLine {
        var stage = StageLine(name: name, uses: uses, fields: [])
        var scanner = LineScanner(bytes, uses.range.upperBound..<range.upperBound)
        while true {
            scanner.skipSpace()
            if scanner.isAtEnd { return stage }
            let start = scanner.place
            let isOfStage = scanner.peek() == UInt8(ascii: "@")
            if isOfStage { scanner.place += 1 }
            guard let key = scanner.name(withDashes: true), scanner.equals() else {
                scanner.place = start
                throw line.fault(
                    .badLine, "'key=value' is expected behind an executor", at: scanner.piece(),
                    help: "a value ends at a space: put an expression in round brackets and text in quotes, "
                        + "as in n=(a + 1) text=\"two words\"")
            }
            let word = LineWord(text: bytes.text(key), range: key)
            let value = scanner.piece()
            guard !value.isEmpty else {
                throw line.fault(
                    .badLine, "'\(word.text)=' has no value", at: key,
                    help: "the value follows at once, without a space: \(word.text)=value; empty text is \"\"")
            }
            if stage.fields.contains(where: { $0.key.text == word.text && $0.isOfStage == isOfStage }) {
                throw line.fault(.duplicateKey, "'\(word.text)' is given twice", at: key)
            }
            stage.fields.append(StageLine.Field(key: word, isOfStage: isOfStage, value: value))
        }
    }

    private func checkName(_ word: LineWord) throws(LineFault) {
        let isNamespace = ExpressionNamespace(rawValue: word.text) != nil
        guard isNamespace || ["now", "true", "false", "null", "in"].contains(word.text) else { return }
        throw line.fault(
            .badName, "'\(word.text)' is a word of the expression language, and cannot be a name",
            at: word.range, help: "take another name, for example \(word.text)_1")
    }

    // MARK: Faults

    private static func unclosed(_ opening: LineShape.Opening, _ line: LineSource) -> LineFault {
        switch opening {
        case .bracket(let byte, let place):
            let closing = byte == UInt8(ascii: "(") ? ")" : byte == UInt8(ascii: "[") ? "]" : "}"
            return line.fault(
                .badLine, "'\(Character(Unicode.Scalar(byte)))' is not closed before the end of the input",
                at: place..<place + 1, help: "close it with '\(closing)'")
        case .quote(let byte, let place):
            return line.fault(
                .badLine, "the text is not closed before the end of the input", at: place..<place + 1,
                help: "close it with \(Character(Unicode.Scalar(byte)))")
        case .backslash(let place):
            return line.fault(
                .badLine, "a backslash joins the next line, and there is none", at: place..<place + 1)
        }
    }

    /// Place of the first byte that is not UTF-8.
    private static func invalidByte(_ bytes: [UInt8]) -> Int? {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }
}

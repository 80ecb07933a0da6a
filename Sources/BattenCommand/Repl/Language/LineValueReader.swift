import BattenCore
import BattenSpec

/// Reads the values of a line and resolves the names in them.
struct LineValueReader {
    /// What the place of a value takes.
    struct Wish {
        /// JSON Schema types that it may have; empty when nothing is declared, nil where words are always names.
        var types: [String]?
        /// Whether a word without quotes can be meant as text there.
        var allowsText: Bool { types.map { $0.isEmpty || $0.contains("string") } ?? false }
    }

    private let line: LineSource
    private let bytes: [UInt8]
    private let names: NameTable
    /// What has been read of the session so far.
    private(set) var usage = LineUsage()
    /// Calls of declared functions that have to be made before the line can be.
    private(set) var calls: [ForeignCall] = []

    /// Begins with nothing read.
    ///
    /// - Parameter bytes: the statement without its comments.
    init(_ line: LineSource, _ bytes: [UInt8], _ names: NameTable) {
        self.line = line
        self.bytes = bytes
        self.names = names
    }

    /// Reads the value at a range.
    mutating func value(_ range: Range<Int>, _ wish: Wish = Wish()) throws(LineFault) -> LineValue {
        let range = bytes.trimmed(range)
        guard let first = range.isEmpty ? nil : bytes[range.lowerBound] else {
            throw line.fault(.badLine, "a value is missing", at: range)
        }
        switch first {
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            if fills(range) { return .text(try template(quoted(range))) }
        case UInt8(ascii: "["):
            if fills(range) { return try list(range) }
        case UInt8(ascii: "{"):
            if fills(range), let object = try object(range) { return object }
        default: break
        }
        return try word(range, wish)
    }

    /// Resolves an expression.
    mutating func expression(_ range: Range<Int>) throws(LineFault) -> MappedText {
        let written = MappedText(bytes.text(range), at: range.lowerBound)
        let expression: Expression
        do throws(ExpressionError) {
            expression = try Expression.parse(written.text)
        } catch {
            throw fault(error, written)
        }
        return try resolved(written, [expression])
    }

    // MARK: Kinds

    private mutating func word(_ range: Range<Int>, _ wish: Wish) throws(LineFault) -> LineValue {
        let text = bytes.text(range)
        let written = MappedText(text, at: range.lowerBound)
        let parsed: Result<Expression, ExpressionError>
        do throws(ExpressionError) {
            parsed = .success(try Expression.parse(text))
        } catch {
            parsed = .failure(error)
        }
        switch parsed {
        case .failure(let error):
            guard wish.allowsText, Self.isWord(text) else { throw fault(error, written) }
            return .text(MappedText(text.escapedTemplate, from: range))
        case .success(let expression):
            if expression.references.isEmpty, expression.functions.isEmpty, expression.problems.isEmpty,
                let value = try? expression.evaluate(in: ExpressionBindings())
            {
                if wish.types == ["string"], value.stringValue == nil, Self.isWord(text) {
                    return .text(MappedText(text, at: range.lowerBound))
                }
                if value.arrayValue == nil, value.objectValue == nil, value.stringValue == nil {
                    return .literal(value, range)
                }
            }
            let unknown = expression.problems.first { $0.code == .unknownName && !isKnown($0, text) }
            if let unknown, wish.allowsText, Self.isWord(text), !looksMisspelt(unknown, text) {
                return .text(MappedText(text.escapedTemplate, at: range.lowerBound))
            }
            return .expression(try resolved(written, [expression]))
        }
    }

    mutating func list(_ range: Range<Int>) throws(LineFault) -> LineValue {
        var values: [LineValue] = []
        for part in parts(range) { values.append(try value(part)) }
        return .list(values, range)
    }

    /// An object of `key: value`; nil when it is none.
    private mutating func object(_ range: Range<Int>) throws(LineFault) -> LineValue? {
        var members: [(key: LineWord, value: LineValue)] = []
        for part in parts(range) {
            var scanner = LineScanner(bytes, part)
            scanner.skipSpace()
            let key = bytes.trimmed(scanner.piece(until: [UInt8(ascii: ":")], endsAtSpace: false))
            guard scanner.peek() == UInt8(ascii: ":"), !key.isEmpty else { return nil }
            var name = bytes.text(key)
            if let literal = try? Expression.parse(name).literalValue?.stringValue {
                name = literal
            } else if !name.utf8.allSatisfy({ $0.continuesName || $0 == UInt8(ascii: "-") }) {
                return nil
            }
            let word = LineWord(text: name, range: key)
            if members.contains(where: { $0.key.text == name }) {
                throw line.fault(.duplicateKey, "'\(name)' is given twice", at: key)
            }
            members.append((word, try value(scanner.place + 1..<part.upperBound)))
        }
        return .object(members, range)
    }

    /// The parts between the commas of a bracketed range.
    private func parts(_ range: Range<Int>) -> [Range<Int>] {
        var scanner = LineScanner(bytes, range.lowerBound + 1..<range.upperBound - 1)
        var parts: [Range<Int>] = []
        while true {
            let part = scanner.piece(until: [UInt8(ascii: ",")], endsAtSpace: false)
            let isLast = scanner.isAtEnd
            // A comma behind the last element is none too many.
            if !isLast || !bytes.trimmed(part).isEmpty { parts.append(part) }
            if isLast { return parts }
            scanner.place += 1
        }
    }

    /// Whether the bracket or quote that a range begins with is closed at its end.
    private func fills(_ range: Range<Int>) -> Bool {
        var scanner = LineScanner(bytes, range)
        guard let first = scanner.peek() else { return false }
        if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") {
            scanner.place += 1
            while let byte = scanner.peek(), byte != first { scanner.place += byte == UInt8(ascii: "\\") ? 2 : 1 }
            return scanner.place == range.upperBound - 1
        }
        // The bracket, taken alone, ends where its piece would go on with something else.
        var depth = 0
        while !scanner.isAtEnd {
            let byte = scanner.bytes[scanner.place]
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                scanner.place += 1
                while let inner = scanner.peek(), inner != byte {
                    scanner.place += inner == UInt8(ascii: "\\") ? 2 : 1
                }
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 { return scanner.place == range.upperBound - 1 }
            default: break
            }
            scanner.place += 1
        }
        return false
    }

    /// The text of a quoted literal.
    private func quoted(_ range: Range<Int>) throws(LineFault) -> MappedText {
        let inner = range.lowerBound + 1..<range.upperBound - 1
        guard bytes[inner].contains(UInt8(ascii: "\\")) else {
            return MappedText(bytes.text(inner), at: inner.lowerBound)
        }
        do throws(ExpressionError) {
            let literal = try Expression.parse(bytes.text(range)).literalValue?.stringValue ?? ""
            return MappedText(literal, from: range)
        } catch {
            throw fault(error, MappedText(bytes.text(range), at: range.lowerBound))
        }
    }

    // MARK: Names

    /// Resolves the names inside `${{ … }}`.
    private mutating func template(_ written: MappedText) throws(LineFault) -> MappedText {
        let text = written.text
        guard text.utf8.contains(UInt8(ascii: "$")) else { return written }
        let template: Template
        do throws(ExpressionError) {
            template = try Template.parse(text)
        } catch {
            throw fault(error, written)
        }
        return try resolved(written, template.expressions)
    }

    /// Puts what names stand for in their places, and notes what is read.
    private mutating func resolved(
        _ written: MappedText, _ expressions: [Expression]
    ) throws(LineFault) -> MappedText {
        let text = Array(written.text.utf8)
        var replacements: [(range: Range<Int>, text: String)] = []
        for expression in expressions {
            var done: [Range<Int>] = []
            for problem in expression.problems where problem.code == .unknownFunction {
                guard !done.contains(where: { $0.contains(problem.range.lowerBound) }),
                    let (call, range) = foreignCall(problem.range, text, written)
                else { continue }
                done.append(range)
                guard let target = names.hoisted[call.name.lowerBound] else {
                    calls.append(call)
                    replacements.append((range, "null"))
                    continue
                }
                usage.add(entry: target.entry)
                replacements.append((range, target.text))
            }
            for problem in expression.problems
            where !done.contains(where: { $0.contains(problem.range.lowerBound) }) {
                guard problem.code == .unknownName else { throw fault(problem, written) }
                let name = text.text(problem.range)
                guard let meaning = names.text(of: name) else { throw unknown(name, problem, written) }
                if let target = names.targets[name] {
                    usage.add(entry: target.entry)
                } else {
                    usage.add(parameter: name)
                }
                replacements.append((problem.range, meaning))
            }
            for reference in expression.references
            where !done.contains(where: { $0.contains(reference.range.lowerBound) }) {
                guard reference.path.count > 1, let key = reference.path[1].key else { continue }
                switch reference.namespace {
                case .secrets: usage.add(secret: key)
                case .parameters:
                    guard names.parameters.contains(key) else {
                        throw line.fault(
                            .unknownParameter, "there is no parameter '\(key)'",
                            at: written.origin(of: reference.partRanges[1]),
                            help: DidYouMean.nearest(to: key, in: names.parameters).map { "did you mean '\($0)'?" }
                                ?? "declare it with :param \(key)=value")
                    }
                    usage.add(parameter: key)
                case .stages:
                    guard let target = names.targets[key] else {
                        throw line.fault(
                            .unknownStage, "there is no stage '\(key)'",
                            at: written.origin(of: reference.partRanges[1]),
                            help: DidYouMean.nearest(to: key, in: names.targets.keys).map { "did you mean '\($0)'?" })
                    }
                    usage.add(entry: target.entry)
                    if target.id != key { replacements.append((reference.partRanges[1], target.id)) }
                default: break
                }
            }
        }
        replacements.sort { $0.range.lowerBound < $1.range.lowerBound }
        return written.replacing(replacements)
    }

    /// The call of a declared function whose name stands at a range, and the range of the whole call.
    private func foreignCall(
        _ name: Range<Int>, _ text: [UInt8], _ written: MappedText
    ) -> (call: ForeignCall, range: Range<Int>)? {
        guard let function = names.functions[text.text(name)] else { return nil }
        var scanner = LineScanner(text, name.upperBound..<text.count)
        scanner.skipSpace()
        guard scanner.peek() == UInt8(ascii: "(") else { return nil }
        let start = scanner.place
        scanner.place += 1
        _ = scanner.piece(until: [UInt8(ascii: ")")], endsAtSpace: false)
        guard scanner.peek() == UInt8(ascii: ")") else { return nil }
        let range = name.lowerBound..<scanner.place + 1
        let origin = written.origin(of: range)
        // Only what stands in the line as it is can be read again there.
        guard origin.count == range.count else { return nil }
        let shift = origin.lowerBound - range.lowerBound
        return (
            ForeignCall(
                function: function, name: name.lowerBound + shift..<name.upperBound + shift,
                arguments: start + shift..<range.upperBound + shift),
            range
        )
    }

    private func isKnown(_ problem: ExpressionError, _ text: String) -> Bool {
        names.text(of: Array(text.utf8).text(problem.range)) != nil
    }

    /// Whether a name that is not known is near to one that is, and not just a word.
    private func looksMisspelt(_ problem: ExpressionError, _ text: String) -> Bool {
        let name = Array(text.utf8).text(problem.range)
        guard name.count > 2, text.contains(".") || text.contains("[") else { return false }
        return Spelling.nearest(to: name, in: names.all) != nil
    }

    private func unknown(_ name: String, _ error: ExpressionError, _ written: MappedText) -> LineFault {
        let near = DidYouMean.nearest(to: name, in: names.all + ExpressionNamespace.allCases.map(\.rawValue))
        let help: String
        if names.failed.contains(name) {
            return line.fault(
                .unknownNamespace, "'\(name)' has no value: its line did not complete",
                at: written.origin(of: error.range), help: ":retry \(name) tries it again")
        }
        if Expression.functionSignatures[name] != nil || names.functions[name] != nil {
            help = "'\(name)' is a function: call it with its arguments in round brackets"
        } else if let near {
            help = "did you mean '\(near)'?"
        } else {
            help = "text stands in quotes; :vars lists the names of this session"
        }
        return line.fault(
            .unknownNamespace, "there is no name '\(name)' in this session",
            at: written.origin(of: error.range), help: help)
    }

    private func fault(_ error: ExpressionError, _ written: MappedText) -> LineFault {
        line.fault(
            DiagnosticCode(of: error), error.message, at: written.origin(of: error.range), help: error.help)
    }

    /// Whether a text can be meant as a word without quotes: no brackets, quotes, commas or expressions in it.
    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                byte > 0x20
                    && ![
                        UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: ")"),
                        UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"),
                        UInt8(ascii: ","), UInt8(ascii: "$"), UInt8(ascii: "\\"), UInt8(ascii: "`"),
                    ].contains(byte)
            }
    }
}

extension String {
    /// The text with nothing in it that is read as an expression.
    var escapedTemplate: String { replacing("${{", with: "$${{") }
}

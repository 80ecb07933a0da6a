// The functions on texts.
extension ExpressionEvaluator {
    mutating func text(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        switch arguments.function {
        case .length: return .int(Int64(try length(arguments)))
        case .contains:
            return .bool(try contains(arguments[0], arguments[1], arguments.range, called: "contains"))
        case .startsWith:
            return .bool(try arguments.string(0).utf8.starts(with: try arguments.string(1).utf8))
        case .endsWith:
            return .bool(try arguments.string(0).utf8.reversed().starts(with: try arguments.string(1).utf8.reversed()))
        case .upper: return .string(try arguments.string(0).uppercased())
        case .lower: return .string(try arguments.string(0).lowercased())
        case .trim: return .string(try arguments.string(0).trimmed)
        case .split: return try split(arguments)
        case .join: return try join(arguments)
        case .replace: return try replace(arguments)
        case .matches: return try matches(arguments)
        default: return try format(arguments)
        }
    }

    private func length(_ arguments: Arguments) throws(ExpressionError) -> Int {
        switch arguments[0] {
        case .string(let text): return text.unicodeScalars.count
        case .array(let elements): return elements.count
        case .object(let object): return object.count
        default: throw arguments.mismatch("a string, a list or an object", at: 0)
        }
    }

    private func split(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        let text = try arguments.string(0)
        let separator = try arguments.string(1)
        guard !separator.isEmpty else { throw arguments.fault("the separator is empty", at: 1) }
        return .array(text.pieces(between: separator).map { .string($0) })
    }

    private mutating func join(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        let elements = try arguments.list(0)
        let separator = arguments.count > 1 ? try arguments.string(1) : ","
        var text = ""
        for (index, element) in elements.enumerated() {
            if index > 0 { text += separator }
            text += try rendered(element, arguments.nodes[0].range)
            try checkLength(text.utf8.count, arguments.range)
        }
        try charge(text.utf8.count, arguments.range)
        return .string(text)
    }

    private mutating func replace(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        let text = try arguments.string(0)
        let old = try arguments.string(1)
        let new = try arguments.string(2)
        guard !old.isEmpty else { throw arguments.fault("the text to replace is empty", at: 1) }
        let pieces = text.pieces(between: old)
        let (added, over) = (pieces.count - 1).multipliedReportingOverflow(by: new.utf8.count)
        try checkLength(over ? Int.max : added, arguments.range)
        try charge(added, arguments.range)
        return .string(pieces.joined(separator: new))
    }

    private func matches(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        let text = try arguments.string(0)
        let source = try arguments.string(1)
        let pattern: SearchPattern
        do throws(SearchPattern.Failure) {
            pattern = try SearchPattern.cached(source)
        } catch {
            throw ExpressionAnalysis.badPattern(error.reason, range: arguments.nodes[1].range)
        }
        return .bool(pattern.matches(text))
    }

    /// Puts arguments in the places `{0}`, `{1}` …; `{{` and `}}` stand for single braces.
    private mutating func format(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        let pattern = Array(try arguments.string(0).utf8)
        var output: [UInt8] = []
        var place = 0
        while place < pattern.count {
            let byte = pattern[place]
            place += 1
            guard byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}") else {
                output.append(byte)
                continue
            }
            if place < pattern.count, pattern[place] == byte {
                output.append(byte)
                place += 1
                continue
            }
            let digits = pattern[place...].prefix { $0.isDigit }
            let close = place + digits.count
            guard byte == UInt8(ascii: "{"), !digits.isEmpty, close < pattern.count,
                pattern[close] == UInt8(ascii: "}")
            else {
                throw arguments.fault(
                    "a single brace in the text", at: 0, help: "write {0} for a value, {{ for a brace")
            }
            guard let index = Int(String(decoding: digits, as: UTF8.self)), index < arguments.count - 1 else {
                throw arguments.fault(
                    "there is no value {\(String(decoding: digits.prefix(20), as: UTF8.self))}", at: 0,
                    help: "the first value behind the text is {0}")
            }
            output.append(contentsOf: try rendered(arguments[index + 1], arguments.nodes[index + 1].range).utf8)
            try checkLength(output.count, arguments.range)
            place = close + 1
        }
        try charge(output.count, arguments.range)
        return .string(String(decoding: output, as: UTF8.self))
    }
}

extension String {
    /// The parts between the places where a separator stands; at least one.
    func pieces(between separator: String) -> [String] {
        var text = self
        var separator = separator
        return text.withUTF8 { text in
            separator.withUTF8 { separator in
                var pieces: [String] = []
                var start = 0
                while !separator.isEmpty, let place = String.firstPlace(of: separator, in: text, from: start) {
                    pieces.append(String(decoding: text[start..<place], as: UTF8.self))
                    start = place + separator.count
                }
                pieces.append(String(decoding: text[start...], as: UTF8.self))
                return pieces
            }
        }
    }
}

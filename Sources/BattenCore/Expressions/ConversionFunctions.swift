// The functions that change a value's type or encoding.
extension ExpressionEvaluator {
    mutating func conversion(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        switch arguments.function {
        case .toJSON:
            let pretty = arguments.count > 1 ? try arguments.bool(1) : false
            try checkResult(arguments[0], range: arguments.range)
            let text = JSONWriter.string(arguments[0], style: pretty ? .pretty : .compact)
            try charge(text.utf8.count, arguments.range)
            try checkLength(text.utf8.count, arguments.range)
            return .string(text)
        case .fromJSON: return try fromJSON(arguments)
        case .int: return .int(try integer(arguments))
        case .float: return .double(try float(arguments))
        case .string:
            if arguments[0].isNull { return "null" }
            return .string(try rendered(arguments[0], arguments.range))
        case .bool: return .bool(try truth(arguments))
        case .sha256: return .string(SHA256.hex(try arguments.string(0)))
        case .base64: return .string(Base64.encode(Array(try arguments.string(0).utf8)))
        case .unbase64: return try unbase64(arguments)
        case .urlencode: return .string(try percentEncoded(arguments))
        default: return .string(try shellQuoted(arguments))
        }
    }

    private func fromJSON(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        let text = try arguments.string(0)
        do throws(JSONError) {
            return try JSONReader.parse(text)
        } catch {
            throw arguments.fault("the text is \(error.description)", at: 0)
        }
    }

    /// Integers stay, other numbers lose their fraction, booleans are 1 and 0, texts are read as decimal digits.
    private func integer(_ arguments: Arguments) throws(ExpressionError) -> Int64 {
        switch arguments[0] {
        case .int(let number): return number
        case .double(let number):
            guard number > -9_223_372_036_854_777_856, number < 9_223_372_036_854_775_808 else {
                throw Self.overflow(arguments.nodes[0].range)
            }
            return Int64(number.rounded(.towardZero))
        case .bool(let truth): return truth ? 1 : 0
        case .string(let text):
            let trimmed = text.trimmed
            if let number = Int64(trimmed) { return number }
            let digits = trimmed.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
            if !digits.isEmpty, trimmed.utf8.count - digits.count <= 1, digits.allSatisfy({ $0.isDigit }) {
                throw Self.overflow(arguments.nodes[0].range)
            }
            throw arguments.fault(
                "the text is no integer", at: 0, help: "int(float(…)) reads a number with a fraction and cuts it")
        default: throw arguments.mismatch("a number, a boolean or a string", at: 0)
        }
    }

    /// Numbers become doubles, texts are read as a JSON number.
    private func float(_ arguments: Arguments) throws(ExpressionError) -> Double {
        switch arguments[0] {
        case .int(let number): return Double(number)
        case .double(let number): return number
        case .string(let text):
            let value: JSONValue?
            do throws(JSONError) { value = try JSONReader.parse(text.trimmed) } catch { value = nil }
            if let number = value?.doubleValue { return number }
            throw arguments.fault("the text is no number", at: 0)
        default: throw arguments.mismatch("a number or a string", at: 0)
        }
    }

    private func truth(_ arguments: Arguments) throws(ExpressionError) -> Bool {
        switch arguments[0] {
        case .bool(let truth): return truth
        case .int(0), .string("false"): return false
        case .int(1), .string("true"): return true
        case .int, .double, .string:
            throw arguments.fault("only true, false, 'true', 'false', 1 and 0 are booleans", at: 0)
        default: throw arguments.mismatch("a boolean, 'true', 'false', 1 or 0", at: 0)
        }
    }

    private func unbase64(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        guard let bytes = Base64.decode(try arguments.string(0)) else {
            throw arguments.fault("the text is not base64", at: 0)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw arguments.fault("the bytes are not a UTF-8 text", at: 0)
        }
        return .string(text)
    }

    /// Every byte but letters, digits and `-._~` as `%XX`.
    private mutating func percentEncoded(_ arguments: Arguments) throws(ExpressionError) -> String {
        let text = try rendered(arguments[0], arguments.nodes[0].range)
        try checkLength(text.utf8.count, arguments.range)
        return PercentEncoding.encode(text)
    }

    /// A text as one word of a POSIX shell; a list as words with spaces between.
    private mutating func shellQuoted(_ arguments: Arguments) throws(ExpressionError) -> String {
        let words: [JSONValue] = if case .array(let elements) = arguments[0] { elements } else { [arguments[0]] }
        var quoted: [String] = []
        var length = 0
        for word in words {
            let text = try rendered(word, arguments.nodes[0].range)
            guard !text.utf8.contains(0) else {
                throw arguments.fault("a shell has no words with the character U+0000", at: 0)
            }
            let safe = text.pieces(between: "'").joined(separator: "'\\''")
            quoted.append("'" + safe + "'")
            length += safe.utf8.count
            try checkLength(length, arguments.range)
        }
        return quoted.joined(separator: " ")
    }
}

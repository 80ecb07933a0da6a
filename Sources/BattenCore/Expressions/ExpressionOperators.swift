import CBattenPure

// The operators between two values. None converts its operands; numbers of both kinds go together.
extension ExpressionEvaluator {
    /// Applies an operator to two values.
    mutating func apply(
        _ operand: BinaryOperand, _ left: JSONValue, _ right: JSONValue, _ range: Range<Int>
    ) throws(ExpressionError) -> JSONValue {
        switch operand.operation {
        case .equal: return .bool(left == right)
        case .notEqual: return .bool(left != right)
        case .less: return .bool(try order(operand, left, right) { $0 < 0 })
        case .lessOrEqual: return .bool(try order(operand, left, right) { $0 <= 0 })
        case .greater: return .bool(try order(operand, left, right) { $0 > 0 })
        case .greaterOrEqual: return .bool(try order(operand, left, right) { $0 >= 0 })
        case .contains: return .bool(try contains(right, left, operand.operatorRange, called: "'in'"))
        case .add: return try sum(operand, left, right, range)
        case .subtract, .multiply, .divide, .remainder: return try arithmetic(operand, left, right, range)
        case .and, .or, .coalesce: return .null
        }
    }

    /// The negative of a number.
    func negated(_ value: JSONValue, _ range: Range<Int>) throws(ExpressionError) -> JSONValue {
        switch value {
        case .int(let number):
            let (result, over) = Int64(0).subtractingReportingOverflow(number)
            if over { throw Self.overflow(range) }
            return .int(result)
        case .double(let number): return .double(-number)
        default:
            throw ExpressionError(
                code: .type, message: "'-' needs a number, here is \(value.nameWithArticle)", range: range)
        }
    }

    /// Whether a text holds a text, a list an element, or an object a key.
    mutating func contains(
        _ container: JSONValue, _ wanted: JSONValue, _ range: Range<Int>, called name: String
    ) throws(ExpressionError) -> Bool {
        switch (container, wanted) {
        case (.array(let elements), _):
            try charge(elements.count, range)
            return elements.contains(wanted)
        case (.string(let text), .string(let part)):
            try charge(text.utf8.count, range)
            return text.firstPlace(of: part) != nil
        case (.object(let object), .string(let key)): return object[key] != nil
        case (.string, _), (.object, _):
            throw ExpressionError(
                code: .type,
                message:
                    "\(name) looks for a string in \(container.nameWithArticle), here is \(wanted.nameWithArticle)",
                range: range)
        default:
            throw ExpressionError(
                code: .type,
                message: "\(name) looks in a list, a string or an object, here is \(container.nameWithArticle)",
                range: range)
        }
    }

    private func order(
        _ operand: BinaryOperand, _ left: JSONValue, _ right: JSONValue, _ test: (Int) -> Bool
    ) throws(ExpressionError) -> Bool {
        guard let order = left.order(to: right) else {
            let same = left.typeName == right.typeName
            throw ExpressionError(
                code: .type,
                message: same
                    ? "'\(operand.operation.text)' orders numbers and strings, not \(left.pluralName)"
                    : "'\(operand.operation.text)' cannot order \(left.nameWithArticle) and \(right.nameWithArticle)",
                range: operand.operatorRange,
                help: same ? nil : "convert one of them with int(), float() or string()")
        }
        return test(order)
    }

    private mutating func sum(
        _ operand: BinaryOperand, _ left: JSONValue, _ right: JSONValue, _ range: Range<Int>
    ) throws(ExpressionError) -> JSONValue {
        switch (left, right) {
        case (.string(let a), .string(let b)):
            try charge(a.utf8.count + b.utf8.count, range)
            try checkLength(a.utf8.count + b.utf8.count, range)
            return .string(a + b)
        case (.array(let a), .array(let b)):
            try charge(a.count + b.count, range)
            try checkLength(2 * (a.count + b.count), range)
            return .array(a + b)
        case (.string, _), (_, .string):
            let other = left.stringValue == nil ? left : right
            throw ExpressionError(
                code: .type, message: "'+' joins strings with strings, here is \(other.nameWithArticle)",
                range: operand.operatorRange,
                help: other.isNull ? "write '?? \"\"' behind it" : "convert it with string(…)")
        default: return try arithmetic(operand, left, right, range)
        }
    }

    private func arithmetic(
        _ operand: BinaryOperand, _ left: JSONValue, _ right: JSONValue, _ range: Range<Int>
    ) throws(ExpressionError) -> JSONValue {
        if operand.operation != .divide, case .int(let a) = left, case .int(let b) = right {
            return .int(try integer(operand, a, b, range))
        }
        guard let a = left.doubleValue, let b = right.doubleValue else {
            let other = left.doubleValue == nil ? left : right
            throw ExpressionError(
                code: .type, message: "'\(operand.operation.text)' needs numbers, here is \(other.nameWithArticle)",
                range: operand.operatorRange,
                help: other.stringValue == nil ? nil : "convert it with int(…) or float(…)")
        }
        let result: Double
        switch operand.operation {
        case .add: result = a + b
        case .subtract: result = a - b
        case .multiply: result = a * b
        default:
            if b == 0 { throw Self.divisionByZero(operand.operatorRange) }
            result = operand.operation == .divide ? a / b : a.truncatingRemainder(dividingBy: b)
        }
        guard result.isFinite else { throw Self.overflow(range) }
        return .double(result)
    }

    private func integer(
        _ operand: BinaryOperand, _ a: Int64, _ b: Int64, _ range: Range<Int>
    ) throws(ExpressionError) -> Int64 {
        let (result, over): (Int64, Bool)
        switch operand.operation {
        case .add: (result, over) = a.addingReportingOverflow(b)
        case .subtract: (result, over) = a.subtractingReportingOverflow(b)
        case .multiply: (result, over) = a.multipliedReportingOverflow(by: b)
        default:
            if b == 0 { throw Self.divisionByZero(operand.operatorRange) }
            // The remainder by -1 is always 0; the processor would compute a quotient that overflows.
            (result, over) = (b == -1 ? 0 : a % b, false)
        }
        if over { throw Self.overflow(range) }
        return result
    }

    /// Refuses a text or list that is longer than any result may be.
    func checkLength(_ length: Int, _ range: Range<Int>) throws(ExpressionError) {
        guard length <= Self.greatestResult else {
            throw ExpressionError(code: .limit, message: "the result is larger than 16 MiB", range: range)
        }
    }

    static func overflow(_ range: Range<Int>) -> ExpressionError {
        ExpressionError(
            code: .overflow, message: "the result is too large a number", range: range,
            help: "integers have 64 bits; with one operand in float(…) the result is a floating-point number")
    }

    private static func divisionByZero(_ range: Range<Int>) -> ExpressionError {
        ExpressionError(
            code: .divisionByZero, message: "division by zero", range: range,
            help: "test the divisor first: 'd == 0 ? … : n / d'")
    }
}

extension JSONValue {
    /// Negative, zero or positive as the value stands before, with or behind another; nil for values without order.
    func order(to other: JSONValue) -> Int? {
        switch (self, other) {
        case (.int(let a), .int(let b)): return a < b ? -1 : a > b ? 1 : 0
        case (.int(let a), .double(let b)): return Self.order(a, b)
        case (.double(let a), .int(let b)): return Self.order(b, a).map { -$0 }
        case (.double(let a), .double(let b)): return a < b ? -1 : a > b ? 1 : a == b ? 0 : nil
        case (.string(let a), .string(let b)):
            if a.utf8.lexicographicallyPrecedes(b.utf8) { return -1 }
            return a.hasSameBytes(as: b) ? 0 : 1
        default: return nil
        }
    }

    /// Orders an integer and a double by their exact values.
    private static func order(_ a: Int64, _ b: Double) -> Int? {
        if b >= 9_223_372_036_854_775_808 { return -1 }
        if b < -9_223_372_036_854_775_808 { return 1 }
        if b.isNaN { return nil }
        let whole = Int64(b.rounded(.towardZero))
        if a != whole { return a < whole ? -1 : 1 }
        let fraction = b - b.rounded(.towardZero)
        return fraction > 0 ? -1 : fraction < 0 ? 1 : 0
    }

    /// The type's name for several of them.
    fileprivate var pluralName: String {
        switch self {
        case .null: "nulls"
        case .bool: "booleans"
        case .int, .double: "numbers"
        case .string: "strings"
        case .array: "lists"
        case .object: "objects"
        }
    }
}

extension String {
    /// Where another text's bytes first stand in this one's, in UTF-8 bytes; an empty one is at the beginning.
    func firstPlace(of part: String, from start: Int = 0) -> Int? {
        var text = self
        var part = part
        return text.withUTF8 { text in
            part.withUTF8 { part in Self.firstPlace(of: part, in: text, from: start) }
        }
    }

    /// Where bytes first stand in others, from a place on; the time is linear.
    static func firstPlace(
        of part: UnsafeBufferPointer<UInt8>, in text: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> Int? {
        guard !part.isEmpty else { return start }
        guard let base = text.baseAddress, text.count - start >= part.count else { return nil }
        let found = batten_find(base + start, text.count - start, part.baseAddress, part.count)
        return found < 0 ? nil : start + found
    }
}

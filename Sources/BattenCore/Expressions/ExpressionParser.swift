/// Builds the tree of an expression; operators by precedence, chains kept flat.
struct ExpressionParser {
    /// How deep brackets, calls, signs and conditions may nest.
    static let greatestNesting = 64

    private var lexer: ExpressionLexer
    private var token: ExpressionToken
    private var nesting = 0

    /// Starts at a place of a text.
    init(_ bytes: [UInt8], from start: Int = 0) throws(ExpressionError) {
        lexer = ExpressionLexer(bytes, from: start)
        token = try lexer.next()
    }

    /// Reads an expression that fills the rest of the text.
    mutating func whole() throws(ExpressionError) -> ExpressionNode {
        if token.kind == .end { throw empty }
        let node = try expression()
        guard token.kind == .end else { throw unexpected("an operator or the end") }
        return node
    }

    /// Reads an expression up to `}}` and gives the place behind it.
    mutating func segment(openedAt opening: Int) throws(ExpressionError) -> (ExpressionNode, end: Int) {
        if token.kind == .end { throw unclosed(opening) }
        if token.kind == .symbol(.closeCurly) { throw empty }
        let node = try expression()
        if token.kind == .end { throw unclosed(opening) }
        let end = token.range.upperBound
        guard token.kind == .symbol(.closeCurly), end < lexer.bytes.count, lexer.bytes[end] == UInt8(ascii: "}") else {
            throw unexpected("an operator or '}}'")
        }
        return (node, end + 1)
    }

    private var empty: ExpressionError {
        ExpressionError(code: .syntax, message: "the expression is empty", range: token.range)
    }

    private func unclosed(_ opening: Int) -> ExpressionError {
        ExpressionError(
            code: .syntax, message: "'${{' is not closed", range: opening..<opening + 3,
            help: "end the expression with '}}', or write '$${{' for the text '${{'")
    }

    // MARK: Operators

    private mutating func expression() throws(ExpressionError) -> ExpressionNode {
        try enter()
        defer { nesting -= 1 }
        let condition = try operators(from: 1)
        guard token.kind == .symbol(.question) else { return condition }
        try advance()
        let then = try expression()
        try expect(.colon, "':' and what the expression gives otherwise")
        let otherwise = try expression()
        return ExpressionNode(
            kind: .conditional(condition, then: then, else: otherwise),
            range: condition.range.lowerBound..<otherwise.range.upperBound)
    }

    /// Reads operands joined by operators of at least this precedence.
    private mutating func operators(from least: Int) throws(ExpressionError) -> ExpressionNode {
        var left = try unary()
        while let next = BinaryOperator(token.kind), next.precedence >= least {
            var operands: [BinaryOperand] = []
            while let operation = BinaryOperator(token.kind), operation.precedence == next.precedence {
                let range = token.range
                try advance()
                let right = try operators(from: next.precedence + 1)
                operands.append(BinaryOperand(operation: operation, operatorRange: range, node: right))
            }
            left = chain(left, operands, next)
        }
        return left
    }

    private func chain(
        _ first: ExpressionNode, _ operands: [BinaryOperand], _ operation: BinaryOperator
    ) -> ExpressionNode {
        let end = operands.last?.node.range.upperBound ?? first.range.upperBound
        let kind: ExpressionNode.Kind =
            switch operation {
            case .coalesce: .coalesce([first] + operands.map(\.node))
            case .or: .or([first] + operands.map(\.node))
            case .and: .and([first] + operands.map(\.node))
            default: .binary(first, operands)
            }
        return ExpressionNode(kind: kind, range: first.range.lowerBound..<end)
    }

    private mutating func unary() throws(ExpressionError) -> ExpressionNode {
        let start = token.range.lowerBound
        switch token.kind {
        case .symbol(.not):
            try enter()
            defer { nesting -= 1 }
            try advance()
            let operand = try unary()
            return ExpressionNode(kind: .not(operand), range: start..<operand.range.upperBound)
        case .symbol(.minus):
            try enter()
            defer { nesting -= 1 }
            try advance()
            if token.kind == .integerBeyondMax {
                let range = start..<token.range.upperBound
                try advance()
                return ExpressionNode(kind: .literal(.int(.min)), range: range)
            }
            let operand = try unary()
            let range = start..<operand.range.upperBound
            switch operand.kind {
            case .literal(.int(let value)) where value >= 0:
                return ExpressionNode(kind: .literal(.int(-value)), range: range)
            case .literal(.double(let value)): return ExpressionNode(kind: .literal(.double(-value)), range: range)
            default: return ExpressionNode(kind: .negate(operand), range: range)
            }
        default: return try postfix()
        }
    }

    // MARK: Access

    private mutating func postfix() throws(ExpressionError) -> ExpressionNode {
        let base = try primary()
        var steps: [AccessStep] = []
        var end = base.range.upperBound
        while true {
            switch token.kind {
            case .symbol(.dot): steps.append(try member(isNullSafe: false, end: &end))
            case .symbol(.safeDot): steps.append(try member(isNullSafe: true, end: &end))
            case .symbol(.openSquare): steps.append(try index(isNullSafe: false, end: &end))
            default:
                guard !steps.isEmpty else { return base }
                return ExpressionNode(kind: .access(base, steps), range: base.range.lowerBound..<end)
            }
        }
    }

    /// Reads what stands behind a dot.
    private mutating func member(isNullSafe: Bool, end: inout Int) throws(ExpressionError) -> AccessStep {
        if let name = lexer.memberName(), case .name(let key) = name.kind {
            token = try lexer.next()
            end = name.range.upperBound
            return AccessStep(kind: .key(key), isNullSafe: isNullSafe, range: name.range)
        }
        try advance()
        switch token.kind {
        case .symbol(.times):
            let range = token.range
            end = range.upperBound
            try advance()
            return AccessStep(kind: .each, isNullSafe: isNullSafe, range: range)
        case .symbol(.openSquare) where isNullSafe: return try index(isNullSafe: true, end: &end)
        case .integer:
            throw unexpected("a name behind the dot", help: "write [0] for an element of a list")
        default: throw unexpected("a name behind the dot", help: "other keys are written ['like this']")
        }
    }

    /// Reads `[…]`.
    private mutating func index(isNullSafe: Bool, end: inout Int) throws(ExpressionError) -> AccessStep {
        try advance()
        let index = try expression()
        end = token.range.upperBound
        try expect(.closeSquare, "']'")
        let kind: AccessStep.Kind
        switch index.kind {
        case .literal(.string(let key)): kind = .key(key)
        case .literal(.int(let position)): kind = .position(Int(clamping: position))
        default: kind = .computed(index)
        }
        return AccessStep(kind: kind, isNullSafe: isNullSafe, range: index.range)
    }

    // MARK: Operands

    private mutating func primary() throws(ExpressionError) -> ExpressionNode {
        let current = token
        switch current.kind {
        case .integer(let value): return try literal(.int(value))
        case .integerBeyondMax:
            throw ExpressionError(
                code: .overflow, message: "the integer does not fit 64 bits", range: current.range,
                help: "write it with '.0' to have a floating-point number")
        case .double(let value): return try literal(.double(value))
        case .string(let value): return try literal(.string(value))
        case .name("null"): return try literal(.null)
        case .name("true"): return try literal(.bool(true))
        case .name("false"): return try literal(.bool(false))
        case .name("in"): throw unexpected("a value")
        case .name(let name):
            try advance()
            if token.kind == .symbol(.openRound) { return try call(name, current.range) }
            if name == "now" { return ExpressionNode(kind: .now, range: current.range) }
            let namespace = ExpressionNamespace(rawValue: name)
            return ExpressionNode(
                kind: namespace.map { .namespace($0) } ?? .unknown(name), range: current.range)
        case .symbol(.openRound):
            try advance()
            let inner = try expression()
            let end = token.range.upperBound
            try expect(.closeRound, "')'")
            return ExpressionNode(kind: inner.kind, range: current.range.lowerBound..<end).enclosed
        case .symbol(.openSquare): return try list()
        case .symbol(.openCurly): return try object()
        case .end:
            throw ExpressionError(code: .syntax, message: "a value is missing at the end", range: current.range)
        case .symbol: throw unexpected("a value")
        }
    }

    private mutating func literal(_ value: JSONValue) throws(ExpressionError) -> ExpressionNode {
        let range = token.range
        try advance()
        return ExpressionNode(kind: .literal(value), range: range)
    }

    private mutating func call(_ name: String, _ nameRange: Range<Int>) throws(ExpressionError) -> ExpressionNode {
        try advance()
        let arguments = try nodes(until: .closeRound)
        let end = token.range.upperBound
        try expect(.closeRound, "',' or ')'")
        let call = ExpressionCall(
            name: name, function: ExpressionFunction(rawValue: name), nameRange: nameRange, arguments: arguments)
        return ExpressionNode(kind: .call(call), range: nameRange.lowerBound..<end)
    }

    private mutating func list() throws(ExpressionError) -> ExpressionNode {
        let start = token.range.lowerBound
        try advance()
        let elements = try nodes(until: .closeSquare)
        let end = token.range.upperBound
        try expect(.closeSquare, "',' or ']'")
        return ExpressionNode(kind: .list(elements), range: start..<end)
    }

    private mutating func nodes(until closing: ExpressionSymbol) throws(ExpressionError) -> [ExpressionNode] {
        var nodes: [ExpressionNode] = []
        if token.kind == .symbol(closing) { return nodes }
        nodes.append(try expression())
        while token.kind == .symbol(.comma) {
            try advance()
            nodes.append(try expression())
        }
        return nodes
    }

    private mutating func object() throws(ExpressionError) -> ExpressionNode {
        let start = token.range.lowerBound
        try advance()
        var entries: [ObjectEntry] = []
        var keys: Set<JSONValue> = []
        while token.kind != .symbol(.closeCurly) {
            if !entries.isEmpty { try expect(.comma, "',' or '}'") }
            let key: String
            switch token.kind {
            case .name(let name): key = name
            case .string(let text): key = text
            default: throw unexpected("a key", help: "keys are names or quoted strings: {name: 1, 'other key': 2}")
            }
            guard keys.insert(.string(key)).inserted else {
                throw ExpressionError(code: .syntax, message: "the key '\(key)' is there twice", range: token.range)
            }
            try advance()
            try expect(.colon, "':' behind the key")
            entries.append(ObjectEntry(key: key, value: try expression()))
        }
        let end = token.range.upperBound
        try advance()
        return ExpressionNode(kind: .object(entries), range: start..<end)
    }

    // MARK: Words

    private mutating func enter() throws(ExpressionError) {
        nesting += 1
        guard nesting <= Self.greatestNesting else {
            throw ExpressionError(
                code: .limit, message: "the expression is nested deeper than \(Self.greatestNesting) levels",
                range: token.range, help: "split it over several stages' outputs")
        }
    }

    private mutating func advance() throws(ExpressionError) { token = try lexer.next() }

    private mutating func expect(_ symbol: ExpressionSymbol, _ wanted: String) throws(ExpressionError) {
        guard token.kind == .symbol(symbol) else { throw unexpected(wanted) }
        try advance()
    }

    private func unexpected(_ wanted: String, help: String? = nil) -> ExpressionError {
        let found: String
        var remedy = help
        switch token.kind {
        case .end: found = "the end"
        case .name(let name): found = "'\(name)'"
        case .string:
            found = "a string"
            if remedy == nil { remedy = "a quote inside a string is written \\' or \\\"" }
        case .integer, .integerBeyondMax, .double: found = "a number"
        case .symbol(let symbol): found = "'\(symbol.rawValue)'"
        }
        return ExpressionError(
            code: .syntax, message: "expected \(wanted), found \(found)", range: token.range, help: remedy)
    }
}

extension ExpressionNode {
    /// The node as something whole in brackets: a projection inside ends there.
    fileprivate var enclosed: ExpressionNode {
        guard case .access = kind else { return self }
        return ExpressionNode(kind: .access(self, []), range: range)
    }
}

/// What can be said of an expression's types before it is evaluated.
public struct ExpressionTyping: Sendable {
    /// The type of its value; nil when only a run can tell.
    public let type: ValueType?
    /// Operands whose known types can never go together.
    public let problems: [ExpressionError]
}

extension Expression {
    /// Works out types from those of what the expression reads.
    ///
    /// - Parameter declared: the declared type of each of ``references``, nil for one that has none.
    public func typing(_ declared: [ValueType?]) -> ExpressionTyping {
        var checker = TypeChecker(references: references, declared: declared)
        let type = checker.type(of: root)
        return ExpressionTyping(type: type, problems: checker.problems)
    }

    /// The function that the whole expression is a call of, when it is one.
    public var wholeCall: String? {
        if case .call(let call) = root.kind { return call.name }
        return nil
    }

    /// Whether it can be true only if `success()` is: the call stands alone or is joined by `&&`.
    public var impliesSuccess: Bool {
        func implies(_ node: ExpressionNode) -> Bool {
            switch node.kind {
            case .call(let call): return call.function == .success
            case .and(let nodes): return nodes.contains(where: implies)
            default: return false
            }
        }
        return implies(root)
    }
}

/// Walks an expression bottom-up; as deep as the parser let it be.
private struct TypeChecker {
    let references: [Reference]
    let declared: [ValueType?]
    var problems: [ExpressionError] = []

    mutating func type(of node: ExpressionNode) -> ValueType? {
        switch node.kind {
        case .literal(let value): return Self.type(of: value)
        case .namespace, .access:
            visitComputed(node)
            return declaredType(at: node.range)
        case .now: return .string
        case .unknown: return nil
        case .call(let call):
            for argument in call.arguments { _ = type(of: argument) }
            return call.function.flatMap(Self.result)
        case .list(let nodes):
            for child in nodes { _ = type(of: child) }
            return .array
        case .object(let entries):
            for entry in entries { _ = type(of: entry.value) }
            return .object
        case .not(let child):
            expectBoolean(child, "'!' needs a boolean")
            return .boolean
        case .negate(let child): return numeric(child, type(of: child), "'-' needs a number")
        case .binary(let first, let rest): return chain(first, rest)
        case .and(let nodes), .or(let nodes):
            for child in nodes { expectBoolean(child, "'&&' and '||' need booleans") }
            return .boolean
        case .coalesce(let nodes):
            return common(nodes.map { type(of: $0) })
        case .conditional(let condition, let then, let otherwise):
            expectBoolean(condition, "the condition before '?' must be a boolean")
            return common([type(of: then), type(of: otherwise)])
        }
    }

    private func declaredType(at range: Range<Int>) -> ValueType? {
        for place in references.indices where references[place].range == range {
            return declared.indices.contains(place) ? declared[place] : nil
        }
        return nil
    }

    private mutating func visitComputed(_ node: ExpressionNode) {
        guard case .access(let base, let steps) = node.kind else { return }
        for step in steps {
            if case .computed(let index) = step.kind { _ = type(of: index) }
        }
        if case .namespace = base.kind { return }
        _ = type(of: base)
    }

    private mutating func chain(
        _ first: ExpressionNode, _ rest: [BinaryOperand]
    ) -> ValueType? {
        var left = type(of: first)
        for operand in rest {
            let right = type(of: operand.node)
            left = apply(operand, left, right)
        }
        return left
    }

    private mutating func apply(_ operand: BinaryOperand, _ left: ValueType?, _ right: ValueType?) -> ValueType? {
        switch operand.operation {
        case .equal, .notEqual, .contains, .and, .or: return .boolean
        case .coalesce: return common([left, right])
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            if let left, let right, !(left.isNumeric && right.isNumeric), left != right || left != .string {
                report("\(left.rawValue) and \(right.rawValue) cannot be put in order", operand)
            }
            return .boolean
        case .add:
            guard let left, let right else { return nil }
            if left.isNumeric, right.isNumeric { return left == .integer && right == .integer ? .integer : .number }
            if left == right, left == .string || left == .array { return left }
            report("\(left.rawValue) and \(right.rawValue) cannot be joined by '+'", operand)
            return nil
        case .subtract, .multiply, .divide, .remainder:
            for side in [left, right].compactMap({ $0 }) where !side.isNumeric {
                report("this operator needs numbers, not \(side.rawValue)", operand)
                return nil
            }
            if operand.operation == .divide { return .number }
            return left == .integer && right == .integer ? .integer : .number
        }
    }

    private mutating func report(_ message: String, _ operand: BinaryOperand) {
        problems.append(ExpressionError(code: .type, message: message, range: operand.operatorRange))
    }

    private mutating func expectBoolean(
        _ node: ExpressionNode, _ message: String
    ) {
        guard let found = type(of: node), found != .boolean else { return }
        problems.append(
            ExpressionError(
                code: .type, message: "\(message), and this is of type \(found.rawValue)", range: node.range))
    }

    private mutating func numeric(_ node: ExpressionNode, _ found: ValueType?, _ message: String) -> ValueType? {
        guard let found, !found.isNumeric else { return found }
        problems.append(
            ExpressionError(
                code: .type, message: "\(message), and this is of type \(found.rawValue)", range: node.range))
        return nil
    }

    private func common(_ types: [ValueType?]) -> ValueType? {
        guard let first = types.first ?? nil, types.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    private static func type(of value: JSONValue) -> ValueType? {
        switch value {
        case .null: nil
        case .bool: .boolean
        case .int: .integer
        case .double: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    private static func result(of function: ExpressionFunction) -> ValueType? {
        switch function {
        case .length, .int: .integer
        case .float: .number
        case .contains, .startsWith, .endsWith, .matches, .has, .bool, .success, .failure, .cancelled, .always: .boolean
        case .upper, .lower, .trim, .join, .format, .replace, .toJSON, .string, .sha256, .base64, .unbase64, .urlencode,
            .shellquote:
            .string
        case .split, .keys, .values, .entries, .range, .sort, .unique, .flatten: .array
        default: nil
        }
    }
}

extension ValueType {
    /// Whether it is a kind of number.
    public var isNumeric: Bool { self == .integer || self == .number }

    /// Whether a value of a declared type can be what another declared type asks for.
    public func canBe(_ wanted: ValueType) -> Bool {
        self == wanted || isNumeric && wanted.isNumeric
    }
}

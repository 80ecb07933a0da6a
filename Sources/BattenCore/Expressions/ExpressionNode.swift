/// A part of a parsed expression with its place in the text.
///
/// Chains of operators of one precedence and chains of accesses are flat, so that the tree is never deeper than the
/// nesting the parser allows.
struct ExpressionNode: Sendable {
    /// What the part does.
    indirect enum Kind: Sendable {
        case literal(JSONValue)
        case namespace(ExpressionNamespace)
        case now
        /// A name that means nothing; kept so that all faults of a text are reported together.
        case unknown(String)
        case access(ExpressionNode, [AccessStep])
        case call(ExpressionCall)
        case list([ExpressionNode])
        case object([ObjectEntry])
        case not(ExpressionNode)
        case negate(ExpressionNode)
        case binary(ExpressionNode, [BinaryOperand])
        case and([ExpressionNode])
        case or([ExpressionNode])
        case coalesce([ExpressionNode])
        case conditional(ExpressionNode, then: ExpressionNode, else: ExpressionNode)
    }

    let kind: Kind
    /// Bytes from the beginning of the text the expression stands in.
    let range: Range<Int>
}

/// One step into a value.
struct AccessStep: Sendable {
    enum Kind: Sendable {
        case key(String)
        case position(Int)
        case computed(ExpressionNode)
        case each
    }

    let kind: Kind
    /// Whether null or a missing key gives null.
    let isNullSafe: Bool
    /// Name or index without the dot or brackets.
    let range: Range<Int>
}

/// A function with its arguments.
struct ExpressionCall: Sendable {
    let name: String
    /// The function, or nil when there is none of this name.
    let function: ExpressionFunction?
    let nameRange: Range<Int>
    let arguments: [ExpressionNode]
}

/// One member of an object literal.
struct ObjectEntry: Sendable {
    let key: String
    let value: ExpressionNode
}

/// An operator with its right operand.
struct BinaryOperand: Sendable {
    let operation: BinaryOperator
    let operatorRange: Range<Int>
    let node: ExpressionNode
}

extension ExpressionNode {
    /// Calls a function for every node directly below this one.
    func forEachChild(_ body: (ExpressionNode) -> Void) {
        switch kind {
        case .literal, .namespace, .now, .unknown: break
        case .access(let base, let steps):
            body(base)
            for step in steps {
                if case .computed(let index) = step.kind { body(index) }
            }
        case .call(let call): call.arguments.forEach(body)
        case .list(let nodes), .and(let nodes), .or(let nodes), .coalesce(let nodes): nodes.forEach(body)
        case .object(let entries): entries.forEach { body($0.value) }
        case .not(let node), .negate(let node): body(node)
        case .binary(let first, let rest):
            body(first)
            rest.forEach { body($0.node) }
        case .conditional(let condition, let then, let otherwise):
            body(condition)
            body(then)
            body(otherwise)
        }
    }
}

/// A parsed expression: immutable, and evaluated any number of times from any thread.
public final class Expression: Sendable {
    /// The text it was parsed from, without `${{` and `}}`.
    public let text: String
    /// The namespaces' members it reads, in the order of the text.
    public let references: [Reference]
    /// The functions it calls, in the order of the text.
    public let functions: [FunctionUse]
    /// What is wrong with it whatever the values are: unknown names and functions, wrong numbers of arguments.
    public let problems: [ExpressionError]

    let root: ExpressionNode

    init(root: ExpressionNode, text: String) {
        self.root = root
        self.text = text
        let analysis = ExpressionAnalysis(root)
        references = analysis.references
        functions = analysis.functions
        problems = analysis.problems
    }

    /// Parses an expression without `${{` and `}}`.
    ///
    /// Unknown names and functions are no reason to throw: they are in `problems`.
    /// - Throws: `ExpressionError` when the text is not an expression or beyond the bounds.
    public static func parse(_ text: String) throws(ExpressionError) -> Expression {
        var parser = try ExpressionParser(Array(text.utf8))
        return Expression(root: try parser.whole(), text: text)
    }

    /// Parses a condition, which may stand in `${{ }}` or not.
    ///
    /// Ranges count from the beginning of the given text in both cases.
    /// - Throws: `ExpressionError` when the text is not one expression.
    public static func parse(condition text: String) throws(ExpressionError) -> Expression {
        let bytes = Array(text.utf8)
        guard let opening = bytes.firstIndex(where: { $0 > 0x20 }),
            bytes[opening...].starts(with: Template.opening)
        else { return try parse(text) }
        var parser = try ExpressionParser(bytes, from: opening + Template.opening.count)
        let (root, end) = try parser.segment(openedAt: opening)
        guard bytes[end...].allSatisfy({ $0 <= 0x20 }) else {
            throw ExpressionError(
                code: .syntax, message: "a condition is one expression, and something follows it",
                range: end..<bytes.count, help: "put the whole condition inside one '${{ }}'")
        }
        let inner = bytes[opening + Template.opening.count..<end - 2]
        return Expression(root: root, text: String(decoding: inner, as: UTF8.self).trimmed)
    }

    /// The value in a scope.
    ///
    /// - Throws: `ExpressionError` when it has none there, or it is beyond the bounds.
    public func evaluate(in scope: some ExpressionScope) throws(ExpressionError) -> JSONValue {
        var evaluator = ExpressionEvaluator(scope: scope)
        return try evaluator.result(of: root)
    }

    /// Whether it asks how other stages ended: `success()`, `failure()`, `cancelled()` or `always()`.
    public var usesStatusFunction: Bool { functions.contains { StatusFunction(rawValue: $0.name) != nil } }

    /// Whether it calls a status function.
    public func uses(_ function: StatusFunction) -> Bool { functions.contains { $0.name == function.rawValue } }

    /// Whether it names `failure()` or `always()`, so that its stage still starts in a halted run.
    public var startsWhenHalted: Bool { uses(.failure) || uses(.always) }

    /// The value when it is written out as a literal.
    public var literalValue: JSONValue? {
        if case .literal(let value) = root.kind { return value }
        return nil
    }
}

extension String {
    /// The text without white space at both ends.
    var trimmed: String {
        // Most texts have nothing but spaces and ASCII at their ends.
        let bytes = utf8
        if let first = bytes.firstIndex(where: { $0 != 0x20 }), let last = bytes.lastIndex(where: { $0 != 0x20 }),
            (0x21...0x7E).contains(bytes[first]), (0x21...0x7E).contains(bytes[last])
        {
            return String(self[first...last])
        }
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }
}

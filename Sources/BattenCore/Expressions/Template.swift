/// A string in which `${{ … }}` stands for values.
///
/// A string that is one whole expression keeps its value's type. In a longer string values are rendered: strings as
/// they are, everything else as compact JSON; null is an error. `$${{` stands for the text `${{`.
public struct Template: Sendable {
    /// A part of a template.
    enum Segment: Sendable {
        case text(String)
        case expression(Expression)
    }

    static let opening: [UInt8] = Array("${{".utf8)
    private static let escapedOpening: [UInt8] = Array("$${{".utf8)

    /// The string as it was written.
    public let text: String
    let segments: [Segment]

    /// Parses a string.
    ///
    /// - Throws: `ExpressionError` with a range in bytes of the string when an expression in it cannot be read.
    public static func parse(_ text: String) throws(ExpressionError) -> Template {
        guard text.utf8.contains(UInt8(ascii: "$")) else {
            return Template(text: text, segments: text.isEmpty ? [] : [.text(text)])
        }
        let bytes = Array(text.utf8)
        var segments: [Segment] = []
        var plain: [UInt8] = []
        var place = 0
        while let dollar = bytes[place...].firstIndex(of: UInt8(ascii: "$")) {
            plain.append(contentsOf: bytes[place..<dollar])
            if bytes[dollar...].starts(with: escapedOpening) {
                plain.append(contentsOf: opening)
                place = dollar + escapedOpening.count
            } else if bytes[dollar...].starts(with: opening) {
                if !plain.isEmpty { segments.append(.text(String(decoding: plain, as: UTF8.self))) }
                plain = []
                var parser = try ExpressionParser(bytes, from: dollar + opening.count)
                let (root, end) = try parser.segment(openedAt: dollar)
                let inner = String(decoding: bytes[dollar + opening.count..<end - 2], as: UTF8.self)
                segments.append(.expression(Expression(root: root, text: inner.trimmed)))
                place = end
            } else {
                plain.append(UInt8(ascii: "$"))
                place = dollar + 1
            }
        }
        plain.append(contentsOf: bytes[place...])
        if !plain.isEmpty { segments.append(.text(String(decoding: plain, as: UTF8.self))) }
        return Template(text: text, segments: segments)
    }

    /// The text when there is no expression in it, with `$${{` resolved.
    public var constant: String? {
        switch segments.count {
        case 0: return ""
        case 1:
            if case .text(let text) = segments[0] { return text }
            return nil
        default: return nil
        }
    }

    /// The expression when the whole string is one.
    public var wholeExpression: Expression? {
        if segments.count == 1, case .expression(let expression) = segments[0] { return expression }
        return nil
    }

    /// The expressions in the order of the text; their ranges count from the beginning of the template.
    public var expressions: [Expression] {
        segments.compactMap { segment in
            if case .expression(let expression) = segment { expression } else { nil }
        }
    }

    /// What all its expressions read.
    public var references: [Reference] { expressions.flatMap(\.references) }

    /// What is wrong with its expressions whatever the values are.
    public var problems: [ExpressionError] { expressions.flatMap(\.problems) }

    /// The value in a scope.
    ///
    /// - Throws: `ExpressionError` when an expression has no value, or null stands inside a longer text.
    public func render(in scope: some ExpressionScope) throws(ExpressionError) -> JSONValue {
        if let wholeExpression { return try wholeExpression.evaluate(in: scope) }
        return .string(try renderText(in: scope))
    }

    /// The value in a scope as text: a whole expression is rendered like a part of a longer string.
    ///
    /// - Throws: `ExpressionError` when an expression has no value or is null.
    public func renderText(in scope: some ExpressionScope) throws(ExpressionError) -> String {
        if let constant { return constant }
        var evaluator = ExpressionEvaluator(scope: scope)
        var output = ""
        for segment in segments {
            switch segment {
            case .text(let text): output += text
            case .expression(let expression):
                let root = expression.root
                output += try evaluator.rendered(try evaluator.result(of: root), root.range)
                try evaluator.checkLength(output.utf8.count, root.range)
            }
        }
        return output
    }
}

/// Texts with expressions that were parsed before, so that checking and planning one workflow parse each once.
///
/// A parsed text does not depend on where it stands, so it is found by the text's bytes.
public struct ParsedTexts: Sendable {
    private var templates: [JSONObject.ByteKey: Template] = [:]
    private var conditions: [JSONObject.ByteKey: Expression] = [:]

    /// Begins with nothing parsed.
    public init() {}

    /// The template of a text, parsed when it was not before.
    ///
    /// - Throws: `ExpressionError` when an expression in it cannot be read.
    public func template(_ text: String) throws(ExpressionError) -> Template {
        if let known = templates[JSONObject.ByteKey(text: text)] { return known }
        return try Template.parse(text)
    }

    /// The expression of a condition, parsed when it was not before.
    ///
    /// - Throws: `ExpressionError` when the text is not one expression.
    public func condition(_ text: String) throws(ExpressionError) -> Expression {
        if let known = conditions[JSONObject.ByteKey(text: text)] { return known }
        return try Expression.parse(condition: text)
    }

    /// The template of a text, kept for those who ask later.
    ///
    /// - Throws: `ExpressionError` when an expression in it cannot be read.
    public mutating func keepTemplate(_ text: String) throws(ExpressionError) -> Template {
        let template = try template(text)
        if !template.expressions.isEmpty { templates[JSONObject.ByteKey(text: text)] = template }
        return template
    }

    /// The expression of a condition, kept for those who ask later.
    ///
    /// - Throws: `ExpressionError` when the text is not one expression.
    public mutating func keepCondition(_ text: String) throws(ExpressionError) -> Expression {
        let condition = try condition(text)
        conditions[JSONObject.ByteKey(text: text)] = condition
        return condition
    }
}

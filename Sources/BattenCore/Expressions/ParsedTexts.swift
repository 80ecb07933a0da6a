/// Texts with expressions that were parsed before, so that checking and planning one workflow parse each once.
///
/// A parsed text does not depend on where it stands, so it is found by the text's bytes.
public struct ParsedTexts: Sendable {
    private var templates: [JSONObject.ByteKey: Template] = [:]
    private var conditions: [JSONObject.ByteKey: Expression] = [:]

    /// Begins with nothing parsed.
    ///
    /// - Parameter stages: how many stages the workflow has, which tells how much room will be wanted.
    public init(stages: Int = 0) {
        guard stages > 0 else { return }
        templates.reserveCapacity(2 * stages)
        conditions.reserveCapacity(stages)
    }

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
        let key = JSONObject.ByteKey(text: text)
        if let known = templates[key] { return known }
        let template = try Template.parse(text)
        if template.constant == nil { templates[key] = template }
        return template
    }

    /// The expression of a condition, kept for those who ask later.
    ///
    /// - Throws: `ExpressionError` when the text is not one expression.
    public mutating func keepCondition(_ text: String) throws(ExpressionError) -> Expression {
        let key = JSONObject.ByteKey(text: text)
        if let known = conditions[key] { return known }
        let condition = try Expression.parse(condition: text)
        conditions[key] = condition
        return condition
    }
}

/// A compiled JSON Schema (2020-12), or a part of one.
///
/// `format` is an annotation, `pattern` is searched with RE2, `$ref` leads inside the document. Keywords that JSON
/// Schema does not know are ignored; those that begin with `x-` can be read. `unevaluatedProperties`,
/// `unevaluatedItems` and `$dynamicRef` are refused.
public struct JSONSchema: Sendable {
    let document: SchemaDocument
    let index: Int

    init(document: SchemaDocument, index: Int) {
        self.document = document
        self.index = index
    }

    /// A schema that every value fits.
    public static let anything = JSONSchema(
        document: SchemaDocument(nodes: [SchemaNode(source: .bool(true))]), index: 0)

    /// Compiles a schema.
    ///
    /// - Throws: `SchemaError` with the place of the first fault.
    public static func compile(_ schema: JSONValue) throws(SchemaError) -> JSONSchema {
        var compiler = SchemaCompiler(schema)
        return JSONSchema(document: try compiler.compile(), index: 0)
    }

    /// What does not fit in a value; empty when all does.
    ///
    /// - Parameters:
    ///   - value: the value to check.
    ///   - unknown: places in it whose values are not known yet, such as expressions before a run. Whatever is there
    ///     fits, and keywords that would need to know are left out.
    public func validate(_ value: JSONValue, unknown: [[PathPart]] = []) -> [SchemaViolation] {
        if node.acceptsAnything { return [] }
        var validator = SchemaValidator(document: document, value: value, unknown: unknown)
        validator.check(value, index)
        return validator.violations
    }

    /// Whether every value fits, so that checking can be left out.
    public var acceptsAnything: Bool { node.acceptsAnything }

    /// The schema as it was written.
    public var source: JSONValue { node.source }

    /// The title, when one is written.
    public var title: String? { node.source["title"]?.stringValue }

    /// The description, when one is written.
    public var description: String? { node.source["description"]?.stringValue }

    /// The default, when one is written.
    public var defaultValue: JSONValue? { node.source["default"] }

    /// The argument of an `x-…` keyword.
    public func extensionValue(_ keyword: String) -> JSONValue? {
        keyword.hasPrefix("x-") ? node.source[keyword] : nil
    }

    var node: SchemaNode { document.nodes[index] }
}
